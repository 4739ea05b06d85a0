import { Type } from 'typebox';
import { calendarDay } from '../../core/calendar.ts';
import { MOVE_OUTCOMES, type Move, type MoveOutcome } from '../../core/fee/move.ts';
import type { MovePlan } from '../../ledger/moves.ts';
import type { ApiDeps } from '../deps.ts';
import { Problem, problem } from '../http/errors.ts';
import { isDay } from '../http/is-day.ts';
import { ById, Cents, Day, nullable, secured, VendorSlug, type Api } from '../http/schemas.ts';
import { byOf, enqueueNext, type ActionDeps, type By } from './actions.ts';

/** The move as it is told: the EHR, null for one that is not known here, and the day. */
export interface ToldMove {
  vendor: string | null;
  /** The first calendar day on which only the new EHR was used, YYYY-MM-DD. */
  on: string;
}

/** What a move does, for people to confirm. */
export interface MovePreview {
  /** Names this preview; the move is made only while it does just this. */
  shown: string;
  /** The EHR on the roster now. */
  from: string;
  /** Nothing is left to do: the move was made already, or changes nothing. */
  isDone: boolean;
  fees: MovedFee[];
}

/** What happens to one fee, and why in a sentence. */
export interface MovedFee {
  feeId: string;
  vendor: string;
  vendorName: string;
  year: number;
  amountCents: number;
  outcome: MoveOutcome;
  why: string;
  /** Records show a use after the move: the day or the records are wrong. */
  doubtful: boolean;
}

/**
 * What the move would do to each fee of the clinician, the latest year first; nothing is written.
 * Throws `not_found`, `unknown_vendor`, `invalid_request` or `day_to_come`.
 */
export async function previewMove(
  deps: ActionDeps,
  clinicianId: string,
  told: ToldMove,
): Promise<MovePreview> {
  const plan = await deps.ledger.moves.preview(clinicianId, await moveOf(deps, told));
  if (!plan) throw problem('not_found');
  return previewOf(plan);
}

/**
 * Makes the move that was shown: its fees, the EHR on the roster and the audit line are written
 * together. The same move again does nothing. Throws what `previewMove` throws, and `stale_move`
 * when the move would do something else by now.
 * @param shown  the field `shown` of the preview
 */
export async function applyMove(
  deps: ActionDeps,
  by: By,
  clinicianId: string,
  told: ToldMove,
  shown: string,
): Promise<MovePreview & { feesChanged: number }> {
  try {
    return await move(deps, by, clinicianId, told, shown);
  } catch (error) {
    // A move that is made writes its own line, together with the fees.
    if (error instanceof Problem)
      await deps.ledger.access.audit({
        ...by,
        ...{ action: 'move_clinician', object: `clinician ${clinicianId}` },
        detail: { ...told, outcome: error.code },
      });
    throw error;
  }
}

async function move(
  deps: ActionDeps,
  by: By,
  clinicianId: string,
  told: ToldMove,
  shown: string,
): Promise<MovePreview & { feesChanged: number }> {
  const move = await moveOf(deps, told);
  const { actor, requestId } = by;
  const result = await deps.ledger.moves.apply(clinicianId, move, { actor, requestId }, shown);
  if (!result) throw problem('not_found');
  const preview = previewOf(result.plan);
  if (!result.moved) throw problem('stale_move', { details: { ...preview } });
  const { feesChanged, plan } = result;
  if (feesChanged === 0) return { ...preview, feesChanged };
  for (const { feeRecord, decision } of plan.fees) {
    if (decision.entries.length === 0) continue;
    const after = await deps.ledger.fees.load(feeRecord.feeId);
    if (after) await enqueueNext(deps, after);
  }
  return { ...preview, feesChanged };
}

/** The move with what the ledger knows of the EHR. */
async function moveOf({ ledger, policy }: ActionDeps, { vendor, on }: ToldMove): Promise<Move> {
  if (!isDay(on)) throw problem('invalid_request', { details: { on: 'no such day' } });
  if (on > calendarDay(await ledger.fees.now(), policy.timeZone)) throw problem('day_to_come');
  if (vendor === null) return { to: null, on };
  const vendors = await ledger.rates.vendors();
  const to = vendors.find((one) => one.vendor === vendor);
  if (!to) throw problem('unknown_vendor');
  return { to: { vendor: to.vendor, levies: to.levies }, on };
}

function previewOf({ hash, from, isDone, fees }: MovePlan): MovePreview {
  return {
    shown: hash,
    from,
    isDone,
    fees: fees.map(({ feeRecord: { feeId, assessment }, decision }) => {
      const { vendor, vendorName, year, amountCents } = assessment;
      const { outcome, why, doubtful } = decision;
      return { feeId, vendor, vendorName, year, amountCents, outcome, why, doubtful };
    }),
  };
}

const Told = {
  vendor: nullable(VendorSlug),
  on: Day,
};

const Shown = {
  shown: Type.String({ description: 'Names this preview' }),
  from: Type.String({ description: 'The EHR on the roster before' }),
  isDone: Type.Boolean({ description: 'Nothing is left to do' }),
  fees: Type.Array(
    Type.Object({
      feeId: Type.String(),
      vendor: Type.String(),
      vendorName: Type.String(),
      year: Type.Integer(),
      amountCents: Cents,
      outcome: Type.Enum([...MOVE_OUTCOMES]),
      why: Type.String(),
      doubtful: Type.Boolean({ description: 'Records show a use after the move' }),
    }),
  ),
};

const DESCRIPTION =
  'A clinician moved to another EHR on a day; `vendor` null: to one that is not known here, and ' +
  'then every open fee is held for a person. The preview says what happens to each fee. The move ' +
  'names the preview by `shown`, and is refused as `stale_move` when it would do something else ' +
  'by then. The same move again does nothing.';

/** Moves of clinicians to other EHRs: first shown, then made. */
export function moveRoutes(app: Api, deps: ApiDeps): void {
  app.post(
    '/v1/clinicians/:id/moves/preview',
    secured('operate', {
      summary: 'What a move to another EHR would do to each fee',
      description: DESCRIPTION,
      tags: ['clinicians'],
      params: ById,
      body: Type.Object(Told, { additionalProperties: false }),
      response: { 200: Type.Object(Shown) },
    }),
    async ({ params, body }) => previewMove(deps, params.id, body),
  );
  app.post(
    '/v1/clinicians/:id/moves',
    secured('operate', {
      summary: 'Move a clinician to another EHR, as it was shown',
      description: DESCRIPTION,
      tags: ['clinicians'],
      params: ById,
      body: Type.Object(
        { ...Told, shown: Type.String({ pattern: '^[0-9a-f]{64}$' }) },
        { additionalProperties: false },
      ),
      response: { 200: Type.Object({ ...Shown, feesChanged: Type.Integer() }) },
    }),
    async (request) => {
      const { shown, ...told } = request.body;
      return applyMove(deps, byOf(request), request.params.id, told, shown);
    },
  );
}
