import { reconcileIntent, keys, KEY_SAFE_MS, needsHistory } from '../../core/fee/intent.ts';
import type { IntentReading, RecordedNotice } from '../../core/fee/intent.ts';
import { chargeFrom } from '../../core/calendar.ts';
import { existingIntent } from '../../core/fee/existing-intent.ts';
import { entry, type Entry, type EntryData, type NewEntry } from '../../core/fee/fee.ts';
import type { FeeState } from '../../core/fee/fold.ts';
import { PaymentsRefused, PaymentsUnavailable } from '../../gateways/payments.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { WorkerDeps } from '../deps.ts';

/**
 * The fee's one intent at Stripe. It is looked for before it is created: this ledger may have been
 * restored, or another installation may use the same account. So an intent that Stripe already has
 * for the customer and the year is used, whoever created it.
 */

type Deps = Pick<WorkerDeps, 'ledger' | 'payments'>;

/** What Stripe has for a fee without an intent in the ledger. */
export type Found =
  /** Nothing: an intent may be created. `canceled` counts the intents that were canceled before. */
  | { found: 'nothing'; canceled: number; at: Date }
  /** An intent, with the entries that make the ledger agree with it. */
  | { found: 'intent'; reading: IntentReading; entries: NewEntry[] }
  /** A person has to decide: the entries say why. */
  | { found: 'trouble'; entries: NewEntry[] };

/** The card that later e-mails name when the notice was found in the intent's metadata. */
interface ShownCard {
  brand: string;
  last4: string;
}

/**
 * Reads the intent the ledger knows, and its refused charges if the fee needs them: an unknown
 * payment or decline may not be the only one. Throws as the gateway does.
 */
export async function readIntentFor(
  { readIntent, refusedCharges }: WorkerDeps['payments'],
  fee: FeeState,
  intent: string,
): Promise<IntentReading> {
  return withHistory({ refusedCharges }, fee, await readIntent(intent));
}

/** Adds the refused charges to a reading if the fee needs them. Throws as the gateway does. */
export async function withHistory(
  { refusedCharges }: Pick<WorkerDeps['payments'], 'refusedCharges'>,
  fee: FeeState,
  reading: IntentReading,
): Promise<IntentReading> {
  if (!needsHistory(fee, reading)) return reading;
  return { ...reading, refusedBefore: await refusedCharges(reading.intent) };
}

/** The entries a comparison with Stripe adds; `nothing` when Stripe has no intent for the fee. */
export interface Comparison {
  entries: NewEntry[];
  nothing: Extract<Found, { found: 'nothing' }> | null;
}

/**
 * Compares a fee with Stripe, by the intent the ledger knows or else by listing the customer's
 * intents. No entries: the two agree. A fee that was not assessed is not compared, because its
 * intents could not be told from another fee's. Throws as the gateway does.
 */
export async function compareWithStripe(
  deps: Deps,
  due: { feeRecord: FeeRecord; fee: FeeState },
  card: ShownCard | null,
): Promise<Comparison> {
  const { feeRecord, fee } = due;
  const { assessment, clinician, now } = feeRecord;
  if (fee.intent) {
    const reading = await readIntentFor(deps.payments, fee, fee.intent);
    const notice = card && noticeFound(due, fee.intentCustomer, reading, card);
    const recorded = entry('notice_recorded', { notice: fee.notices + 1 });
    const taken = notice ? [notice, recorded] : [];
    return {
      entries: [...taken, ...reconcileIntent(fee, reading, now(), assessment.policy)],
      nothing: null,
    };
  }
  if (!fee.assessed || !clinician.stripeCustomer) return { entries: [], nothing: null };
  const found = await findIntent(deps, due, clinician.stripeCustomer, card);
  if (found.found === 'nothing') return { entries: [], nothing: found };
  // A waived fee needs no intent: an unpaid one is an orphan object and is canceled as one.
  const isPaid = found.found === 'intent' && found.reading.status === 'succeeded';
  if (fee.waived && !isPaid) return { entries: [], nothing: null };
  return { entries: found.entries, nothing: null };
}

/**
 * Finds a payment of the fee by an earlier customer of the clinician, which only Stripe's books
 * show. Gives its entries; null when there is none or the customer is another clinician's now.
 */
