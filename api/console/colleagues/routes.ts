import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { ROLES, type Colleague, type Role } from '../../../ledger/colleagues.ts';
import { audited, byOf } from '../../routes/actions.ts';
import { inviteColleague } from '../../routes/colleagues.ts';
import type { ApiDeps } from '../../deps.ts';
import { createKey } from '../../http/access-key.ts';
import { callerOf, requireScope, sessionSecret } from '../../http/auth.ts';
import { ERRORS, Problem, problem } from '../../http/errors.ts';
import { SCOPES_OF } from '../../http/password-sign-in.ts';
import { ById } from '../../http/schemas.ts';
import { doneSentence, type Done } from '../done.ts';
import { viewerOf } from '../form-token.ts';
import { guarded } from '../guarded.ts';
import { sendPage } from '../page.ts';
import { colleagueBody, colleaguesBody, type Made } from './list.ts';

type OfId = { Params: Static<typeof ById> };
const PATH = '/console/colleagues';

const DoneQuery = Type.Object({ done: Type.Optional(Type.String({ maxLength: 40 })) });
const RoleName = Type.Enum([...ROLES]);
const Named = Type.Object({ name: Type.String({ maxLength: 80 }), role: RoleName });
const Invited = Type.Object({
  ...Named.properties,
  email: Type.String({ maxLength: 320, pattern: '^[^\\s<>"@]+@[^\\s<>"@]+\\.[^\\s<>"@]+$' }),
});
const Sure = Type.Object({ sure: Type.Literal('yes') });

/** The pages of colleagues, their sessions and the access tokens, for those who may approve. */
export function colleaguePages(app: FastifyInstance, deps: ApiDeps): void {
  const shown = { onRequest: requireScope('approve') };
  app.get<{ Querystring: Static<typeof DoneQuery> }>(
    '/colleagues',
    { ...shown, schema: { querystring: DoneQuery, hide: true } },
    (request, reply) => sendList(request, reply, deps, { done: request.query.done }),
  );
  app.get<OfId & { Querystring: Static<typeof DoneQuery> }>(
    '/colleagues/:id',
    { ...shown, schema: { params: ById, querystring: DoneQuery, hide: true } },
    (request, reply) =>
      sendOne(request, reply, deps, request.params.id, { done: request.query.done }),
  );
  inviteRoutes(app, deps);
  memberRoutes(app, deps);
  sessionRoute(app, deps);
  keyRoutes(app, deps);
}

function inviteRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.post<{ Body: Static<typeof Invited> }>(
    '/colleagues',
    guarded(deps, 'approve', { body: Invited }),
    async (request, reply) => {
      const { name, email, role } = request.body;
      try {
        const { link } = await inviteColleague(deps, byOf(request), { name, email, role });
        return await sendList(request, reply, deps, { made: { link, name: name.trim() } });
      } catch (error) {
        return sendList(request, reply, deps, { refusal: refusalOf(reply, error) });
      }
    },
  );

  app.post<OfId>(
    '/colleagues/:id/link',
    guarded(deps, 'approve', { params: ById }),
    async (request, reply) => {
      const colleague = await memberOf(deps, request.params.id);
      const { colleagueId, name } = colleague;
      const secret = randomBytes(32).toString('base64url');
      const by = byOf(request);
      await audited(deps, by, { action: 'make_password_link', object: about(colleague) }, () =>
        deps.ledger.colleagues.newLink(colleagueId, secret, by.actor),
      );
      const made = { link: `${deps.publicUrl}/console/join/${secret}`, name };
      return sendOne(request, reply, deps, colleagueId, { made });
    },
  );
}

function memberRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { colleagues } = deps.ledger;
  const route = (
    path: string,
    body: object,
    act: (
      colleague: Colleague,
      role: Role,
    ) => {
      action: string;
      detail?: Record<string, unknown>;
      work: () => Promise<'done' | 'last_approver' | void>;
      done: Done;
    },
  ) =>
    app.post<OfId & { Body: { role: Role } }>(
      `/colleagues/:id/${path}`,
      guarded(deps, 'approve', { params: ById, body }),
      async (request, reply) => {
        const colleague = await memberOf(deps, request.params.id);
        const { action, detail, work, done } = act(colleague, request.body.role);
        try {
          const what = { action, object: about(colleague), ...(detail && { detail }) };
          await audited(deps, byOf(request), what, async () => {
            if ((await work()) === 'last_approver') throw problem('last_key');
          });
        } catch (error) {
          const refusal = refusalOf(reply, error);
          return sendOne(request, reply, deps, colleague.colleagueId, { refusal });
        }
        return reply.redirect(`${PATH}/${colleague.colleagueId}?done=${done}`, 303);
      },
    );

  const NewRole = Type.Object({ role: RoleName });
  route('role', NewRole, ({ colleagueId }, role) => ({
    action: 'change_role',
    detail: { role },
    work: () => colleagues.setRole(colleagueId, role),
    done: 'role_changed',
  }));
  route('end', Sure, ({ colleagueId }) => ({
    action: 'end_access',
    work: () => colleagues.end(colleagueId),
    done: 'access_ended',
  }));
  route('authenticator/remove', Sure, ({ colleagueId }) => ({
    action: 'remove_authenticator',
    work: () => colleagues.removeTotp(colleagueId),
    done: 'authenticator_removed',
  }));
}

