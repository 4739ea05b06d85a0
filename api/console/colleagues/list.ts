import type { KeyRow } from '../../../ledger/access.ts';
import type { Colleague } from '../../../ledger/colleagues.ts';
import { ROLES } from '../../../ledger/colleagues.ts';
import type { SessionRow } from '../../../ledger/sessions.ts';
import { html, type Html } from '../html.ts';
import { isolated, visible } from '../isolated.ts';
import { formToken, nothing, type Viewer } from '../layout.ts';
import { table, type Column } from '../table.ts';
import { when } from '../times.ts';
import { sessionTable } from './sessions.ts';
import { ROLE_WORDS } from './words.ts';

export interface ColleaguesView {
  colleagues: Colleague[];
  sessions: SessionRow[];
  keys: KeyRow[];
  /** A link or a token that was made just now, which is shown this once. */
  made: Made | null;
  refusal: string | null;
  timeZone: string;
}

/** What is shown once, and for whom it is. */
export type Made = { link: string; name: string } | { token: string; name: string };

/** Colleagues with their roles, who is signed in, and access tokens. */
export function colleaguesBody(view: ColleaguesView, viewer: Viewer): Html {
  const { colleagues, sessions, keys, made, refusal, timeZone } = view;
  const action = '/console/colleagues/sessions';
  return html`<h1>Colleagues</h1>
    <p class="lead">Who may sign in here, what they may do, and which programs have a token.</p>
    ${made && madeBox(made)} ${refusal && html`<p class="refused" role="alert">${refusal}</p>`}
    ${
      colleagues.length === 0
        ? nothing('Nobody is invited yet. Invite yourself first, then the others.')
        : table(columns(timeZone), colleagues)
    }
    ${inviteForm(viewer)}
    <h2>Signed in now</h2>
    ${sessionTable(sessions, { action, timeZone, names: true }, viewer)}
    <h2>Access tokens</h2>
    <p class="soft">
      For programs. What a program does stands in the audit under the token’s name. A token never
      may do more than the colleague who made it, and ends with that colleague’s access.
    </p>
    ${keys.length === 0 ? nothing('There is none.') : table(keyColumns(timeZone, viewer), keys)}
    ${keyForm(viewer)}`;
}

/** A link or a token, shown once. */
export function madeBox(made: Made): Html {
  const secret = 'link' in made ? made.link : made.token;
  return html`<div class="once" role="status">
    <p>
      ${
        'link' in made
          ? html`Give this link to <strong>${isolated(made.name)}</strong>. It works once, for seven
              days, and is shown only now. Whoever has it can choose the password.`
          : html`This is the token <strong>${isolated(made.name)}</strong>. It is shown only now:
              keep it where secrets are kept.`
      }
    </p>
    <p><code class="key">${secret}</code></p>
  </div>`;
}

function columns(timeZone: string): Column<Colleague>[] {
  return [
    {
      head: 'Name',
      kind: 'name',
      cell: ({ colleagueId, name, email }) =>
        html`<a href="/console/colleagues/${colleagueId}">${isolated(name)}</a>
          <span class="small soft">${isolated(email)}</span>`,
    },
    { head: 'Role', cell: ({ role, endedAt }) => !endedAt && ROLE_WORDS[role].label },
    { head: 'Stands', cell: (one) => standing(one) },
    { head: 'App', cell: ({ authenticator }) => (authenticator ? 'set up' : 'none') },
    { head: 'Last seen', cell: ({ seenAt }) => seenAt && when(seenAt, timeZone) },
  ];
}

/** Where a colleague stands, in a few words. */
export function standing({ joinedAt, endedAt, linkUntil }: Colleague): string {
  if (endedAt) return linkUntil ? 'may come back by a link' : 'access ended';
  if (joinedAt) return 'signs in';
  return linkUntil ? 'invited' : 'the invitation has expired';
}

function roleSelect(id: string, chosen: Colleague['role']): Html {
  return html`<select id="${id}" name="role">
    ${ROLES.map(
      (role) =>
        html`<option value="${role}" ${role === chosen && html`selected`}>
          ${ROLE_WORDS[role].label}: may ${ROLE_WORDS[role].may}
        </option>`,
    )}
  </select>`;
}

function inviteForm(viewer: Viewer): Html {
  return html`<form class="card fields" method="post" action="/console/colleagues">
    ${formToken(viewer)}
    <h2 class="first">Invite somebody</h2>
    <div>
      <label for="name">Name</label>
      <input
        id="name"
        name="name"
        required
        maxlength="80"
        dir="auto"
        aria-describedby="name-hint"
      />
      <p class="small soft" id="name-hint">
        It stands beside everything they do, and never changes.
      </p>
    </div>
    <div>
      <label for="email">E-mail</label>
      <input id="email" name="email" type="email" required maxlength="320" />
    </div>
    <div><label for="role">Role</label> ${roleSelect('role', 'operate')}</div>
    <p class="buttons"><button>Make a link to join</button></p>
  </form>`;
}

