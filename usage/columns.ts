/**
 * What a column of an export is for, from its heading. Vendors disagree on words, not on ideas:
 * each role is a short list of phrases, the best match wins.
 */
export type Role =
  | 'code'
  | 'service'
  | 'modifier'
  | 'npi'
  | 'clinician'
  | 'clinicianFirst'
  | 'clinicianLast'
  | 'clinicianId'
  | 'date'
  | 'status'
  | 'gone'
  | 'note'
  | 'diagnosis'
  | 'client'
  | 'claim'
  | 'price'
  | 'label'
  | 'other';

export interface Column {
  role: Role;
  /** Among columns of one role the highest rank speaks; the others are asked when it is empty. */
  rank: number;
}

const OTHER: Column = { role: 'other', rank: 0 };

/** Phrases that decide alone when the whole heading is one of them. */
const EXACT: Record<string, Column> = table({
  code: [
    ['cpt', 9],
    ['cpts', 9],
    ['cpt code', 9],
    ['cpt codes', 9],
    ['cpt4', 9],
    ['cpt 4', 9],
    ['cpt hcpcs', 9],
    ['hcpcs cpt', 9],
    ['hcpcs', 7],
    ['procedure', 7],
    ['procedures', 7],
    ['procedure code', 9],
    ['procedure codes', 9],
    ['proc', 7],
    ['proc code', 9],
    ['proc cd', 9],
    ['px', 7],
    ['px code', 9],
    ['service code', 8],
    ['service codes', 8],
    ['svc code', 8],
    ['svc cd', 8],
    ['billing code', 8],
    ['billing codes', 8],
    ['bill code', 8],
    ['billed code', 8],
    ['charge code', 8],
    ['visit code', 7],
    ['session code', 7],
    ['e m', 7],
    ['e m code', 8],
    ['em code', 8],
    ['code', 5],
    ['codes', 5],
    ['24d', 9],
    ['box 24d', 9],
  ],
  service: [
    ['details', 5],
    ['detail', 5],
    ['service', 6],
    ['services', 6],
    ['service type', 7],
    ['service name', 6],
    ['service description', 6],
    ['service item', 6],
    ['service rendered', 6],
    ['services rendered', 6],
    ['service provided', 6],
    ['type of service', 6],
    ['appointment type', 6],
    ['appt type', 6],
    ['visit type', 5],
    ['session type', 6],
    ['event type', 4],
    ['encounter type', 5],
    ['description', 4],
    ['item', 4],
    ['line item', 5],
    ['procedure description', 5],
    ['cpt description', 5],
    ['charge description', 5],
    ['billing description', 5],
    ['activity', 4],
    ['product', 3],
    ['product service', 5],
  ],
  modifier: [
    ['mod', 5],
    ['mods', 5],
    ['modifier', 5],
    ['modifiers', 5],
    ['cpt modifier', 5],
    ['cpt modifiers', 5],
    ['procedure modifier', 5],
  ],
  date: [
    ['date of service', 9],
    ['dates of service', 9],
    ['dos', 9],
    ['service date', 9],
    ['date of session', 9],
    ['session date', 8],
    ['date of visit', 8],
    ['visit date', 8],
    ['encounter date', 8],
    ['appointment date', 8],
    ['appt date', 8],
    ['date of appointment', 8],
    ['event date', 7],
    ['service from', 8],
    ['service from date', 8],
    ['from date', 6],
    ['date from', 6],
    ['dos from', 9],
    ['from dos', 9],
    ['service start', 7],
    ['service start date', 8],
    ['start date', 5],
    ['start', 4],
    ['start time', 3],
    ['session start', 5],
    ['appointment', 4],
    ['appointment time', 4],
    ['service day', 7],
    ['procedure date', 8],
    ['date', 6],
    ['transaction date', 3],
    ['note date', 4],
  ],
  status: [
    ['status', 6],
    ['appointment status', 8],
    ['appt status', 8],
    ['session status', 8],
    ['visit status', 8],
    ['attendance', 7],
    ['attendance status', 8],
    ['event status', 7],
    ['encounter status', 7],
    ['show status', 8],
    ['outcome', 4],
    ['state', 0],
    ['note status', 4],
    ['progress note status', 4],
    ['record status', 6],
    ['type', 3],
    ['transaction type', 3],
    ['entry type', 3],
    ['billing status', 4],
    ['claim status', 3],
    ['claim type', 0],
  ],
  gone: [
    ['cancelled', 5],
    ['canceled', 5],
    ['is cancelled', 5],
    ['is canceled', 5],
    ['deleted', 5],
    ['is deleted', 5],
    ['deleted at', 5],
    ['no show', 5],
    ['noshow', 5],
    ['cancelled at', 5],
    ['canceled at', 5],
    ['cancellation date', 5],
    ['cancelled on', 5],
    ['canceled on', 5],
    ['deleted on', 5],
    ['cancellation reason', 5],
    ['date cancelled', 5],
    ['date canceled', 5],
    ['date deleted', 5],
  ],
  clinicianId: [
    ['clinician id', 8],
    ['provider id', 7],
    ['therapist id', 7],
    ['staff id', 6],
    ['practitioner id', 7],
    ['counselor id', 7],
    ['rendering provider id', 9],
    ['rendering id', 9],
    ['user id', 4],
    ['employee id', 5],
    ['clinician user id', 8],
    ['provider code', 5],
    ['clinician code', 5],
    ['provider number', 5],
  ],
});

