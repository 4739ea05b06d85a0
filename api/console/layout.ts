import type { Scope } from '../../ledger/access.ts';
import type { RequestCaller } from '../http/auth.ts';
import { html, type Html, type Part } from './html.ts';
import { isolated, visible } from './isolated.ts';

/** The viewer of a page, and the token its forms must carry. */
export interface Viewer {
  caller: RequestCaller;
  /** The session's form token; see form-token.ts. */
  formToken: string;
}

export interface Page {
  title: string;
  /** Which entry of the menu is the present one. */
  section?: (typeof MENU)[number]['section'];
  /** Null on pages for those who are not signed in. */
  viewer: Viewer | null;
  /** True when real cards are charged. */
  live: boolean;
  /** Whether the pages of the API are there. */
  docs: boolean;
  /** A sentence about what was just done. */
  done?: string | undefined;
  body: Part;
}

/** The frame of every page. */
export function layout(page: Page): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${visible(page.title)} · levy</title>
        <link rel="icon" href="/console/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/console/console.css" />
        <script type="module" src="/console/console.js"></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header class="top">
          <a class="brand" href="/console">levy</a>
          <span class="badge ${page.live ? 'live' : 'sandbox'}"
            >${page.live ? 'Live' : 'Sandbox'}</span
          >
          ${page.viewer && menu(page, page.viewer)} ${page.viewer && signedIn(page.viewer)}
        </header>
        <main id="main">
          ${page.done && html`<p class="done" role="status">${page.done}</p>`} ${page.body}
        </main>
        <footer>
          <p>
            ${page.live ? 'Live: real cards are charged.' : 'Sandbox: no real card is charged.'} CPT
            is a registered trademark of the American Medical Association.
          </p>
        </footer>
        ${page.viewer && KEYS}
      </body>
    </html>`;
}

/** The hidden field every form that changes something carries. */
export function formToken(viewer: Viewer): Html {
  return html`<input type="hidden" name="token" value="${viewer.formToken}" />`;
}

/** Whether this viewer may use buttons of this kind. The server checks again for each act. */
export function may(viewer: Viewer, scope: Scope): boolean {
  return viewer.caller.scopes.includes(scope);
}

/** The sentence in place of an empty list. */
export function nothing(sentence: string): Html {
  return html`<p class="empty">${sentence}</p>`;
}

/** What the keyboard does; script/keys.js opens it. */
const KEYS = html`<dialog id="keys" aria-labelledby="keys-title">
  <h2 id="keys-title" class="first">Keys</h2>
  <dl class="facts">
    <dt><kbd>/</kbd></dt>
    <dd>Go to the search field</dd>
    <dt><kbd>↓</kbd> <kbd>↑</kbd> or <kbd>j</kbd> <kbd>k</kbd></dt>
    <dd>Go through the rows of a list</dd>
    <dt><kbd>Enter</kbd></dt>
    <dd>Open the row</dd>
    <dt><kbd>a</kbd> <kbd>r</kbd></dt>
    <dd>Accept or refuse the row, under Review</dd>
    <dt><kbd>?</kbd></dt>
    <dd>Show these keys</dd>
  </dl>
  <form method="dialog"><button class="plain">Close</button></form>
</dialog>`;

/** The first entries of the menu, which are always seen; the others are behind “More”. */
const OFTEN = 6;

const MENU = [
  { section: 'home', href: '/console', label: 'Overview' },
  { section: 'people', href: '/console/people', label: 'People' },
  { section: 'imports', href: '/console/imports', label: 'Exports' },
  { section: 'invoices', href: '/console/invoices', label: 'Invoices' },
  { section: 'desk', href: '/console/desk', label: 'Failed cards' },
  { section: 'fees', href: '/console/fees', label: 'Fees' },
  { section: 'review', href: '/console/review', label: 'Review' },
  { section: 'rates', href: '/console/rates', label: 'Rates' },
  { section: 'audit', href: '/console/audit', label: 'Audit' },
  { section: 'colleagues', href: '/console/colleagues', label: 'Colleagues', scope: 'approve' },
  { section: 'queues', href: '/console/queues', label: 'Queues' },
  { section: 'docs', href: '/docs', label: 'API' },
] as const;

function menu({ section: present, docs }: Page, viewer: Viewer): Html {
  const shown = MENU.filter(
    (one) => (!('scope' in one) || may(viewer, one.scope)) && (one.section !== 'docs' || docs),
  );
  const entry = ({ section, href, label }: (typeof shown)[number]) =>
    html`<li>
      <a href="${href}" ${section === present && html` aria-current="page"`}>${label}</a>
    </li>`;
  const rest = shown.slice(OFTEN);
  const open = rest.find(({ section }) => section === present);
  return html`<nav aria-label="Pages">
    <ul>
      ${shown.slice(0, OFTEN).map(entry)}
      <li>
        <details class="more">
          <summary ${open && html` class="present"`}>
            ${open ? `More: ${open.label}` : 'More'}
          </summary>
          <ul>
            ${rest.map(entry)}
          </ul>
        </details>
      </li>
    </ul>
  </nav>`;
}

function signedIn(viewer: Viewer): Html {
  return html`<form class="who" method="post" action="/console/sign-out">
    ${formToken(viewer)}
    <a href="/console/me">${isolated(viewer.caller.name)}</a>
    <button class="link">Sign out</button>
  </form>`;
}
