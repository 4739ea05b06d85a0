import type { KnownName } from '../../../ledger/known-names.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, may, nothing, type Viewer } from '../layout.ts';
import { table, type Column } from '../table.ts';
import { when } from '../times.ts';

/** The names that people have decided on, the latest first. */
export function namesBody(
  names: readonly KnownName[],
  { more, timeZone }: { more: boolean; timeZone: string },
  viewer: Viewer,
): Html {
  return html`<p class="crumbs"><a href="/console/imports">Exports</a></p>
    <h1>Names that were decided on</h1>
    <p class="lead">
      Every export is read with these. A name that is forgotten is asked about again by the next
      import; evidence that was written stays, and is refused on the fee’s page.
    </p>
    ${
      names.length === 0
        ? nothing('Nobody has matched or ignored a name yet.')
        : table(columns(timeZone, viewer), names)
    }
    ${more && html`<p class="soft">Only the latest ${names.length} are shown.</p>`}`;
}

function columns(timeZone: string, viewer: Viewer): Column<KnownName>[] {
  const columns: Column<KnownName>[] = [
    {
      head: 'As written',
      kind: 'name',
      cell: ({ knownId, written, vendorName }) =>
        html`<span id="name-${knownId}">${isolated(written)}</span>
          <span class="small soft">${vendorName ? isolated(vendorName) : 'any EHR'}</span>`,
    },
    {
      head: 'Means',
      cell: ({ clinician, why }) =>
        clinician
          ? html`<a href="/console/people/${clinician.clinicianId}">${isolated(clinician.name)}</a>
              <span class="small soft">${isolated(clinician.ref)}</span>`
          : html`Nobody on the roster: ${isolated(why ?? '')}`,
    },
    {
      head: 'Decided',
      cell: ({ decidedBy, decidedAt }) =>
        html`${when(decidedAt, timeZone)} by ${isolated(decidedBy)}`,
    },
  ];
  if (may(viewer, 'operate'))
    columns.push({
      head: 'Wrong?',
      cell: ({ knownId }) =>
        html`<form method="post" action="/console/imports/names/${knownId}/forget">
          ${formToken(viewer)}
          <button class="small plain" aria-describedby="name-${knownId}">Forget</button>
        </form>`,
    });
  return columns;
}
