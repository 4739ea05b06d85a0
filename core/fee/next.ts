import { fold, emailKey, type FeeState } from './fold.ts';
import type { Entry, EmailKind, FeeStatus, Step } from './fee.ts';
import type { Policy } from '../policy.ts';

/** What happens next to a fee. `step` null: nothing, until somebody or something adds an entry. */
export interface Next {
  state: FeeStatus;
  step: Step | null;
  /** When the step is due. It is due at once when `at` is in the past. */
  at: Date | null;
  /** For people: why this, in a sentence without names. */
  why: string;
}

/** Before every clock: due at once. */
const AT_ONCE = new Date(0);

/**
 * The judgement: what happens next to the fee with these entries, and when.
 * Pure: it says when, and never asks what time it is.
 */
export function next(entries: readonly Entry[], policy: Policy): Next {
  return nextOf(fold(entries), policy);
}

/** The same for entries already folded. The first rule that applies, decides. */
export function nextOf(fee: FeeState, policy: Policy): Next {
  return (
    unfinishedAttempt(fee, policy) ??
    refund(fee, policy) ??
    moneyTaken(fee) ??
    setAside(fee, policy) ??
    beforeApproval(fee) ??
    tidyAtStripe(fee, policy) ??
    notice(fee) ??
    charge(fee)
  );
}

/** The e-mail that is owed to a clinician now, and the entry it is about; null when none is. */
export function emailOwed(fee: FeeState): { email: EmailKind; about: number } | null {
  const owed = (email: EmailKind, about: { seq: number } | null) =>
    about && !fee.emailsHandled.has(emailKey(email, about.seq))
      ? { email, about: about.seq }
      : null;
  // Money that went back is told of also under a hold: a person gave it back.
  if (fee.lastRefunded) return owed('refunded', fee.lastRefunded);
  if (fee.held) return null;
  if (fee.paid) return owed('receipt', fee.paid);
  // Whoever was told of the fee, or asked for a card, hears that it is gone; nobody else does.
  const knows = fee.noticed !== null || fee.emailsHandled.size > 0;
  if (fee.waived) return knows ? owed('waived', fee.waived) : null;
  if (fee.gaveUp) return owed('final', fee.gaveUp);
  const missing = fee.cardMissing;
  if (missing) return owed('card_needed', missing);
  return needsCard(fee) ? owed('card_needed', fee.declined) : null;
}

/** An open attempt is settled before anything else is thought about. */
function unfinishedAttempt(fee: FeeState, policy: Policy): Next | null {
  if (!fee.openAttempt) return null;
  // Not to be sent again, only asked about. It cannot be called off: another worker may be about
  // to send it, until Stripe may have forgotten its key.
  const isStopped = Boolean(fee.held ?? fee.waiveAsked ?? fee.reopened) || !fee.noticed;
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
    why: `the outcome of attempt ${fee.attempts} is not known (${fee.unknown.why}); ask Stripe`,
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
      ? { state, step: 'email', at: emailAt(fee), why: `${why}; send the ${email.email}` }
      : rest(state, why);
  if (fee.refundedCents >= fee.paidCents) return tell('refunded', 'paid and refunded');
  if (fee.disputed) return rest('disputed', 'the cardholder disputes the charge');
  // A hold keeps nobody's money that a person has said to give back.
  if (fee.waiveAsked)
    return { state: 'paid', step: 'settle', at: fee.waiveAsked.at, why: 'waived after payment' };
  if (fee.held) return rest('held', `paid, and held for a person: ${fee.held.why}`);
  if (fee.reopened)
    return { state: 'paid', step: 'detect', at: fee.reopened.at, why: 'evidence was withdrawn' };
  return tell('paid', 'paid');
}

