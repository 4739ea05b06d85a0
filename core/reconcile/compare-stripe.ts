import type { Entry } from '../fee/fee.ts';
import { fold, type FeeState } from '../fee/fold.ts';
import { DAY_MS } from '../policy.ts';
import type { Breach, CheckName } from './checks.ts';

/** The lines of Stripe's books about one fee. Amounts in cents. */
export interface StripeObjects {
  intents: {
    intent: string;
    /** Stripe's own name for the state. */
    status: string;
    amountCents: number;
    receivedCents: number;
    livemode: boolean;
  }[];
  charges: {
    charge: string;
    intent: string | null;
    status: string;
    amountCents: number;
    livemode: boolean;
    createdAt: Date;
  }[];
  refunds: {
    refund: string;
    charge: string;
    amountCents: number;
    status: 'pending' | 'succeeded' | 'failed';
  }[];
  disputes: {
    dispute: string;
    charge: string;
    amountCents: number;
    status: 'inquiry' | 'open' | 'won' | 'lost';
  }[];
  movements: { amountCents: number; source: string | null }[];
}

/** A fee in the ledger, beside its lines in Stripe's books. */
export interface ComparedFee {
  feeId: string;
  /** The assessment's amount, in cents. */
  amountCents: number;
  livemode: boolean;
  intent: string | null;
  /** The next step that is stored for the fee. */
  step: string | null;
  /** The balance of the account `stripe` for this fee, in cents. */
  stripeCents: number;
  entries: Entry[];
  books: StripeObjects;
}

/**
 * The differences between the ledger and Stripe's books for one fee, object by object. What is
 * under way (an attempt without an answer, a refund asked for) may differ; another check limits how
 * long.
 */
export function compareWithSnapshot(booked: ComparedFee, now: Date): Breach[] {
  let folded: FeeState;
  try {
    folded = fold(booked.entries);
  } catch {
    // Entries that cannot be folded are found by another check.
    return [];
  }
  const { own, others } = apart(booked, folded);
  const fee = { ...booked, books: own };
  const found = (check: CheckName) => (detail: string) => ({ check, feeId: fee.feeId, detail });
  const underWay = Boolean(
    folded.openAttempt ?? folded.waiveAsked ?? folded.refundAsked ?? folded.refundOpened,
  );
  return [
    ...intents(fee, folded, underWay).map(found('objects')),
    ...charges(fee, folded, underWay).map(found('objects')),
    ...refunds(fee, folded, underWay).map(found('objects')),
    ...disputes(fee).map(found('objects')),
    ...(underWay ? [] : cents(fee, now).map(found('cents'))),
    ...amounts(fee).map(found('amount')),
    ...modes(fee).map(found('mode')),
    ...unheard(fee, folded).map(found('announced')),
    ...unproven(fee).map(found('evidence')),
    ...others.map(found('orphan_objects')),
  ];
}

/**
 * Separates the objects this ledger must account for from those only another ledger can have made:
 * intents it never opened that took no money, or of a fee that is not owed here.
 */
function apart(
  { entries, books }: ComparedFee,
  { assessed }: FeeState,
): { own: StripeObjects; others: string[] } {
  // An intent canceled before this ledger knew of it has `intent_closed` and no `intent_opened`.
  const known = new Set(
    entries.flatMap((one) =>
      one.kind === 'intent_opened' || one.kind === 'intent_closed' ? [one.data.intent] : [],
    ),
  );
  const isOthers = ({ intent, status, receivedCents }: StripeObjects['intents'][number]) =>
    !known.has(intent) && (!assessed || (status === 'canceled' && receivedCents === 0));
  const theirs = new Set(books.intents.filter(isOthers).map(({ intent }) => intent));
  if (theirs.size === 0) return { own: books, others: [] };
  const charges = books.charges.filter(({ intent }) => !intent || !theirs.has(intent));
  const kept = new Set(charges.map(({ charge }) => charge));
  const refunds = books.refunds.filter(({ charge }) => kept.has(charge));
  const disputes = books.disputes.filter(({ charge }) => kept.has(charge));
  for (const { refund } of refunds) kept.add(refund);
  for (const { dispute } of disputes) kept.add(dispute);
  const movements = books.movements.filter(({ source }) => !source || kept.has(source));
  const intents = books.intents.filter(({ intent }) => !theirs.has(intent));
  const others = books.intents.flatMap(({ intent, status }) =>
    theirs.has(intent) && status !== 'canceled'
      ? [`Stripe has intent ${intent} (${status}) of another ledger for a fee not owed here`]
      : [],
  );
  return { own: { intents, charges, refunds, disputes, movements }, others };
}

