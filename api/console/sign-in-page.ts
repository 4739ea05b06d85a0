import { ERRORS, type Problem } from '../http/errors.ts';
import { codeField } from './code-field.ts';
import { html, type Html } from './html.ts';

/** What the forms of the sign-in carry along. */
export interface Carried {
  /** The path to continue with. */
  next: string;
  /** A form that was sent when its session had ended, as kept-form.ts packs it; null: none. */
  kept: string | null;
}

/** The page to sign in; `invited` tells whether there are colleagues who have passwords. */
export function signInBody(carried: Carried, refusal: Problem | null, invited: boolean): Html {
  return html`<section class="card narrow">
    <h1>Sign in</h1>
    ${
      carried.kept &&
      html`<p class="warn">
        Your session has ended. Nothing was sent, and what you typed is kept: after you have signed
        in you can send it.
      </p>`
    }
    ${refused(refusal)}
    <form method="post" action="/console/sign-in">
      ${hidden(carried)}
      <p>
        <label for="email">E-mail</label>
        <input
          id="email"
          name="email"
          type="email"
          required
          maxlength="320"
          autocomplete="username"
          ${invited && html`autofocus`}
        />
      </p>
      <p>
        <label for="password">Password</label>
        <input
          id="password"
          name="password"
          type="password"
          required
          maxlength="400"
          autocomplete="current-password"
        />
      </p>
      <button>Sign in</button>
    </form>
    <details ${!invited && html`open`}>
      <summary>Sign in with an access token</summary>
      <p class="small soft">
        The first token was printed when levy was started for the first time. With it you can invite
        colleagues, who sign in with an e-mail and a password.
      </p>
      <form method="post" action="/console/sign-in">
        ${hidden(carried)}
        <p>
          <label for="token">Access token</label>
          <input
            id="token"
            name="token"
            type="password"
            required
            maxlength="200"
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            ${!invited && html`autofocus`}
          />
        </p>
        <button>Sign in</button>
      </form>
    </details>
  </section>`;
}

/** The second step: the code of the authenticator app. */
export function codeBody(carried: Carried, ticket: string, refusal: Problem | null): Html {
  return html`<section class="card narrow">
    <h1>Your code</h1>
    <p class="soft">Open your authenticator app and type the six digits it shows for levy.</p>
    ${refused(refusal)}
    <form method="post" action="/console/sign-in/code">
      ${hidden(carried)} <input type="hidden" name="ticket" value="${ticket}" />
      ${codeField('Code', 'code-hint', true)}
      <p class="small soft" id="code-hint">
        Without the app: type one of your recovery codes. Each works once.
      </p>
      <button>Go on</button>
    </form>
    <p class="small"><a href="/console/sign-in">Begin again</a></p>
  </section>`;
}

function refused(refusal: Problem | null): Html | null {
  if (!refusal) return null;
  const help = refusal.said.help ?? ERRORS[refusal.code][2];
  return html`<p class="refused" role="alert">${refusal.message} ${help}</p>`;
}

function hidden({ next, kept }: Carried): Html {
  return html`<input type="hidden" name="next" value="${next}" />${
      kept && html`<input type="hidden" name="kept" value="${kept}" />`
    }`;
}
