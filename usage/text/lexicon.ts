/**
 * What a word next to a number says about it. The lists hold the language of billing and of
 * charts, never codes: a number is known by its company.
 */
export type LexicalClass =
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

/** In English, and in the Spanish that notes mix into it. A word's first list decides. */
const SENSES: Record<LexicalClass, string> = {
  cue: `
    cpt cpts cpt4 cptcode cptcodes px superbill superbills 24d pla maaa hcpcs hcpc e/m e&m em
    procedurecode procedurecodes proccode proccodes servicecode servicecodes billingcode
    billingcodes terminology`,
  verb: `
    coverage requirement requirements criteria criterion threshold rationale justification
    necessity eligible eligibility payable reimbursable qualify qualified qualifying denied
    billed bill bills billable coded coding submit submits submitted submitting resubmitted add
    rebilled rebill filed filing reimbursed rendered performed provided dropped recoded
    downcoded upcoded claimed charged invoiced charging invoicing overbilled underbilled
    supports support justifies justify justified warrants used use using utilized utilised
    assigned covers cover covered includes including authorized approved qualifies changed
    updated corrected upgraded downgraded switched adjusted revised amended authd appended
    append reimburses facturado facturada facturar facturó facture facturo cobrado cobrada
    cobrar cobró cobro codificado codificada autorizado autorizada utilizado`,
  noun: `
    procedure procedures proc procs service services svc svcs serv billing charge charges chg
    chgs chrg los reimbursement procedimiento procedimientos servicio servicios cargo cargos
    facturación facturacion`,
  code: 'code codes cd cds c0de codc coda cod código codigo códigos codigos',
  service: `
    psychotherapy therapy therapies session sessions intake intakes evaluation eval evals
    assessment assessments individual family couple couples conjoint marital marriage group
    groups crisis consultation consult testing test tests counseling counselling visit visits
    followup telehealth teletherapy televisit telemed telemedicine addon diagnostic interview
    interviews neuropsych neuropsychological psychological screening screen screener screeners
    aba biofeedback neurofeedback psychoeducation debriefing psychiatric debrief treatment
    treatments medication med meds mgmt management emdr cbt dbt ipt exposure multifamily
    hypnotherapy psych interactive supervision outpatient inpatient established prolonged
    administration immunization vaccine vaccination collateral caregiver parent training
    behavioral behavioural intervention interventions interpretation scoring collaborative care
    psychiatry tx reassessment reevaluation feedback therapeutic therap psychotx psytx ind fam
    grp indiv indv fmly cpl cpls mdm follow f/u checkup biopsychosocial bps psychosocial
    psychodiagnostic psychoanalysis hypnosis ect tms rtms detox sbirt phq questionnaire
    inventory instrument exam examination telephonic telepsychiatry conference planning
    coordination coaching rehab rehabilitation exercise exercises acupuncture nutrition
    dietitian venipuncture injection injections shot shots flu admit admission discharge
    hospitalization ekg ecg eeg mri xray x-ray ultrasound urinalysis anesthesia occupational
    monitoring observation stimulation terapia psicoterapia sesión sesion sesiones evaluación
    evaluacion consulta visita familiar grupal grupo pareja entrevista`,
  other: `
    zip zipcode zips postal phone telephone tel cell fax ext extension pager mrn mrns room rooms
    rm suite ste apt apartment bldg building floor bed box badge locker policy certificate
    docket case file chart ticket batch check cheque confirmation conf npi ein tin ssn dea caqh
    taxonomy serial vin tag passcode password pin route hwy highway lot gate door garage parking
    permit registration tracking reference ref refs program project grant voucher cert loinc
    snomed ndc rxnorm rxcui cvx revenue rev drg score scores income salary wage wages balance
    deductible owes owed owe earns earned debt debts loan mortgage rent settlement dollars
    amount total subtotal sum cost costs price prices budget savings premium refund credit
    lottery page pages pp volume issue station version sku upc barcode excel timestamp bib
    jersey raffle chip license licence lic psy lmft lcsw lpc lpcc lmhc licsw lcpc psyd lmsw
    lcmhc lcat dob bus flight squadron lotto walked ran steps dial dialed dialled enrollment
    contract plate accession specimen trace eft odometer mileage isbn issn imei model catalog
    catalogue po warrant citation summons passport visa medallion combination combo alarm naics
    fips sic soc cip hcc rin icn tcn dcn cin pcn rxbin bin hicn mbi ssi sid uid guid uuid hash
    prescription rx apn parcel precinct troop brigade battalion regiment platoon channel
    frequency payroll timesheet checksum router printer extn xt pgr voicemail vm hotline
    teléfono telefono celular expediente habitación habitacion cuarto sala apartamento oficina
    edificio póliza poliza licencia saldo ingreso ingresos sueldo salario deuda placa contraseña
    caso archivo pasos puerta página pagina cheque registro`,
  document: `
    claim claims auth auths authorization authorizations authorisation preauth precert
    preauthorization referral referrals invoice invoices receipt receipts statement statements
    payment payments paid copay copayment coinsurance fee fees rate rates order orders eob era
    remit remittance inv rcpt transaction transactions trans txn reclamo reclamos autorización
    autorizacion factura facturas recibo recibos pago pagos referido orden copago tarifa`,
  owner: `
    client clients patient patients member members subscriber provider payer payor payers payors
    insurer insurance plan carrier encounter therapist clinician counselor doctor dr staff user
    practice facility clinic agency school hospital center centre date dates area county city
    town line site location veteran sergeant captain form request acct account accounts record
    records call text message msg unit meeting zoom webinar id ids employee house home street pt
    pts cl ct cx consumer beneficiary guarantor dependent spouse employer vendor coder biller
    rep representative agent nurse officer operator supervisee supervisor manager adjuster
    psychiatrist psychologist prescriber pcp physician supplier student inmate detainee resident
    tenant driver customer guest visitor host device terminal register document doc job task
    event sample kit booklet packet workbook library course class section cliente clientes
    paciente pacientes miembro seguro aseguradora proveedor fecha usuario cuenta calle casa
    ciudad condado escuela unidad office`,
  list: `
    address addresses addr mailing icd icd9 icd10 dsm dsm5 dx dxs diagnosis diagnoses axis r/o
    hx impression problem problems dirección direccion diagnóstico diagnostico diagnósticos
    domicilio`,
  blank: `
    none n/a na nil null tbd tba pending see blank unknown missing unassigned unspecified
    omitted later ninguno ninguna pendiente`,
  ordinal: 'number no num nbr nr nos numbers id ids número numero núm nº',
  filler: `
    your yours you us him them everyone someone along associated related regarding re correctly
    longer shorter shown noted chosen auto populated default shows lists reflects indicates
    allowed allows zero one two three four five six seven eight nine is was were be been being
    are as of the a an for with under to and or by on at via per this that these those today
    todays our my his her their its it in entered listed selected documented reported added plus
    also then first second third primary secondary modifier modifiers mod mods x ii iii iv level
    category cat type new now so instead both through thru vs only correct following same done
    time from after due given without s medicaid medicare up weekly biweekly monthly twice daily
    ongoing continue continued moderate low high straightforward complexity slip capture sheet
    info information details tab entry minute minutes min mins hour hours hr hrs units u dos pos
    quality old w again will be we i she he they have has had gets get got getting make sure
    please thanks just all each other another remaining final appropriate applicable actual
    standard usual regular full brief short long extended extra additional initial subsequent
    annual routine scheduled recommended proposed suggested wo w/o c present absent alone face
    in-person person video audio remote virtual online completed administered scored tools tool
    conducted delivered held took place medical adult child adolescent minor kid kids mother
    father mom dad parents partner wife husband son daughter sibling about approx approximately
    roughly length duration yesterday monday tuesday wednesday thursday friday saturday sunday
    last next january february march april may june july august september october november
    december jan feb mar apr jun jul aug sep sept oct nov dec am pm morning afternoon evening
    there here back out over de del la el las un una por para con sin y o en hoy minutos minuto
    hora horas su mi este esta esa ese fue es ha usado usada`,
};

