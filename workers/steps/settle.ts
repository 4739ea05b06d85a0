import {
  reconcileIntent,
  KEY_SAFE_MS,
  keys,
  amountOwed,
  revive,
  type IntentReading,
} from '../../core/fee/intent.ts';
import { entry, type EntryData, type NewEntry } from '../../core/fee/fee.ts';
import { mustClose, mustStrike } from '../../core/fee/next.ts';
import type { CancelReason } from '../../gateways/payments.ts';
import type { Done, Processor } from '../../jobs/queues.ts';
import type { WorkerDeps } from '../deps.ts';
import { takeDue, write, type DueFee } from './due-fee.ts';
import { readIntentFor, withHistory } from './intent.ts';
import { refund } from './refund.ts';

type Deps = Pick<WorkerDeps, 'ledger' | 'payments'>;

/**
 * Completes at Stripe what a person asked for. A waiver, or a payment by another way, cancels the
 * intent first. A refund is read
 * until Stripe says it is final. An open attempt of a fee that is held or has no evidence is only
 * read.
 */
export function createSettle(deps: Deps): Processor<'settle'> {
  return async ({ feeId }) => {
    const due = await takeDue(deps.ledger, feeId, 'settle');
    if ('done' in due) return due;
    const { fee } = due;
    if (fee.refundOpened) return look(deps, due, 'refund');
    if (fee.otherPaymentAsked && fee.paid && fee.refundedCents >= fee.paidCents)
      return wrote(deps, due, [settledBy(fee)]);
    if (fee.paid) return wrote(deps, due, await refund(deps, due));
    if (fee.waiveAsked) return waive(deps, due);
    if (!fee.openAttempt && mustClose(fee)) return close(deps, due);
    if (!fee.openAttempt && mustStrike(fee)) return strike(deps, due);
    return look(deps, due, 'attempt');
  };
}

/** Reads the intent and records what is new; if nothing is new, records when to read it again. */
async function look(deps: Deps, due: DueFee, about: EntryData['unknown']['about']): Promise<Done> {
  const { feeRecord, fee } = due;
  if (!fee.intent) throw new Error('Bug! there is no intent to look at');
  const reading = await readIntentFor(deps.payments, fee, fee.intent);
  const adopted = reconcileIntent(fee, reading, feeRecord.now(), feeRecord.assessment.policy);
  if (adopted.length > 0) return wrote(deps, due, adopted);
  // After KEY_SAFE_MS no request of this attempt is sent, so nothing more can come of it.
  const isOver =
    fee.openAttempt && feeRecord.now().getTime() - fee.openAttempt.at.getTime() > KEY_SAFE_MS;
  if (!fee.openAttempt || !isOver || reading.status !== 'waiting')
    return again(deps, due, about, reading.status);
  const why = 'Stripe shows no trace of it after a day';
  return wrote(deps, due, [entry('lapsed', { attempt: fee.openAttempt.attempt, why })]);
}

async function waive(deps: Deps, due: DueFee): Promise<Done> {
  const { feeRecord, fee } = due;
  if (!fee.intent || !fee.waiveAsked) throw new Error('Bug! nothing to waive at Stripe');
  const reading = await cancel(deps, fee, 'requested_by_customer');
  const adopted = reconcileIntent(fee, reading, feeRecord.now(), feeRecord.assessment.policy);
  // If the intent had succeeded before it could be canceled, the waiver continues as a refund.
  if (reading.status === 'succeeded') return wrote(deps, due, adopted);
  if (reading.status !== 'canceled') return again(deps, due, 'cancel', reading.status);
  return wrote(deps, due, [...adopted, ...revive(fee), settledBy(fee)]);
}

/** What settles the fee in the card's place: a waiver, or a payment by another way. */
function settledBy(fee: DueFee['fee']): NewEntry {
  const amountCents = amountOwed(fee);
  if (!fee.otherPaymentAsked)
    return entry('waived', { amountCents, why: fee.waiveAsked?.why ?? '' });
  const { how, on, reference } = fee.otherPaymentAsked;
  return entry('paid_otherwise', { amountCents, how, on, reference });
}

/** The roster names another customer: the earlier one's intent must not be paid any more. */
async function close(deps: Deps, due: DueFee): Promise<Done> {
  const { feeRecord, fee } = due;
  if (!fee.intent) throw new Error('Bug! nothing to close at Stripe');
  const reading = await cancel(deps, fee, 'abandoned');
  const adopted = reconcileIntent(fee, reading, feeRecord.now(), feeRecord.assessment.policy);
  if (reading.status === 'succeeded') return wrote(deps, due, adopted);
  if (reading.status !== 'canceled') return again(deps, due, 'cancel', reading.status);
  const closed = entry('intent_closed', { intent: fee.intent, why: 'the customer changed' });
  return wrote(deps, due, [...adopted, closed]);
}

/** The notice bounced: the intent's metadata must not name it any more. */
async function strike(deps: Deps, due: DueFee): Promise<Done> {
  const { intent, intentCustomer: customer, noticeFailed } = due.fee;
  if (!intent || !noticeFailed) throw new Error('Bug! no notice to strike');
  const key = keys.notice(intent, noticeFailed.seq);
  await deps.payments.recordNotice({ intent, notice: null, key, customer });
  return wrote(deps, due, [entry('notice_recorded', { notice: null })]);
}

async function cancel(
  { payments }: Deps,
  fee: DueFee['fee'],
  reason: CancelReason,
): Promise<IntentReading> {
  const { intent, intentCustomer: customer } = fee;
  if (!intent) throw new Error('Bug! nothing to cancel at Stripe');
  const key = keys.cancel(intent, reason);
  const canceled = await payments.cancelIntent({ intent, reason, key, customer });
  // An open attempt may have been refused before the cancellation.
  return withHistory(payments, fee, canceled);
}

async function again(
  deps: Deps,
  due: DueFee,
  about: EntryData['unknown']['about'],
  why: string,
): Promise<Done> {
  const look = due.fee.unknown ? due.fee.unknown.look + 1 : 0;
  return wrote(deps, due, [entry('unknown', { about, look, why })]);
}

async function wrote(deps: Deps, due: DueFee, entries: NewEntry[]): Promise<Done> {
  await write(deps.ledger, due.feeRecord, entries);
  return { done: entries.map((one) => one.kind).join(', ') };
}