function intents({ intent, step, books }: ComparedFee, fee: FeeState, underWay: boolean): string[] {
  const wrong: string[] = [];
  if (intent && !books.intents.some((one) => one.intent === intent))
    wrong.push(`the ledger has intent ${intent}, Stripe does not`);
  for (const one of books.intents) {
    const taken = one.status === 'succeeded';
    if (one.intent !== intent) {
      const dead = one.status === 'canceled' && one.receivedCents === 0;
      // If the answer to a creation was lost, the step finds that intent before it creates another.
      const isLooking = step === 'charge' || step === 'notice';
      const awaited = intent === null && isLooking && /^requires_/.test(one.status);
      if (!dead && !awaited)
        wrong.push(`Stripe has intent ${one.intent} (${one.status}), the ledger does not`);
    } else if (taken && !fee.paid && !underWay)
      wrong.push(`intent ${intent} is paid at Stripe, not in the ledger`);
    else if (!taken && fee.paid?.intent === intent)
      wrong.push(`intent ${intent} is paid in the ledger, ${one.status} at Stripe`);
  }
  return wrong;
}

function charges({ entries, books }: ComparedFee, fee: FeeState, underWay: boolean): string[] {
  const wrong: string[] = [];
  const at = new Map(books.charges.map((one) => [one.charge, one]));
  for (const { charge, status, amountCents } of books.charges) {
    if (status !== 'succeeded' || fee.paid?.charge === charge) continue;
    if (fee.paid || !underWay)
      wrong.push(`Stripe has charge ${charge} of ${amountCents} cents, the ledger does not`);
  }
  for (const one of entries) {
    if (one.kind === 'paid') {
      const { charge, amountCents } = one.data;
      const theirs = at.get(charge);
      if (theirs?.status !== 'succeeded')
        wrong.push(
          `the ledger has charge ${charge} as paid, Stripe as ${theirs?.status ?? 'none'}`,
        );
      else if (theirs.amountCents !== amountCents)
        wrong.push(`charge ${charge}: ${amountCents} cents here, ${theirs.amountCents} at Stripe`);
    }
    if (one.kind === 'declined' && one.data.charge) {
      const theirs = at.get(one.data.charge)?.status ?? 'none';
      if (theirs !== 'failed')
        wrong.push(`the ledger has charge ${one.data.charge} as declined, Stripe as ${theirs}`);
    }
  }
  return wrong;
}

function refunds({ entries, books }: ComparedFee, fee: FeeState, underWay: boolean): string[] {
  const wrong: string[] = [];
  const opened = new Set(
    entries.flatMap((one) => (one.kind === 'refund_opened' ? [one.data.refund] : [])),
  );
  const given = new Map(
    entries.flatMap((one) =>
      one.kind === 'refunded' ? [[one.data.refund, one.data.amountCents] as const] : [],
    ),
  );
  for (const { refund, amountCents, status } of books.refunds) {
    const ours = fee.refundsClosed.get(refund) ?? (opened.has(refund) ? 'pending' : 'none');
    const agreed = ours === status || (status === 'pending' && ours === 'succeeded');
    if (!agreed && !underWay) wrong.push(`refund ${refund}: ${ours} here, ${status} at Stripe`);
    const cents = given.get(refund);
    if (cents !== undefined && cents !== amountCents)
      wrong.push(`refund ${refund}: ${cents} cents here, ${amountCents} at Stripe`);
  }
  const known = new Set(books.refunds.map(({ refund }) => refund));
  for (const refund of new Set([...given.keys(), ...fee.refundsClosed.keys(), ...opened]))
    if (!known.has(refund)) wrong.push(`the ledger has refund ${refund}, Stripe does not`);
  return wrong;
}