const DICTIONARY = new Map<string, LexicalClass>();
for (const [sense, list] of Object.entries(SENSES))
  for (const word of list.trim().split(/\s+/))
    if (!DICTIONARY.has(word)) DICTIONARY.set(word, sense as LexicalClass);

/** Words this long are read in spite of one wrong letter. */
const LONG = 7;
const LONG_WORDS = new Map<string, string[]>();
for (const [word, sense] of DICTIONARY)
  if (word.length >= LONG && sense !== 'filler' && sense !== 'blank')
    LONG_WORDS.set(word[0]!, [...(LONG_WORDS.get(word[0]!) ?? []), word]);

/** What unknown words were taken for; emptied when it has grown too large. */
const misspelt = new Map<string, LexicalClass | null>();
const MISSPELT_MAX = 4096;

/** The sense of a word in lower case; undefined for words that are none of ours. */
export function lexicalClassOf(word: string): LexicalClass | undefined {
  const sense = DICTIONARY.get(word);
  if (sense !== undefined || word.length < 4) return sense;
  if (word.endsWith("'s")) return DICTIONARY.get(word.slice(0, -2));
  if (word.endsWith("'d")) return 'verb';
  if (word.length > 20) return undefined;
  let guess = misspelt.get(word);
  if (guess === undefined) {
    if (misspelt.size >= MISSPELT_MAX) misspelt.clear();
    guess = guessed(word);
    misspelt.set(word, guess);
  }
  return guess ?? undefined;
}

