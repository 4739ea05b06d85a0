import { Type, type Static } from 'typebox';
import { amountOwed } from '../../core/fee/intent.ts';
import type { Entry, EntryKind } from '../../core/fee/fee.ts';
import { fold } from '../../core/fee/fold.ts';
import { ENTRY_KINDS, movement } from '../../core/fee/money.ts';
import { nextOf } from '../../core/fee/next.ts';
import { describeEntry } from '../../core/fee/describe.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import { Cents, iso, Moment, nullable } from '../http/schemas.ts';

/** A fee's history: every entry in order, what is next, when and why. */
export const FeeHistory = Type.Object({
  feeId: Type.String(),
  assessmentId: Type.String(),
  vendor: Type.String(),
  vendorName: Type.String(),
  year: Type.Integer(),
  livemode: Type.Boolean(),
  clinician: Type.Object({
    clinicianId: Type.String(),
    ref: Type.String(),
    name: Type.String(),
    vendor: Type.String(),
    stripeCustomer: nullable(Type.String()),
  }),
  state: Type.String(),
  amountCents: Type.Object({
    royalty: Cents,
    processing: Cents,
    total: Cents,
    owed: nullable(Type.Integer({ description: 'What was assessed; null while nothing is' })),
  }),
  intent: nullable(Type.String()),
  next: Type.Object({
    step: nullable(Type.String()),
    at: nullable(Moment),
    why: Type.String(),
    paused: Type.Boolean({ description: 'Notices and charges wait for the assessment to go on' }),
  }),
  entries: Type.Array(
    Type.Object({
      seq: Type.Integer(),
      at: Moment,
      actor: Type.String(),
      kind: Type.Unsafe<EntryKind>(Type.Union(ENTRY_KINDS.map((kind) => Type.Literal(kind)))),
      sentence: Type.String(),
      debit: nullable(Type.String()),
      credit: nullable(Type.String()),
      amountCents: nullable(Cents),
      data: Type.Record(Type.String(), Type.Unknown()),
    }),
  ),
  evidence: Type.Array(
    Type.Object({
      evidenceId: Type.String(),
      kind: Type.String(),
      firstUsedOn: Type.String(),
      fileName: Type.String(),
      line: Type.Integer(),
      rule: Type.String(),
      certainty: Type.String(),
      verdict: nullable(Type.String()),
    }),
  ),
  balances: Type.Record(Type.String(), Type.Integer(), {
    description: 'Cents by account; debits are positive, and all sum to zero',
  }),
});

/** The history of a fee; null when there is no such fee. */
export async function historyOf(
  { ledger }: Pick<ApiDeps, 'ledger'>,
  feeId: string,
): Promise<Static<typeof FeeHistory> | null> {
  const feeRecord = await ledger.fees.load(feeId);
  if (!feeRecord) return null;
  const { clinicianId } = feeRecord.clinician;
  return describedEntry(
    feeRecord,
    await ledger.evidence.of(clinicianId, feeRecord.assessment.year),
  );
}

/** The answer to an act on a fee. */
export const Acted = Type.Object({ feeId: Type.String(), state: Type.String() });

/** The state of a fee after an act. Throws `not_found`. */
export async function stateAfter(
  deps: Pick<ApiDeps, 'ledger'>,
  feeId: string,
): Promise<Static<typeof Acted>> {
  const history = await historyOf(deps, feeId);
  if (!history) throw problem('not_found');
  return { feeId, state: history.state };
}

/** The history of a loaded fee. */
export function describedEntry(
  feeRecord: FeeRecord,
  evidence: Static<typeof FeeHistory>['evidence'],
): Static<typeof FeeHistory> {
  const { assessment, clinician, entries } = feeRecord;
  const fee = fold(entries);
  const { state, step, at, why } = nextOf(fee, assessment.policy);
  return {
    feeId: feeRecord.feeId,
    assessmentId: assessment.assessmentId,
    vendor: assessment.vendor,
    vendorName: assessment.vendorName,
    year: assessment.year,
    livemode: assessment.livemode,
    clinician,
    state,
    amountCents: {
      royalty: assessment.royaltyCents,
      processing: assessment.processingCents,
      total: assessment.amountCents,
      owed: fee.assessed ? amountOwed(fee) : null,
    },
    intent: fee.intent,
    next: { step, at: iso(at), why, paused: assessment.paused },
    entries: entries.map((one) => line(one, assessment.policy.timeZone)),
    evidence,
    balances: balancesOf(entries),
  };
}

function line(entry: Entry, timeZone: string): Static<typeof FeeHistory>['entries'][number] {
  const moved = movement(entry);
  return {
    seq: entry.seq,
    at: iso(entry.at),
    actor: entry.actor,
    kind: entry.kind,
    sentence: describeEntry(entry, { timeZone }),
    debit: moved?.debit ?? null,
    credit: moved?.credit ?? null,
    amountCents: moved?.amountCents ?? null,
    data: { ...entry.data },
  };
}

function balancesOf(entries: readonly Entry[]): Record<string, number> {
  const balances: Record<string, number> = {};
  for (const entry of entries) {
    const moved = movement(entry);
    if (!moved) continue;
    balances[moved.debit] = (balances[moved.debit] ?? 0) + moved.amountCents;
    balances[moved.credit] = (balances[moved.credit] ?? 0) - moved.amountCents;
  }
  return balances;
}
