import { html, type Html } from './html.ts';

/**
 * The field for a code of an authenticator app, or for a recovery code.
 * @param hint  the id of the text that describes the field
 */
export function codeField(label: string, hint: string | null, focused: boolean): Html {
  return html`<p>
    <label for="code">${label}</label>
    <input
      id="code"
      name="code"
      required
      maxlength="40"
      autocomplete="one-time-code"
      autocapitalize="off"
      spellcheck="false"
      ${focused && html` autofocus`}
      ${hint && html` aria-describedby="${hint}"`}
    />
  </p>`;
}
