import {
  reconcileIntent,
  KEY_SAFE_MS,
  keys,
  recordRefusal,
  type IntentReading,
} from '../../core/fee/intent.ts';
import { isReplaced } from '../../core/fee/existing-intent.ts';
import { entry, type NewEntry } from '../../core/fee/fee.ts';
import type { Confirmation, Payments } from '../../gateways/stripe/payments.ts';
import type { Done, Processor } from '../../jobs/queues.ts';
import { noCard, readyCard } from './card.ts';
import type { WorkerDeps } from '../deps.ts';
import { takeDue, write, type DueFee } from './due-fee.ts';
import { findIntent, openIntent, readIntentFor, replacedIntent, standingNotice } from './intent.ts';

type Deps = Pick<WorkerDeps, 'ledger' | 'payments'>;

/**
 * Charges the card on file: one intent per fee, confirmed once per attempt. Stripe is read before
 * anything is confirmed, the attempt is in the ledger before it is sent, and an outcome that is
 * not known is left open until Stripe has been read again.
 */
export function createCharge(deps: Deps): Processor<'charge'> {
  return async ({ feeId }) => {
    const due = await takeDue(deps.ledger, feeId, 'charge');
    if ('done' in due) return due;
    const looked = await look(deps, due);
    if ('done' in looked || 'failed' in looked) return looked;
    const { entries } = looked;
    const onlyOpened = entries.every(({ kind }) => kind === 'intent_opened');
    if (!onlyOpened) return settled(deps, due, entries);
    return due.fee.openAttempt ? resume(deps, looked) : attempt(deps, looked);
  };
}

interface ChargeReading {
  due: DueFee;
  reading: IntentReading;
  /** What Stripe has and the ledger does not: an intent that is new to it, and what came of it. */
  entries: NewEntry[];
}

/**
 * Reads the fee's intent, or finds it, or creates it. Until it is written down it is found again in
 * the same way, and takes no money.
 */
async function look(deps: Deps, due: DueFee): Promise<ChargeReading | Done> {
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
  if (!customer) return settled(deps, due, [noCard(clinician, 'no_customer')]);
  const found = await findIntent(deps, due, customer, null);
  const notice = fee.noticed && standingNotice(fee.noticed, fee.notices);
  const made =
    found.found === 'nothing'
      ? await openIntent(deps, due, { customer, notice, since: found })
      : found;
  if (!made) return settled(deps, due, [noCard(clinician, 'customer_deleted')]);
  if (made.found === 'trouble') return settled(deps, due, made.entries);
  return { due, reading: made.reading, entries: made.entries };
}

/** An attempt was sent and Stripe shows no trace of it: send the same again, or let it lapse. */
async function resume(deps: Deps, { due, reading }: ChargeReading): Promise<Done> {
  const open = due.fee.openAttempt;
  if (!open) throw new Error('Bug! nothing to resume');
  if (reading.status === 'processing') return unknown(deps, due, 'processing');
  if (due.feeRecord.assessment.paused) return { done: 'paused' };
  if (due.feeRecord.now().getTime() - open.at.getTime() > KEY_SAFE_MS) {
    const why = 'Stripe shows no trace of it after a day';
    return settled(deps, due, [entry('lapsed', { attempt: open.attempt, why })]);
  }
  return conclude(deps, due, await confirm(deps.payments, due));
}

async function attempt(
  deps: Deps,
  { due, reading, entries: opened }: ChargeReading,
): Promise<Done> {
  const { assessment, clinician } = due.feeRecord;
  const instead = (what: NewEntry) => settled(deps, due, [...opened, what]);
  if (assessment.paused) return { done: 'paused' };
  if (isReplaced(reading)) return instead(replacedIntent(reading));
  if (reading.status === 'canceled')
    return instead(entry('held', { why: 'the intent was canceled at Stripe' }));
  if (reading.status === 'processing')
    return { failed: 'Stripe is processing a payment made elsewhere; looking again later' };
  const card = await readyCard(deps, clinician, due.feeRecord.now());
  if ('missing' in card) return instead(noCard(clinician, card.missing));
  if ('spent' in card) return instead(entry('held', { why: card.spent }));
  // The card given instead may be gone again, and what is left is the one that was refused.
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
    const before = [...opened, ...another(due, card)];
    const sent = await write(deps.ledger, due.feeRecord, [...before, attempted]);
    return await conclude(deps, sent, await confirm(deps.payments, sent));
  } catch (error) {
    if ((error as { code?: unknown }).code === PAUSED) return { done: 'paused' };
    throw error;
  }
}

/** The announced card was exchanged without a word: e-mails must not name it any more. */
function another(
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
    // A process that stood still for a day must not go on where it stopped.
    isLate: () => feeRecord.now().getTime() - openedAt > KEY_SAFE_MS,
  });
}

/** Writes down what the confirmation came to. */
async function conclude(deps: Deps, due: DueFee, answer: Confirmation): Promise<Done> {
  const { feeRecord, fee } = due;
  const number = fee.openAttempt?.attempt ?? 0;
  switch (answer.outcome) {
    case 'answered': {
      const adopted = reconcileIntent(fee, answer.reading, feeRecord.now(), policyOf(due));
      return adopted.length > 0
        ? settled(deps, due, adopted)
        : unknown(deps, due, answer.reading.status);
    }
    case 'declined':
      return settled(deps, due, recordRefusal(fee, answer.refusal, feeRecord.now(), policyOf(due)));
    case 'unknown':
      return unknown(deps, due, answer.why);
    case 'closed': {
      // Should it show after all: an intent is paid once at most, also by a later attempt.
      const adopted = reconcileIntent(fee, answer.reading, feeRecord.now(), policyOf(due));
      const why = 'Stripe has ended it with an error of its own and shows no trace of it';
      const lapsed = entry('lapsed', { attempt: number, why });
      return settled(deps, due, adopted.length > 0 ? adopted : [lapsed]);
    }
    case 'slow_down':
      // The attempt stays open; after the grace period the same is sent under the same key.
      return { failed: `Stripe asked to slow down (${answer.why}); sent again later` };
    case 'refused_request': {
      const why = `Stripe refused the request (${answer.code}): this needs an engineer`;
      return settled(deps, due, [
        entry('lapsed', { attempt: number, why }),
        entry('held', { why }),
      ]);
    }
  }
}

/** Records what is now known. What a person may have to see to shows as a failed job. */
async function settled(deps: Deps, due: DueFee, entries: NewEntry[]): Promise<Done> {
  await write(deps.ledger, due.feeRecord, entries);
  const trouble = entries.map(troubleOf).find((what) => what !== null);
  return trouble ? { failed: trouble } : { done: entries.map((one) => one.kind).join(', ') };
}

function troubleOf(one: NewEntry): string | null {
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

async function unknown(deps: Deps, due: DueFee, why: string): Promise<Done> {
  const look = due.fee.unknown ? due.fee.unknown.look + 1 : 0;
  await write(deps.ledger, due.feeRecord, [entry('unknown', { about: 'attempt', look, why })]);
  return { failed: `outcome unknown (${why}); Stripe will be asked again` };
}

const policyOf = (due: DueFee) => due.feeRecord.assessment.policy;
