import { inWords, OTHER_WAY_WORDS } from './code-words.ts';
import { EMAIL_WORDS } from './email-words.ts';
import { fold, emailKey, type FeeState } from './fold.ts';
import type { Entry, EmailKind, FeeStatus, OtherPayment, Step } from './fee.ts';
import { dollars } from './money.ts';
import type { Policy } from '../policy.ts';

/** The next step of a fee. `step` null: nothing happens until another entry is added. */
export interface Next {
  state: FeeStatus;
  step: Step | null;
  /** When the step is due; a moment in the past means at once. */
  at: Date | null;
  /** The reason, for people: a sentence without names. */
  why: string;
}

/** Before every clock: due at once. */
const AT_ONCE = new Date(0);

/**
 * Decides the next step of the fee with these entries, and when it is due. A pure function: it
 * never reads the clock.
 */
export function next(entries: readonly Entry[], policy: Policy): Next {
  return nextOf(fold(entries), policy);
}

/** The same for entries that are folded already. The first rule that applies decides. */
export function nextOf(fee: FeeState, policy: Policy): Next {
  return (
    unfinishedAttempt(fee, policy) ??
    refund(fee, policy) ??
    moneyTaken(fee) ??
    setAside(fee, policy) ??
    beforeApproval(fee) ??
    tidyAtStripe(fee, policy) ??
    notice(fee) ??
    answer(fee) ??
    awaitsInvoice(fee, policy) ??
    charge(fee)
  );
}

/** The e-mail that is owed now, and the number of the entry it is about; null when none is owed. */
export function emailOwed(fee: FeeState): { email: EmailKind; about: number } | null {
  const owed = (email: EmailKind, about: { seq: number } | null) =>
    about && !fee.emailsHandled.has(emailKey(email, about.seq))
      ? { email, about: about.seq }
      : null;
  // The e-mail about a refund is sent even under a hold, because a person made the refund.
  const refunded = owed('refunded', fee.lastRefunded);
  if (refunded || (fee.lastRefunded && !fee.otherPayment)) return refunded;
  if (fee.held) return null;
  const isRejected = fee.objectionAnswered?.accepted === false;
  const answer = isRejected ? owed('answer', fee.objectionAnswered) : null;
  if (answer) return answer;
  if (fee.otherPayment) return owed('receipt', fee.otherPayment);
  if (fee.paid) return owed('receipt', fee.paid);
  // Only a clinician who had a notice or an e-mail is told that the fee is waived.
  const knows = fee.noticed !== null || fee.emailsHandled.size > 0;
  if (fee.waived) return knows ? owed('waived', fee.waived) : null;
  const asked = owed('card_needed', fee.cardLinkAsked);
  if (asked && mayAskForCard(fee)) return asked;
  if (fee.gaveUp) return owed('final', fee.gaveUp);
  const missing = fee.cardMissing;
  if (missing) return owed('card_needed', missing);
  return needsCard(fee) ? owed('card_needed', fee.declined) : null;
}

/** Whether a card is wanted: something is owed, and there is no card or a card was declined. */
export function mayAskForCard(fee: FeeState): boolean {
  if (!mayGiveCard(fee)) return false;
  return Boolean(fee.declined ?? fee.cardMissing ?? fee.gaveUp);
}

/** Whether another card is useful: something is owed and not settled. */
export function mayGiveCard(fee: FeeState): boolean {
  return Boolean(fee.assessed && !fee.paid && !fee.waived && !fee.waiveAsked);
}

/** An open attempt is settled before any other rule applies. */
function unfinishedAttempt(fee: FeeState, policy: Policy): Next | null {
  if (!fee.openAttempt) return null;
  // A stopped attempt is only read, not sent again. It cannot be withdrawn either: until Stripe may
  // have forgotten its key, another worker may still send it.
  const isStopped =
    Boolean(fee.held ?? fee.waiveAsked ?? fee.reopened) || !fee.noticed || lacks(fee, policy) > 0;
  const step = isStopped ? 'settle' : 'charge';
  if (!fee.unknown)
    return {
      state: 'charging',
      step,
      at: after(fee.openAttempt.at, policy.attemptGraceMs),
      why: `attempt ${fee.attempts} has been sent to Stripe; if no answer is recorded, ask Stripe`,
    };
  return {
    state: 'unknown',
    step,
    at: nextLook(fee, policy),
    why:
      `the outcome of attempt ${fee.attempts} is not known ` +
      `(${inWords(fee.unknown.why)}); ask Stripe`,
  };
}

function refund(fee: FeeState, policy: Policy): Next | null {
  const asked = fee.refundOpened ?? fee.refundAsked;
  if (!asked || !fee.paid) return null;
  const at = fee.unknown
    ? nextLook(fee, policy)
    : fee.refundOpened
      ? after(asked.at, lastOf(policy.unknownLookMs))
      : asked.at;
  return { state: 'paid', step: 'settle', at, why: 'a refund is under way at Stripe' };
}