/** Words that make a heading somebody or something else's, whatever follows. */
const NOT_THE_CLINICIAN = words(
  'supervisor supervising supervised supervision billing referring referral ordering group ' +
    'facility location site payer payor insurance insurer client patient member subscriber primary ' +
    'pcp organization organisation practice company office vendor tax scheduled scheduler created ' +
    'updated modified entered signed cosigner guarantor',
);

/** The people who treat, best first. */
const TREATING: readonly [string, number][] = [
  ['rendering', 9],
  ['performing', 8],
  ['servicing', 8],
  ['treating', 8],
  ['clinician', 7],
  ['therapist', 6],
  ['counselor', 6],
  ['counsellor', 6],
  ['psychologist', 6],
  ['psychiatrist', 6],
  ['practitioner', 6],
  ['provider', 5],
  ['attending', 4],
  ['physician', 5],
  ['doctor', 5],
  ['prescriber', 4],
  ['bcba', 4],
  ['rbt', 4],
  ['staff', 4],
  ['employee', 3],
  ['associate', 3],
  ['resource', 2],
  ['user', 1],
];

const NOTE_WORDS = words('note notes narrative comment comments memo remarks plan assessment soap');
const DIAGNOSIS_WORDS = words('diagnosis diagnoses dx icd icd9 icd10 dsm');
const CLIENT_WORDS = words('client patient member subscriber insured guarantor mrn acct account');
const CLAIM_WORDS = words('claim encounter visit appointment session invoice superbill statement');
const PRICE_WORDS = words('fee fees rate rates price charge charges amount allowed allowable cost');

/** The role of a column by its heading. */
export function columnFor(heading: string): Column {
  const key = normalHeading(heading);
  if (key === '') return OTHER;
  const numbered = stripNumber(key);
  const exact = EXACT[key] ?? EXACT[numbered];
  if (exact) return exact;
  const parts = key.split(' ');
  return modifierColumn(parts) ?? codeColumn(parts) ?? personColumn(parts) ?? contextColumn(parts);
}

/** Lower case, letters and digits only, one space between words. */
export function normalHeading(heading: string): string {
  let key = '';
  for (const char of heading.toLowerCase().slice(0, 80)) {
    if ((char >= 'a' && char <= 'z') || (char >= '0' && char <= '9')) key += char;
    else if (key !== '' && !key.endsWith(' ')) key += ' ';
  }
  return key.trimEnd();
}

