import type { WeakEvidence } from '../../../ledger/evidence.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, may, nothing, type Viewer } from '../layout.ts';
import { table, type Column } from '../table.ts';
import { day } from '../times.ts';
import { counted, KIND_WORDS } from '../words.ts';

/** Weak evidence that waits for a person's decision. */
export function reviewBody(weak: readonly WeakEvidence[], more: boolean, viewer: Viewer): Html {
  return html`<h1>Review</h1>
    <p class="lead">
      Records that may show a use of a code, but not surely: open the file at the line, and say.
      Nobody owes anything for these before somebody has accepted one, and what that makes due still
      has to be approved on the roster.
    </p>
    ${
      weak.length === 0
        ? nothing('Nothing waits for a verdict.')
        : html`<p class="soft">
              ${counted(weak.length, 'finding')}${more && ', and more after these'}.
              ${!may(viewer, 'operate') && 'Somebody whose role is “Works” can decide on them.'}
            </p>
            ${table(weakColumns(viewer), weak)}`
    }`;
}

function weakColumns(viewer: Viewer): Column<WeakEvidence>[] {
  const columns: Column<WeakEvidence>[] = [
    { head: 'Clinician', kind: 'name', cell: ({ ref }) => html`${isolated(ref)}` },
    {
      head: 'First use',
      cell: (one) =>
        html`${day(one.firstUsedOn)}
          <span class="soft">in ${KIND_WORDS[one.kind]}, for ${one.year}</span>`,
    },
    { head: 'Where', cell: (one) => html`${isolated(one.fileName)}, line ${one.line}` },
    { head: 'Why weak', cell: ({ rule }) => html`<code>${rule}</code>` },
  ];
  if (may(viewer, 'operate'))
    columns.push({ head: 'Counts as use?', cell: (one) => verdictForm(one, viewer) });
  return columns;
}

function verdictForm({ evidenceId }: WeakEvidence, viewer: Viewer): Html {
  return html`<form class="buttons" method="post" action="/console/evidence/${evidenceId}">
    ${formToken(viewer)}
    <button class="small" name="verdict" value="accepted">Accept</button>
    <button class="small plain" name="verdict" value="refused">Refuse</button>
  </form>`;
}