function sessionRoute(app: FastifyInstance, deps: ApiDeps): void {
  app.post<OfId>(
    '/colleagues/sessions/:id/end',
    guarded(deps, 'approve', { params: ById }),
    async (request, reply) => {
      const { id } = request.params;
      const act = { action: 'end_session', object: `session ${id}` };
      await audited(deps, byOf(request), act, async () => {
        if (!(await deps.ledger.sessions.endById(id))) throw problem('not_found');
      });
      return reply.redirect(`${PATH}?done=session_ended`, 303);
    },
  );
}

function keyRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { access } = deps.ledger;
  app.post<{ Body: Static<typeof Named> }>(
    '/colleagues/keys',
    guarded(deps, 'approve', { body: Named }),
    async (request, reply) => {
      const name = request.body.name.trim();
      const scopes = SCOPES_OF[request.body.role];
      const owner = callerOf(request).person;
      const act = { action: 'create_key', object: `key ${name}`, detail: { scopes } };
      try {
        const token = await audited(deps, byOf(request), act, async () => {
          const made = name === '' ? null : await createKey(deps.ledger, name, scopes, { owner });
          if (!made) throw problem('name_taken');
          return made;
        });
        return await sendList(request, reply, deps, { made: { token, name } });
      } catch (error) {
        return sendList(request, reply, deps, { refusal: refusalOf(reply, error) });
      }
    },
  );

  app.post<OfId & { Body: Static<typeof Sure> }>(
    '/colleagues/keys/:id/revoke',
    guarded(deps, 'approve', { params: ById, body: Sure }),
    async (request, reply) => {
      const key = (await access.keys()).find(({ keyId }) => keyId === request.params.id);
      if (!key) throw problem('not_found');
      const act = { action: 'revoke_key', object: `key ${key.name}` };
      try {
        await audited(deps, byOf(request), act, async () => {
          if ((await access.revokeKey(key.name)) === 'last_approver') throw problem('last_key');
        });
      } catch (error) {
        return sendList(request, reply, deps, { refusal: refusalOf(reply, error) });
      }
      return reply.redirect(`${PATH}?done=key_revoked`, 303);
    },
  );
}

/** The sentences of a refusal, whose status the answer gets; throws what is none. */
function refusalOf(reply: FastifyReply, error: unknown): string {
  if (!(error instanceof Problem)) throw error;
  const [status, message, help] = ERRORS[error.code];
  reply.code(status);
  return `${error.said.message ?? message} ${error.said.help ?? help}`;
}

function about({ colleagueId }: Colleague): string {
  return `colleague ${colleagueId}`;
}

async function memberOf({ ledger }: ApiDeps, id: string): Promise<Colleague> {
  const colleague = await ledger.colleagues.get(id);
  if (!colleague) throw problem('not_found');
  return colleague;
}

interface Shown {
  made?: Made;
  refusal?: string;
  done?: string | undefined;
}

async function sendList(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  { made, refusal, done }: Shown,
): Promise<FastifyReply> {
  const { colleagues, sessions, access } = deps.ledger;
  const [people, open, keys] = await Promise.all([
    colleagues.list(),
    sessions.list(null, sessionSecret(request, deps)),
    access.keys(),
  ]);
  const view = {
    ...{ colleagues: people, sessions: open, keys: keys.filter(({ revoked }) => !revoked) },
    ...{ made: made ?? null, refusal: refusal ?? null, timeZone: deps.policy.timeZone },
  };
  return sendPage(request, reply, deps, {
    title: 'Colleagues',
    section: 'colleagues',
    done: doneSentence(done),
    body: colleaguesBody(view, viewerOf(request, deps)),
  });
}

async function sendOne(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  id: string,
  { made, refusal, done }: Shown,
): Promise<FastifyReply> {
  const colleague = await memberOf(deps, id);
  const [sessions, keys] = await Promise.all([
    deps.ledger.sessions.list(id, sessionSecret(request, deps)),
    deps.ledger.access.keys(),
  ]);
  const view = {
    ...{ colleague, sessions, made: made ?? null, refusal: refusal ?? null },
    keys: keys.filter(({ madeBy, revoked }) => madeBy === colleague.name && !revoked),
    timeZone: deps.policy.timeZone,
  };
  return sendPage(request, reply, deps, {
    title: colleague.name,
    section: 'colleagues',
    done: doneSentence(done),
    body: colleagueBody(view, viewerOf(request, deps)),
  });
}
