import { escapeHtml } from '../core/escape-html.ts';

export { escapeHtml };

/** The look that the sandbox's pages share. They have no scripts and fetch nothing. */

/** A whole page around its content. `head` may add to the head, `style` to the style. */
export function page(title: string, content: string, more: { head?: string; style?: string } = {}) {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">${more.head ?? ''}
<style>${STYLE}${more.style ?? ''}</style></head>
<body><main>${content}</main></body></html>`;
}

/** Rows of cells as a table. The cells are HTML already. */
export function table(heads: string[], rows: string[][]): string {
  const line = (cells: string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  const body = rows.map((cells) => line(cells, 'td')).join('\n');
  return `<table><thead>${line(heads, 'th')}</thead><tbody>${body}</tbody></table>`;
}

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #f6f7f9; color: #1a1f36; }
main { max-width: 64rem; margin: 2rem auto; background: #fff; padding: 1.5rem 2rem;
  border-radius: 10px; box-shadow: 0 1px 4px #0002; }
h1 { font-size: 1.4rem; margin: .2rem 0; }
h2 { font-size: 1rem; margin: 1.5rem 0 .4rem; color: #4f566b; }
a { color: #3a4bd8; } .note { color: #697386; }
table { width: 100%; border-collapse: collapse; } th { text-align: left; font-weight: 600; }
td, th { padding: .45rem .6rem; border-bottom: 1px solid #eceef2; vertical-align: top;
  overflow-wrap: anywhere; }
code, time { color: #697386; font-size: .85rem; font-variant-numeric: tabular-nums; }
@media (max-width: 40rem) {
  main { margin: 0; padding: 1rem; border-radius: 0; box-shadow: none; }
  thead { display: none; } table, tbody, tr, td { display: block; }
  td { border: 0; padding: .1rem 0; } tr { border-bottom: 1px solid #eceef2; padding: .5rem 0; }
}
`;
