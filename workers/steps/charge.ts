import {
  reconcileIntent,
  KEY_SAFE_MS,
  keys,
  recordRefusal,
  type IntentReading,
} from '../../core/fee/intent.ts';
import { NETWORK_BUDGETS } from '../../core/fee/declines.ts';
import { isReplaced } from '../../core/fee/existing-intent.ts';
import { entry, type NewEntry } from '../../core/fee/fee.ts';
import { DAY_MS } from '../../core/policy.ts';
import type { Confirmation, Payments } from '../../gateways/payments.ts';
import type { Done, Processor } from '../../jobs/queues.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { WorkerDeps } from '../deps.ts';
import { noCard, takeDue, write, type DueFee } from './due-fee.ts';
import { findIntent, openIntent, readIntentFor, replacedIntent, standingNotice } from './intent.ts';

type Deps = Pick<WorkerDeps, 'ledger' | 'payments'>;

/**
 * Charges the card on file, in phases. A crash between two phases loses nothing: the next run reads
 * what the last one wrote.
 *
 * | phase            | what is durable afterwards                                            |
 * |------------------|-----------------------------------------------------------------------|
 * | 1 take           | nothing; the ledger says whether a charge is due                      |
 * | 2 read Stripe    | what Stripe has and the ledger did not; then this run ends            |
 * | 3 start attempt  | `attempted`: amount, card, customer and key, before anything is sent  |
 * | 4 confirm        | Stripe's outcome, under the attempt's idempotency key                 |
 * | 5 record outcome | `paid`, `declined`, `lapsed`; or `unknown`, ended by reading Stripe   |
 */
export function createCharge(deps: Deps): Processor<'charge'> {
  return async ({ feeId }) => {
    const due = await takeDue(deps.ledger, feeId, 'charge');
    if ('done' in due) return due;
    const found = await readStripe(deps, due);
    if ('done' in found || 'failed' in found) return found;
    const isNews = found.entries.some(({ kind }) => kind !== 'intent_opened');
    if (isNews) return record(deps, due, found.entries);
    return due.fee.openAttempt ? resumeAttempt(deps, found) : startAttempt(deps, found);
  };
}

interface ChargeReading {
  due: DueFee;
  reading: IntentReading;
  /** What Stripe has and the ledger lacks: `intent_opened` for a new intent, and its outcomes. */
  entries: NewEntry[];
}

/**
 * Phase 2. Reads the fee's intent. If the ledger knows no intent, finds one at Stripe or creates
 * it. An intent that was created and not recorded is found by the next run; it takes no money by
 * itself.
 */
async function readStripe(deps: Deps, due: DueFee): Promise<ChargeReading | Done> {
  const { fee, feeRecord } = due;
  const { clinician, assessment } = feeRecord;
  if (fee.intent) {
    const reading = await readIntentFor(deps.payments, fee, fee.intent);
    return {
      due,
      reading,
      entries: reconcileIntent(fee, reading, feeRecord.now(), assessment.policy),
    };
  }
  if (assessment.paused) return { done: 'paused' };
  const customer = clinician.stripeCustomer;
  if (!customer) return record(deps, due, [noCard(clinician, 'no_customer')]);
  const found = await findIntent(deps, due, customer, null);
  const notice = fee.noticed && standingNotice(fee.noticed, fee.notices);
  const made =
    found.found === 'nothing'
      ? await openIntent(deps, due, { customer, notice, since: found })
      : found;
  if (!made) return record(deps, due, [noCard(clinician, 'customer_deleted')]);
  if (made.found === 'trouble') return record(deps, due, made.entries);
  return { due, reading: made.reading, entries: made.entries };
}

/**
 * Called when Stripe shows no trace of an open attempt: sends it again under the same key, or
 * writes `lapsed` when Stripe may have forgotten the key.
 */
async function resumeAttempt(deps: Deps, { due, reading }: ChargeReading): Promise<Done> {
  const open = due.fee.openAttempt;
  if (!open) throw new Error('Bug! nothing to resume');
  if (reading.status === 'processing') return recordUnknown(deps, due, 'processing');
  if (due.feeRecord.assessment.paused) return { done: 'paused' };
  if (due.feeRecord.now().getTime() - open.at.getTime() > KEY_SAFE_MS) {
    const why = 'Stripe shows no trace of it after a day';
    return record(deps, due, [entry('lapsed', { attempt: open.attempt, why })]);
  }
  return recordOutcome(deps, due, await confirm(deps.payments, due));
}

/** Phases 3 and 4. Ends without an attempt when anything speaks against a charge. */
async function startAttempt(
  deps: Deps,
  { due, reading, entries: opened }: ChargeReading,
): Promise<Done> {
  const { assessment, clinician } = due.feeRecord;
  const instead = (what: NewEntry) => record(deps, due, [...opened, what]);
  if (assessment.paused) return { done: 'paused' };
  if (isReplaced(reading)) return instead(replacedIntent(reading));
  if (reading.status === 'canceled')
    return instead(entry('held', { why: 'the intent was canceled at Stripe' }));
  if (reading.status === 'processing')
    return { failed: 'Stripe is processing a payment made elsewhere; looking again later' };
  const card = await readyCard(deps, clinician, due.feeRecord.now());
  if ('missing' in card) return instead(noCard(clinician, card.missing));
  if ('spent' in card) return instead(entry('held', { why: card.spent }));
  // The other card may have been removed since, so that only the refused card is left.
  if (due.fee.refusedCards.has(card.paymentMethod))
    return instead(noCard(clinician, 'card_refused'));
  const attempted = entry('attempted', {
    attempt: due.fee.attempts + 1,
    intent: reading.intent,
    customer: due.fee.noticed?.customer ?? '',
    amountCents: assessment.amountCents,
    paymentMethod: card.paymentMethod,
    fingerprint: card.fingerprint,
    brand: card.brand,
    cardChanges: clinician.cardChanges,
    chargeBefore: reading.charge,
  });
  try {
    const before = [...opened, ...cardExchanged(due, card)];
    const sent = await write(deps.ledger, due.feeRecord, [...before, attempted]);
    return await recordOutcome(deps, sent, await confirm(deps.payments, sent));
  } catch (error) {
    if ((error as { code?: unknown }).code === PAUSED) return { done: 'paused' };
    throw error;
  }
}

