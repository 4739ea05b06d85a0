import { amountOwed, revive } from './intent.ts';
import { entry, type NewEntry, type OtherPayment } from './fee.ts';
import type { FeeState } from './fold.ts';
import { emailOwed, mayAskForCard } from './next.ts';

/** What a person may ask of a fee. */
export type Action =
  | { act: 'waive'; why: string }
  | { act: 'hold'; why: string }
  | { act: 'release' }
  | { act: 'retry' }
  /** The notice bounced; `notice` is its number where it is known. */
  | { act: 'bounce'; why: string; notice?: number }
  | { act: 'refund'; why: string }
  /** The clinician has paid without the card on file: by check, through payroll, ... */
  | ({ act: 'pay_otherwise' } & OtherPayment)
  /** Sends the clinician the link to give another card. */
  | { act: 'send_card_link' }
  /** The clinician asks to be charged at once: before the noticed day, or again after a decline. */
  | { act: 'pay_now' }
  /** The clinician objects; nothing is sent or charged before a person has answered. */
  | { act: 'object'; why: string }
  /** A person's answer to the clinician's objection. Accepted: the fee is waived or refunded. */
  | { act: 'answer_objection'; accepted: boolean; why: string }
  /** A remark, which changes nothing else. */
  | { act: 'note'; why: string };

/** Acts of the clinician, and acts that need more than a reason: each has a route of its own. */
export type ActionOfItsOwn = 'pay_otherwise' | 'pay_now' | 'object' | 'answer_objection';

/** The acts that need nothing but, perhaps, a reason; and those that need one. */
export type SimpleAction = Exclude<Action['act'], ActionOfItsOwn>;
export type ActionWithReason = Extract<Action, { act: SimpleAction; why: string }>['act'];

/** The entries an act leads to, or why it is refused; nothing changes on a refusal. */
export type Decision = { entries: NewEntry[] } | { refused: RefusedAction; why: string };

export type RefusedAction =
  | 'already_settled'
  | 'not_assessed'
  | 'already_held'
  | 'not_held'
  | 'not_retryable'
  | 'not_noticed'
  | 'not_paid'
  | 'no_card_needed'
  | 'no_objection'
  | 'under_way';

/** Decides a person's act. The same act a second time is refused, so that it happens once. */
export function decide(fee: FeeState, input: Action): Decision {
  switch (input.act) {
    case 'waive':
      return waive(fee, input.why);
    case 'hold':
      if (fee.held) return refuse('already_held', 'the fee is held already');
      return { entries: [entry('held', { why: input.why })] };
    case 'release':
      if (!fee.held) return refuse('not_held', 'the fee is not held');
      return { entries: [entry('released', {})] };
    case 'retry':
      return retry(fee);
    case 'bounce':
      return bounce(fee, input);
    case 'refund':
      if (!fee.paid || fee.refundedCents >= fee.paidCents)
        return refuse('not_paid', 'there is no payment to give back');
      if (fee.refundAsked || fee.refundOpened || fee.waiveAsked)
        return refuse('under_way', 'a refund is under way already');
      return { entries: [entry('refund_asked', { why: input.why })] };
    case 'pay_otherwise':
      return payOtherwise(fee, input);
    case 'pay_now':
      return payNow(fee);
    case 'object':
      return object(fee, input.why);
    case 'answer_objection':
      return answerObjection(fee, input);
    case 'send_card_link':
      return sendCardLink(fee);
    case 'note':
      return { entries: [entry('noted', { text: input.why })] };
  }
}

/**
 * A waiver. If the fee has an intent, this only writes `waive_asked`: the intent is canceled first,
 * and if it has succeeded, the money is refunded.
 */
export function waive(fee: FeeState, why: string): Decision {
  if (!fee.assessed) return refuse('not_assessed', 'nothing is owed, so nothing can be waived');
  if (fee.waived || fee.waiveAsked) return refuse('already_settled', 'the fee is waived already');
  if (fee.paid) return refuse('already_settled', 'the fee is paid: ask for a refund instead');
  if (fee.intent) return { entries: [...revive(fee), entry('waive_asked', { why })] };
  return { entries: [...revive(fee), entry('waived', { amountCents: amountOwed(fee), why })] };
}

/**
 * The fee was paid without the card on file. As with a waiver the intent is canceled first, and if
 * it has succeeded, the card is refunded.
 */
