import { inWords, plainWords } from '../../core/fee/code-words.ts';
import type { AuditedLine } from '../../ledger/access.ts';
import { ERRORS, type ErrorCode } from '../http/errors.ts';
import { html, type Html } from './html.ts';
import { isolated } from './isolated.ts';
import { nothing } from './layout.ts';
import { table, type Column } from './table.ts';
import { when } from './times.ts';

/** What people did, newest first. */
export function auditBody(acts: readonly AuditedLine[], more: boolean, timeZone: string): Html {
  return html`<h1>Audit</h1>
    <p class="lead">
      Every act, by the name of the colleague or of the program’s token. The trail can only be added
      to.
    </p>
    ${acts.length === 0 ? nothing('Nobody has done anything yet.') : auditTable(acts, timeZone)}
    ${more && html`<p><a href="/console/audit?before=${acts.at(-1)?.auditId}">Earlier</a></p>`}`;
}

/** Acts in a table. */
export function auditTable(acts: readonly AuditedLine[], timeZone: string): Html {
  return table(columns(timeZone), acts);
}

function columns(timeZone: string): Column<AuditedLine>[] {
  return [
    { head: 'When', cell: ({ at }) => when(at, timeZone) },
    { head: 'Who', kind: 'name', cell: ({ actor }) => html`${isolated(actor)}` },
    { head: 'Did', cell: ({ action }) => action.replaceAll('_', ' ') },
    { head: 'To', cell: ({ object }) => objectOf(object) },
    {
      head: 'Said',
      cell: ({ detail }) => saidOf(detail),
    },
  ];
}

const KINDS = 'fee|assessment|import|evidence|clinician|invoice|colleague|session|caller';
const UUID = new RegExp(`^(${KINDS}) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$`);

/** The kinds of objects that have a page. */
const PAGED = new Set(['fee', 'assessment', 'import', 'clinician', 'invoice', 'colleague']);

/** The object of an act, with a link if it has a page. */
function objectOf(object: string): Html {
  const [, kind, id] = UUID.exec(object) ?? [];
  if (!kind || !id) return isolated(object);
  const short = `${kind} ${id.slice(0, 8)}`;
  if (!PAGED.has(kind)) return html`<span title="${id}">${short}</span>`;
  const page = kind === 'clinician' ? 'people' : `${kind}s`;
  return html`<a href="/console/${page}/${id}">${short}</a>`;
}

/** The details of an act, except that it was done. */
function saidOf({ outcome, ...rest }: Record<string, unknown>): Html[] {
  const said = Object.entries(rest).flatMap(([name, value]) =>
    name === 'changes'
      ? changesOf(value)
      : [html`<span class="soft">${labelOf(name)}</span> ${isolated(plainWords(textOf(value)))} `],
  );
  if (outcome === undefined || outcome === 'done') return said;
  return [...said, html`<span class="badge person">Refused</span> ${whyRefused(textOf(outcome))}`];
}

/** The name of a detail as people write it: "waits for" for `waitsFor`. */
function labelOf(name: string): string {
  return name.replace(/([A-Z])/g, ' $1').toLowerCase();
}

function whyRefused(code: string): string {
  return Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode][1] : inWords(code);
}

/** Old and new value of each field of the roster that was changed. */
function changesOf(value: unknown): Html[] {
  return Object.entries(value as Record<string, { from: unknown; to: unknown }>).map(
    ([field, { from, to }]) =>
      html`<span class="soft">${labelOf(field)}</span> ${isolated(textOf(from))} →
        ${isolated(textOf(to))} `,
  );
}

function textOf(value: unknown): string {
  if (value === null) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
