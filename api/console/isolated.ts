import { html, type Html } from './html.ts';

/** Signs that turn the direction of the text around them, and signs that nobody sees. */
const UNSEEN = /[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/g;

/**
 * A text of other people, such as a name, isolated from the page's direction. A sign that would
 * turn the text around, or hide in it, is shown as a replacement character: a name must not look
 * like another.
 */
export function isolated(text: string): Html {
  return html`<bdi>${visible(text)}</bdi>`;
}

/** The same where no markup may stand, as in a title: only the signs are replaced. */
export function visible(text: string): string {
  return text.replace(UNSEEN, '\ufffd');
}