function moneyTaken(fee: FeeState): Next | null {
  if (!fee.paid) return null;
  const email = emailOwed(fee);
  const tell = (state: FeeStatus, why: string): Next =>
    email
      ? {
          state,
          step: 'email',
          at: emailAt(fee),
          why: `${why}; send the ${EMAIL_WORDS[email.email]}`,
        }
      : rest(state, why);
  if (fee.refundedCents >= fee.paidCents) {
    if (fee.otherPaymentAsked) return recordOtherPayment(fee.otherPaymentAsked);
    if (fee.otherPayment)
      return tell('paid_otherwise', `${otherwise(fee.otherPayment)}, and the card was refunded`);
    return tell('refunded', 'paid and refunded');
  }
  if (fee.disputed) return rest('disputed', 'the cardholder disputes the charge');
  // A hold does not stop a refund that a person has asked for.
  if (fee.waiveAsked)
    return { state: 'paid', step: 'settle', at: fee.waiveAsked.at, why: 'waived after payment' };
  if (fee.held) return rest('held', `paid, and held for a person: ${fee.held.why}`);
  if (fee.reopened)
    return { state: 'paid', step: 'detect', at: fee.reopened.at, why: 'evidence was withdrawn' };
  return tell('paid', 'paid');
}

/** The card was charged before it could be stopped, and refunded: the other payment stands. */
function recordOtherPayment({ at }: { at: Date }): Next {
  const why = 'the card was refunded; the other payment is to be recorded';
  return { state: 'paid', step: 'settle', at, why };
}

const otherwise = ({ how, on }: OtherPayment) => `paid ${OTHER_WAY_WORDS[how]} on ${on}`;

/** Waived, paid otherwise, given up, exempt or held by a person. */
function setAside(fee: FeeState, policy: Policy): Next | null {
  if (fee.waiveAsked) {
    const at = fee.unknown ? nextLook(fee, policy) : fee.waiveAsked.at;
    const what = fee.otherPaymentAsked ? 'paid otherwise' : 'being waived';
    return { state: 'held', step: 'settle', at, why: `${what}: first cancel the intent` };
  }
  if (fee.otherPayment && !fee.held)
    return withEmail(fee, 'paid_otherwise', otherwise(fee.otherPayment));
  if (fee.waived && !fee.otherPayment) return withEmail(fee, 'waived', `waived: ${fee.waived.why}`);
  if (fee.held) return rest('held', `held for a person: ${fee.held.why}`);
  if (fee.reopened)
    return { state: 'detecting', step: 'detect', at: fee.reopened.at, why: 'something changed' };
  if (fee.gaveUp) return withEmail(fee, 'gave_up', `given up: ${fee.gaveUp.why}`);
  return fee.exempted ? rest('exempt', inWords(fee.exempted.why)) : null;
}

function beforeApproval(fee: FeeState): Next | null {
  if (!fee.assessed && fee.usageChecked) return rest('no_use', 'no use of a code found so far');
  if (!fee.assessed)
    return { state: 'detecting', step: 'detect', at: AT_ONCE, why: 'not looked at yet' };
  return fee.approved ? null : rest('ready', 'waits for the roster to be approved');
}

/**
 * Done before anything else is sent: an earlier customer's intent is canceled, and a notice that
 * bounced is removed from the intent's metadata, because a ledger that was lost and built again
 * would take it for one that stands.
 */
function tidyAtStripe(fee: FeeState, policy: Policy): Next | null {
  const at = (since: Date) => (fee.unknown ? nextLook(fee, policy) : since);
  if (mustClose(fee) && fee.customerChanged) {
    const why = 'the customer changed: first cancel the intent';
    return { state: 'approved', step: 'settle', at: at(fee.customerChanged.at), why };
  }
  if (mustStrike(fee) && fee.noticeFailed) {
    const why = `${inWords(fee.noticeFailed.why)}; Stripe must be told first`;
    return { state: 'notice_failed', step: 'settle', at: at(fee.noticeFailed.at), why };
  }
  return null;
}

/** Whether the intent belongs to another customer than the roster names. */
export function mustClose({ customerChanged, intent, intentCustomer }: FeeState): boolean {
  return customerChanged !== null && intent !== null && intentCustomer !== customerChanged.customer;
}

/** Whether the intent's metadata names a notice that failed. */
export function mustStrike({ noticeFailed, intent, recordedNotice }: FeeState): boolean {
  return noticeFailed !== null && intent !== null && recordedNotice !== null;
}

