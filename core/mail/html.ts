import { escapeHtml } from '../escape-html.ts';
import type { Draft, Part } from './draft.ts';

/**
 * A draft as HTML for mail programs: one column of at most 600 pixels, light and dark, styles in
 * each element (many programs drop a style sheet), no script, no image, nothing fetched. Takes
 * plain text and escapes it.
 */
export function htmlOf({ subject, preview, practice, parts }: Draft): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(subject)}</title>
<style>
${DARK}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f2f4f5">
<div style="display:none;max-height:0;overflow:hidden">${escapeHtml(preview)}</div>
<table role="presentation" ${PLAIN_TABLE}>
<tr><td align="center" style="padding:24px 12px">
<table role="presentation" ${PLAIN_TABLE} class="sheet" style="${SHEET}">
<tr><td class="ink" style="padding:28px 32px 30px;text-align:left;${FONT};${BODY};${INK}">
${element('p', 'soft', LOOKS.sender, practice)}
${parts.map(elementOf).join('\n')}
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`;
}

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const PLAIN_TABLE = 'width="100%" cellpadding="0" cellspacing="0" border="0"';
const SHEET =
  'width:100%;max-width:600px;background:#ffffff;border:1px solid #e1e5e8;border-radius:12px';

const INK = 'color:#1b2227';
const BODY = 'font-size:15px;line-height:1.55';
const SOFT = 'color:#5d6870';
const LINE = 'border-top:1px solid #e1e5e8';
const STRONG = 'font-weight:600';

const LOOKS = {
  sender: `margin:0 0 20px;font-size:13px;line-height:1.5;${SOFT}`,
  title: `margin:0 0 18px;font-size:22px;line-height:1.3;${STRONG}`,
  heading: `margin:26px 0 6px;font-size:16px;line-height:1.4;${STRONG}`,
  text: 'margin:0 0 14px',
  small: `margin:28px 0 0;padding-top:14px;font-size:12px;line-height:1.5;${LINE};${SOFT}`,
  button:
    'display:inline-block;padding:11px 20px;border-radius:8px;background:#2f6657;color:#ffffff;' +
    'font-size:15px;font-weight:600;line-height:1.4;text-decoration:none',
  table: 'margin:4px 0 18px;border-collapse:collapse;font-size:15px;line-height:1.45',
  cell: 'padding:7px 0',
};

/** Dark colours for programs that ask for them; the light colours are in the elements. */
const DARK = `@media (prefers-color-scheme: dark) {
  .page { background: #14171a !important; }
  .sheet { background: #1e2327 !important; border-color: #343b41 !important; }
  .ink { color: #e9ecef !important; }
  .soft { color: #a4adb5 !important; }
  .line { border-color: #343b41 !important; }
  .act { background: #3b7a68 !important; }
}`;

function elementOf(part: Part): string {
  switch (part.kind) {
    case 'title':
      return element('h1', '', LOOKS.title, part.text);
    case 'heading':
      return element('h2', '', LOOKS.heading, part.text);
    case 'text':
      return element('p', '', LOOKS.text, part.text);
    case 'small':
      return element('p', 'soft line', LOOKS.small, part.text);
    case 'button': {
      const href = `href="${escapeHtml(part.url)}"`;
      const link = `<a ${href} class="act" style="${LOOKS.button}">${escapeHtml(part.label)}</a>`;
      return `<p style="margin:18px 0">${link}</p>`;
    }
    case 'rows':
    case 'sum':
      return tableOf(part.rows, part.kind === 'sum');
  }
}

/** Label left and value right. Every value is bold; in a sum only the total is. */
function tableOf(rows: [string, string][], isSum: boolean): string {
  const lines = rows.map(([label, value], n) => {
    const isTotal = isSum && n === rows.length - 1;
    const line = n === 0 ? '' : 'line';
    const look = n === 0 ? LOOKS.cell : `${LOOKS.cell};${LINE}`;
    const name = isTotal
      ? element('td', line, `${look};${STRONG}`, label)
      : element('td', `soft ${line}`, `${look};${SOFT}`, label);
    const right = `${look};text-align:right${isTotal || !isSum ? `;${STRONG}` : ''}`;
    return `<tr valign="top">${name}\n${element('td', line, right, value)}</tr>`;
  });
  const table = `<table role="presentation" ${PLAIN_TABLE} style="${LOOKS.table}">`;
  return `${table}\n${lines.join('\n')}\n</table>`;
}

/** A style that the element lacks comes from the style sheet. */
function element(tag: string, classes: string, style: string, text: string): string {
  const named = classes && ` class="${classes.trim()}"`;
  return `<${tag}${named} style="${style}">${escapeHtml(text)}</${tag}>`;
}