export async function paidByEarlierCustomer(
  { ledger, payments }: Deps,
  { feeRecord, fee }: { feeRecord: FeeRecord; fee: FeeState },
  intents: readonly string[],
): Promise<NewEntry[] | null> {
  const { feeId, assessment, clinician, now } = feeRecord;
  if (!fee.assessed) return null;
  for (const intent of intents) {
    const reading = await payments.readIntent(intent);
    const { customer, status } = reading;
    const isEarlier = customer !== clinician.stripeCustomer;
    if (reading.feeId !== feeId || status !== 'succeeded' || !customer || !isEarlier) continue;
    const owners = await ledger.clinicians.byCustomer(customer);
    if (owners.some(({ clinicianId }) => clinicianId !== clinician.clinicianId)) continue;
    const opened = entry('intent_opened', { intent, customer, notice: null });
    const whole = await withHistory(payments, fee, reading);
    return [opened, ...reconcileIntent(fee, whole, now(), assessment.policy)];
  }
  return null;
}

/**
 * Looks for the intent of a customer and year by list. Throws as the gateway does.
 * @param card  the card on file; null: no notice is taken over, because there is no card to
 *   announce
 */
export async function findIntent(
  { ledger, payments }: Deps,
  { feeRecord, fee }: { feeRecord: FeeRecord; fee: FeeState },
  customer: string,
  card: ShownCard | null,
): Promise<Found> {
  const { year, amountCents, policy } = feeRecord.assessment;
  const at = feeRecord.now();
  const intents = await payments.findIntents({ customer, year });
  const ofOtherFees = await ledger.fees.intentsOfOthers(feeRecord.feeId, intents);
  const existing = existingIntent(fee, intents, { amountCents, ofOtherFees });
  if (existing.found === 'nothing') return { ...existing, at };
  if (existing.found === 'conflict')
    return { found: 'trouble', entries: [entry('held', { why: existing.why })] };
  const { intent } = existing.reading;
  if (existing.found === 'canceled') {
    // Record the declines, so that a released fee does not try a card that was refused for good.
    const reading = await withHistory(payments, fee, existing.reading);
    const declines = reconcileIntent(fee, reading, at, policy).filter(
      ({ kind }) => kind === 'declined',
    );
    // Write `intent_closed`, so that another intent can be created once a person releases the fee.
    const closed = entry('intent_closed', {
      intent,
      why: 'canceled before this ledger knew of it',
    });
    const why = `${intent} was canceled at Stripe for this year: a waiver, perhaps`;
    return { found: 'trouble', entries: [...declines, closed, entry('held', { why })] };
  }
  const reading = await withHistory(payments, fee, existing.reading);
  const adopted = reconcileIntent(fee, reading, at, policy);
  const notice = card && noticeFound({ feeRecord, fee }, customer, reading, card);
  const number = notice ? fee.notices + 1 : numberOf(feeRecord.entries, reading.notice);
  const opened = entry('intent_opened', { intent, customer, notice: number });
  return { found: 'intent', reading, entries: [opened, ...(notice ? [notice] : []), ...adopted] };
}

/**
 * The notice in the intent's metadata, as `noticed` for a fee that waits for a notice. The notice
 * period starts again now, because this ledger cannot prove when it began.
 */
function noticeFound(
  { feeRecord, fee }: { feeRecord: FeeRecord; fee: FeeState },
  customer: string | null,
  { status, notice }: IntentReading,
  card: ShownCard,
): NewEntry | null {
  const { assessment, clinician, entries, now } = feeRecord;
  const { policy, amountCents } = assessment;
  const isAlive = status === 'waiting' || status === 'processing';
  const isWanted = fee.approved && !fee.noticed && !fee.noticeFailed && isAlive;
  if (!isWanted || !notice || !customer || customer !== clinician.stripeCustomer) return null;
  if (hasEnded(entries, notice, customer)) return null;
  const earliest = chargeFrom(now(), policy);
  const promised = new Date(notice.chargeFrom);
  return entry('noticed', {
    amountCents,
    chargeFrom: (promised > earliest ? promised : earliest).toISOString(),
    messageId: notice.messageId,
    customer,
    card: { brand: card.brand, last4: card.last4 },
    // The address is not known: if the notice bounces, the roster's address counts as a new one.
    emailChanges: -1,
    adopted: notice.at,
  });
}

