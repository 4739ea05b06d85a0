import { keys } from '../../core/fee/intent.ts';
import { calendarDay, chargeFrom } from '../../core/calendar.ts';
import { entry, type NewEntry } from '../../core/fee/fee.ts';
import { fold, type FeeState } from '../../core/fee/fold.ts';
import { writeNotice } from '../../core/mail/notice.ts';
import { PaymentsRefused, PaymentsUnavailable, type CardReading } from '../../gateways/payments.ts';
import type { Done, Processor } from '../../jobs/queues.ts';
import { deferral, factsOf } from './mailing.ts';
import { WORKER, type WorkerDeps } from '../deps.ts';
import { ConflictError, ifOutdated, noCard, takeDue, write, type DueFee } from './due-fee.ts';
import { compareWithStripe, openIntent, standingNotice, type Comparison } from './intent.ts';

type Deps = Pick<WorkerDeps, 'ledger' | 'payments' | 'mail' | 'practice' | 'log'>;

/**
 * Announces the fee by e-mail. Stripe is read first: a clinician who has paid this year, or has had
 * a notice from a ledger that was lost, gets no e-mail. The notice period starts only when the mail
 * server accepts the e-mail. Without an e-mail address or a card no notice is sent, and so nothing
 * is charged.
 */
export function createNotice(deps: Deps): Processor<'notice'> {
  return async ({ feeId }) => {
    const due = await takeWithCustomer(deps, feeId);
    if ('done' in due) return due;
    const { assessment, clinician } = due.feeRecord;
    if (assessment.paused) return { done: 'paused' };
    const { stripeCustomer, paymentMethod } = clinician;
    if (!stripeCustomer) {
      const missing = clinician.email ? noCard(clinician, 'no_customer') : failed(due, 'no_email');
      return wrote(deps, due, [missing]);
    }
    const card = await deps.payments.readCard(stripeCustomer, paymentMethod);
    const { entries, nothing } = await compareWithStripe(deps, due, card.found ? card : null);
    const news = [...entries, ...otherCard(due.fee, entries, card)];
    if (news.length > 0) return wrote(deps, due, news);
    if (!clinician.email) return wrote(deps, due, [failed(due, 'no_email')]);
    if (!card.found) return wrote(deps, due, [noCard(clinician, card.why)]);
    // A card that may not be tried is not announced; the clinician is asked for another card.
    if (due.fee.refusedCards.has(card.paymentMethod))
      return wrote(deps, due, [noCard(clinician, 'card_refused')]);
    return send(deps, due, { ...card, customer: stripeCustomer }, nothing);
  };
}

/**
 * Takes the fee. If the roster names no customer, looks for the one that levy created at Stripe: a
 * ledger that was lost and built again finds it there, with the card.
 */
async function takeWithCustomer(deps: Deps, feeId: string): Promise<DueFee | { done: string }> {
  const due = await takeDue(deps.ledger, feeId, 'notice');
  if ('done' in due) return due;
  const { assessment, clinician } = due.feeRecord;
  const { clinicianId, stripeCustomer, ref, email } = clinician;
  if (assessment.paused || stripeCustomer || !email) return due;
  const made = await deps.payments.findMadeCustomer({ ref, email });
  if (!made) return due;
  await deps.ledger.clinicians.setMadeCustomer(clinicianId, made);
  return takeDue(deps.ledger, feeId, 'notice');
}

/**
 * Writes `card_updated` when the card on file differs from the cards refused for good by another
 * ledger's attempts, which were found just now or by a restore.
 */
function otherCard(fee: FeeState, news: NewEntry[], card: CardReading): NewEntry[] {
  const declines = news.flatMap((one) => (one.kind === 'declined' ? [one.data] : []));
  const last = declines.at(-1) ?? (fee.cardUpdated ? null : fee.declined);
  if (!card.found || last?.verdict !== 'needs_card') return [];
  const { paymentMethod } = card;
  const isRefused =
    fee.refusedCards.has(paymentMethod) ||
    declines.some((one) => one.verdict === 'needs_card' && one.paymentMethod === paymentMethod);
  return isRefused ? [] : [entry('card_updated', { paymentMethod })];
}

