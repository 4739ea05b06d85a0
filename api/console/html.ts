import { escapeHtml } from '../../core/escape-html.ts';

/**
 * Markup that is safe to send; only `html` makes it. The symbol is private to this file, so no
 * string and no parsed JSON can pass for markup.
 */
export interface Html {
  readonly [MARKUP]: string;
}

/** The values of a template: text is escaped, markup is kept, null and false print nothing. */
export type Part = Html | string | number | null | undefined | false | readonly Part[];

/**
 * Tagged template for markup: every value is escaped unless it is markup. Values may be in text and
 * in quoted attributes only.
 */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  const pieces = strings.flatMap((fixed, index) =>
    index < parts.length ? [fixed, text(parts[index])] : [fixed],
  );
  return { [MARKUP]: pieces.join('') };
}

/** The markup as a string, to be sent as text/html. */
export function render(markup: Html): string {
  return markup[MARKUP];
}

const MARKUP: unique symbol = Symbol('markup');

/** Control characters except tab and line feed: invisible, and NUL may end a page. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

function text(part: Part): string {
  if (typeof part === 'string' || typeof part === 'number')
    return escapeHtml(String(part)).replace(CONTROL, '\ufffd');
  if (Array.isArray(part)) return (part as readonly Part[]).map(text).join('');
  return typeof part === 'object' && part !== null && MARKUP in part ? part[MARKUP] : '';
}