function modifierColumn(parts: string[]): Column | null {
  const first = parts[0] ?? '';
  const named = parts.some(
    (part) => part.startsWith('modifier') || part === 'mod' || part === 'mods',
  );
  const short = parts.length === 1 && /^(?:m|mod)[1-4]$/.test(first);
  return named || short ? { role: 'modifier', rank: 5 } : null;
}

function codeColumn(parts: string[]): Column | null {
  const has = (word: string) => parts.includes(word);
  const text = has('description') || has('desc') || has('name') || has('category') || has('type');
  const cpt = parts.some((part) => part.startsWith('cpt')) || has('hcpcs');
  if (cpt) {
    if (has('units') || has('count') || has('rate') || has('fee') || has('total')) return OTHER;
    return { role: text ? 'service' : 'code', rank: text ? 5 : 8 };
  }
  const coded = has('code') || has('codes') || has('cd');
  const subject = ['procedure', 'proc', 'service', 'svc', 'billing', 'charge', 'px', 'visit'];
  const other = [
    'diagnosis',
    'dx',
    'icd',
    'revenue',
    'rev',
    'place',
    'pos',
    'zip',
    'postal',
    'area',
  ];
  if (coded && subject.some(has) && !other.some(has)) return { role: 'code', rank: 7 };
  return null;
}

function personColumn(parts: string[]): Column | null {
  const has = (word: string) => parts.includes(word);
  if (parts.some((part) => NOT_THE_CLINICIAN.has(part)) && !has('rendering')) {
    return has('npi') ? OTHER : null;
  }
  if (has('npi')) {
    const rank = TREATING.find(([word]) => has(word))?.[1] ?? 2;
    return { role: 'npi', rank };
  }
  const treating = TREATING.find(([word]) => has(word));
  if (!treating) return null;
  const rank = treating[1];
  if (has('first') || has('given')) return { role: 'clinicianFirst', rank };
  if (has('last') || has('family') || has('surname')) return { role: 'clinicianLast', rank };
  const rest = parts.filter((part) => part !== treating[0] && !NAME_WORDS.has(part));
  if (rest.length === 0) return { role: 'clinician', rank };
  if (has('id')) return { role: 'clinicianId', rank: Math.min(rank, 8) };
  return OTHER;
}

const NAME_WORDS = words('name full provider clinician therapist member assigned s');

function contextColumn(parts: string[]): Column {
  const any = (set: ReadonlySet<string>) => parts.some((part) => set.has(part));
  if (any(DIAGNOSIS_WORDS)) return { role: 'diagnosis', rank: 1 };
  if (any(NOTE_WORDS) && !parts.includes('status')) return { role: 'note', rank: 1 };
  if (any(CLIENT_WORDS)) return { role: 'client', rank: 1 };
  if (any(CLAIM_WORDS)) return { role: 'claim', rank: 1 };
  if (any(PRICE_WORDS)) return { role: 'price', rank: 1 };
  if (any(LABEL_WORDS)) return { role: 'label', rank: 1 };
  return OTHER;
}

const LABEL_WORDS = words(
  'zip postal phone fax city address street payer payor insurer insurance dob birth email units ' +
    'unit pos place location paid unpaid balance copay payment total qty quantity minutes duration ' +
    'npi tax license taxonomy name id number date',
);

/** "Procedure Code 2", "dx1": the number of a repeated column. */
function stripNumber(key: string): string {
  let end = key.length;
  while (end > 0 && key.charCodeAt(end - 1) >= 48 && key.charCodeAt(end - 1) <= 57) end--;
  return end === key.length ? key : key.slice(0, end).trimEnd();
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

function table(roles: Partial<Record<Role, [string, number][]>>): Record<string, Column> {
  const entries: Record<string, Column> = Object.create(null);
  for (const [role, phrases] of Object.entries(roles))
    for (const [phrase, rank] of phrases) entries[phrase] = { role: role as Role, rank };
  return entries;
}
