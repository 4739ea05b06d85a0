import { chargeFrom } from '../calendar.ts';
import {
  CLINICIAN,
  type Entry,
  type EntryData,
  type EmailKind,
  type FeeStatus,
  type Step,
} from '../fee/fee.ts';
import { movement } from '../fee/money.ts';
import { next } from '../fee/next.ts';
import type { Policy } from '../policy.ts';
import type { Breach, CheckName } from './checks.ts';

/** A fee as stored: its entries, and the state and step stored beside them. */
export interface StoredFee {
  feeId: string;
  policy: Policy;
  seq: number;
  state: FeeStatus;
  step: Step | null;
  at: Date | null;
  intent: string | null;
  entries: StoredEntry[];
}

/** An entry with the movement of money stored in it. */
export type StoredEntry = Entry & {
  debit: string | null;
  credit: string | null;
  amountCents: number | null;
};

/** The breaches that a fee's own entries show. */
export function checkFee(fee: StoredFee): Breach[] {
  const found = (check: CheckName, detail: string): Breach => ({
    check,
    feeId: fee.feeId,
    detail,
  });
  return [
    ...index(fee).map((detail) => found('index', detail)),
    ...movements(fee).map((detail) => found('balanced', detail)),
    ...unannounced(fee).map((detail) => found('announced', detail)),
    ...overLimit(fee).map((detail) => found('card_limits', detail)),
    ...againstAdvice(fee).map((detail) => found('refused_cards', detail)),
    ...emailsAmiss(fee).map((detail) => found('emails', detail)),
  ];
}

/** Compares the stored state and step with those computed from the entries. */
function index({ entries, policy, ...stored }: StoredFee): string[] {
  const last = entries.findLast(({ kind }) => kind === 'intent_opened' || kind === 'intent_closed');
  const intent = last?.kind === 'intent_opened' ? last.data.intent : null;
  const wrong: string[] = [];
  if (stored.seq !== entries.length)
    wrong.push(`number ${stored.seq} is stored, there are ${entries.length} entries`);
  if (stored.intent !== intent)
    wrong.push(`intent ${stored.intent ?? 'none'} is stored, ${intent ?? 'none'} was opened`);
  try {
    const { state, step, at } = next(entries, policy);
    const same =
      state === stored.state && step === stored.step && at?.getTime() === stored.at?.getTime();
    if (!same) wrong.push(`stored: ${told(stored)}; by the entries: ${told({ state, step, at })}`);
  } catch {
    wrong.push('the entries do not add up to any state');
  }
  return wrong;
}

function told({ state, step, at }: Pick<StoredFee, 'state' | 'step' | 'at'>): string {
  return `${state} ${step ?? 'nothing'}${at ? ` from ${at.toISOString()}` : ''}`;
}

/** Compares each entry's stored movement with the one its kind and amount require. */
function movements({ entries }: StoredFee): string[] {
  return entries.flatMap((one) => {
    const { debit, credit, amountCents } = movement(one) ?? NO_MOVEMENT;
    if (one.debit === debit && one.credit === credit && one.amountCents === amountCents) return [];
    const kept = `${one.amountCents} cents from ${one.credit} to ${one.debit}`;
    const meant = `${amountCents} cents from ${credit} to ${debit}`;
    return [`entry ${one.seq} (${one.kind}) moves ${kept} instead of ${meant}`];
  });
}

const NO_MOVEMENT = { debit: null, credit: null, amountCents: null };

/** Checks the notice period again, by our calendar instead of the database's. */
function unannounced({ entries, policy }: StoredFee): string[] {
  let notice: { at: Date; data: EntryData['noticed'] } | null = null;
  let payNow: Date | null = null;
  const wrong: string[] = [];
  for (const one of entries) {
    if (one.kind === 'noticed') [notice, payNow] = [one, null];
    // Only the clinician's own wish ends a notice period early.
    if (one.kind === 'pay_now_asked' && one.actor === CLINICIAN) payNow = one.at;
    if (one.kind !== 'attempted') continue;
    const { attempt } = one.data;
    if (!notice) {
      wrong.push(`attempt ${attempt} has no notice before it`);
      continue;
    }
    if (one.data.customer !== notice.data.customer)
      wrong.push(`attempt ${attempt} is on another customer than the notice`);
    const promised = new Date(notice.data.chargeFrom);
    const earliest = chargeFrom(notice.at, policy);
    const from = payNow ?? (promised > earliest ? promised : earliest);
    if (one.at < from)
      wrong.push(
        `attempt ${attempt} on ${one.at.toISOString()}, allowed from ${from.toISOString()}`,
      );
  }
  return wrong;
}

