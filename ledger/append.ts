import type pg from 'pg';
import type { Entry, FeeStatus, NewEntry, Step } from '../core/fee/fee.ts';
import { fold } from '../core/fee/fold.ts';
import { movement } from '../core/fee/money.ts';
import { nextOf } from '../core/fee/next.ts';
import { outlookOf } from '../core/fee/outlook.ts';
import { APPEND } from './entries.ts';
import type { FeeRecord } from './fee-record.ts';

/** Entries to be written after the last one of a fee. */
export type Append = { feeRecord: FeeRecord; entries: Entry[] };

/**
 * Writes entries after the last ones of these fees, dated now, in the transaction of `client`.
 * Gives for each fee whether it was written: not when another writer was first. Not for attempts,
 * whose card has a limit.
 */
export async function appendFees(
  client: pg.PoolClient,
  appends: { feeRecord: FeeRecord; entries: NewEntry[] }[],
  actor: string,
): Promise<boolean[]> {
  return appendMany(
    client,
    appends.map(({ feeRecord, entries }) => {
      return { feeRecord, entries: dated(feeRecord, entries, actor, feeRecord.now()) };
    }),
  );
}

/** The same for entries that are dated already, in one statement on its own or in a transaction. */
export async function appendMany(
  db: pg.Pool | pg.PoolClient,
  appends: Append[],
): Promise<boolean[]> {
  const fees = new Set(appends.map(({ feeRecord }) => feeRecord.feeId));
  // Two appends to one fee cannot both win: after this error the batch runs them one by one.
  if (fees.size < appends.length) throw new Error('one fee twice in a batch');
  const rowsIn = JSON.stringify(appends.map(rowOf));
  const { rows } = await db.query<{ fee_id: string }>(APPEND, [rowsIn]);
  const written = new Set(rows.map((row) => row.fee_id));
  return appends.map(({ feeRecord }) => written.has(feeRecord.feeId));
}

/** The entries numbered after the fee's last one. */
export function dated(feeRecord: FeeRecord, entries: NewEntry[], actor: string, at: Date): Entry[] {
  const seq = feeRecord.entries.length;
  return entries.map((one, index) => ({ ...one, seq: seq + index + 1, at, actor }));
}

/** The fee's row and its new entries, as APPEND takes them. */
function rowOf({ feeRecord, entries }: Append): Record<string, unknown> {
  const all = [...feeRecord.entries, ...entries];
  const fee = fold(all);
  const { policy } = feeRecord.assessment;
  const what: { state: FeeStatus; step: Step | null; at: Date | null } = nextOf(fee, policy);
  const opened = entries.findLast((one) => one.kind === 'intent_opened');
  return {
    fee_id: feeRecord.feeId,
    after_seq: feeRecord.entries.length,
    state: what.state,
    next_step: what.step,
    due_at: what.at,
    attempts: fee.attempts,
    decline: fee.declined?.code ?? null,
    outlook: outlookOf(all, fee, policy),
    at: fee.lastAt,
    intent: opened?.kind === 'intent_opened' ? opened.data.intent : null,
    closes: entries.some(({ kind }) => kind === 'intent_closed'),
    entries: entries.map((one) => ({
      kind: one.kind,
      at: one.at,
      actor: one.actor,
      data: one.data,
      ...movement(one),
    })),
  };
}
