import type { WeakEvidence, WeakFile } from '../../../ledger/evidence.ts';
import type { Standing } from '../../../ledger/known-names.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, may, nothing, type Viewer } from '../layout.ts';
import { table, type Column } from '../table.ts';
import { day } from '../times.ts';
import { counted, KIND_WORDS } from '../words.ts';
import { consequence } from './standing.ts';

export interface ReviewView {
  weak: readonly WeakEvidence[];
  /** There are more findings than are shown. */
  more: boolean;
  files: readonly WeakFile[];
  standings: readonly Standing[];
}

/** Weak evidence that waits for a person's decision; script/review.js adds the keyboard. */
export function reviewBody(view: ReviewView, viewer: Viewer): Html {
  const { weak, more, files } = view;
  return html`<h1>Review</h1>
    <p class="lead">
      Records that may show a use of a code, but not surely: open the file at the line, and say.
      Nobody owes anything for these before somebody has accepted one, and what that makes due still
      has to be approved on the roster.
    </p>
    <p id="review-news" role="status"></p>
    ${
      weak.length === 0
        ? nothing('Nothing waits for a verdict.')
        : html`<p class="soft">
              ${counted(weak.length, 'finding')}${more && ', and more after these'}.
              ${
                may(viewer, 'operate')
                  ? html`<span class="keys-hint"
                      >Keys: <kbd>j</kbd> and <kbd>k</kbd> go through the rows, <kbd>a</kbd> accepts
                      a row, <kbd>r</kbd> refuses it.</span
                    >`
                  : 'Somebody whose role is “Works” can decide on them.'
              }
            </p>
            <div id="weak">${table(weakColumns(view, viewer), weak)}</div>`
    }
    ${
      may(viewer, 'operate') &&
      files.length > 0 &&
      html`<h2>All of one file</h2>
        <div class="acts">${files.map((file) => wholeFile(file, viewer))}</div>`
    }`;
}

function weakColumns({ standings }: ReviewView, viewer: Viewer): Column<WeakEvidence>[] {
  const columns: Column<WeakEvidence>[] = [
    {
      head: 'Clinician',
      kind: 'name',
      cell: ({ evidenceId, clinicianId, name, ref }) =>
        html`<a id="who-${evidenceId}" href="/console/people/${clinicianId}">${isolated(name)}</a>
          <span class="small soft">${isolated(ref)}</span>`,
    },
    {
      head: 'First use',
      cell: (one) =>
        html`${day(one.firstUsedOn)}
          <span class="soft">in ${KIND_WORDS[one.kind]}, for ${one.year}</span>`,
    },
    {
      head: 'Where',
      cell: ({ importId, fileName, line }) =>
        html`${
          importId
            ? html`<a href="/console/imports/${importId}">${isolated(fileName)}</a>`
            : isolated(fileName)
        },
        line ${line}`,
    },
    {
      head: 'If it counts',
      cell: ({ clinicianId, year }) => consequence(clinicianId, [year], standings),
    },
  ];
  if (may(viewer, 'operate'))
    columns.push({ head: 'Counts as use?', cell: (one) => verdictForm(one, viewer) });
  return columns;
}

function verdictForm({ evidenceId }: WeakEvidence, viewer: Viewer): Html {
  return html`<form class="buttons" method="post" action="/console/evidence/${evidenceId}">
    ${formToken(viewer)}
    <button class="small" name="verdict" value="accepted" aria-describedby="who-${evidenceId}">
      Accept
    </button>
    <button class="small plain" name="verdict" value="refused" aria-describedby="who-${evidenceId}">
      Refuse
    </button>
  </form>`;
}

function wholeFile({ importId, fileName, pieces, clinicians }: WeakFile, viewer: Viewer): Html {
  return html`<details>
    <summary>
      ${isolated(fileName)}: ${counted(pieces, 'finding')} of ${counted(clinicians, 'clinician')}
    </summary>
    <form method="post" action="/console/imports/${importId}/verdict">
      ${formToken(viewer)} <input type="hidden" name="pieces" value="${pieces}" />
      <p>
        <label for="why-${importId}">Reason</label>
        <input id="why-${importId}" name="why" required maxlength="500" />
      </p>
      <p class="buttons">
        <button name="verdict" value="accepted">Accept all ${pieces}</button>
        <button class="plain" name="verdict" value="refused">Refuse all ${pieces}</button>
      </p>
    </form>
  </details>`;
}
