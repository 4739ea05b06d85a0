/** The mailbox's pages: the list of mail, and one page for each message. */
import { escapeHtml, page, table } from '../html.ts';
import type { Mail } from './mail.ts';

/**
 * Only the page's own styles, and pictures that a mail carries in itself. A message's HTML is shown
 * in a frame that inherits this, in a sandbox of its own: it runs nothing and fetches nothing.
 */
export const MAILBOX_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'";

/** The list, newest first. `total` counts what has arrived, kept or not. */
export function listPage(mails: Mail[], total: number): string {
  const rows = mails.map((mail) => [
    `<a href="/messages/${mail.id}">${escapeHtml(mail.subject)}</a>`,
    escapeHtml(mail.to.join(', ')),
    escapeHtml(mail.from),
    when(mail),
  ]);
  const empty = '<p class="note">No mail yet. This page looks again every few seconds.</p>';
  const kept = mails.length < total ? ` (the last ${mails.length} are kept)` : '';
  return page(
    'Mailbox',
    `<h1>Mailbox</h1><p class="note">${total} received${kept}. Nothing here leaves this machine.</p>
${rows.length === 0 ? empty : table(['Subject', 'To', 'From', 'Received'], rows)}`,
    { head: '<meta http-equiv="refresh" content="5">', style: STYLE },
  );
}

/** One message: its HTML in a sandboxed frame, its text, its headers. */
export function messagePage(mail: Mail): string {
  const headers = mail.headers.map(({ name, value }) => [escapeHtml(name), escapeHtml(value)]);
  return page(
    mail.subject,
    `<p><a href="/">&larr; All mail</a></p><h1>${escapeHtml(mail.subject)}</h1>
<dl><dt>From</dt><dd>${escapeHtml(mail.from)}</dd>
<dt>To</dt><dd>${escapeHtml(mail.to.join(', '))}</dd>
<dt>Received</dt><dd>${when(mail)}</dd></dl>
${mail.html ? frame(mail.html) : ''}
<h2>Text</h2><pre>${escapeHtml(mail.text)}</pre>
<details><summary>Headers</summary>${table(['Name', 'Value'], headers)}</details>
<p><a href="/messages/${mail.id}.eml">The message as it came</a></p>`,
    { style: STYLE },
  );
}

/** What stands where nothing is. */
export function missingPage(): string {
  return page('Not here', '<h1>Not here</h1><p><a href="/">&larr; All mail</a></p>');
}

/** A mail's HTML, cut off from everything; its links open in a window of their own. */
function frame(html: string): string {
  const content = escapeHtml(`<base target="_blank">${html}`);
  const allowed = 'allow-popups allow-popups-to-escape-sandbox';
  return `<h2>HTML</h2>
<iframe title="The message as HTML" sandbox="${allowed}" srcdoc="${content}"></iframe>`;
}

function when(mail: Mail): string {
  return `<time>${mail.receivedAt.slice(0, 19).replace('T', ' ')}</time>`;
}

const STYLE = `
time { white-space: nowrap; } details table { font-size: .85rem; }
dl { display: grid; grid-template-columns: 6rem 1fr; margin: .6rem 0; }
dt { color: #697386; } dd { margin: 0; }
iframe { width: 100%; height: 34rem; border: 1px solid #d8dce3; border-radius: 8px; }
pre { white-space: pre-wrap; background: #f6f7f9; padding: 1rem; border-radius: 8px; }
`;
