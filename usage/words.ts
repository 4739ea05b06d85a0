/**
 * What a word next to a number says about it. The lists hold the language of billing and of
 * charts, never codes: a number is known by its company.
 */
export type Sense =
  /** Says outright that a procedure code follows: CPT, superbill, Box 24D. */
  | 'cue'
  /** Tells of billing or coding; what it billed may stand a few words on: billed, submitted. */
  | 'verb'
  /** Heads a billing field or list; the code follows at once: service, procedure, charges. */
  | 'noun'
  /** `code`, which is of any kind until the word before it is known. */
  | 'code'
  /** Names a service: psychotherapy, intake, testing. */
  | 'service'
  /** Says outright that the number is something else, even a word or two away: MRN, ZIP, room. */
  | 'other'
  /** Likewise, but "claim for" or "auth covers" speaks of a code: claim, invoice, auth. */
  | 'document'
  /** Says so only where it stands right before the number: client, payer, site. */
  | 'owner'
  /** Says of every number in its clause that it is something else: address, ICD, R/O. */
  | 'list'
  /** An empty field: none, N/A, pending. */
  | 'blank'
  /** Asks for the word before it: number, no, id. */
  | 'ordinal'
  /** Joins and fills; says nothing. */
  | 'filler';

const SENSES: Record<Sense, string> = {
  cue:
    'cpt cpts cpt4 cptcode cptcodes px superbill superbills 24d pla maaa hcpcs hcpc e/m e&m ' +
    'procedurecode procedurecodes servicecode billingcode terminology',
  verb:
    'billed bill bills billable coded coding submit submits submitted submitting resubmitted ' +
    'add rebilled rebill filed filing reimbursed rendered performed provided ' +
    'dropped recoded downcoded ' +
    'upcoded claimed charged invoiced supports support justifies warrants used use ' +
    'using utilized assigned covers cover includes ' +
    'including authorized approved',
  noun:
    'procedure procedures proc procs service services svc svcs billing charge charges los ' +
    'reimbursement',
  code: 'code codes cd cds c0de',
  service:
    'psychotherapy therapy therapies session sessions intake intakes evaluation eval assessment ' +
    'individual family couple couples conjoint marital group crisis consultation consult testing ' +
    'counseling counselling visit visits followup telehealth teletherapy televisit telemed addon ' +
    'diagnostic interview neuropsych neuropsychological psychological screening aba biofeedback ' +
    'psychoeducation debriefing psychiatric debrief treatment medication med meds ' +
    'mgmt management ' +
    'emdr cbt dbt multifamily hypnotherapy psych interactive supervision outpatient established ' +
    'prolonged administration immunization vaccine vaccination collateral caregiver ' +
    'parent training ' +
    'behavioral behavioural intervention interpretation scoring collaborative care psychiatry tx ' +
    'reassessment reevaluation feedback therapeutic psychotx ind fam grp indiv mdm ' +
    'follow f/u checkup',
  other:
    'zip zipcode zips postal phone telephone tel cell fax ext extension pager mrn mrns room rm ' +
    'suite ste apt apartment bldg building floor bed box badge locker policy certificate docket ' +
    'case file chart ticket batch check cheque confirmation conf npi ein tin ssn ' +
    'dea caqh taxonomy ' +
    'serial vin tag passcode password pin route hwy highway lot gate door garage parking permit ' +
    'registration tracking reference ref refs program project grant voucher cert ' +
    'loinc snomed ndc ' +
    'rxnorm cvx revenue rev drg score scores scored income salary balance ' +
    'deductible owes owed owe ' +
    'earns earned debt loan mortgage rent settlement dollars amount total subtotal ' +
    'sum cost costs ' +
    'price prices budget savings premium refund credit lottery page pages pp volume ' +
    'issue station ' +
    'version sku item upc barcode excel timestamp bib jersey raffle chip license licence lic psy ' +
    'lmft lcsw lpc lpcc lmhc licsw lcpc psyd dob bus flight squadron unit# lotto ' +
    'walked ran steps ' +
    'dial dialed dialled enrollment contract plate',
  document:
    'claim claims auth auths authorization authorizations authorisation preauth precert referral ' +
    'invoice invoices receipt receipts statement statements payment payments paid ' +
    'copay copayment ' +
    'coinsurance fee fees rate rates order orders eob era remit',
  owner:
    'client clients patient patients member subscriber provider payer payor insurer ' +
    'insurance plan ' +
    'carrier encounter therapist clinician counselor doctor dr staff user practice ' +
    'facility clinic ' +
    'agency school hospital center centre date dates area county city town line site location ' +
    'veteran sergeant captain form request acct account accounts record call text ' +
    'message msg unit ' +
    'box-number meeting zoom webinar id ids employee house home street pt pts cl',
  list:
    'address addresses addr mailing icd icd9 icd10 dsm dsm5 dx dxs diagnosis ' +
    'diagnoses axis r/o',
  blank:
    'none n/a na nil null tbd tba pending see blank unknown missing unassigned ' +
    'unspecified omitted ' +
    'later',
  ordinal: 'number no num nbr nr nos numbers id ids',
  filler:
    'is was were be been being are as of the a an for with under to and or by on at via per this ' +
    'that these those today todays our my his her their its it in entered listed selected ' +
    'documented reported added plus also then first second primary modifier modifiers mod mods x ' +
    'ii iii iv level category cat type new now so instead both through thru vs only correct ' +
    'following same done time from after due given without s medicaid medicare up ' +
    'weekly biweekly monthly twice daily ongoing continue continued moderate low ' +
    'high straightforward complexity slip capture sheet info information details ' +
    'tab entry ' +
    'minute minutes min mins hour hours hr hrs units ' +
    'u dos pos quality old w session-code again will be we i she he they have has had',
};

