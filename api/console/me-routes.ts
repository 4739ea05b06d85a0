import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import type { Credentials } from '../../ledger/colleagues.ts';
import { audited, byOf } from '../routes/actions.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf, sessionSecret } from '../http/auth.ts';
import {
  bareRecoveryCode,
  enrolment,
  newRecoveryCodes,
  newTotpKey,
  stepOfCode,
} from '../http/authenticator.ts';
import { ERRORS, problem } from '../http/errors.ts';
import { createFailureLimit } from '../http/failure-limit.ts';
import { hashPassword, isPassword, passwordRefusal } from '../http/password.ts';
import { useCode } from '../http/password-sign-in.ts';
import { ById } from '../http/schemas.ts';
import { doneSentence } from './done.ts';
import { viewerOf } from './form-token.ts';
import { guarded } from './guarded.ts';
import { enrolBody, meBody, recoveryBody } from './me.ts';
import { sendPage } from './page.ts';

const Done = Type.Object({ done: Type.Optional(Type.String({ maxLength: 40 })) });
const Code = Type.Object({ code: Type.String({ maxLength: 40 }) });
const Passwords = Type.Object({
  current: Type.String({ maxLength: 400 }),
  password: Type.String({ maxLength: 400 }),
  again: Type.String({ maxLength: 400 }),
});

/** A colleague's own page and its forms. */
export function mePages(app: FastifyInstance, deps: ApiDeps): void {
  app.get<{ Querystring: Static<typeof Done> }>(
    '/me',
    { schema: { querystring: Done, hide: true } },
    (request, reply) => sendMe(request, reply, deps, { done: request.query.done }),
  );
  passwordRoute(app, deps);
  sessionRoutes(app, deps);
  authenticatorRoutes(app, deps);
  removeRoute(app, deps);
}

function passwordRoute(app: FastifyInstance, deps: ApiDeps): void {
  const { colleagues, sessions } = deps.ledger;
  const tries = createFailureLimit(10, 5 * 60_000);
  app.post<{ Body: Static<typeof Passwords> }>(
    '/me/password',
    guarded(deps, 'read', { body: Passwords }),
    async (request, reply) => {
      const { current, password, again } = request.body;
      const own = await ownOf(request, deps);
      tries.count(own.colleagueId);
      const refusal = (await isPassword(own.password, current))
        ? passwordRefusal(password, again, own)
        : 'The present password is not right.';
      if (refusal) return sendMe(request, reply.code(422), deps, { refusal });
      tries.forget(own.colleagueId);
      const act = { action: 'change_password', object: `colleague ${own.colleagueId}` };
      await audited(deps, byOf(request), act, async () => {
        await colleagues.setPassword(own.colleagueId, await hashPassword(password));
        await sessions.endOthers(own.colleagueId, sessionSecret(request, deps));
      });
      return reply.redirect('/console/me?done=password_changed', 303);
    },
  );
}

function sessionRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { sessions } = deps.ledger;
  app.post<{ Params: Static<typeof ById> }>(
    '/me/sessions/:id/end',
    guarded(deps, 'read', { params: ById }),
    async (request, reply) => {
      const { id } = request.params;
      const act = { action: 'end_session', object: `session ${id}` };
      await audited(deps, byOf(request), act, async () => {
        if (!(await sessions.endById(id, callerOf(request).id))) throw problem('not_found');
      });
      return reply.redirect('/console/me?done=session_ended', 303);
    },
  );

  app.post('/me/sessions/end-others', guarded(deps, 'read', {}), async (request, reply) => {
    const { id } = callerOf(request);
    const act = { action: 'end_other_sessions', object: `caller ${id}` };
    await audited(deps, byOf(request), act, async () => {
      const own = sessionSecret(request, deps);
      for (const { sessionId, own: isOwn } of await sessions.list(id, own))
        if (!isOwn) await sessions.endById(sessionId, id);
    });
    return reply.redirect('/console/me?done=session_ended', 303);
  });
}

function authenticatorRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { colleagues } = deps.ledger;
  const tries = createFailureLimit(10, 5 * 60_000);
  app.post('/me/authenticator/new', guarded(deps, 'read', {}), async (request, reply) => {
    const { colleagueId } = await ownOf(request, deps);
    await colleagues.offerTotp(colleagueId, newTotpKey(deps.sessionSecret));
    return reply.redirect('/console/me/authenticator', 303);
  });

  app.get('/me/authenticator', { schema: { hide: true } }, (request, reply) =>
    sendEnrolment(request, reply, deps, null),
  );

  app.post<{ Body: Static<typeof Code> }>(
    '/me/authenticator',
    guarded(deps, 'read', { body: Code }),
    async (request, reply) => {
      const { colleagueId } = await ownOf(request, deps);
      tries.count(colleagueId);
      const key = await colleagues.offeredTotp(colleagueId);
      const code = request.body.code.replace(/\s/g, '');
      const now = await deps.ledger.fees.now();
      const step = key && stepOfCode(key, deps.sessionSecret, code, now);
      if (step === null) {
        const refusal =
          'This is not the code that the app shows now. Look again, and check its clock.';
        return sendEnrolment(request, reply.code(422), deps, refusal);
      }
      tries.forget(colleagueId);
      const codes = newRecoveryCodes();
      const act = { action: 'set_up_authenticator', object: `colleague ${colleagueId}` };
      await audited(deps, byOf(request), act, async () => {
        const started = await colleagues.startTotp(colleagueId, step, codes.map(bareRecoveryCode));
        if (!started) throw problem('not_found');
      });
      return sendPage(request, reply, deps, {
        title: 'The app is set up',
        body: recoveryBody(codes),
      });
    },
  );
}

function removeRoute(app: FastifyInstance, deps: ApiDeps): void {
  const { colleagues } = deps.ledger;
  const tries = createFailureLimit(10, 5 * 60_000);
  app.post<{ Body: Static<typeof Code> }>(
    '/me/authenticator/remove',
    guarded(deps, 'read', { body: Code }),
    async (request, reply) => {
      const own = await ownOf(request, deps);
      const { code } = request.body;
      tries.count(own.colleagueId);
      const isRight = /^[\d\s]+$/.test(code)
        ? await useCode(deps, own, code)
        : await colleagues.useRecoveryCode(own.colleagueId, bareRecoveryCode(code));
      if (!isRight) {
        const refusal = ERRORS.wrong_code.slice(1).join(' ');
        return sendMe(request, reply.code(422), deps, { refusal });
      }
      tries.forget(own.colleagueId);
      const act = { action: 'remove_authenticator', object: `colleague ${own.colleagueId}` };
      await audited(deps, byOf(request), act, () => colleagues.removeTotp(own.colleagueId));
      return reply.redirect('/console/me?done=authenticator_removed', 303);
    },
  );
}

/** The caller's own credentials. Throws `not_found` for an access key, which has none. */
async function ownOf(request: FastifyRequest, deps: ApiDeps): Promise<Credentials> {
  const caller = callerOf(request);
  const own =
    caller.authenticator === null ? null : await deps.ledger.colleagues.credentialsOfId(caller.id);
  if (!own) throw problem('not_found');
  return own;
}

async function sendMe(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  { refusal = null, done }: { refusal?: string | null; done?: string },
): Promise<FastifyReply> {
  const { id } = callerOf(request);
  const { colleagues, sessions } = deps.ledger;
  const [own, open, recoveryCodes] = await Promise.all([
    colleagues.get(id),
    sessions.list(id, sessionSecret(request, deps)),
    colleagues.recoveryCodesLeft(id),
  ]);
  const { timeZone } = deps.policy;
  const body = meBody(
    {
      ...{ refusal, recoveryCodes, timeZone, sessions: open },
      email: own?.email ?? null,
      authenticator: own?.authenticator ?? false,
    },
    viewerOf(request, deps),
  );
  return sendPage(request, reply, deps, { title: 'You', done: doneSentence(done), body });
}

async function sendEnrolment(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  refusal: string | null,
): Promise<FastifyReply> {
  const own = await ownOf(request, deps);
  const key = await deps.ledger.colleagues.offeredTotp(own.colleagueId);
  const shown = key && enrolment(key, deps.sessionSecret, own.email);
  if (!shown) return reply.redirect('/console/me', 303);
  const body = enrolBody(shown, refusal, viewerOf(request, deps));
  return sendPage(request, reply, deps, { title: 'Authenticator app', body });
}
