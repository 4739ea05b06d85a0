import { calendarDay, chargeFrom } from '../core/calendar.ts';
import { entry, type NewEntry } from '../core/fee.ts';
import { writeNotice } from '../core/notice.ts';
import type { Done, Processor } from '../jobs/queues.ts';
import { noCard } from './card.ts';
import { deferral, factsOf } from './mailing.ts';
import { WORKER, type WorkerDeps } from './deps.ts';
import { takeDue, write, type DueCase } from './due-fee.ts';

type Deps = Pick<WorkerDeps, 'ledger' | 'payments' | 'mail' | 'practice'>;

/**
 * Announces the fee by e-mail. Only the mail server's acceptance starts the notice period, and
 * without an address or a card nothing is announced and so nothing can be charged.
 */
export function createNotice(deps: Deps): Processor<'notice'> {
  return async ({ feeId }) => {
    const due = await takeDue(deps.ledger, feeId, 'notice');
    if ('done' in due) return due;
    const { assessment, clinician } = due.feeCase;
    if (assessment.paused) return { done: 'paused' };
    if (!clinician.email) return wrote(deps, due, [failed(due, 'no_email')]);
    const { stripeCustomer, paymentMethod } = clinician;
    const card = stripeCustomer
      ? await deps.payments.readCard(stripeCustomer, paymentMethod)
      : ({ found: false, why: 'no_customer' } as const);
    if (!card.found) return wrote(deps, due, [noCard(clinician, card.why)]);
    return send(deps, due, { name: clinician.name, address: clinician.email }, card);
  };
}

async function send(
  deps: Deps,
  due: DueCase,
  to: { name: string; address: string },
  card: { brand: string; last4: string },
): Promise<Done> {
  const { feeCase, fee } = due;
  const { policy, amountCents } = feeCase.assessment;
  if (!fee.assessed) throw new Error('Bug! a notice for a fee without evidence');
  const promised = chargeFrom(feeCase.now(), policy);
  // Another number after one that announced nothing: mailboxes drop a mail they think they have.
  const id = deps.mail.messageId(feeCase.feeId, 'notice', fee.notices + 1);
  const mail = writeNotice({
    ...factsOf(feeCase, deps.practice),
    card: { brand: card.brand, last4: card.last4 },
    evidence: fee.assessed.evidence,
    chargeOn: calendarDay(promised, policy.timeZone),
    freeVendors: deps.practice.freeVendors,
  });
  const sent = await deps.mail.send({ to, messageId: id, ...mail });
  if (sent.outcome === 'refused') return wrote(deps, due, [failed(due, sent.code)]);
  if (sent.outcome !== 'accepted')
    return wrote(deps, due, [deferral(due, 'notice', sent.code) ?? failed(due, sent.code)]);
  return accepted(deps, due, (at) => {
    // The period runs from the acceptance; the promised day is a lower bound all the same.
    const earliest = chargeFrom(at, policy);
    const from = (earliest > promised ? earliest : promised).toISOString();
    const shown = { brand: card.brand, last4: card.last4 };
    const { emailChanges } = feeCase.clinician;
    const facts = { amountCents, chargeFrom: from, messageId: id, card: shown, emailChanges };
    return entry('noticed', facts);
  });
}

/** The notice did not get out; another address than the one it knew of takes it up again. */
function failed({ feeCase }: DueCase, why: string): NewEntry {
  return entry('notice_failed', { why, emailChanges: feeCase.clinician.emailChanges });
}

/**
 * Accepted is accepted, whatever else was written about the fee while the mail was sent; but not
 * when the same mail of another worker's was written down, which may have come back by now.
 */
async function accepted(
  { ledger }: Deps,
  { feeCase, fee: { notices } }: DueCase,
  noticed: (at: Date) => NewEntry,
): Promise<Done> {
  const at = feeCase.now();
  const wroteFirst = await ledger.fees.append(feeCase, [noticed(at)], WORKER, at);
  if (!wroteFirst)
    await ledger.fees.change(feeCase.feeId, WORKER, (fee, { now }) => ({
      entries: fee.notices > notices || !fee.assessed ? [] : [noticed(now())],
    }));
  return { done: 'noticed' };
}

async function wrote(deps: Deps, due: DueCase, entries: NewEntry[]): Promise<Done> {
  await write(deps.ledger, due.feeCase, entries);
  const fails = entries.find((one) => one.kind === 'notice_failed');
  if (fails?.kind === 'notice_failed') return { failed: `notice failed: ${fails.data.why}` };
  return { done: entries.map((one) => one.kind).join(', ') };
}
