import { calendarDay } from '../../core/calendar.ts';
import { entry, type EmailKind, type Entry, type NewEntry } from '../../core/fee/fee.ts';
import type { FeeState } from '../../core/fee/fold.ts';
import { writeEmail } from '../../core/mail/emails.ts';
import { emailOwed } from '../../core/fee/next.ts';
import type { Processor } from '../../jobs/queues.ts';
import { deferral, factsOf } from './mailing.ts';
import type { WorkerDeps } from '../deps.ts';
import { takeDue, write, type DueFee } from './due-fee.ts';
import { compareWithStripe } from './intent.ts';

type Deps = Pick<WorkerDeps, 'ledger' | 'mail' | 'payments' | 'practice'>;

/** Sends the e-mail that is owed: a receipt, a request for a card, a waiver, a refund. */
export function createEmail(deps: Deps): Processor<'email'> {
  return async ({ feeId }) => {
    const due = await takeDue(deps.ledger, feeId, 'email');
    if ('done' in due) return due;
    if (due.feeRecord.assessment.paused) return { done: 'paused' };
    const owed = emailOwed(due.fee);
    if (!owed) return { done: 'no e-mail is owed' };
    const news = ASKS.has(owed.email) ? await compareWithStripe(deps, due, null) : NO_NEWS;
    if (news.entries.length > 0) {
      await write(deps.ledger, due.feeRecord, news.entries);
      return { done: news.entries.map(({ kind }) => kind).join(', ') };
    }
    await closeCardPages(deps, due);
    const { name, email } = due.feeRecord.clinician;
    const failed = (why: string) => entry('email_failed', { ...owed, why });
    const wrote = async (one: NewEntry) => {
      await write(deps.ledger, due.feeRecord, [one]);
      return { done: `${owed.email}: ${one.kind}` };
    };
    if (!email) return wrote(failed('no_email'));
    const id = deps.mail.messageId(due.feeRecord.feeId, owed.email, nameOf(due, owed.about));
    const mail = writeEmail(owed.email, emailFacts(due, owed.about, deps));
    const sent = await deps.mail.send({ to: { name, address: email }, messageId: id, ...mail });
    if (sent.outcome === 'accepted') return wrote(entry('email_sent', { ...owed, messageId: id }));
    if (sent.outcome === 'refused') return wrote(failed(sent.code));
    return wrote(deferral(due, 'email', sent.code) ?? failed(sent.code));
  };
}

/** E-mails that ask for a payment or a card: Stripe is read first, for a payment made elsewhere. */
const ASKS: ReadonlySet<EmailKind> = new Set(['card_needed', 'final']);
const NO_NEWS = { entries: [] };

/**
 * Names the occasion of an e-mail, for its Message-ID. The name contains Stripe's own id if there
 * is one: a restored ledger then sends the e-mail under the same Message-ID, and mailboxes drop the
 * copy.
 */
function nameOf({ feeRecord }: DueFee, about: number): string {
  const subject = feeRecord.entries[about - 1];
  switch (subject?.kind) {
    case 'paid':
    case 'declined':
      return subject.data.charge ?? `attempt${subject.data.attempt}`;
    case 'refunded':
      return subject.data.refund;
    case 'card_missing':
      return `card${subject.data.cardChanges ?? 0}`;
    case 'gave_up': {
      // A fee that was revived may be given up a second time, after another decline.
      const last = feeRecord.entries.slice(0, about).findLast(({ kind }) => kind === 'declined');
      return (last?.kind === 'declined' && last.data.charge) || subject.kind;
    }
    case 'card_link_asked':
      return `link${about}`;
    case 'objection_answered':
      return `answer${about}`;
    case 'waived':
    case 'paid_otherwise':
      return subject.kind;
    default:
      throw new Error('Bug! an e-mail about an entry that asks for none');
  }
}

/** A settled fee needs no card: closes the pages that were opened to give one. */
async function closeCardPages({ ledger, payments }: Deps, { feeRecord, fee }: DueFee) {
  if (!fee.paid && !fee.waived) return;
  for (const session of feeRecord.cardPages) {
    await payments.closeCardPage(session);
    await ledger.cardPages.closed(session);
  }
}

/** The decline that an e-mail speaks of: its occasion, or why a person has the link sent. */
function declineOf(subject: Entry, fee: FeeState): { at: Date; code: string } | null {
  if (subject.kind === 'declined') return { at: subject.at, code: subject.data.code };
  return subject.kind === 'card_link_asked' ? fee.declined : null;
}

function emailFacts({ feeRecord, fee }: DueFee, about: number, deps: Deps) {
  const subject = feeRecord.entries[about - 1];
  if (!subject) throw new Error('Bug! an e-mail about an entry that is not there');
  const declined = declineOf(subject, fee);
  return {
    ...factsOf(feeRecord, deps.practice),
    // The announced card; null after another card came, because the charge may be on that one.
    card: fee.cardUpdated ? null : (fee.noticed?.card ?? null),
    on: calendarDay(declined?.at ?? subject.at, feeRecord.assessment.policy.timeZone),
    announced: fee.noticed !== null,
    declineCode: declined?.code ?? null,
    refundedCents: subject.kind === 'refunded' ? subject.data.amountCents : null,
    answer: subject.kind === 'objection_answered' ? subject.data.text : null,
    otherPayment: subject.kind === 'paid_otherwise' ? subject.data : null,
  };
}