/** Checks that attempts per card stay within the policy, and none comes before its `retryAt`. */
function overLimit({ entries, policy }: StoredFee): string[] {
  const declinesByCard = new Map<string | null, number>();
  let notBefore: Date | null = null;
  const wrong: string[] = [];
  for (const one of entries) {
    if (one.kind === 'revived') declinesByCard.clear();
    if (one.kind === 'card_updated' && one.data.renewed)
      declinesByCard.delete(one.data.paymentMethod);
    // A new card or a person's request ends the wait.
    if (FREES.has(one.kind)) notBefore = null;
    if (one.kind === 'declined') {
      const { paymentMethod, retryAt } = one.data;
      declinesByCard.set(paymentMethod, (declinesByCard.get(paymentMethod) ?? 0) + 1);
      notBefore = retryAt ? new Date(retryAt) : null;
    }
    if (one.kind !== 'attempted') continue;
    const { attempt, paymentMethod } = one.data;
    const declines = declinesByCard.get(paymentMethod) ?? 0;
    if (declines >= policy.attemptsMax)
      wrong.push(`attempt ${attempt} came after ${declines} declines of the same card`);
    if (notBefore && one.at < notBefore)
      wrong.push(`attempt ${attempt} came before ${notBefore.toISOString()}`);
  }
  return wrong;
}

const FREES: ReadonlySet<string> = new Set([
  'card_updated',
  'customer_changed',
  'retry_asked',
  'revived',
]);

/**
 * Checks that after a decline that asked for another card no attempt comes before another card, and
 * that the declined card is not tried before it has new data.
 */
function againstAdvice({ entries }: StoredFee): string[] {
  const refused = new Map<string, string>();
  let refusal: string | null = null;
  const wrong: string[] = [];
  for (const one of entries) {
    if (one.kind === 'card_updated' || one.kind === 'customer_changed') refusal = null;
    if (one.kind === 'card_updated' && one.data.renewed) refused.delete(one.data.paymentMethod);
    if (one.kind === 'declined') {
      // Another verdict is about another card, which another ledger has tried meanwhile.
      refusal = one.data.verdict === 'needs_card' ? one.data.code : null;
      if (refusal && one.data.paymentMethod) refused.set(one.data.paymentMethod, refusal);
    }
    if (one.kind !== 'attempted') continue;
    const code = refusal ?? refused.get(one.data.paymentMethod);
    if (code) wrong.push(`attempt ${one.data.attempt} came after ${code} of the same card`);
  }
  return wrong;
}

/** The entry each e-mail must be about. */
const OCCASIONS: Record<EmailKind, (about: Entry) => boolean> = {
  receipt: ({ kind }) => kind === 'paid' || kind === 'paid_otherwise',
  card_needed: (about) =>
    about.kind === 'card_missing' ||
    about.kind === 'card_link_asked' ||
    (about.kind === 'declined' && about.data.verdict === 'needs_card'),
  final: ({ kind }) => kind === 'gave_up',
  waived: ({ kind }) => kind === 'waived',
  refunded: ({ kind }) => kind === 'refunded',
  answer: ({ kind }) => kind === 'objection_answered',
};

function emailsAmiss({ entries }: StoredFee): string[] {
  const sent = new Set<string>();
  return entries.flatMap((one) => {
    if (one.kind !== 'email_sent') return [];
    const { email, about } = one.data;
    const subject = about < one.seq ? entries.find(({ seq }) => seq === about) : undefined;
    const again = sent.has(`${email} ${about}`);
    sent.add(`${email} ${about}`);
    if (again) return [`entry ${one.seq}: the ${email} about entry ${about} was sent before`];
    if (subject && OCCASIONS[email]?.(subject)) return [];
    return [`entry ${one.seq}: a ${email} about entry ${about} (${subject?.kind ?? 'none'})`];
  });
}