/** Endings and beginnings that leave a verb of billing one: rebill, precoded, resubmitting. */
const ENDINGS = ['s', 'd', 'ed', 'ing', 'ting', 'ted'];
const BEGINNINGS = ['re', 'up', 'down', 'over', 'under', 'pre', 'co', 'mis'];

function inflected(word: string): LexicalClass | null {
  for (const beginning of BEGINNINGS) {
    if (!word.startsWith(beginning)) continue;
    const rest = word.slice(beginning.length);
    const sense = DICTIONARY.get(rest);
    if (sense === 'verb' || sense === 'service') return sense;
    if (sense === 'code' || sense === 'noun') return 'verb';
  }
  for (const ending of ENDINGS) {
    if (!word.endsWith(ending)) continue;
    const sense = DICTIONARY.get(word.slice(0, -ending.length));
    if (sense === 'verb' || sense === 'service' || sense === 'other') return sense;
  }
  return null;
}

/** A word with digits for letters, as scanners leave it, or a long one with one letter wrong. */
function guessed(word: string): LexicalClass | null {
  const repaired = word.replaceAll('0', 'o').replaceAll('1', 'l').replaceAll('5', 's');
  const sense = DICTIONARY.get(repaired);
  if (sense !== undefined) return sense;
  const stem = inflected(repaired);
  if (stem !== null) return stem;
  if (word.length < LONG - 1) return null;
  const like = LONG_WORDS.get(repaired[0]!)?.find((known) => isOneOff(known, repaired));
  return like === undefined ? null : DICTIONARY.get(like)!;
}

/** One letter is wrong, missing or too many, or two neighbours are swapped. */
function isOneOff(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let head = 0;
  while (head < a.length && a[head] === b[head]) head++;
  let tail = 0;
  const most = Math.min(a.length, b.length) - head;
  while (tail < most && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const left = a.length - head - tail;
  const right = b.length - head - tail;
  if (left <= 1 && right <= 1) return true;
  return left === 2 && right === 2 && a[head] === b[head + 1] && a[head + 1] === b[head];
}