/** Waived, given up, exempt or held by a person. */
function setAside(fee: FeeState, policy: Policy): Next | null {
  if (fee.waiveAsked) {
    const at = fee.unknown ? nextLook(fee, policy) : fee.waiveAsked.at;
    return { state: 'held', step: 'settle', at, why: 'being waived: first cancel the intent' };
  }
  if (fee.waived) return withEmail(fee, 'waived', `waived: ${fee.waived.why}`);
  if (fee.held) return rest('held', `held for a person: ${fee.held.why}`);
  if (fee.reopened)
    return { state: 'detecting', step: 'detect', at: fee.reopened.at, why: 'something changed' };
  if (fee.gaveUp) return withEmail(fee, 'gave_up', `given up: ${fee.gaveUp.why}`);
  return fee.exempted ? rest('exempt', fee.exempted.why) : null;
}

function beforeApproval(fee: FeeState): Next | null {
  if (!fee.assessed && fee.usageChecked) return rest('no_use', 'no use of a code found so far');
  if (!fee.assessed)
    return { state: 'detecting', step: 'detect', at: AT_ONCE, why: 'not looked at yet' };
  return fee.approved ? null : rest('ready', 'waits for the roster to be approved');
}

/**
 * Before anything else is sent: an intent of a customer who is not the fee's any more is canceled,
 * and a notice that came back is struck from the intent's metadata, where a ledger that was lost
 * would take it for one that stands.
 */
function tidyAtStripe(fee: FeeState, policy: Policy): Next | null {
  const at = (since: Date) => (fee.unknown ? nextLook(fee, policy) : since);
  if (mustClose(fee) && fee.customerChanged) {
    const why = 'the customer changed: first cancel the intent';
    return { state: 'approved', step: 'settle', at: at(fee.customerChanged.at), why };
  }
  if (mustStrike(fee) && fee.noticeFailed) {
    const why = `${fee.noticeFailed.why}; first strike the notice from the intent`;
    return { state: 'notice_failed', step: 'settle', at: at(fee.noticeFailed.at), why };
  }
  return null;
}

/** The intent is another customer's than the roster names. */
export function mustClose({ customerChanged, intent, intentCustomer }: FeeState): boolean {
  return customerChanged !== null && intent !== null && intentCustomer !== customerChanged.customer;
}

/** The intent's metadata tells of a notice that came back. */
export function mustStrike({ noticeFailed, intent, recordedNotice }: FeeState): boolean {
  return noticeFailed !== null && intent !== null && recordedNotice !== null;
}

function notice(fee: FeeState): Next | null {
  if (fee.noticeFailed) return rest('notice_failed', fee.noticeFailed.why);
  if (fee.cardMissing) return withEmail(fee, 'needs_card', fee.cardMissing.why);
  if (fee.noticed) return null;
  const approvedAt = fee.approved?.at ?? AT_ONCE;
  const at = fee.deferred ? new Date(fee.deferred.until) : approvedAt;
  const why = fee.deferred ? `the mail server asked to wait: ${fee.deferred.why}` : 'approved';
  return { state: 'approved', step: 'notice', at, why };
}

function charge(fee: FeeState): Next {
  if (!fee.noticed) throw new Error('Bug! a fee reached charging without a notice');
  const from = new Date(fee.noticed.chargeFrom);
  const due = (state: FeeStatus, at: Date, why: string): Next => {
    return { state, step: 'charge', at: at < from ? from : at, why };
  };
  if (!fee.declined) return due('noticed', from, 'noticed; charged when the notice period is over');
  if (needsCard(fee)) return withEmail(fee, 'needs_card', `declined: ${fee.declined.code}`);
  const asked = newest(fee.cardUpdated, fee.retryAsked);
  if (asked && asked.seq > fee.declined.seq) return due('retrying', asked.at, 'asked to try again');
  const at = fee.declined.retryAt ? new Date(fee.declined.retryAt) : fee.declined.at;
  return due('retrying', at, `declined (${fee.declined.code}), to be tried again`);
}

/** The present card must not be tried again, and no other card has come since. */
function needsCard(fee: FeeState): boolean {
  if (!fee.declined || fee.declined.verdict !== 'needs_card') return false;
  return !fee.cardUpdated || fee.cardUpdated.seq < fee.declined.seq;
}

function withEmail(fee: FeeState, state: FeeStatus, why: string): Next {
  const email = emailOwed(fee);
  if (!email) return rest(state, why);
  return { state, step: 'email', at: emailAt(fee), why: `${why}; send the ${email.email}` };
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
