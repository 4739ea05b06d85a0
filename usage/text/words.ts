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
    'routing bank tax honor conduct building conference test postal puerta acceso descuento',
);

/** True where `word` before `code` makes it another kind of code. */
export function isOtherCode(word: string): boolean {
  return OTHER_CODES.has(word);
}

/** Words that turn a bare "code" in their clause into a key to a door. */
const DOORS = words(
  'gate door lock alarm parking entry lobby building wifi zoom meeting passcode press opens open ' +
    'buzzer keypad intercom elevator locker lockers puerta enter login password promo ' +
    'coupon discount lockbox unlock',
);

/** True for words of doors and log-ins. */
export function isDoor(word: string): boolean {
  return DOORS.has(word);
}

/** What a counted thing is called: the number before it is a quantity. */
const QUANTITIES = words(
  'steps miles dollars people calories kcal lbs pounds mg mcg ml iu feet ft sq acres km yards ' +
    'followers points words views years days employees residents troops soldiers seats usd bucks ' +
    'annually yearly monthly votes copies sqft members times rpm bpm cells kg grams students ' +
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
    'certification program cohort consult consultation supervision book sheet ' +
    'trauma trainer coach provider providers clinician clinicians patients clients',
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
