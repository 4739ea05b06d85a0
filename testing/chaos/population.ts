import type Stripe from 'stripe';
import type { Random } from '../simulator/random.ts';
import { inventedNpi } from '../../sandbox/samples/npi.ts';

/** Somebody on the roster, and what is really true of them. */
export interface Person {
  ref: string;
  name: string;
  email: string;
  npi: string;
  vendor: 'theranest' | 'therapynotes';
  customer: string;
  /** The card on file, as Stripe knows it; null when there is none. */
  card: string | null;
  /** How that card behaves. */
  input: CardName;
  uses: boolean;
  /** In which of the exports the use stands, from 0. */
  wave: number;
  /** Nothing about this person is difficult: left alone, the fee must end as paid. */
  plain: boolean;
}

export type CardName = keyof typeof CARDS;

/** How cards behave, by weight; see the sandbox's list of test cards. */
const CARDS = {
  pm_card_visa: 50,
  pm_card_mastercard: 10,
  pm_card_levy_insufficientFunds_once: 7,
  pm_card_levy_insufficientFunds_twice: 4,
  pm_card_levy_processing: 4,
  pm_card_levy_processing_declined: 2,
  pm_card_chargeDeclinedInsufficientFunds: 3,
  pm_card_chargeDeclinedLostCard: 3,
  pm_card_chargeDeclinedExpiredCard: 2,
  pm_card_chargeDeclinedProcessingError: 1,
  pm_card_levy_doNotTryAgain: 1,
  pm_card_levy_unknownDecline: 1,
  pm_card_authenticationRequired: 2,
  pm_card_createDispute: 3,
  pm_card_pendingRefund: 3,
  pm_card_refundFail: 2,
  none: 3,
};
/** How mailboxes behave, by weight; the sandbox's mailbox goes by how an address begins. */
const MAILBOXES = { plain: 70, greylist: 6, later: 4, busy: 4, drop: 5, refuse: 2, full: 1 };

/** These pay in the end, whatever happens on the way. */
const PAYING = /^pm_card_(visa|mastercard|levy_insufficientFunds_\w+|levy_processing)$/;
const DEAF = /^(refuse|full)$/;

/** Puts customers and cards into the sandbox, and gives the people they belong to. */
export async function seedCustomers(
  stripe: Stripe,
  random: Random,
  args: { people: number; waves: number },
): Promise<Person[]> {
  const people: Person[] = [];
  for (let n = 0; n < args.people; n += 1) {
    const drawn = random.weighted(CARDS);
    // A couple with one card and a customer each: two fees, two charges, the same number.
    const partner = random.chance(0.05) ? people.at(-1) : undefined;
    const input = partner?.input ?? drawn;
    const mailbox = random.weighted(MAILBOXES);
    const email = `${mailbox}.${n}@people.example`;
    const free = random.chance(0.06);
    people.push({
      ...(await customerWith(stripe, email, input)),
      input,
      ref: `C-${String(n).padStart(4, '0')}`,
      name: `Person ${String.fromCharCode(65 + (n % 26))}${n}`,
      email,
      npi: inventedNpi(n),
      vendor: free ? 'therapynotes' : 'theranest',
      uses: random.chance(0.85),
      wave: random.chance(0.5) ? 0 : random.between(1, args.waves - 1),
      plain: PAYING.test(input) && !free && !DEAF.test(mailbox),
    });
  }
  return people;
}

async function customerWith(stripe: Stripe, email: string, input: CardName) {
  const { id: customer } = await stripe.customers.create({ email });
  if (input === 'none') return { customer, card: null };
  const { id } = await stripe.paymentMethods.attach(input, { customer });
  return { customer, card: id };
}

/** What stands in a row of the roster. */
type Row = Pick<Person, 'ref' | 'name' | 'email' | 'npi' | 'vendor' | 'customer' | 'card'>;

/** The roster as a practice would upload it. */
export function rosterOf(people: Row[], refOf: (ref: string) => string): string {
  const head = 'ref,name,email,npi,vendor,time_zone,stripe_customer,payment_method';
  const rows = people.map(({ ref, name, email, npi, vendor, customer, card }) =>
    [refOf(ref), name, email, npi, vendor, 'America/New_York', customer, card ?? ''].join(','),
  );
  return [head, ...rows, ''].join('\n');
}

/** An export of the EHR's billing: who used a code, in this wave. */
export function exportOf(people: Person[], wave: number): string {
  const head = 'Date of Service,Client,Clinician,Clinician NPI,Billing Code';
  const rows = people
    .filter((person) => person.uses && person.wave === wave)
    .map(({ name, npi }, n) => `2026-03-0${1 + (n % 9)},Client ${n},${name},${npi},90834`);
  return [head, ...rows, ''].join('\n');
}
