import type { Entry, EntryKind } from '../core/fee/fee.ts';
import type { FeeRecord } from '../ledger/fees.ts';
import type { WorkerDeps } from './deps.ts';

/**
 * Processors that write a line to the log for each notice, e-mail, charge, decline and refund they
 * record, so that an operator can follow a run. A line holds ids, codes and cents, no name, no
 * address and no text of a person.
 */
export function withEntryLog(deps: WorkerDeps): WorkerDeps {
  const { fees } = deps.ledger;
  const tell = (feeRecord: FeeRecord, added: number) => {
    for (const entry of feeRecord.entries.slice(feeRecord.entries.length - added)) {
      const message = MESSAGES[entry.kind];
      if (message) deps.log.info(factsOf(feeRecord, entry), message);
    }
  };
  const append: typeof fees.append = async (feeRecord, entries, ...rest) => {
    const after = await fees.append(feeRecord, entries, ...rest);
    if (after) tell(after, entries.length);
    return after;
  };
  const change: typeof fees.change = async (...args) => {
    const changed = await fees.change(...args);
    if (changed && 'added' in changed) tell(changed.feeRecord, changed.added);
    return changed;
  };
  return { ...deps, ledger: { ...deps.ledger, fees: { ...fees, append, change } } };
}

const MESSAGES: Partial<Record<EntryKind, string>> = {
  noticed: 'notice accepted',
  notice_failed: 'notice failed',
  deferred: 'e-mail deferred',
  email_sent: 'e-mail accepted',
  email_failed: 'e-mail failed',
  paid: 'charge paid',
  declined: 'charge declined',
  lapsed: 'charge lapsed',
  unknown: 'outcome unknown',
  card_missing: 'no card to charge',
  held: 'held for a person',
  gave_up: 'given up',
  waived: 'waived',
  paid_otherwise: 'paid otherwise',
  refund_opened: 'refund opened',
  refunded: 'refunded',
  refund_failed: 'refund failed',
  disputed: 'disputed',
};

/** Fields of entries that hold an id of Stripe's, a number or a fixed word. */
const FIELDS = [
  'attempt',
  'amountCents',
  'intent',
  'refund',
  'email',
  'verdict',
  'retryAt',
  'about',
];

function factsOf(feeRecord: FeeRecord, entry: Entry): Record<string, unknown> {
  const data = entry.data as Record<string, unknown>;
  const known = FIELDS.flatMap((name) =>
    data[name] === undefined || data[name] === null ? [] : [[name, data[name]]],
  );
  const { feeId, assessment } = feeRecord;
  return {
    ...{ feeId, assessmentId: assessment.assessmentId, seq: entry.seq },
    ...intentOf(feeRecord, entry),
    ...Object.fromEntries(known as [string, unknown][]),
    ...(CODED.has(entry.kind) && codeOf(data['code'] ?? data['why'])),
    ...sinceAttempt(feeRecord, entry),
  };
}

/** The intent of an outcome that does not name it itself. */
function intentOf({ entries }: FeeRecord, { kind, seq }: Entry): { intent?: string } {
  if (kind !== 'declined' && kind !== 'unknown' && kind !== 'refunded') return {};
  const opened = entries.findLast((one) => one.kind === 'intent_opened' && one.seq < seq);
  return opened?.kind === 'intent_opened' ? { intent: opened.data.intent } : {};
}

/** The kinds whose reason is always a code; other reasons may be a person's words. */
const CODED: ReadonlySet<EntryKind> = new Set([
  'declined',
  'deferred',
  'notice_failed',
  'email_failed',
  'unknown',
  'card_missing',
  'disputed',
]);

/** A code of ours, of Stripe's or of a mail server's. */
function codeOf(value: unknown): { code?: string } {
  return typeof value === 'string' && /^[a-z][a-z0-9_]{1,60}$/.test(value) ? { code: value } : {};
}

/** Milliseconds from the attempt to its outcome. */
function sinceAttempt({ entries }: FeeRecord, { kind, seq, at }: Entry): { ms?: number } {
  if (kind !== 'paid' && kind !== 'declined' && kind !== 'lapsed') return {};
  const sent = entries.findLast((one) => one.kind === 'attempted' && one.seq < seq);
  return sent ? { ms: at.getTime() - sent.at.getTime() } : {};
}
