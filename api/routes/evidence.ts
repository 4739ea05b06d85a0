import { Type } from 'typebox';
import { byOf, decideEvidence } from './actions.ts';
import type { ApiDeps } from '../deps.ts';
import { ById, Limit, LIMIT, secured, type Api } from '../http/schemas.ts';

const Weak = Type.Object({
  evidenceId: Type.String(),
  clinicianId: Type.String(),
  ref: Type.String(),
  year: Type.Integer(),
  kind: Type.String(),
  firstUsedOn: Type.String(),
  fileName: Type.String(),
  line: Type.Integer(),
  rule: Type.String(),
});

const VERDICTS = {
  accept: { verdict: 'accepted', summary: 'Let a piece of evidence count' },
  refuse: { verdict: 'refused', summary: 'Let a piece of evidence, also a sure one, not count' },
} as const;

/** Weak evidence leads to no charge until a person has decided on it. */
export function evidenceRoutes(app: Api, deps: ApiDeps): void {
  app.get(
    '/v1/evidence/weak',
    secured('read', {
      summary: 'Weak evidence that waits for a person',
      tags: ['imports'],
      querystring: Type.Object({ limit: Limit }, { additionalProperties: false }),
      response: { 200: Type.Object({ evidence: Type.Array(Weak) }) },
    }),
    async ({ query }) => ({ evidence: await deps.ledger.evidence.weak(query.limit ?? LIMIT) }),
  );

  for (const [path, { verdict, summary }] of Object.entries(VERDICTS))
    app.post(
      `/v1/evidence/:id/${path}`,
      secured('operate', {
        summary,
        description: 'The fees it concerns are looked at again.',
        tags: ['imports'],
        params: ById,
        response: { 200: Type.Object({ verdict: Type.String(), feesChanged: Type.Integer() }) },
      }),
      async (request) => {
        const { feesChanged } = await decideEvidence(
          deps,
          byOf(request),
          request.params.id,
          verdict,
        );
        return { verdict, feesChanged };
      },
    );
}
