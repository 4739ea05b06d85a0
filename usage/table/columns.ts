import { isAlphanumeric, isDigit, isLetter } from '../cpt.ts';
import { PHRASES, SPELLINGS, type Role } from './column-phrases.ts';

export interface Column {
  role: Role;
  /** Among columns of one role the highest rank speaks; the others are asked when it is empty. */
  rank: number;
  /** The number at the end of a repeated heading: Code 1, Code 2. */
  line: number | null;
}

type Named = Omit<Column, 'line'>;

const OTHER: Named = { role: 'other', rank: 0 };

/** Words that make a heading somebody or something else's, whatever follows. */
const NOT_THE_CLINICIAN = words(
  'supervisor supervising supervised supervision billing referring referral ordering group ' +
    'facility location site payer payor insurance insurer client patient member ' +
    'subscriber primary ' +
    'pcp organization organisation practice company office vendor tax scheduled ' +
    'scheduler created ' +
    'updated modified entered signed cosigner guarantor bill ref ord fac grp pt supv',
);

/** The people who treat, best first. */
const TREATING: readonly [string, number][] = [
  ['rendering', 9],
  ['rndrng', 9],
  ['rend', 9],
  ['prf', 8],
  ['prfrmg', 8],
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
  ['prov', 5],
  ['prvdr', 5],
  ['attending', 4],
  ['physician', 5],
  ['physn', 5],
  ['phys', 4],
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
  const { bare, line } = numbered(key);
  return { ...named(key, bare), line };
}

function named(key: string, bare: string): Named {
  const spelt = bare.split(' ').map((part) => SPELT.get(part) ?? part);
  const exact = EXACT.get(key) ?? EXACT.get(bare) ?? EXACT.get(spelt.join(' '));
  if (exact || key === '') return exact ?? OTHER;
  const parts = [...new Set([...bare.split(' '), ...spelt])];
  return (
    modifierColumn(key.split(' ')) ??
    codeColumn(parts) ??
    personColumn(parts) ??
    dateColumn(parts) ??
    contextColumn(parts)
  );
}

/** Lower case, letters and digits only, one space between words; camelCase is taken apart. */
export function normalHeading(heading: string): string {
  const text = heading.slice(0, 80);
  let key = '';
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (isUpper(char) && i > 0 && beginsWord(text, i)) key += ' ';
    if (isAlphanumeric(char)) key += text.charAt(i).toLowerCase();
    else if (key !== '' && !key.endsWith(' ')) key += ' ';
  }
  return key.trimEnd();
}

/** The capital at `i` begins a word: `serviceDate`, `CPTCode`. */
function beginsWord(text: string, i: number): boolean {
  const before = text.charCodeAt(i - 1);
  if (isLetter(before) && !isUpper(before)) return true;
  return isUpper(before) && isLetter(text.charCodeAt(i + 1)) && !isUpper(text.charCodeAt(i + 1));
}

function isUpper(char: number): boolean {
  return char >= 65 && char <= 90;
}

function modifierColumn(parts: string[]): Named | null {
  const first = parts[0] ?? '';
  const named = parts.some((part) => part.startsWith('modifier') || MODIFIER_WORDS.has(part));
  const short = parts.length === 1 && /^(?:m|mod)[1-4]$/.test(first);
  return named || short ? { role: 'modifier', rank: 5 } : null;
}

const MODIFIER_WORDS = words('mod mods mdfr mdfrs');

function codeColumn(parts: string[]): Named | null {
  const has = (word: string) => parts.includes(word);
  const text = has('description') || has('desc') || has('name') || has('category') || has('type');
  const cpt = parts.some((part) => part.startsWith('cpt')) || has('hcpcs');
  if (cpt) {
    if (parts.some((part) => NOT_THE_CODE.has(part))) return OTHER;
    return { role: text ? 'service' : 'code', rank: text ? 5 : 8 };
  }
  const coded = has('code') || has('codes');
  if (parts.some((part) => NOT_USED.has(part))) return null;
  const subject = ['procedure', 'service', 'billing', 'billable', 'charge', 'visit', 'treatment'];
  if (coded && subject.some(has) && !parts.some((part) => OTHER_CODES.has(part)))
    return { role: 'code', rank: 7 };
  const bare = has('procedure') || has('procedures');
  return bare && parts.every((part) => WHICH_PROCEDURE.has(part))
    ? { role: 'code', rank: 6 }
    : null;
}

const OTHER_CODES = words(
  'diagnosis dx icd revenue rev place pos location zip postal area reason denial status ' +
    'adjustment remark',
);
/** What was asked for or allowed, but not done. */
const NOT_USED = words(
  'authorized authorised requested approved planned ordered expected default allowed',
);
const NOT_THE_CODE = new Set([...words('units count rate fee total'), ...NOT_USED]);
const WHICH_PROCEDURE = words(
  'procedure procedures proc px primary secondary principal main additional other billed ' +
    'paid submitted adjudicated performed rendered line claim service medical',
);

function personColumn(parts: string[]): Named | null {
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
  if (parts.some((part) => NOT_A_NAME.has(part))) return OTHER;
  const rest = parts.filter((part) => !TREATING_WORDS.has(part) && !NAME_WORDS.has(part));
  if (rest.length === 0) return { role: 'clinician', rank };
  if (has('id') || has('initials')) return { role: 'clinicianId', rank: Math.min(rank, 8) };
  return OTHER;
}

const TREATING_WORDS = new Set(TREATING.map(([word]) => word));
const NAME_WORDS = words('name nm full member assigned s of service svc encounter visit session');
const NOT_A_NAME = words('tax ein ssn license licence taxonomy specialty speciality type state');

/** A date of the service itself, by the words in its heading. */
function dateColumn(parts: string[]): Named | null {
  const dated = parts.includes('date') || parts.includes('dos');
  if (!dated || parts.some((part) => NOT_SERVICE_DATE.has(part))) return null;
  return parts.some((part) => SERVICE_DATE.has(part)) ? { role: 'date', rank: 6 } : null;
}

const SERVICE_DATE = words(
  'service svc from line clm claim visit encounter enc appt appointment session dos start srvc ' +
    'expns procedure prcdr performed scheduled note event treatment served seen activity',
);
const NOT_SERVICE_DATE = words(
  'birth dob paid payment posted post created create updated entered entry billed bill submitted ' +
    'received due print statement thru to end through processed process admission ' +
    'admsn discharge ' +
    'dschrg effective term expiration expires invoice check auth adjudicated signed ' +
    'modified last ' +
    'next locked death plan',
);

function contextColumn(parts: string[]): Named {
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
    'unit pos place location paid unpaid balance copay payment total qty quantity ' +
    'minutes duration ' +
    'npi tax license taxonomy name id number date',
);

/** "Procedure Code 2", "CPT1": the heading without its number, and the number. */
function numbered(key: string): { bare: string; line: number | null } {
  let end = key.length;
  while (end > 0 && isDigit(key.charCodeAt(end - 1))) end--;
  if (end === key.length || end === 0) return { bare: key, line: null };
  return { bare: key.slice(0, end).trimEnd(), line: Number(key.slice(end)) };
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

const SPELT = new Map<string, string>();
for (const [word, short] of Object.entries(SPELLINGS))
  for (const spelling of short.split(' ')) SPELT.set(spelling, word);

const EXACT = new Map<string, Named>();
for (const [role, ranks] of Object.entries(PHRASES))
  for (const [rank, phrases] of Object.entries(ranks))
    for (const phrase of phrases.split(', '))
      EXACT.set(phrase, { role: role as Role, rank: Number(rank) });