function keyColumns(timeZone: string, viewer: Viewer): Column<KeyRow>[] {
  return [
    { head: 'Token', kind: 'name', cell: ({ name }) => isolated(name) },
    { head: 'May', cell: ({ scopes }) => scopes.join(', ') },
    { head: 'Made by', cell: ({ madeBy }) => madeBy && isolated(madeBy) },
    {
      head: 'Last used',
      cell: ({ lastUsedAt }) => (lastUsedAt ? when(lastUsedAt, timeZone) : 'never'),
    },
    {
      head: '',
      cell: ({ keyId, name, revoked }) =>
        revoked
          ? html`<span class="soft">revoked</span>`
          : html`<details name="revoke">
              <summary>Revoke</summary>
              <form method="post" action="/console/colleagues/keys/${keyId}/revoke">
                ${formToken(viewer)}
                ${sure(`key-${keyId}`, 'The program that uses it stops working')}
                <button class="danger" aria-label="Revoke ${visible(name)}">Revoke</button>
              </form>
            </details>`,
    },
  ];
}

/** A box that must be ticked before something is ended for good. */
export function sure(id: string, sentence: string): Html {
  return html`<p>
    <label for="sure-${id}"
      ><input type="checkbox" id="sure-${id}" name="sure" value="yes" required /> ${sentence}</label
    >
  </p>`;
}

function keyForm(viewer: Viewer): Html {
  return html`<form class="card fields" method="post" action="/console/colleagues/keys">
    ${formToken(viewer)}
    <h2 class="first">Make a token</h2>
    <div>
      <label for="key-name">Name of the program</label>
      <input id="key-name" name="name" required maxlength="80" dir="auto" />
    </div>
    <div><label for="key-role">What it may do</label> ${roleSelect('key-role', 'read')}</div>
    <p class="buttons"><button>Make a token</button></p>
  </form>`;
}

/** One colleague: role, link, authenticator, sessions, end of access. */
export function colleagueBody(
  view: {
    colleague: Colleague;
    sessions: SessionRow[];
    keys: KeyRow[];
    made: Made | null;
    refusal: string | null;
    timeZone: string;
  },
  viewer: Viewer,
): Html {
  const { colleague, sessions, made, refusal, timeZone } = view;
  const { colleagueId, name, email, role, invitedBy } = colleague;
  const action = '/console/colleagues/sessions';
  return html`<p class="crumbs"><a href="/console/colleagues">Colleagues</a></p>
    <h1>${isolated(name)}</h1>
    <p class="lead">
      ${isolated(email)}, ${standing(colleague)}. Invited by ${isolated(invitedBy)}.
    </p>
    ${made && madeBox(made)} ${refusal && html`<p class="refused" role="alert">${refusal}</p>`}
    <div class="columns even">
      <form class="card" method="post" action="/console/colleagues/${colleagueId}/role">
        ${formToken(viewer)}
        <h2 class="first">Role</h2>
        <p><label for="role">What ${isolated(name)} may do</label> ${roleSelect('role', role)}</p>
        <button>Change the role</button>
      </form>
      ${linkForm(colleague, viewer)} ${appForm(colleague, viewer)} ${endForm(view, viewer)}
    </div>
    <h2>Signed in now</h2>
    ${sessionTable(sessions, { action, timeZone, names: false }, viewer)}`;
}

function linkForm({ colleagueId, joinedAt, endedAt }: Colleague, viewer: Viewer): Html {
  const says = endedAt
    ? 'Lets them in again, with a new password.'
    : joinedAt
      ? 'For somebody who has forgotten the password. The authenticator app stays.'
      : 'The earlier link stops working.';
  return html`<form class="card" method="post" action="/console/colleagues/${colleagueId}/link">
    ${formToken(viewer)}
    <h2 class="first">${joinedAt ? 'A new password' : 'A new invitation'}</h2>
    <p>${says}</p>
    <button>Make a link</button>
  </form>`;
}

function appForm({ colleagueId, authenticator }: Colleague, viewer: Viewer): Html | null {
  if (!authenticator) return null;
  return html`<form
    class="card"
    method="post"
    action="/console/colleagues/${colleagueId}/authenticator/remove"
  >
    ${formToken(viewer)}
    <h2 class="first">Authenticator app</h2>
    <p>Only when the phone and the recovery codes are lost. Be sure who is asking you.</p>
    ${sure('app', 'I have spoken with this colleague')}
    <button class="danger">Remove the app</button>
  </form>`;
}

function endForm(
  { colleague, keys }: { colleague: Colleague; keys: KeyRow[] },
  viewer: Viewer,
): Html | null {
  const { colleagueId, name, endedAt } = colleague;
  if (endedAt) return null;
  return html`<form class="card" method="post" action="/console/colleagues/${colleagueId}/end">
    ${formToken(viewer)}
    <h2 class="first">End the access</h2>
    <p>At once: no sign-in, and every open session ends.</p>
    ${
      keys.length > 0 &&
      html`<p>
        These tokens end, too:
        ${keys.map(({ name }, at) => html`${at > 0 && ', '}${isolated(name)}`)}.
      </p>`
    }
    ${sure('end', `${name} may not sign in any more`)}
    <button class="danger">End the access</button>
  </form>`;
}
