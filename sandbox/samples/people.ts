/**
 * Forty invented clinicians of an invented practice, each with a story. Where they used a code in
 * 2026 is written here by file; the exports are made from it (exports.ts).
 */
import { inventedNpi } from './npi.ts';

/** What the year 2026 should come to for someone, after at most four attempts. */
type Ending = 'paid' | 'needs_card' | 'gave_up' | 'no_use' | 'exempt' | 'notice_failed';

/** A sample clinician. */
export interface Person {
  ref: string;
  name: string;
  email: string | null;
  npi: string | null;
  vendor: 'theranest' | 'therapynotes';
  timeZone: string;
  /** The test card on file, or none. */
  card: string | null;
  ending: Ending;
  /** What makes this one worth having. */
  story: string;
  /** Days of sessions with a code, by export. */
  use: Partial<Record<'claims' | 'payroll' | 'appointments', string[]>>;
}

/** The samples, in the order of their references. */
export const people: Person[] = [];

/** The day of the first use that can be proven from the exports, or null. */
export function firstUse(person: Person): string | null {
  if (person.ending === 'no_use') return null;
  return Object.values(person.use).flat().sort()[0] ?? null;
}

/** Two people of this name; the payroll report does not say which of them it means. */
export const SHARED_NAME = 'Jordan Avery';

type Rest = Partial<Omit<Person, 'ref' | 'name' | 'use'>>;

const ZONES = [
  'America/New_York',
  'America/Chicago',
  'America/Denver',
  'America/Los_Angeles',
  'America/Phoenix',
  'Pacific/Honolulu',
];
const CARDS = ['pm_card_visa', 'pm_card_mastercard', 'pm_card_amex'];

/** Adds someone; what is not said is ordinary: TheraNest, a good card, an address, paid. */
function add(name: string, use: Person['use'], rest: Rest = {}): void {
  const n = people.length + 1;
  people.push({
    ref: `C-${String(n).padStart(3, '0')}`,
    name,
    email: `${address(name)}.${n}@${n % 2 ? 'example.org' : 'example.net'}`,
    npi: inventedNpi(n),
    vendor: 'theranest',
    timeZone: ZONES[n % ZONES.length] as string,
    card: CARDS[n % CARDS.length] as string,
    ending: 'paid',
    story: 'pays at the first attempt',
    use,
    ...rest,
  });
}

function address(name: string): string {
  const plain = name.normalize('NFD').replace(/[^\p{Letter} ]/gu, '');
  return plain.toLowerCase().replaceAll(' ', '.');
}

