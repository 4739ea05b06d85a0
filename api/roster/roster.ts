import { Type } from 'typebox';
import { BUCKETS, type Bucket } from '../../core/roster.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import {
  ById,
  Cents,
  Limit,
  LIMIT,
  nextAfter,
  nullable,
  secured,
  Text,
  type Api,
} from '../http/schemas.ts';

const BUCKET_NAMES = Object.keys(BUCKETS) as Bucket[];

const Roster = Type.Object({
  assessmentId: Type.String(),
  hash: Type.String({ description: 'What an approval names; it changes with the roster' }),
  amountCents: Cents,
  totals: Type.Array(
    Type.Object({
      bucket: Type.String(),
      meaning: Type.String(),
      clinicians: Type.Integer(),
      cents: Cents,
    }),
  ),
  weakEvidence: Type.Integer({ description: 'Pieces that wait for a person; at most 1000' }),
  rows: Type.Array(
    Type.Object({
      feeId: Type.String(),
      ref: Type.String(),
      name: Type.String(),
      bucket: Type.String(),
      state: Type.String(),
      amountCents: Cents,
      firstUsedOn: nullable(Type.String()),
      kind: nullable(Type.String()),
    }),
  ),
  next: nullable(Type.String({ description: 'Give it as `after` for the next page' })),
});

const OfRoster = Type.Object(
  {
    bucket: Type.Optional(Type.Enum(BUCKET_NAMES)),
    after: Type.Optional(Text(200)),
    limit: Limit,
  },
  { additionalProperties: false },
);

/** Who would be charged and who would not, each with the reason: an approval signs this. */
export function rosterRoute(app: Api, deps: ApiDeps): void {
  const { assessments, evidence } = deps.ledger;
  app.get(
    '/v1/assessments/:id/roster',
    secured('read', {
      summary: 'Every clinician with the reason, totals, and the hash to approve',
      tags: ['assessments'],
      params: ById,
      querystring: OfRoster,
      response: { 200: Roster },
    }),
    async ({ params, query }) => {
      const assessment = await assessments.get(params.id);
      if (!assessment) throw problem('not_found');
      const limit = query.limit ?? LIMIT;
      const { totals, hash } = await assessments.totals(params.id);
      const rows = await assessments.roster(params.id, { ...query, limit });
      const weak = await evidence.weak(1_000);
      return {
        assessmentId: params.id,
        hash,
        amountCents: assessment.amountCents,
        totals: BUCKET_NAMES.flatMap((bucket) => {
          const total = totals[bucket];
          return total ? [{ bucket, meaning: BUCKETS[bucket], ...total }] : [];
        }),
        weakEvidence: weak.filter(({ year }) => year === assessment.year).length,
        rows,
        next: nextAfter(rows, limit, ({ ref }) => ref),
      };
    },
  );
}
