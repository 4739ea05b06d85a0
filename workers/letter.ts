import { calendarDay } from '../core/calendar.ts';
import { entry, type NewEntry } from '../core/fee.ts';
import { writeLetter } from '../core/letters.ts';
import { letterOwed } from '../core/next.ts';
import type { Processor } from '../jobs/queues.ts';
import { deferral, factsOf } from './mailing.ts';
import type { WorkerDeps } from './deps.ts';
import { takeDue, write, type DueCase } from './due-fee.ts';

type Deps = Pick<WorkerDeps, 'ledger' | 'mail' | 'payments' | 'practice'>;

/** Tells the clinician what happened: a receipt, a card that is needed, a waiver, a refund. */
export function createLetter(deps: Deps): Processor<'letter'> {
  return async ({ feeId }) => {
    const due = await takeDue(deps.ledger, feeId, 'letter');
    if ('done' in due) return due;
    if (due.feeCase.assessment.paused) return { done: 'paused' };
    const owed = letterOwed(due.fee);
    if (!owed) return { done: 'no letter is owed' };
    await closeCardPages(deps, due);
    const { name, email } = due.feeCase.clinician;
    const failed = (why: string) => entry('letter_failed', { ...owed, why });
    const wrote = async (one: NewEntry) => {
      await write(deps.ledger, due.feeCase, [one]);
      return { done: `${owed.letter}: ${one.kind}` };
    };
    if (!email) return wrote(failed('no_email'));
    const id = deps.mail.messageId(due.feeCase.feeId, owed.letter, owed.about);
    const mail = writeLetter(owed.letter, letterFacts(due, owed.about, deps));
    const sent = await deps.mail.send({ to: { name, address: email }, messageId: id, ...mail });
    if (sent.outcome === 'accepted') return wrote(entry('told', { ...owed, messageId: id }));
    if (sent.outcome === 'refused') return wrote(failed(sent.code));
    return wrote(deferral(due, 'letter', sent.code) ?? failed(sent.code));
  };
}

/** A settled fee needs no card: pages that were opened to give one take none any more. */
async function closeCardPages({ ledger, payments }: Deps, { feeCase, fee }: DueCase) {
  if (!fee.paid && !fee.waived) return;
  for (const session of feeCase.cardPages) {
    await payments.closeCardPage(session);
    await ledger.cardPages.closed(session);
  }
}

function letterFacts({ feeCase, fee }: DueCase, about: number, deps: Deps) {
  const subject = feeCase.entries[about - 1];
  if (!subject) throw new Error('Bug! a letter about an entry that is not there');
  return {
    ...factsOf(feeCase, deps.practice),
    // The card that was announced; once another was charged instead, none is named.
    card: fee.cardUpdated ? null : (fee.noticed?.card ?? null),
    on: calendarDay(subject.at, feeCase.assessment.policy.timeZone),
    announced: fee.noticed !== null,
    declineCode: subject.kind === 'declined' ? subject.data.code : null,
    refundedCents: subject.kind === 'refunded' ? subject.data.amountCents : null,
  };
}
