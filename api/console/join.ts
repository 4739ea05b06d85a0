import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import type { Colleague } from '../../ledger/colleagues.ts';
import type { ApiDeps } from '../deps.ts';
import { refuseOtherSites } from '../http/auth.ts';
import { hashPassword, PASSWORD_LENGTH, passwordRefusal } from '../http/password.ts';
import { html, type Html } from './html.ts';
import { isolated } from './isolated.ts';
import { sendPage } from './page.ts';
import { ROLE_WORDS } from './colleagues/words.ts';

const Params = Type.Object({ secret: Type.String({ maxLength: 300 }) });
type OfSecret = { Params: Static<typeof Params> };

const NewPassword = Type.Object({
  password: Type.String({ maxLength: 400 }),
  again: Type.String({ maxLength: 400 }),
});

/** The pages behind the link of an invitation, on which a colleague chooses a password. */
export function joinPages(app: FastifyInstance, deps: ApiDeps): void {
  const { colleagues, access } = deps.ledger;
  app.get<OfSecret>(
    '/join/:secret',
    { schema: { params: Params, hide: true } },
    async (request, reply) => {
      const { secret } = request.params;
      const colleague = await colleagues.ofLink(secret);
      return colleague ? send(request, reply, deps, { colleague, secret }) : gone(request, reply);
    },
  );

  app.post<OfSecret & { Body: Static<typeof NewPassword> }>(
    '/join/:secret',
    { schema: { params: Params, body: NewPassword, hide: true } },
    async (request, reply) => {
      refuseOtherSites(request, deps);
      const { secret } = request.params;
      const { password, again } = request.body;
      const colleague = await colleagues.ofLink(secret);
      if (!colleague) return gone(request, reply);
      const refusal = passwordRefusal(password, again, colleague);
      if (refusal) return send(request, reply.code(422), deps, { colleague, secret, refusal });
      const joined = await colleagues.join(secret, await hashPassword(password));
      if (!joined) return gone(request, reply);
      await access.audit({
        actor: joined.name,
        action: 'chose_password',
        object: `colleague ${joined.colleagueId}`,
        requestId: request.id,
      });
      return reply.redirect('/console/sign-in', 303);
    },
  );

  function gone(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    return sendPage(request, reply.code(404), deps, { title: 'Invitation', body: GONE });
  }
}

const GONE = html`<section class="card narrow">
  <h1>This link does not work any more</h1>
  <p>
    A link to choose a password works once, and for seven days. Ask the colleague who sent it for a
    new one.
  </p>
  <p><a class="button" href="/console/sign-in">Sign in</a></p>
</section>`;

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  shown: { colleague: Colleague; secret: string; refusal?: string },
): FastifyReply {
  return sendPage(request, reply, deps, { title: 'Choose a password', body: joinBody(shown) });
}

function joinBody(shown: { colleague: Colleague; secret: string; refusal?: string }): Html {
  const { colleague, secret, refusal } = shown;
  return html`<section class="card narrow">
    <h1>Choose a password</h1>
    <p>
      For ${isolated(colleague.name)}, who signs in with ${isolated(colleague.email)} and may
      ${ROLE_WORDS[colleague.role].may}.
    </p>
    ${refusal && html`<p class="refused" role="alert">${refusal}</p>`}
    <form method="post" action="/console/join/${secret}">
      ${newPasswordFields()} <button>Save the password</button>
    </form>
  </section>`;
}

/** The two fields of a new password, with what is asked of it. */
export function newPasswordFields(): Html {
  return html`<p>
      <label for="password">New password</label>
      <input
        id="password"
        name="password"
        type="password"
        required
        minlength="${PASSWORD_LENGTH.least}"
        maxlength="${PASSWORD_LENGTH.most}"
        autocomplete="new-password"
        aria-describedby="password-hint"
      />
    </p>
    <p class="small soft" id="password-hint">
      At least ${PASSWORD_LENGTH.least} characters. Some words in a row are fine; no digits or signs
      are asked for.
    </p>
    <p>
      <label for="again">The same again</label>
      <input
        id="again"
        name="again"
        type="password"
        required
        maxlength="${PASSWORD_LENGTH.most}"
        autocomplete="new-password"
      />
    </p>`;
}