const DICTIONARY = new Map<string, Sense>();
for (const [sense, list] of Object.entries(SENSES))
  for (const word of list.split(' '))
    if (!DICTIONARY.has(word)) DICTIONARY.set(word, sense as Sense);

/** The sense of a word in lower case; undefined for words that are none of ours. */
export function senseOf(word: string): Sense | undefined {
  const sense = DICTIONARY.get(word);
  return sense === undefined && word.endsWith("'s") ? DICTIONARY.get(word.slice(0, -2)) : sense;
}

/** Kinds of code that are no procedure: what stands before `code` in them. */
const OTHER_CODES = words(
  'gate door access pass promo area zip postal dress lock alarm security entry verification ' +
    'confirmation discount coupon error source dx diagnosis icd revenue rev pos place taxonomy ' +
    'country meeting wifi key building garage unlock qr reason remark denial carc rarc room ' +
    'lockbox keypad parking lobby bar morse penal source-of referral group payer facility status ' +
    'color colour zoom login activation backup authentication 2fa sms text elevator bathroom ' +
    'restroom invite invitation gift tracking batch employee department site ' +
    'condition occurrence ' +
    'value snomed loinc ndc drug diagnostic dsm house apartment building-entry event sort swift ' +
    'routing bank tax honor conduct building',
);

/** True where `word` before `code` makes it another kind of code. */
export function isOtherCode(word: string): boolean {
  return OTHER_CODES.has(word);
}

/** Words that turn a bare "code" in their clause into a key to a door. */
const DOORS = words(
  'gate door lock alarm parking entry lobby building wifi zoom meeting passcode press opens open ' +
    'buzzer keypad intercom elevator enter login password promo coupon discount lockbox unlock',
);

/** True for words of doors and log-ins. */
export function isDoor(word: string): boolean {
  return DOORS.has(word);
}

