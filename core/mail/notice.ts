import type { RecordKind } from '../fee/fee.ts';
import type { Mail, Part } from './draft.ts';
import { textAndHtml } from './layout.ts';
import { dollars } from '../fee/money.ts';

export type { Mail } from './draft.ts';

/** The facts for every e-mail about a fee. Amounts are in cents. */
export interface FeeFacts {
  clinician: string;
  practice: string;
  /** The vendor's name as clinicians know it. */
  vendor: string;
  year: number;
  rate: { royaltyCents: number; processingCents: number };
  /** The amount to charge, in cents: exactly the sum of the rate's two parts. */
  amountCents: number;
  /** The address to which answers go. */
  replyTo: string;
  /** The clinician's own page about the fee; null when there is none. */
  pageLink: string | null;
}

export interface NoticeFacts extends FeeFacts {
  card: { brand: string; last4: string };
  evidence: { kind: RecordKind; firstUsedOn: string };
  /** Calendar day of the charge in the policy's zone, YYYY-MM-DD. */
  chargeOn: string;
  /** Names of vendors that do not levy the fee, as examples; may be empty. */
  freeVendors: string[];
}

/**
 * Writes the notice: the e-mail that announces the fee before the card is charged. It says what the
 * fee is, who takes it, its parts, why this clinician owes it, which card is charged and when, what
 * to do (nothing), how to object, and how to avoid it. Throws when the parts of the rate do not add
 * up to the amount: such a notice would announce another amount than is charged.
 */
export function writeNotice(facts: NoticeFacts): Mail {
  const { clinician, practice, vendor, year, amountCents, chargeOn } = facts;
  const amount = dollars(amountCents);
  const card = cardName(facts.card);
  return textAndHtml({
    subject: `Your ${year} CPT license fee: ${amount} on ${dayOf(chargeOn, 'short')}`,
    preview: `${card}. You do not have to do anything.`,
    practice,
    parts: [
      title(`Your CPT license fee for ${year}`),
      text(`Hello ${clinician},`),
      text(whatItIs(facts)),
      {
        kind: 'rows',
        rows: [
          ['Amount', amount],
          ['Card', card],
          ['Charged on', dayOf(chargeOn, 'weekday')],
          ['What to do', 'Nothing'],
        ],
      },
      heading(`How the ${amount} is made up`),
      split(facts),
      heading('Why you'),
      text(whyYou(facts)),
      heading('If something looks wrong'),
      text(
        `Reply to this e-mail (${facts.replyTo}) before ${dayOf(chargeOn, 'long')}, and we will ` +
          'look at it with you before anything is charged.',
      ),
      ...anotherCard(facts),
      heading('How to avoid the fee'),
      text(howToAvoid(facts)),
      trademark(`${practice} is neither the AMA nor ${vendor}, and keeps nothing of this fee.`),
    ],
  });
}

/** Explains the fee to a person who has never heard of it. */
export function whatItIs({ practice, vendor }: Pick<FeeFacts, 'practice' | 'vendor'>): string {
  return (
    'The American Medical Association (AMA) owns the CPT® codes and asks a license fee for every ' +
    `clinician who uses them, once a year. ${vendor} collects it from ${practice}. ` +
    'We pass on what we were charged for you and add nothing.'
  );
}

/** The amount in its parts, as a table. */
export function split({ rate, amountCents, vendor, practice, year }: FeeFacts): Part {
  if (rate.royaltyCents + rate.processingCents !== amountCents)
    throw new Error('Bug! the parts of the rate do not add up to the amount of the fee');
  return {
    kind: 'sum',
    rows: [
      [`AMA royalty for ${year}`, dollars(rate.royaltyCents)],
      [`${vendor} processing`, dollars(rate.processingCents)],
      [`Added by ${practice}`, dollars(0)],
      ['Total', dollars(amountCents)],
    ],
  };
}

export function trademark(more = ''): Part {
  const notice = 'CPT is a registered trademark of the American Medical Association.';
  return { kind: 'small', text: `${notice} ${more}`.trim() };
}

export const title = (words: string): Part => ({ kind: 'title', text: words });
export const heading = (words: string): Part => ({ kind: 'heading', text: words });
export const text = (words: string): Part => ({ kind: 'text', text: words });

/** A card's name for people: "Visa ending in 4242". */
export function cardName({ brand, last4 }: { brand: string; last4: string }): string {
  return `${BRANDS[brand] ?? 'Card'} ending in ${last4}`;
}

/**
 * A calendar day (YYYY-MM-DD) as people read it: short "February 3", long "February 3, 2026",
 * weekday "Tuesday, February 3, 2026".
 */
export function dayOf(day: string, form: 'short' | 'long' | 'weekday'): string {
  const at = new Date(`${day}T00:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(at.getTime()))
    throw new Error('Bug! a day in a mail must be written YYYY-MM-DD');
  return DAYS[form].format(at);
}

const dayFormat = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat('en-US', {
    timeZone: 'UTC',
    month: 'long',
    day: 'numeric',
    ...options,
  });

const DAYS = {
  short: dayFormat({}),
  long: dayFormat({ year: 'numeric' }),
  weekday: dayFormat({ year: 'numeric', weekday: 'long' }),
};

/** The brands' own names, by Stripe's names for them. */
const BRANDS: Record<string, string> = {
  visa: 'Visa',
  mastercard: 'Mastercard',
  amex: 'American Express',
  discover: 'Discover',
  diners: 'Diners Club',
  jcb: 'JCB',
  unionpay: 'UnionPay',
};

export function whyYou({
  evidence,
  vendor,
  year,
}: Pick<NoticeFacts, 'evidence' | 'vendor' | 'year'>): string {
  const day = dayOf(evidence.firstUsedOn, 'long');
  const use = `Your first use of a CPT code in ${vendor} in ${year} was on ${day}`;
  const found: Record<RecordKind, string> = {
    billing: `${use}, in a billing record.`,
    progress_note: `${use}, in a progress note.`,
    diagnosis: `${use}, in a diagnosis record.`,
    vendor_invoice: `${vendor} lists you as using CPT codes in ${year}, from ${day} on.`,
  };
  return (
    `${found[evidence.kind]} One use in the year is enough, and it does not matter whether a ` +
    'client pays privately or through insurance.'
  );
}

function anotherCard({ pageLink, chargeOn }: NoticeFacts): Part[] {
  if (!pageLink) return [];
  return [
    heading('If you would rather use another card, or pay now'),
    text(
      `Your own page about this fee takes another card until ${dayOf(chargeOn, 'long')}. There ` +
        'you can also pay at once, object, or tell us that you have left this EHR.',
    ),
    { kind: 'button', label: 'See your fee', url: pageLink },
  ];
}

const listing = new Intl.ListFormat('en-US', { type: 'conjunction' });

function howToAvoid({ freeVendors }: NoticeFacts): string {
  const names = listing.format(freeVendors);
  const some = freeVendors.length > 0 ? ` (${names}, for example)` : '';
  return (
    `Some EHRs do not pass this fee on${some}. If you move to one of them, we waive the fee, and ` +
    'we are glad to help with the move: just reply.'
  );
}
