import { createHash } from 'node:crypto';
import type pg from 'pg';
import { decideMove, type Move, type MoveDecision } from '../core/fee/move.ts';
import { fold } from '../core/fee/fold.ts';
import { writeAudit, type AuditLine } from './access.ts';
import { appendFees } from './append.ts';
import { loadFees, type FeeRecord } from './fee-record.ts';
import { inTransaction } from './transaction.ts';

/** What a move does: to each fee of the clinician, the latest year first. */
export interface MovePlan {
  /** The EHR on the roster now. */
  from: string;
  /** A short text that differs when the move would do something else. */
  hash: string;
  /** Whether there is nothing to write: the move was made already, or changes nothing. */
  isDone: boolean;
  fees: { feeRecord: FeeRecord; decision: MoveDecision }[];
}

/** The outcome of a move; `stale` with the plan of now when it is not the one that was shown. */
export type MoveResult =
  { moved: true; plan: MovePlan; feesChanged: number } | { moved: false; plan: MovePlan };

/** Moves of clinicians to other EHRs. */
export function createMoves(pool: pg.Pool, elapsedMs: () => number) {
  return {
    /** What the move would do now; null for nobody on the roster. */
    preview: (clinicianId: string, move: Move): Promise<MovePlan | null> =>
      inTransaction(pool, (client) => planOf(client, elapsedMs, clinicianId, move)),

    /**
     * Writes a move in one transaction: the entries of every fee, the EHR on the roster and the
     * audit line, or nothing. A move that does nothing writes nothing. Gives null for nobody on the
     * roster. Throws when other writers are faster too often.
     * @param shown  the hash of the plan that was shown: any other plan is not carried out
     */
    async apply(
      clinicianId: string,
      move: Move,
      by: Pick<AuditLine, 'actor' | 'requestId'>,
      shown: string,
    ): Promise<MoveResult | null> {
      for (let tries = 0; tries < TRIES; tries += 1)
        try {
          return await inTransaction(pool, async (client) => {
            const plan = await planOf(client, elapsedMs, clinicianId, move);
            if (!plan) return null;
            if (plan.isDone) return { moved: true, plan, feesChanged: 0 };
            if (plan.hash !== shown) return { moved: false, plan };
            const feesChanged = await write(client, clinicianId, move, plan, by);
            return { moved: true, plan, feesChanged };
          });
        } catch (error) {
          if (!(error instanceof Overtaken)) throw error;
        }
      throw new Error('the fees are being written to by too many others; try again');
    },
  };
}

/** A fee is written to by one worker at a time, for some ms: a few tries are enough. */
const TRIES = 20;

/** Another writer came first: everything is decided again. */
class Overtaken extends Error {}

async function planOf(
  client: pg.PoolClient,
  elapsedMs: () => number,
  clinicianId: string,
  move: Move,
): Promise<MovePlan | null> {
  const { rows: people } = await client.query<{ vendor: string }>(
    'select vendor from clinicians where clinician_id = $1 for update',
    [clinicianId],
  );
  const from = people[0]?.vendor;
  if (from === undefined) return null;
  const { rows } = await client.query<{ fee_id: string }>(
    `select fee_id from fees join assessments a using (assessment_id) where clinician_id = $1
     order by a.year desc, a.vendor`,
    [clinicianId],
  );
  const records = await loadFees(
    client,
    elapsedMs,
    rows.map((row) => row.fee_id),
  );
  const fees = records.flatMap((feeRecord) =>
    feeRecord
      ? [{ feeRecord, decision: decideMove(fold(feeRecord.entries), move, factsOf(feeRecord)) }]
      : [],
  );
  const changes = fees.some(({ decision }) => decision.entries.length > 0);
  const isDone = !changes && (move.to === null || move.to.vendor === from);
  return { from, hash: hashOf(clinicianId, from, move, fees), isDone, fees };
}

function factsOf({ assessment, firstUse }: FeeRecord) {
  const { vendor, year, amountCents, autoApprove, policy } = assessment;
  return { vendor, year, amountCents, autoApprove, refundMoved: policy.refundMoved, firstUse };
}

function hashOf(clinicianId: string, from: string, move: Move, fees: MovePlan['fees']): string {
  const decided = fees.map(({ feeRecord, decision }) => [
    feeRecord.feeId,
    decision.outcome,
    decision.why,
    feeRecord.assessment.amountCents,
  ]);
  const said = [clinicianId, from, move.to, move.on, decided];
  return createHash('sha256').update(JSON.stringify(said)).digest('hex');
}

async function write(
  client: pg.PoolClient,
  clinicianId: string,
  { to, on }: Move,
  { from, fees }: MovePlan,
  by: Pick<AuditLine, 'actor' | 'requestId'>,
): Promise<number> {
  const appends = fees.flatMap(({ feeRecord, decision: { entries } }) =>
    entries.length > 0 ? [{ feeRecord, entries }] : [],
  );
  const written = appends.length > 0 ? await appendFees(client, appends, by.actor) : [];
  if (written.includes(false)) throw new Overtaken();
  if (to && to.vendor !== from)
    await client.query(
      'update clinicians set vendor = $2, updated_at = levy_now() where clinician_id = $1',
      [clinicianId, to.vendor],
    );
  await writeAudit(client, {
    ...by,
    action: 'move_clinician',
    object: `clinician ${clinicianId}`,
    detail: {
      changes: { vendor: { from, to: to?.vendor ?? 'not known' } },
      on,
      ...outcomesOf(fees),
    },
  });
  return appends.length;
}

/** How many fees had which outcome. */
function outcomesOf(fees: MovePlan['fees']): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { decision } of fees) counts[decision.outcome] = (counts[decision.outcome] ?? 0) + 1;
  return counts;
}