async function send(
  deps: Deps,
  due: DueFee,
  card: { brand: string; last4: string; customer: string },
  nothing: Comparison['nothing'],
): Promise<Done> {
  const { feeRecord, fee } = due;
  const { policy, amountCents } = feeRecord.assessment;
  const { name, email, emailChanges } = feeRecord.clinician;
  if (!fee.assessed || !email) throw new Error('Bug! a notice without evidence or an address');
  const promised = chargeFrom(feeRecord.now(), policy);
  // A new number after a notice that failed: mailboxes drop an e-mail with a known Message-ID.
  const messageId = deps.mail.messageId(feeRecord.feeId, 'notice', fee.notices + 1);
  const shown = { brand: card.brand, last4: card.last4 };
  const mail = writeNotice({
    ...factsOf(feeRecord, deps.practice),
    card: shown,
    evidence: fee.assessed.evidence,
    chargeOn: calendarDay(promised, policy.timeZone),
    freeVendors: deps.practice.freeVendors,
  });
  const sent = await deps.mail.send({ to: { name, address: email }, messageId, ...mail });
  if (sent.outcome === 'refused') return wrote(deps, due, [failed(due, sent.code)]);
  if (sent.outcome !== 'accepted')
    return wrote(deps, due, [deferral(due, 'notice', sent.code) ?? failed(due, sent.code)]);
  const after = await accepted(deps, due, (at) => {
    // The notice period runs from the acceptance, and never ends before the day the e-mail names.
    const earliest = chargeFrom(at, policy);
    const from = (earliest > promised ? earliest : promised).toISOString();
    const which = { messageId, customer: card.customer, card: shown };
    return entry('noticed', { amountCents, chargeFrom: from, emailChanges, ...which });
  });
  if (after) await recordAtStripe(deps, after, nothing);
  return { done: 'noticed' };
}

/**
 * Writes the notice into the intent's metadata, and creates the intent if there is none. A ledger
 * that is lost and built again finds the notice there. If this fails, the charge step does it
 * later.
 */
async function recordAtStripe(
  deps: Deps,
  due: DueFee,
  nothing: Comparison['nothing'],
): Promise<void> {
  const { feeRecord, fee } = due;
  // The fee was waived or paid meanwhile: a new intent would only have to be canceled.
  if (!fee.noticed || fee.waived || fee.waiveAsked || fee.paid) return;
  const notice = standingNotice(fee.noticed, fee.notices);
  const { customer } = fee.noticed;
  try {
    if (fee.intent) {
      const { intent } = fee;
      const key = keys.notice(intent, fee.noticed.seq);
      await deps.payments.recordNotice({ intent, notice: notice.record, key, customer });
      await write(deps.ledger, feeRecord, [entry('notice_recorded', { notice: notice.number })]);
    } else if (nothing) {
      const opened = await openIntent(deps, due, { customer, notice, since: nothing });
      if (opened) await write(deps.ledger, feeRecord, opened.entries);
    }
  } catch (error) {
    const isStripe = error instanceof PaymentsUnavailable || error instanceof PaymentsRefused;
    if (!isStripe && !(error instanceof ConflictError)) throw error;
    const { feeId } = feeRecord;
    deps.log.warn({ feeId, error: error.name }, 'the notice is not in Stripe’s metadata yet');
  }
}

/** The notice was not sent; a later change of the address on the roster takes the fee up again. */
function failed({ feeRecord }: DueFee, why: string): NewEntry {
  return entry('notice_failed', { why, emailChanges: feeRecord.clinician.emailChanges });
}

/**
 * Writes `noticed` even when other entries were added while the e-mail was sent. It does not when
 * another worker recorded the same notice, because that notice may have bounced by now. Gives the
 * fee afterwards, or null when this notice was not written.
 */
async function accepted(
  { ledger }: Deps,
  { feeRecord, fee: { notices } }: DueFee,
  noticed: (at: Date) => NewEntry,
): Promise<DueFee | null> {
  const at = feeRecord.now();
  const first = await ledger.fees.append(feeRecord, [noticed(at)], WORKER, at).catch(ifOutdated);
  if (first) return { feeRecord: first, fee: fold(first.entries) };
  const record = () =>
    ledger.fees.change(feeRecord.feeId, WORKER, (fee, { now }) => ({
      entries: fee.notices > notices || !fee.assessed ? [] : [noticed(now())],
    }));
  let changed: Awaited<ReturnType<typeof record>> = null;
  // A worker may be suspended repeatedly. The e-mail is sent, so the acceptance must be recorded.
  for (let tries = 1; !changed && tries <= DATINGS; tries += 1)
    changed = await (tries < DATINGS ? record().catch(ifOutdated) : record());
  if (!changed || 'refused' in changed || changed.added === 0) return null;
  return { feeRecord: changed.feeRecord, fee: fold(changed.feeRecord.entries) };
}

/** How often an acceptance is dated again before its job fails and is tried again. */
const DATINGS = 5;

async function wrote(deps: Deps, due: DueFee, entries: NewEntry[]): Promise<Done> {
  await write(deps.ledger, due.feeRecord, entries);
  const fails = entries.find((one) => one.kind === 'notice_failed');
  if (fails?.kind === 'notice_failed') return { failed: `notice failed: ${fails.data.why}` };
  const held = entries.find((one) => one.kind === 'held');
  if (held?.kind === 'held') return { failed: `held for a person: ${held.data.why}` };
  return { done: entries.map((one) => one.kind).join(', ') };
}