function payOtherwise(fee: FeeState, { how, on, reference }: OtherPayment): Decision {
  if (!fee.assessed) return refuse('not_assessed', 'nothing is owed, so nothing can be paid');
  if (fee.waived ?? fee.waiveAsked) return refuse('already_settled', 'the fee is settled already');
  if (fee.paid)
    return refuse('already_settled', 'the card was charged already: refund the card first');
  const payment = { how, on, reference };
  if (fee.intent) return { entries: [...revive(fee), entry('paid_otherwise_asked', payment)] };
  const amountCents = amountOwed(fee);
  return { entries: [...revive(fee), entry('paid_otherwise', { amountCents, ...payment })] };
}

/** After a decline the card is tried as for a person's retry: never against its bank's word. */
function payNow(fee: FeeState): Decision {
  if (fee.paid ?? fee.waived ?? fee.waiveAsked)
    return refuse('already_settled', 'the fee is settled: nothing is left to pay');
  if (!fee.noticed) return refuse('not_noticed', 'the fee has not been announced');
  if (fee.declined) return retry(fee);
  if (fee.held) return refuse('already_held', 'the fee is held for a person');
  if (fee.payNowAsked ?? fee.openAttempt)
    return refuse('under_way', 'the card is about to be charged already');
  return { entries: [entry('pay_now_asked', {})] };
}

/** Holds the fee, whether it is paid or not, until a person has answered. */
function object(fee: FeeState, text: string): Decision {
  if (!fee.assessed) return refuse('not_assessed', 'nothing is owed');
  if (isObjectionOpen(fee)) return refuse('under_way', 'an objection is being looked at already');
  const isGivenBack = fee.paid !== null && fee.refundedCents >= fee.paidCents;
  const isLetGo = fee.waiveAsked !== null || (fee.waived !== null && !fee.otherPayment);
  if (isLetGo || isGivenBack) return refuse('already_settled', 'nothing is owed any more');
  const objected = entry('objected', { text });
  return { entries: fee.held ? [objected] : [objected, entry('held', { why: OBJECTED })] };
}

/** Why a fee is held whose clinician objects. */
export const OBJECTED = 'the clinician objects';

/** Whether the clinician has objected and nobody has answered yet. */
export function isObjectionOpen(fee: FeeState): boolean {
  return fee.objected !== null && fee.objectionAnswered === null;
}

/** An accepted objection lets the fee go; another hold than the objection's stays in any case. */
function answerObjection(
  fee: FeeState,
  { accepted, why: text }: Extract<Action, { act: 'answer_objection' }>,
): Decision {
  if (!isObjectionOpen(fee)) return refuse('no_objection', 'no objection waits for an answer');
  const answered = entry('objection_answered', { accepted, text });
  const released = fee.held?.why === OBJECTED ? [entry('released', {})] : [];
  if (!accepted) return { entries: [answered, ...released] };
  const why = 'the objection was accepted';
  const settled = decide(fee, { act: fee.paid ? 'refund' : 'waive', why });
  return { entries: [answered, ...released, ...('entries' in settled ? settled.entries : [])] };
}

function retry(fee: FeeState): Decision {
  const settled = fee.paid ?? fee.waived ?? fee.waiveAsked;
  if (fee.noticeFailed && !settled) return { entries: [...revive(fee), entry('retry_asked', {})] };
  if (!fee.declined || settled)
    return refuse('not_retryable', 'nothing has failed that could be tried again');
  if (fee.openAttempt) return refuse('under_way', 'an attempt is under way');
  if (fee.retryAsked && fee.retryAsked.seq > fee.declined.seq)
    return refuse('under_way', 'it is about to be tried again already');
  if (fee.held) return refuse('already_held', 'the fee is held: release it first');
  const cardUnchanged = !fee.cardUpdated || fee.cardUpdated.seq < fee.declined.seq;
  if (fee.cardMissing || (fee.declined.verdict === 'needs_card' && cardUnchanged))
    return refuse('not_retryable', 'there is no card that may be tried again: another is needed');
  return { entries: [...revive(fee), entry('retry_asked', {})] };
}

function sendCardLink(fee: FeeState): Decision {
  if (fee.paid ?? fee.waived ?? fee.waiveAsked)
    return refuse('already_settled', 'the fee is settled: no card is needed');
  if (!mayAskForCard(fee)) return refuse('no_card_needed', 'no card has failed or is missing');
  if (fee.held) return refuse('already_held', 'the fee is held: release it first');
  if (fee.noticeFailed) return refuse('no_card_needed', 'the notice came back: no e-mail arrives');
  if (fee.openAttempt) return refuse('under_way', 'an attempt is under way');
  // Both e-mails carry the link.
  const owed = emailOwed(fee)?.email;
  if (owed === 'card_needed' || owed === 'final')
    return refuse('under_way', 'the link is about to be sent already');
  return { entries: [entry('card_link_asked', {})] };
}