function notice(fee: FeeState): Next | null {
  if (fee.noticeFailed) return rest('notice_failed', inWords(fee.noticeFailed.why));
  if (fee.cardMissing) return withEmail(fee, 'needs_card', inWords(fee.cardMissing.why));
  if (fee.noticed) return null;
  const approvedAt = fee.approved?.at ?? AT_ONCE;
  const at = fee.deferred ? new Date(fee.deferred.until) : approvedAt;
  const why = fee.deferred
    ? `the mail server asked to wait: ${inWords(fee.deferred.why)}`
    : 'approved';
  return { state: 'approved', step: 'notice', at, why };
}

/** A clinician who objected is answered before the fee goes on. */
function answer(fee: FeeState): Next | null {
  if (emailOwed(fee)?.email !== 'answer') return null;
  return withEmail(fee, fee.declined ? 'retrying' : 'noticed', 'the objection was answered');
}

/**
 * Only what the practice was charged is passed on. A fee that no invoice carries waits, and goes on
 * by itself when one does; with less than the fee on the invoice, a person decides.
 */
function awaitsInvoice(fee: FeeState, policy: Policy): Next | null {
  const lack = lacks(fee, policy);
  if (lack <= 0) return null;
  const { invoicedCents } = fee;
  if (invoicedCents <= 0)
    return rest(fee.declined ? 'retrying' : 'noticed', 'waits for the vendor’s invoice');
  const carried = `${dollars(invoicedCents)} of ${dollars(invoicedCents + lack)}`;
  return rest('held', `the vendor’s invoices carry only ${carried}: a person decides`);
}

/** The cents that the vendor's invoices lack before the fee may be charged; 0 or less for none. */
function lacks(fee: FeeState, policy: Policy): number {
  if (policy.passOn !== 'invoice') return 0;
  // Of a fee that is owed no more, nothing may be charged.
  return (fee.assessed?.amountCents ?? Infinity) - fee.invoicedCents;
}

function charge(fee: FeeState): Next {
  if (!fee.noticed) throw new Error('Bug! a fee reached charging without a notice');
  // A clinician who asks to pay now ends the notice period for this notice.
  const from = fee.payNowAsked?.at ?? new Date(fee.noticed.chargeFrom);
  const due = (state: FeeStatus, at: Date, why: string): Next => {
    return { state, step: 'charge', at: at < from ? from : at, why };
  };
  if (!fee.declined)
    return due(
      'noticed',
      from,
      fee.payNowAsked
        ? 'the clinician asked to be charged at once'
        : 'noticed; charged when the notice period is over',
    );
  const declined = inWords(fee.declined.code);
  if (needsCard(fee)) return withEmail(fee, 'needs_card', `declined: ${declined}`);
  // The link is sent before the card is tried again: the clinician may give another one first.
  if (emailOwed(fee)) return withEmail(fee, 'retrying', `declined: ${declined}`);
  const asked = newest(fee.cardUpdated, fee.retryAsked);
  if (asked && asked.seq > fee.declined.seq) return due('retrying', asked.at, 'asked to try again');
  const at = fee.declined.retryAt ? new Date(fee.declined.retryAt) : fee.declined.at;
  return due('retrying', at, `declined (${declined}), to be tried again`);
}

/** Whether the card must not be tried again and no other card has come since. */
function needsCard(fee: FeeState): boolean {
  if (!fee.declined || fee.declined.verdict !== 'needs_card') return false;
  return !fee.cardUpdated || fee.cardUpdated.seq < fee.declined.seq;
}

function withEmail(fee: FeeState, state: FeeStatus, why: string): Next {
  const email = emailOwed(fee);
  if (!email) return rest(state, why);
  return {
    state,
    step: 'email',
    at: emailAt(fee),
    why: `${why}; send the ${EMAIL_WORDS[email.email]}`,
  };
}

function emailAt(fee: FeeState): Date {
  if (fee.deferred?.step === 'email') return new Date(fee.deferred.until);
  return fee.lastAt ?? AT_ONCE;
}

function rest(state: FeeStatus, why: string): Next {
  return { state, step: null, at: null, why };
}

function nextLook(fee: FeeState, policy: Policy): Date {
  const looks = policy.unknownLookMs;
  const look = fee.unknown?.look ?? 0;
  return after(fee.unknown?.at ?? AT_ONCE, looks[look] ?? lastOf(looks));
}

function newest<T extends { seq: number }>(a: T | null, b: T | null): T | null {
  if (!a || !b) return a ?? b;
  return a.seq > b.seq ? a : b;
}

function lastOf(waits: number[]): number {
  const last = waits.at(-1);
  if (last === undefined) throw new Error('Bug! a policy needs at least one wait');
  return last;
}

function after(at: Date, ms: number): Date {
  return new Date(at.getTime() + ms);
}