/** Writes `card_updated` when another card than the announced one is charged, for later e-mails. */
function cardExchanged(
  { fee }: DueFee,
  card: { paymentMethod: string; brand: string; last4: string },
): NewEntry[] {
  const announced = fee.noticed?.card;
  if (!announced || fee.cardUpdated) return [];
  if (announced.brand === card.brand && announced.last4 === card.last4) return [];
  return [entry('card_updated', { paymentMethod: card.paymentMethod })];
}

/** SQLSTATE with which the database refuses an attempt of a paused assessment. */
const PAUSED = 'LV006';

function confirm(payments: Payments, { feeRecord, fee }: DueFee): Promise<Confirmation> {
  if (!fee.openAttempt) throw new Error('Bug! nothing to confirm');
  const openedAt = fee.openAttempt.at.getTime();
  return payments.confirmIntent({
    intent: fee.openAttempt.intent,
    paymentMethod: fee.openAttempt.paymentMethod,
    customer: fee.openAttempt.customer,
    key: keys.attempt(fee.openAttempt),
    // A process that was suspended for a day must not send an attempt whose key may be forgotten.
    isLate: () => feeRecord.now().getTime() - openedAt > KEY_SAFE_MS,
  });
}

/** Phase 5. Records the outcome of the confirmation. */
async function recordOutcome(deps: Deps, due: DueFee, answer: Confirmation): Promise<Done> {
  const { feeRecord, fee } = due;
  const number = fee.openAttempt?.attempt ?? 0;
  switch (answer.outcome) {
    case 'answered': {
      const adopted = reconcileIntent(fee, answer.reading, feeRecord.now(), policyOf(due));
      return adopted.length > 0
        ? record(deps, due, adopted)
        : recordUnknown(deps, due, answer.reading.status);
    }
    case 'declined':
      return record(deps, due, recordRefusal(fee, answer.refusal, feeRecord.now(), policyOf(due)));
    case 'unknown':
      return recordUnknown(deps, due, answer.why);
    case 'closed': {
      // If the charge appears later, nobody pays twice: Stripe lets an intent be paid only once.
      const adopted = reconcileIntent(fee, answer.reading, feeRecord.now(), policyOf(due));
      const why = 'Stripe has ended it with an error of its own and shows no trace of it';
      const lapsed = entry('lapsed', { attempt: number, why });
      return record(deps, due, adopted.length > 0 ? adopted : [lapsed]);
    }
    case 'slow_down':
      // The attempt stays open. After the grace period it is sent again under the same key.
      return { failed: `Stripe asked to slow down (${answer.why}); sent again later` };
    case 'refused_request': {
      const why = `Stripe refused the request (${answer.code}): this needs an engineer`;
      return record(deps, due, [entry('lapsed', { attempt: number, why }), entry('held', { why })]);
    }
  }
}

/** Appends the entries. Fails the job when an entry may need a person's attention. */
async function record(deps: Deps, due: DueFee, entries: NewEntry[]): Promise<Done> {
  await write(deps.ledger, due.feeRecord, entries);
  const trouble = entries.map(failureReason).find((what) => what !== null);
  return trouble ? { failed: trouble } : { done: entries.map((one) => one.kind).join(', ') };
}

function failureReason(one: NewEntry): string | null {
  switch (one.kind) {
    case 'declined': {
      const { code, verdict, retryAt } = one.data;
      return `declined: ${code}; ${retryAt ? `next try ${retryAt}` : verdict}`;
    }
    case 'card_missing':
      return `no card to charge: ${one.data.why}`;
    case 'held':
      return `held for a person: ${one.data.why}`;
    default:
      return null;
  }
}

async function recordUnknown(deps: Deps, due: DueFee, why: string): Promise<Done> {
  const look = due.fee.unknown ? due.fee.unknown.look + 1 : 0;
  await write(deps.ledger, due.feeRecord, [entry('unknown', { about: 'attempt', look, why })]);
  return { failed: `outcome unknown (${why}); Stripe will be asked again` };
}

const policyOf = (due: DueFee) => due.feeRecord.assessment.policy;

/** A card that may be charged now, or why there is none, or which network limit forbids it. */
type ReadyCard =
  | { paymentMethod: string; fingerprint: string | null; brand: string; last4: string }
  | { missing: string }
  | { spent: string };

/** Reads the card on file and checks it against the card networks' limits on declines. */
async function readyCard(
  { ledger, payments }: Pick<WorkerDeps, 'ledger' | 'payments'>,
  clinician: FeeRecord['clinician'],
  now: Date,
): Promise<ReadyCard> {
  if (!clinician.stripeCustomer) return { missing: 'no_customer' };
  const card = await payments.readCard(clinician.stripeCustomer, clinician.paymentMethod);
  if (!card.found) return { missing: card.why };
  for (const budget of NETWORK_BUDGETS) {
    if (budget.brand !== card.brand || !card.fingerprint) continue;
    const since = new Date(now.getTime() - budget.days * DAY_MS);
    const declines = await ledger.reports.declinesOfCard(card.fingerprint, since);
    if (declines >= budget.declines)
      return { spent: `${declines} declines in ${budget.days} days: ${budget.source}` };
  }
  return card;
}