/**
 * The notice was accepted and bounced later. Nothing is charged before another notice stands. An
 * attempt that was sent already is followed to its end.
 */
function bounce(fee: FeeState, input: Extract<Action, { act: 'bounce' }>): Decision {
  if (fee.paid) return refuse('already_settled', 'the fee is paid');
  if (fee.waived ?? fee.waiveAsked) return refuse('already_settled', 'the fee is waived');
  const { why, notice = fee.notices } = input;
  if (fee.noticed && notice === fee.notices) {
    const { emailChanges = 0 } = fee.noticed;
    return { entries: [entry('notice_failed', { why, emailChanges })] };
  }
  // A worker may have sent the next notice without recording it, and must not record it now.
  const isUnrecorded = fee.approved && !fee.noticed && !fee.noticeFailed;
  if (isUnrecorded && notice === fee.notices + 1)
    return { entries: [entry('notice_failed', { why, notice })] };
  return refuse('not_noticed', 'that notice announces nothing: there is none, or a later one');
}

/** The changes outside a fee that may lead to entries of the fee. */
export type ExternalChange =
  | { change: 'evidence' }
  | { change: 'evidence_withdrawn' }
  | { change: 'vendor'; levied: boolean }
  | { change: 'email' }
  /** The sum of the vendor's confirmed invoices for the clinician and year now, in cents. */
  | { change: 'invoice'; amountCents: number }
  /** The Stripe customer the roster names now; null for none. */
  | { change: 'customer'; customer: string | null }
  /**
   * `renewedAt`: when the bank sent new data for the same card. `asked`: the clinician gave the
   * card for this fee, on levy's own page.
   */
  | { change: 'card'; paymentMethod: string; renewedAt?: Date; asked?: boolean };

/** Why a paid fee is held when its evidence is gone: a person must decide about a refund. */
export const TAKEN_WITHOUT_EVIDENCE = 'evidence was withdrawn after the payment';

/** Why the fee of a clinician is waived who has moved to an EHR that does not levy it. */
export const MOVED = 'moved to an EHR that does not levy the fee';

/** The entries that a change outside leads to; none when it makes no difference to this fee. */
export function applyExternalChange(fee: FeeState, change: ExternalChange): NewEntry[] {
  const settled = fee.waived ?? fee.waiveAsked;
  switch (change.change) {
    case 'evidence':
      if (settled || fee.assessed || fee.reopened) return [];
      return [entry('reopened', { why: 'evidence' })];
    case 'evidence_withdrawn':
      if (fee.otherPayment) return takenWithoutEvidence(fee);
      if (settled || !fee.assessed) return [];
      if (fee.paid) return takenWithoutEvidence(fee);
      return fee.reopened ? [] : [entry('reopened', { why: 'evidence_withdrawn' })];
    case 'vendor':
      return moved(fee, change.levied);
    case 'email':
      // A fee that was given up stays given up until a person asks.
      return fee.noticeFailed && !settled && !fee.gaveUp ? [entry('retry_asked', {})] : [];
    case 'invoice':
      // Nothing is taken any more: what the invoices say is told by the match.
      if (settled || fee.paid || !fee.assessed) return [];
      return change.amountCents === fee.invoicedCents
        ? []
        : [entry('invoiced', { amountCents: change.amountCents })];
    case 'customer':
      return otherCustomer(fee, change.customer);
    case 'card':
      return newCard(fee, change);
  }
}

function takenWithoutEvidence(fee: FeeState): NewEntry[] {
  return fee.held ? [] : [entry('held', { why: TAKEN_WITHOUT_EVIDENCE })];
}

/** The clinician moved to another EHR, or back to the one that levies this fee. */
function moved(fee: FeeState, levied: boolean): NewEntry[] {
  const unseen = levied ? fee.exempted : !fee.assessed && !fee.exempted;
  if (unseen) return fee.reopened ? [] : [entry('reopened', { why: 'roster' })];
  if (levied || !fee.assessed) return [];
  const decision = waive(fee, MOVED);
  return 'entries' in decision ? decision.entries : [];
}

/**
 * A notice names one customer's card. Another customer means another card, perhaps another
 * person's: nothing is charged before a new notice.
 */
