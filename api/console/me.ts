import type { SessionRow } from '../../ledger/sessions.ts';
import { PASSWORD_LENGTH } from '../http/password.ts';
import { codeField } from './code-field.ts';
import { sessionTable } from './colleagues/sessions.ts';
import { html, type Html } from './html.ts';
import { isolated } from './isolated.ts';
import { newPasswordFields } from './join.ts';
import { formToken, type Viewer } from './layout.ts';
import { counted } from './words.ts';

export interface MeView {
  /** Null: signed in with an access token. */
  email: string | null;
  authenticator: boolean;
  recoveryCodes: number;
  sessions: SessionRow[];
  refusal: string | null;
  timeZone: string;
}

/** A colleague's own page: password, authenticator app and sessions. */
export function meBody(view: MeView, viewer: Viewer): Html {
  const { email, refusal, sessions, timeZone } = view;
  const action = '/console/me/sessions';
  return html`<h1>You</h1>
    <p class="lead">
      ${isolated(viewer.caller.name)}${
        email ? html`, ${isolated(email)}` : html`, signed in with an access token`
      }
    </p>
    ${refusal && html`<p class="refused" role="alert">${refusal}</p>`}
    ${email && html`<div class="columns even">${passwordForm(viewer)}${app(view, viewer)}</div>`}
    <h2>Where you are signed in</h2>
    ${sessionTable(sessions, { action, timeZone, names: false }, viewer)}
    ${
      sessions.length > 1 &&
      html`<form method="post" action="/console/me/sessions/end-others">
        ${formToken(viewer)} <button class="plain">Sign out everywhere else</button>
      </form>`
    }`;
}

function passwordForm(viewer: Viewer): Html {
  return html`<form class="card" method="post" action="/console/me/password">
    ${formToken(viewer)}
    <h2 class="first">Change the password</h2>
    <p>
      <label for="current">Present password</label>
      <input
        id="current"
        name="current"
        type="password"
        required
        maxlength="${PASSWORD_LENGTH.most}"
        autocomplete="current-password"
      />
    </p>
    ${newPasswordFields()}
    <p class="small soft">You are then signed out in every other browser.</p>
    <button>Change the password</button>
  </form>`;
}

function app({ authenticator, recoveryCodes }: MeView, viewer: Viewer): Html {
  if (!authenticator)
    return html`<form class="card" method="post" action="/console/me/authenticator/new">
      ${formToken(viewer)}
      <h2 class="first">Authenticator app</h2>
      <p>
        With an app on your phone, a stolen password is not enough to sign in as you.
        ${
          viewer.caller.approvesWithApp &&
          html`<strong>You can approve as soon as it is set up.</strong>`
        }
      </p>
      <button>Set it up</button>
    </form>`;
  return html`<form class="card" method="post" action="/console/me/authenticator/remove">
    ${formToken(viewer)}
    <h2 class="first">Authenticator app</h2>
    <p>It is set up. You have ${counted(recoveryCodes, 'recovery code')} left.</p>
    <p class="small soft">
      For a new phone or new recovery codes, remove the app here and set it up again.
    </p>
    ${codeField('A code of the app, or a recovery code', null, false)}
    <button class="danger">Remove the app</button>
  </form>`;
}

/** The page that shows the key of the app as a picture and as text, and asks for a first code. */
export function enrolBody(
  { text, modules, uri }: { text: string; modules: boolean[][]; uri: string },
  refusal: string | null,
  viewer: Viewer,
): Html {
  return html`<p class="crumbs"><a href="/console/me">You</a></p>
    <section class="card narrow">
      <h1>Set up your authenticator app</h1>
      ${refusal && html`<p class="refused" role="alert">${refusal}</p>`}
      <p>Scan this picture with the app, such as Google Authenticator, 1Password or Aegis.</p>
      ${qrCode(modules)}
      <p class="small soft">
        On this phone already? <a href="${uri}">Open it in the app</a>. Or type this key into the
        app:
        <code class="key">${text}</code>
      </p>
      <form method="post" action="/console/me/authenticator">
        ${formToken(viewer)} ${codeField('Then type the six digits the app shows', null, false)}
        <p class="buttons">
          <button>Turn it on</button><a class="button plain" href="/console/me">Cancel</a>
        </p>
      </form>
    </section>`;
}

function qrCode(modules: boolean[][]): Html {
  const size = modules.length;
  const path = modules
    .flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')))
    .join('');
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label="QR code">
    <rect width="${size}" height="${size}" fill="#fff" />
    <path d="${path}" fill="#000" />
  </svg>`;
}

/** The page that shows the recovery codes, once. */
export function recoveryBody(codes: string[]): Html {
  return html`<section class="card narrow">
    <h1>The app is set up</h1>
    <p>
      These are your recovery codes. Each lets you in once without the app. They are shown only now:
      print them, or keep them in a password manager.
    </p>
    <ul class="codes">
      ${codes.map((code) => html`<li><code>${code}</code></li>`)}
    </ul>
    <p><a class="button" href="/console/me">I have kept them</a></p>
  </section>`;
}