add('Dana Whitlock', { claims: ['2026-01-08', '2026-01-15'] });
add('Marcus Oyelaran', { claims: ['2026-01-09'], payroll: ['2026-02-03'] });
add('Ines Carvalho', { claims: ['2026-01-12'] });
add('Priya Raghunathan', { claims: ['2026-01-12', '2026-03-02'] });
add('Tomás Villaseñor', { claims: ['2026-01-13'] });
add("Maeve O'Dwyer", { claims: ['2026-01-14'], appointments: ['2026-01-07'] });
add(SHARED_NAME, { claims: ['2026-01-15'] }, { story: 'shares a name with C-039; known by NPI' });
add('Hollis Tran', { claims: ['2026-01-16'] }, { story: 'bills alone: no rendering provider' });
add('Beatrix Lindqvist', { claims: ['2026-01-20'] }, { story: 'named on the service line only' });
add('Samuel Okonjo', { payroll: ['2026-01-21', '2026-02-18'] });
add('Ruth Abernathy-Cole', { payroll: ['2026-01-22'] });
add('Elio Santangelo', { payroll: ['2026-01-23'], appointments: ['2026-05-04'] });
add('Noor Haddad', { payroll: ['2026-01-26'] });
add('Wren Castellanos', { payroll: ['2026-01-27'] }, { npi: null, story: 'has no NPI yet' });
add('Gideon Marsh', { payroll: ['2026-01-28'] });
add('Zoë Ahlgren', { appointments: ['2026-01-29', '2026-02-05'] });
add('Calvin Eastwood-Reyes', { appointments: ['2026-02-02'] });
add('Lucía Benavente', { appointments: ['2026-02-03'] });
add('Amara Nwosu', { appointments: ['2026-02-04'] }, { card: 'pm_card_visa_debit' });
add('Philippa Grange', { appointments: ['2026-02-06'] }, { card: 'pm_card_discover' });
add(
  'Otis Fairweather',
  { appointments: ['2026-09-14'] },
  { story: 'first use late in the year: the same fee' },
);
add('Selma Baptiste', { claims: ['2026-02-10'], payroll: ['2026-02-11'] });
add(
  'Ingrid Vance',
  { appointments: ['2026-02-12'] },
  { story: 'private pay only: the fee is owed all the same' },
);
add(
  'Theo Marchetti',
  { claims: ['2026-01-19'] },
  { card: 'pm_card_levy_insufficientFunds_once', story: 'declined once, then pays' },
);
add(
  'Adaeze Obi',
  { payroll: ['2026-01-20'] },
  { card: 'pm_card_levy_insufficientFunds_once', story: 'declined once, then pays' },
);
add(
  'Kenji Moritani',
  { appointments: ['2026-01-21'] },
  { card: 'pm_card_levy_insufficientFunds_twice', story: 'declined twice, then pays' },
);
add(
  'Harriet Bloom',
  { claims: ['2026-02-17'] },
  {
    card: 'pm_card_visa_chargeDeclinedInsufficientFunds',
    ending: 'gave_up',
    story: 'never has the funds: four attempts, then no more',
  },
);
add(
  'Desmond Achterberg',
  { payroll: ['2026-02-18'] },
  {
    card: 'pm_card_visa_chargeDeclinedLostCard',
    ending: 'needs_card',
    story: 'lost card: one attempt; the letter must not say lost',
  },
);
add(
  'Yolanda Prewitt',
  { appointments: ['2026-02-19'] },
  {
    card: 'pm_card_chargeDeclinedExpiredCard',
    ending: 'needs_card',
    story: 'expired card: one attempt, then a new card is asked for',
  },
);
add(
  'Callum Drysdale',
  { payroll: ['2026-02-23'] },
  { card: null, ending: 'needs_card', story: 'no card on file' },
);
add(
  'Mirela Ionescu',
  { claims: ['2026-02-24'] },
  { email: null, ending: 'notice_failed', story: 'no e-mail: no notice, so no charge' },
);
add(
  'Augustin Keller',
  { appointments: ['2026-02-25'] },
  {
    email: 'refuse.keller@example.org',
    ending: 'notice_failed',
    story: 'the address refuses mail for good: no notice, so no charge',
  },
);
add(
  'Farah Mehrabi',
  { payroll: ['2026-02-26'] },
  {
    email: 'greylist.mehrabi@example.net',
    story: 'the address puts the first try off; the notice gets through later',
  },
);
add(
  'Leopold Winters',
  { claims: ['2026-01-27'] },
  { vendor: 'therapynotes', ending: 'exempt', story: 'used codes, but TherapyNotes does not levy' },
);
add(
  'Saoirse Calloway',
  { appointments: ['2026-03-03'] },
  { vendor: 'therapynotes', ending: 'exempt', story: 'used codes, but TherapyNotes does not levy' },
);
add('Bertrand Oduya', {}, { ending: 'no_use', story: 'in no export at all' });
add(
  'Winifred Sato',
  {},
  { ending: 'no_use', story: 'only codes that are not CPT (a letter and four digits)' },
);
add(
  'Ephraim Locke',
  {},
  { ending: 'no_use', story: 'only cancelled sessions, and one without a code' },
);
add(
  SHARED_NAME,
  {},
  {
    ending: 'no_use',
    story: 'shares a name with C-007: the payroll row could mean either, so it proves nothing',
  },
);
add('Rosalind Thackeray', { payroll: ['2026-03-10'], appointments: ['2026-03-17'] });