function otherCustomer(fee: FeeState, customer: string | null): NewEntry[] {
  if (fee.paid || fee.waived || fee.waiveAsked) return [];
  const bound = fee.customerChanged ?? fee.noticed ?? { customer: fee.intentCustomer ?? customer };
  return bound.customer === customer ? [] : [entry('customer_changed', { customer })];
}

function newCard(fee: FeeState, change: Extract<ExternalChange, { change: 'card' }>): NewEntry[] {
  const { paymentMethod, renewedAt, asked } = change;
  if (fee.paid || fee.waived || fee.waiveAsked) return [];
  // A fee that was given up stays so until a person asks, or its clinician gives a card for it.
  if (fee.gaveUp && !asked) return [];
  const wanted = fee.cardMissing ?? fee.declined;
  if (!wanted || (fee.cardUpdated && fee.cardUpdated.seq > wanted.seq)) return [];
  // The declined card itself is not another card. If the bank renewed it before the decline, the
  // new data were declined already.
  const isNew = renewedAt ? renewedAt > wanted.at : paymentMethod !== fee.triedCard;
  // A card that was refused for good earlier is not tried either.
  const isRefused = !renewedAt && fee.refusedCards.has(paymentMethod);
  if (isRefused || (!fee.cardMissing && !isNew)) return [];
  const updated = { paymentMethod, ...(renewedAt && { renewed: true as const }) };
  return [...revive(fee), entry('card_updated', updated)];
}

/** The facts outside a fee, as they are now. */
export interface ExternalFacts {
  /** The clinician works in the EHR the assessment is about. */
  sameVendor: boolean;
  /** The EHR the clinician works in levies the fee. */
  vendorLevies: boolean;
  /** There is evidence of use that counts. */
  used: boolean;
  /** What the vendor's invoices carry, in cents; null where the policy does not ask for them. */
  invoicedCents: number | null;
  /** How often the clinician's e-mail has changed; null while there is none. */
  emailChanges: number | null;
  /** The Stripe customer on the roster; null for none. */
  customer: string | null;
  /** How often customer or card have changed, and the latest card; null when none came. */
  cardChanges: number;
  latestCard: string | null;
}

/**
 * The entries for changes outside that never reached the fee, as when a program ended in between.
 * No notice and no charge may rest on facts that have changed.
 */
export function missedChanges(fee: FeeState, outside: ExternalFacts): NewEntry[] {
  const { sameVendor, vendorLevies, used } = outside;
  if (!sameVendor && !vendorLevies)
    return applyExternalChange(fee, { change: 'vendor', levied: false });
  if (fee.exempted)
    return sameVendor ? applyExternalChange(fee, { change: 'vendor', levied: true }) : [];
  if (!used) return applyExternalChange(fee, { change: 'evidence_withdrawn' });
  if (!fee.assessed)
    return fee.usageChecked ? applyExternalChange(fee, { change: 'evidence' }) : [];
  const changed = [
    ...applyExternalChange(fee, { change: 'customer', customer: outside.customer }),
    ...invoicesChanged(fee, outside.invoicedCents),
  ];
  return changed.length > 0 ? changed : awaited(fee, outside);
}

function invoicesChanged(fee: FeeState, amountCents: number | null): NewEntry[] {
  return amountCents === null ? [] : applyExternalChange(fee, { change: 'invoice', amountCents });
}

/**
 * The entries for an e-mail address or a card that came after the fee failed without it. They are
 * compared by number of changes, not by value: the charged card may differ from the roster's, and
 * otherwise the same news would revive the fee again and again and retry a declined card each time.
 */
function awaited(
  fee: FeeState,
  { emailChanges, customer, cardChanges, latestCard }: ExternalFacts,
): NewEntry[] {
  // An open attempt may still settle the fee, and only a person ends a hold.
  if (fee.openAttempt || fee.held || fee.paid || fee.gaveUp) return [];
  if (fee.noticeFailed) {
    const isNew = emailChanges !== null && emailChanges > (fee.noticeFailed.emailChanges ?? 0);
    return isNew ? applyExternalChange(fee, { change: 'email' }) : [];
  }
  const failed = fee.cardMissing ?? fee.lastAttempt;
  // Another customer, and no card on the roster: Stripe is asked for the customer's card again.
  if (fee.cardMissing && latestCard === null && cardChanges > (fee.cardMissing.cardChanges ?? 0))
    return [entry('customer_changed', { customer })];
  if (latestCard === null || cardChanges <= (failed?.cardChanges ?? 0)) return [];
  return applyExternalChange(fee, { change: 'card', paymentMethod: latestCard });
}

function refuse(refused: RefusedAction, why: string): Decision {
  return { refused, why };
}
