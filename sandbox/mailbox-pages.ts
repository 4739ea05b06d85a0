/** The mailbox's pages: the list of mail, and one page for each message. No script anywhere. */
import type { Mail } from './mailbox.ts';

/**
 * Only the page's own styles and pictures inside the mail itself. A message's HTML is shown in a
 * frame that inherits this, in a sandbox of its own: it runs nothing and fetches nothing.
 */
export const MAILBOX_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; " +
  "form-action 'self'; frame-ancestors 'none'";

/** The list, newest first. `total` counts what has arrived, kept or not. */
export function listPage(mails: Mail[], total: number): string {
  const rows = mails
    .map(
      (mail) => `<tr><td><a href="/messages/${mail.id}">${escapeHtml(mail.subject)}</a></td>
<td>${escapeHtml(mail.to.join(', '))}</td><td>${escapeHtml(mail.from)}</td>
<td class="when">${when(mail)}</td></tr>`,
    )
    .join('\n');
  const table = `<table><thead><tr><th>Subject</th><th>To</th><th>From</th><th>Received</th></tr></thead>
<tbody>${rows}</tbody></table>`;
  const empty = '<p class="empty">No mail yet. This page looks again every few seconds.</p>';
  const kept = mails.length < total ? ` (the last ${mails.length} are kept)` : '';
  return page(
    'Mailbox',
    `<h1>Mailbox</h1><p class="note">${total} received${kept}. Nothing here leaves this machine.</p>
${mails.length === 0 ? empty : table}`,
    '<meta http-equiv="refresh" content="5">',
  );
}

/** One message: its HTML in a sandboxed frame, its text, its headers. */
export function messagePage(mail: Mail): string {
  const html = mail.html
    ? `<h2>HTML</h2><iframe title="The message as HTML" sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc="${escapeHtml(`<base target="_blank">${mail.html}`)}"></iframe>`
    : '';
  const headers = mail.headers
    .map(({ name, value }) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`)
    .join('\n');
  return page(
    mail.subject,
    `<p><a href="/">&larr; All mail</a></p><h1>${escapeHtml(mail.subject)}</h1>
<dl><dt>From</dt><dd>${escapeHtml(mail.from)}</dd><dt>To</dt><dd>${escapeHtml(mail.to.join(', '))}</dd>
<dt>Received</dt><dd>${when(mail)}</dd></dl>
${html}
<h2>Text</h2><pre>${escapeHtml(mail.text)}</pre>
<details><summary>Headers</summary><table class="headers">${headers}</table></details>
<p><a href="/messages/${mail.id}.eml">The message as it came</a></p>`,
  );
}

/** What stands where nothing is. */
export function missingPage(): string {
  return page('Not here', '<h1>Not here</h1><p><a href="/">&larr; All mail</a></p>');
}

function when(mail: Mail): string {
  return `<time>${mail.receivedAt.slice(0, 19).replace('T', ' ')}</time>`;
}

function page(title: string, content: string, head = ''): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)} · sandbox mailbox</title>
<meta name="viewport" content="width=device-width, initial-scale=1">${head}
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #f6f7f9; color: #1a1f36; }
main { max-width: 60rem; margin: 2rem auto; background: #fff; padding: 1.5rem 2rem; border-radius: 10px; box-shadow: 0 1px 4px #0002; }
h1 { font-size: 1.4rem; margin: .2rem 0; } h2 { font-size: 1rem; margin: 1.5rem 0 .4rem; color: #4f566b; }
.note, .empty, .when { color: #697386; } a { color: #3a4bd8; }
table { width: 100%; border-collapse: collapse; } th { text-align: left; font-weight: 600; }
td, th { padding: .45rem .6rem; border-bottom: 1px solid #eceef2; vertical-align: top; overflow-wrap: anywhere; }
.when { white-space: nowrap; font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: 6rem 1fr; margin: .6rem 0; } dt { color: #697386; } dd { margin: 0; }
iframe { width: 100%; height: 34rem; border: 1px solid #d8dce3; border-radius: 8px; background: #fff; }
pre { white-space: pre-wrap; background: #f6f7f9; padding: 1rem; border-radius: 8px; }
.headers { font-size: .85rem; } .headers th { width: 12rem; }
</style></head>
<body><main>${content}</main></body></html>`;
}

function escapeHtml(text: string): string {
  const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (sign) => entities[sign as keyof typeof entities]);
}
