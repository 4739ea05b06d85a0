import { DAY_MS, type Policy } from '../../core/policy.ts';
import {
  entry,
  type Entry,
  type EntryData,
  type EntryKind,
  type NewEntry,
} from '../../core/fee/fee.ts';

/** A policy of round numbers for tests; a real calendar unless `dayMs` is given. */
export function testPolicy(changes: Partial<Policy> = {}): Policy {
  return {
    dayMs: DAY_MS,
    timeZone: 'America/New_York',
    noticeDays: 14,
    chargeHour: 10,
    passOn: 'evidence',
    refundMoved: 'ask',
    attemptsMax: 4,
    retryDays: [3, 5, 7],
    retrySoonMs: 6 * 3_600_000,
    mailRetryMs: [60_000, 600_000, 3_600_000],
    attemptGraceMs: 60_000,
    unknownLookMs: [60_000, 3_600_000, DAY_MS],
    // No caution, so that no test waits for it; tests of the caution ask for it.
    canaryFees: 0,
    canaryWaitMs: 0,
    unknownMax: 100,
    unknownShareMax: 0,
    approvers: 1,
    declineSample: 100,
    declineShareMax: 0.5,
    ...changes,
  };
}

export const EVIDENCE = {
  kind: 'billing',
  firstUsedOn: '2026-02-03',
  evidenceId: '00000000-0000-4000-8000-0000000000e1',
} as const;

export const AMOUNT = 1950;

/** The Stripe customer of every sample. */
export const CUSTOMER = 'cus_1';

/** Entries as the ledger would give them: numbered, an hour apart unless told otherwise. */
export function story(entries: NewEntry[], start = '2026-01-15T14:00:00Z'): Entry[] {
  const first = new Date(start).getTime();
  return entries.map((one, index) => ({
    ...one,
    seq: index + 1,
    at: new Date(first + index * 3_600_000),
    actor: 'test',
  }));
}

const chargeFrom = '2026-01-30T15:00:00.000Z';

/** Plausible data for an entry of each kind, to be overridden where a test cares. */
const SAMPLES: EntryData = {
  usage_checked: { found: false },
  reopened: { why: 'evidence' },
  exempted: { why: 'vendor_does_not_levy' },
  assessed: { amountCents: AMOUNT, evidence: EVIDENCE },
  withdrawn: { amountCents: AMOUNT, why: 'wrong' },
  approved: { rosterHash: 'abc' },
  noticed: {
    amountCents: AMOUNT,
    chargeFrom,
    messageId: '<fee@x>',
    customer: CUSTOMER,
    card: { brand: 'visa', last4: '4242' },
  },
  deferred: { step: 'notice', until: '2026-01-15T20:00:00.000Z', why: 'smtp_450' },
  notice_failed: { why: 'smtp_550' },
  invoiced: { amountCents: AMOUNT },
  card_missing: { why: 'no_card' },
  card_updated: { paymentMethod: 'pm_2' },
  notice_recorded: { notice: 1 },
  customer_changed: { customer: 'cus_2' },
  intent_opened: { intent: 'pi_1', customer: CUSTOMER, notice: null },
  intent_closed: { intent: 'pi_1', why: 'the customer changed' },
  attempted: {
    attempt: 1,
    intent: 'pi_1',
    customer: CUSTOMER,
    amountCents: AMOUNT,
    paymentMethod: 'pm_1',
    fingerprint: 'fp_1',
    chargeBefore: null,
  },
  unknown: { about: 'attempt', look: 0, why: 'timeout' },
  declined: {
    attempt: 1,
    paymentMethod: 'pm_1',
    fingerprint: 'fp_1',
    charge: 'ch_1',
    code: 'insufficient_funds',
    adviceCode: null,
    networkAdviceCode: null,
    sentToNetwork: true,
    verdict: 'retry',
    retryAt: '2026-02-02T15:00:00.000Z',
  },
  lapsed: { attempt: 1, why: 'no trace' },
  paid: { amountCents: AMOUNT, intent: 'pi_1', charge: 'ch_2', attempt: 1 },
  held: { why: 'a person looks' },
  released: {},
  retry_asked: {},
  pay_now_asked: {},
  objected: { text: 'not mine' },
  objection_answered: { accepted: false, text: 'it is yours' },
  card_link_asked: {},
  noted: { text: 'called, no answer' },
  waive_asked: { why: 'kindness' },
  waived: { amountCents: AMOUNT, why: 'kindness' },
  paid_otherwise_asked: { how: 'check', on: '2026-01-20', reference: '1042' },
  paid_otherwise: { amountCents: AMOUNT, how: 'check', on: '2026-01-20', reference: '1042' },
  refund_asked: { why: 'mistake' },
  refund_opened: { refund: 're_1', amountCents: AMOUNT },
  refunded: { refund: 're_1', amountCents: AMOUNT },
  refund_failed: { refund: 're_1', amountCents: 0, why: 'closed account' },
  disputed: { dispute: 'dp_1', amountCents: AMOUNT, why: 'fraudulent' },
  dispute_closed: { dispute: 'dp_1', amountCents: AMOUNT, won: true },
  gave_up: { amountCents: AMOUNT, why: '4 attempts' },
  revived: { amountCents: AMOUNT },
  email_sent: { email: 'receipt', about: 1, messageId: '<fee@x>' },
  email_failed: { email: 'receipt', about: 1, why: 'smtp_550' },
};

/** A sample entry of a kind. */
export function sample<K extends EntryKind>(
  kind: K,
  changes: Partial<EntryData[K]> = {},
): NewEntry {
  return entry(kind, { ...SAMPLES[kind], ...changes });
}

export const KINDS = Object.keys(SAMPLES) as EntryKind[];