/** The number of this ledger's notice in the metadata; null for no notice or another ledger's. */
function numberOf(entries: readonly Entry[], notice: RecordedNotice | null): number | null {
  const own = entries.filter(({ kind }) => kind === 'noticed');
  const at = own.findIndex(
    (one) => one.kind === 'noticed' && one.data.messageId === notice?.messageId,
  );
  return at < 0 ? null : at + 1;
}

/**
 * Whether this ledger knows that a notice is no longer valid: it bounced, its evidence was
 * withdrawn, or it announced another customer's card.
 */
function hasEnded(
  entries: readonly Entry[],
  { messageId }: RecordedNotice,
  customer: string,
): boolean {
  const own = entries.findLast((one) => one.kind === 'noticed' && one.data.messageId === messageId);
  if (own?.kind === 'noticed' && own.data.customer !== customer) return true;
  return entries.some(({ kind, data, seq }) => {
    if (kind === 'notice_failed' && data.notice !== undefined) return true;
    return own !== undefined && seq > own.seq && (kind === 'notice_failed' || kind === 'withdrawn');
  });
}

/** Another ledger canceled the intent for another one, which the next run finds. */
export function replacedIntent({ intent }: IntentReading): NewEntry {
  return entry('intent_closed', { intent, why: 'another ledger made room for another intent' });
}

/** A `noticed` entry as the intent's metadata records it, with the number of the notice. */
export function standingNotice(
  { messageId, at, adopted, chargeFrom }: EntryData['noticed'] & { at: Date },
  number: number,
): { number: number; record: RecordedNotice } {
  return { number, record: { messageId, at: adopted ?? at.toISOString(), chargeFrom } };
}

/**
 * Creates the intent of a customer and year after `findIntent` found nothing. Gives the reading
 * with `intent_opened`; or the intent that another ledger created meanwhile; or null when the
 * customer was deleted at Stripe. Throws as the gateway does.
 * @param notice  the notice that stands, for the metadata
 */
export async function openIntent(
  deps: Deps,
  due: { feeRecord: FeeRecord; fee: FeeState },
  {
    customer,
    notice,
    since,
  }: {
    customer: string;
    notice: { number: number; record: RecordedNotice } | null;
    since: Extract<Found, { found: 'nothing' }>;
  },
): Promise<Exclude<Found, { found: 'nothing' }> | null> {
  const { feeId, assessment, now } = due.feeRecord;
  const { year, vendor, amountCents } = assessment;
  // After KEY_SAFE_MS Stripe may have forgotten the key, and would create a second intent.
  const isLate = () => now().getTime() - since.at.getTime() > KEY_SAFE_MS;
  const what = { feeId, year, vendor, amountCents, customer, isLate };
  for (let tries = 0; ; tries += 1)
    try {
      const key = keys.intent(customer, year, since.canceled + tries);
      const reading = await deps.payments.openIntent({
        ...what,
        notice: notice?.record ?? null,
        key,
      });
      const { intent } = reading;
      const opened = entry('intent_opened', { intent, customer, notice: notice?.number ?? null });
      const adopted = reconcileIntent(due.fee, reading, now(), assessment.policy);
      return { found: 'intent', reading, entries: [opened, ...adopted] };
    } catch (error) {
      if (isGone(error)) return null;
      // Another ledger used this key, or the request ended in an error: look for an intent.
      const isOthers = error instanceof PaymentsRefused && error.code === 'idempotency_error';
      const isFailed = error instanceof PaymentsUnavailable && error.why === 'server_error';
      if (!isOthers && !isFailed) throw error;
      const found = await findIntent(deps, due, customer, null);
      if (found.found !== 'nothing') return found;
      // The key is used up and there is no intent: try another key instead of waiting for a day.
      const isOver = isOthers || (error as PaymentsUnavailable).kept;
      if (!isOver || tries === FURTHER_KEYS) throw error;
    }
}

/** Most keys for the creation of one intent after the first; each follows a failed one. */
const FURTHER_KEYS = 5;

function isGone(error: unknown): boolean {
  const isMissing = error instanceof PaymentsRefused && error.code === 'resource_missing';
  return isMissing && error.param === 'customer';
}