function disputes({ entries, books }: ComparedFee): string[] {
  const ours = new Map<string, string>();
  for (const one of entries) {
    if (one.kind === 'disputed') ours.set(one.data.dispute, 'open');
    if (one.kind === 'dispute_closed') ours.set(one.data.dispute, one.data.won ? 'won' : 'lost');
  }
  const wrong: string[] = [];
  for (const { dispute, status } of books.disputes) {
    const here = ours.get(dispute) ?? 'none';
    ours.delete(dispute);
    if (status !== 'inquiry' && here !== status)
      wrong.push(`dispute ${dispute}: ${here} here, ${status} at Stripe`);
  }
  for (const dispute of ours.keys())
    wrong.push(`the ledger has dispute ${dispute}, Stripe does not`);
  return wrong;
}

/**
 * Stripe's balance changes when a refund is opened, the ledger's accounts when it has succeeded. A
 * charge reaches the balance some time after it was made.
 */
function cents({ stripeCents, books }: ComparedFee, now: Date): string[] {
  const moved = new Set(books.movements.map(({ source }) => source));
  const pending = books.refunds.filter(
    ({ refund, status }) => status === 'pending' && moved.has(refund),
  );
  const coming = books.charges.filter(
    ({ charge, status, createdAt }) =>
      status === 'succeeded' &&
      !moved.has(charge) &&
      now.getTime() - createdAt.getTime() < SETTLED_WITHIN_MS,
  );
  const theirs = sum(books.movements) + sum(pending) + sum(coming);
  if (theirs === stripeCents) return [];
  return [`${stripeCents} cents by the ledger, ${theirs} by Stripe's balance`];
}

/** A charge captured asynchronously reaches the balance within an hour; a day later is too late. */
const SETTLED_WITHIN_MS = DAY_MS;

function amounts({ amountCents: rate, books }: ComparedFee): string[] {
  const other = (name: string, cents: number) =>
    cents === rate ? [] : [`${name} is of ${cents} cents, the rate of ${rate}`];
  return [
    ...books.intents.flatMap((one) => other(one.intent, one.amountCents)),
    ...books.charges.flatMap((one) => other(one.charge, one.amountCents)),
  ];
}

function modes({ livemode, books }: ComparedFee): string[] {
  const mode = (live: boolean) => (live ? 'live' : 'test');
  const objects = [
    ...books.intents.map((one) => ({ name: one.intent, live: one.livemode })),
    ...books.charges.map((one) => ({ name: one.charge, live: one.livemode })),
  ];
  return objects
    .filter(({ live }) => live !== livemode)
    .map(({ name, live }) => `${name} is a ${mode(live)} object in a ${mode(livemode)} assessment`);
}

/**
 * Every charge at Stripe must be an attempt of this ledger, or a payment made elsewhere. Another
 * ledger's declines are no longer recorded once the fee is paid.
 */
function unheard({ books }: ComparedFee, fee: FeeState): string[] {
  const allowed = fee.attempts + (fee.paid?.attempt === null ? 1 : 0);
  const isLate = ({ charge, status }: StripeObjects['charges'][number]) =>
    fee.paid !== null && status === 'failed' && !fee.knownCharges.has(charge);
  const seen = books.charges.filter((one) => !isLate(one)).length;
  if (seen <= allowed) return [];
  return [`Stripe saw ${seen} confirmations, the ledger has ${allowed}`];
}

function unproven({ entries, books }: ComparedFee): string[] {
  if (entries.some(({ kind }) => kind === 'assessed')) return [];
  return books.charges
    .filter(({ status }) => status === 'succeeded')
    .map(({ charge }) => `charge ${charge} without evidence`);
}

function sum(lines: { amountCents: number }[]): number {
  return lines.reduce((total, { amountCents }) => total + amountCents, 0);
}