/** What a counted thing is called: the number before it is a quantity. */
const QUANTITIES = words(
  'steps miles dollars people calories kcal lbs pounds mg mcg ml iu feet ft sq acres km yards ' +
    'followers points words views years days employees residents troops soldiers seats usd bucks ' +
    'per annually yearly monthly votes copies sqft members times rpm bpm cells kg grams students ' +
    'euros pesos cash stairs laps meters metres hz loan salary income',
);

/** True where a number before `word` counts something. */
export function isQuantity(word: string): boolean {
  return QUANTITIES.has(word);
}

const STREETS = words(
  'st street ave avenue blvd boulevard rd road ln lane ct court pl place pkwy ' +
    'parkway hwy highway ' +
    'circle cir terrace ter trail trl way loop square plaza sq broadway drive',
);

/** True for the last word of a street's name. */
export function isStreet(word: string): boolean {
  return STREETS.has(word);
}

const STATES = words(
  'al ak az ar ca co ct de dc fl ga hi id il in ia ks ky la me md ma mi mn ms mo ' +
    'mt ne nv nh nj nm ' +
    'ny nc nd oh ok or pa pr ri sc sd tn tx ut vt va wa wv wi wy',
);
const STATE_NAMES = words(
  'alabama alaska arizona arkansas california colorado connecticut delaware ' +
    'florida georgia hawaii ' +
    'idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan ' +
    'minnesota mississippi missouri montana nebraska nevada jersey mexico york ' +
    'carolina dakota ohio ' +
    'oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington ' +
    'wisconsin wyoming',
);

/** True for a state's two letters, lower case. */
export function isState(word: string): boolean {
  return STATES.has(word);
}

/** True for the (last) word of a state's name, lower case. */
export function isStateName(word: string): boolean {
  return STATE_NAMES.has(word);
}

/** "CPT" followed by one of these is a therapy, a test, a rank or a trainer. */
const CPT_THE_OTHER = words(
  'session sessions protocol worksheet worksheets homework manual workbook group ' +
    'therapy treatment ' +
    'therapist trained training module modules phase week weeks skills techniques work course ' +
    'certified score scores test testing results assignment log logs practice handout handouts ' +
    'approach intervention material materials model stuck impact completed class classes exam ' +
    'certification program cohort',
);

/** True where the word after "CPT" shows that no code set is meant. */
export function isOtherCpt(word: string): boolean {
  return CPT_THE_OTHER.has(word);
}

/** Words that, anywhere in a record, tell of CPT the therapy, the rank, the test or the trainer. */
export const OTHER_CPT_SIGNS: readonly string[] = [
  'cognitive processing',
  'processing therapy',
  'performance test',
  'personal trainer',
  'conners',
  'stuck point',
  ' army',
  'military',
  'soldier',
  'brigade',
  'retired',
  '(ret.)',
  'platoon',
  'captain',
  'veteran',
  'infantry',
  'battalion',
  'pcl-5',
  'pcl5',
  'prolonged exposure',
  'worksheet',
  'deployed',
  'nasm',
  'gym',
];

const NEGATIONS = words(
  "not never without dont don't didn't didnt doesn't doesnt won't wont can't cant cannot isn't " +
    "isnt wasn't wasnt aren't weren't avoid unable declined declines refuse refused rather " +
    'neither nor ' +
    "shouldn't couldn't wouldn't no",
);
const CONDITIONS = words(
  'if unless would could might should whether consider considering example hypothetical e.g ' +
    'otherwise proposed potential possible possibly',
);

/** True where the word denies what follows. */
export function isNegation(word: string): boolean {
  return NEGATIONS.has(word);
}

/** True where the word makes what follows conditional. */
export function isCondition(word: string): boolean {
  return CONDITIONS.has(word);
}

/** Phrases of a record that lists or explains codes instead of using them. */
export const NOT_A_RECORD: readonly string[][] = [
  'fee schedule',
  'rate sheet',
  'price list',
  'pick list',
  'picklist',
  'cheat sheet',
  'reminder from billing',
  'for reference only',
].map((phrase) => phrase.split(' '));

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}
