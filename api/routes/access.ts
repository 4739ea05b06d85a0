import { Type } from 'typebox';
import { SCOPES } from '../../ledger/access.ts';
import { audited, byOf } from './actions.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import { createKey } from '../http/access-key.ts';
import { callerOf } from '../http/auth.ts';
import { iso, Limit, LIMIT, Moment, nullable, secured, Text, type Api } from '../http/schemas.ts';

const Scopes = Type.Array(Type.Enum([...SCOPES]), { minItems: 1, uniqueItems: true });
const KeyName = Text(80, 'Who or what uses the key; it stands beside every act');

const NewKey = Type.Object({ name: KeyName, scopes: Scopes }, { additionalProperties: false });

const Audited = Type.Object({
  auditId: Type.Integer(),
  at: Moment,
  actor: Type.String(),
  action: Type.String(),
  object: Type.String(),
  detail: Type.Record(Type.String(), Type.Unknown()),
});

const AuditPage = Type.Object(
  { before: Type.Optional(Type.Integer({ minimum: 1 })), limit: Limit },
  { additionalProperties: false },
);

/** Access keys, and the audit trail. */
export function accessRoutes(app: Api, deps: ApiDeps): void {
  const { access } = deps.ledger;

  app.get(
    '/v1/audit',
    secured('read', {
      summary: 'Every act of a person, newest first',
      tags: ['access'],
      querystring: AuditPage,
      response: {
        200: Type.Object({
          audit: Type.Array(Audited),
          next: nullable(Type.Integer({ description: 'Give it as `before` for the next page' })),
        }),
      },
    }),
    async ({ query }) => {
      const limit = query.limit ?? LIMIT;
      const acts = await access.audited({ before: query.before, limit });
      const last = acts.at(-1);
      return {
        audit: acts.map((act) => ({ ...act, at: iso(act.at) })),
        next: last && acts.length === limit ? last.auditId : null,
      };
    },
  );

  app.get(
    '/v1/keys',
    secured('approve', {
      summary: 'Access keys, without their tokens',
      tags: ['access'],
      response: {
        200: Type.Object({
          keys: Type.Array(
            Type.Object({
              name: Type.String(),
              scopes: Type.Array(Type.String()),
              revoked: Type.Boolean(),
            }),
          ),
        }),
      },
    }),
    async () => ({ keys: await access.keys() }),
  );

  keyActs(app, deps);
}

function keyActs(app: Api, deps: ApiDeps): void {
  const { access } = deps.ledger;

  app.post(
    '/v1/keys',
    {
      ...secured('approve', {
        summary: 'Create an access key',
        description: 'The token is in this answer and nowhere else.',
        tags: ['access'],
        body: NewKey,
        response: {
          201: Type.Object({
            name: Type.String(),
            scopes: Type.Array(Type.String()),
            token: Type.String(),
          }),
        },
      }),
      config: { secretAnswer: true },
    },
    async (request, reply) => {
      const { name, scopes } = request.body;
      const act = { action: 'create_key', object: `key ${name}`, detail: { scopes } };
      const token = await audited(deps, byOf(request), act, async () => {
        const owner = callerOf(request).person;
        const made = await createKey(deps.ledger, name, scopes, { owner });
        if (!made) throw problem('name_taken');
        return made;
      });
      return reply.code(201).send({ name, scopes, token });
    },
  );

  app.delete(
    '/v1/keys/:name',
    secured('approve', {
      summary: 'Revoke an access key, and the sessions begun with it',
      tags: ['access'],
      params: Type.Object({ name: KeyName }),
      response: { 204: Type.Null() },
    }),
    async (request, reply) => {
      const { name } = request.params;
      await audited(
        deps,
        byOf(request),
        { action: 'revoke_key', object: `key ${name}` },
        async () => {
          const outcome = await access.revokeKey(name);
          if (outcome === 'unknown') throw problem('not_found');
          if (outcome === 'last_approver') throw problem('last_key');
        },
      );
      return reply.code(204).send(null);
    },
  );
}
