import type { Draft, Mail, Part } from './draft.ts';
import { htmlOf } from './html.ts';

/** Gives a draft as text and as HTML. Everything in it is plain text and is escaped here. */
export function textAndHtml(draft: Draft): Mail {
  const clean = cleaned(draft);
  return {
    subject: clean.subject,
    text: `${clean.parts.map(asText).join('\n\n')}\n`,
    html: htmlOf(clean),
  };
}

/** Puts text on one line: control characters and marks that change its direction become spaces. */
export function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
}

function cleaned(draft: Draft): Draft {
  return {
    subject: oneLine(draft.subject),
    preview: oneLine(draft.preview),
    practice: oneLine(draft.practice),
    parts: draft.parts.map(cleanedPart),
  };
}

function cleanedPart(part: Part): Part {
  switch (part.kind) {
    case 'button':
      return { ...part, label: oneLine(part.label), url: webAddress(part.url) };
    case 'rows':
    case 'sum':
      return { ...part, rows: part.rows.map(([a, b]) => [oneLine(a), oneLine(b)]) };
    default:
      return { ...part, text: oneLine(part.text) };
  }
}

function webAddress(url: string): string {
  if (URL.canParse(url) && /^https?:\/\//.test(url)) return new URL(url).href;
  throw new Error('Bug! a button in a mail must lead to a web address');
}

function asText(part: Part): string {
  switch (part.kind) {
    case 'rows':
    case 'sum':
      return table(part.rows, part.kind === 'sum');
    case 'button':
      return `${part.label}:\n${part.url}`;
    case 'title':
      return underlined(part.text, '=');
    case 'heading':
      return underlined(part.text, '-');
    default:
      return part.text;
  }
}

function underlined(text: string, line: string): string {
  return `${text}\n${line.repeat(text.length)}`;
}

function table(rows: [string, string][], isSum: boolean): string {
  const longest = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length));
  const value = (text: string) => (isSum ? text.padStart(longest(1)) : text);
  return rows.map(([a, b]) => `  ${a.padEnd(longest(0))}  ${value(b)}`).join('\n');
}
