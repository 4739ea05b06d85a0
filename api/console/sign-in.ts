import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import type { Caller } from '../../ledger/access.ts';
import { createSession, endSession, knownAs, refuseOtherSites } from '../http/auth.ts';
import type { ApiDeps } from '../deps.ts';
import { ERRORS, Problem, problem } from '../http/errors.ts';
import { asCaller, createPasswordSignIn } from '../http/password-sign-in.ts';
import { checkFormToken, formTokenFor } from './form-token.ts';
import type { Html } from './html.ts';
import { resumeBody, unpackForm } from './kept-form.ts';
import { sendPage } from './page.ts';
import { codeBody, signInBody, type Carried } from './sign-in-page.ts';

/** The largest form of a sign-in: with a kept form of 16 KB, packed and percent-encoded. */
const BODY_BYTES = 65_536;

const Next = {
  next: Type.Optional(Type.String({ maxLength: 500 })),
  kept: Type.Optional(Type.String({ maxLength: 50_000 })),
};
const SignIn = Type.Object({
  email: Type.Optional(Type.String({ maxLength: 320 })),
  password: Type.Optional(Type.String({ maxLength: 400 })),
  token: Type.Optional(Type.String({ maxLength: 200 })),
  ...Next,
});
const Code = Type.Object({
  ticket: Type.String({ maxLength: 200 }),
  code: Type.String({ maxLength: 40 }),
  ...Next,
});

/** The pages to sign in and out. */
export function signInPages(app: FastifyInstance, deps: ApiDeps): void {
  const passwords = createPasswordSignIn(deps);
  const query = Type.Object({ next: Next.next });
  app.get<{ Querystring: Static<typeof query> }>(
    '/sign-in',
    { schema: { querystring: query, hide: true } },
    (request, reply) => {
      const next = ownPath(request.query.next);
      if (request.caller) return reply.redirect(next, 303);
      return sendSignIn(request, reply, deps, { next, kept: null });
    },
  );

  app.post<{ Body: Static<typeof SignIn> }>(
    '/sign-in',
    { schema: { body: SignIn, hide: true }, bodyLimit: BODY_BYTES },
    async (request, reply) => {
      refuseOtherSites(request, deps);
      const { email = '', password = '', token } = request.body;
      const carried = carriedBy(request.body);
      try {
        if (token !== undefined) {
          const caller = await app.callerOfToken(request, token.trim());
          return await enter(request, reply, deps, { caller, carried, how: 'access token' });
        }
        const from = { ip: request.ip, knownAs: knownAs(request, deps) };
        const passed = await passwords.password(from, email.trim(), password);
        if ('ticket' in passed)
          return await sendPage(request, reply, deps, {
            title: 'Your code',
            body: codeBody(carried, passed.ticket, null),
          });
        const caller = await colleagueOf(deps, passed.colleagueId);
        return await enter(request, reply, deps, { caller, carried, how: 'password' });
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        return sendSignIn(request, refusedBy(reply, error), deps, carried, error);
      }
    },
  );
  codeRoute(app, deps, passwords);

  app.post('/sign-out', { schema: { hide: true } }, async (request, reply) => {
    checkFormToken(request, deps, (request.body as { token?: unknown } | null)?.token);
    await endSession(request, reply, deps);
    return reply.redirect('/console/sign-in', 303);
  });
}

function codeRoute(
  app: FastifyInstance,
  deps: ApiDeps,
  passwords: ReturnType<typeof createPasswordSignIn>,
): void {
  app.post<{ Body: Static<typeof Code> }>(
    '/sign-in/code',
    { schema: { body: Code, hide: true }, bodyLimit: BODY_BYTES },
    async (request, reply) => {
      refuseOtherSites(request, deps);
      const { ticket, code } = request.body;
      const carried = carriedBy(request.body);
      try {
        const { colleagueId, recovered } = await passwords.code(ticket, code.trim());
        const caller = await colleagueOf(deps, colleagueId);
        const how = recovered ? 'password and recovery code' : 'password and app';
        return await enter(request, reply, deps, { caller, carried, how });
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        refusedBy(reply, error);
        if (error.code === 'sign_in_expired')
          return sendSignIn(request, reply, deps, carried, error);
        const body = codeBody(carried, ticket, error);
        return sendPage(request, reply, deps, { title: 'Your code', body });
      }
    },
  );
}

/** Starts the session and goes on: to the page, or to the form that was kept. */
async function enter(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  { caller, carried, how }: { caller: Caller; carried: Carried; how: string },
): Promise<FastifyReply> {
  const cookie = await createSession(request, reply, deps, caller);
  await deps.ledger.access.audit({
    actor: caller.name,
    action: 'signed_in',
    object: 'console',
    detail: { with: how },
    requestId: request.id,
  });
  const form = carried.kept === null ? null : unpackForm(deps, carried.kept);
  if (!form) return reply.redirect(carried.next, 303);
  // The session is newer than the request: the page is shown for the one that has just begun.
  request.caller = caller;
  const formToken = formTokenFor(cookie, deps);
  const body: Html = resumeBody(form, formToken);
  return sendPage(request, reply, deps, { title: 'Send it now?', body, formToken });
}

async function colleagueOf(deps: ApiDeps, colleagueId: string): Promise<Caller> {
  const colleague = await deps.ledger.colleagues.get(colleagueId);
  if (!colleague || colleague.endedAt) throw problem('wrong_sign_in');
  return asCaller(colleague);
}

function carriedBy({ next, kept }: { next?: string; kept?: string }): Carried {
  return { next: ownPath(next), kept: kept ?? null };
}

/** The path to continue with; a path that could lead to another site becomes the console. */
export function ownPath(next: string | undefined): string {
  if (!next || !/^\/(console|queues|docs)(?![^/?#])[\w\-./?=&%]*$/.test(next)) return '/console';
  return next.includes('//') || next.includes('/sign-') ? '/console' : next;
}

function refusedBy(reply: FastifyReply, refusal: Problem): FastifyReply {
  const wait = refusal.said.retryAfterSeconds;
  if (wait !== undefined) reply.header('retry-after', String(wait));
  return reply.code(ERRORS[refusal.code][0]);
}

/** Sends the page to sign in. */
export async function sendSignIn(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  carried: Carried,
  refusal: Problem | null = null,
): Promise<FastifyReply> {
  const invited = (await deps.ledger.colleagues.list()).some(({ joinedAt }) => joinedAt !== null);
  const body = signInBody(carried, refusal, invited);
  return sendPage(request, reply, deps, { title: 'Sign in', body });
}
