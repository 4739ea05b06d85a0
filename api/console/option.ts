import { html, type Html } from './html.ts';

/** An option of a select field. `chosen` is the one that is shown. */
export function option(value: string, label: Html | string, chosen: boolean): Html {
  return html`<option value="${value}" ${chosen && html` selected`}>${label}</option>`;
}
