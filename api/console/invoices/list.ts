import { dollars } from '../../../core/fee/money.ts';
import type { Assessment } from '../../../ledger/assessments.ts';
import type { Invoice } from '../../../ledger/invoices.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { may, nothing, type Viewer } from '../layout.ts';
import { table, type Column } from '../table.ts';
import { day } from '../times.ts';
import { counted } from '../words.ts';
import { invoiceBadge } from './words.ts';

export interface InvoicesView {
  invoices: Invoice[];
  /** The id of the last invoice on this page when there are more, else null. */
  next: string | null;
  /** This is not the first page. */
  later: boolean;
  /** The years whose match can be looked at. */
  assessments: Assessment[];
}

/** What the vendors charged, and the way to each year's match. */
export function invoicesBody(view: InvoicesView, viewer: Viewer): Html {
  const { invoices, next, later } = view;
  return html`<h1>Invoices</h1>
    <p class="lead">
      What the vendors charged the practice, and whether it is what the practice passes on.
    </p>
    ${
      may(viewer, 'operate') &&
      html`<p class="buttons tools">
        <a class="button" href="/console/invoices/new">Enter an invoice</a>
      </p>`
    }
    ${matches(view)}
    <h2>Documents</h2>
    ${invoices.length === 0 ? none(later) : table(COLUMNS, invoices)}
    ${
      (next !== null || later) &&
      html`<p class="buttons">
        ${later && html`<a href="/console/invoices">First page</a>`}
        ${next && html`<a href="/console/invoices?after=${next}">Next page</a>`}
      </p>`
    }`;
}

const none = (later: boolean): Html =>
  nothing(
    later
      ? 'Nothing comes after the last page.'
      : 'No invoice has been entered yet. Enter one by hand, or from a file.',
  );

/** A year is matched where it was assessed or invoiced. */
function matches({ assessments, invoices }: InvoicesView): Html | null {
  const years = new Map(
    [...assessments, ...invoices].map(({ vendor, vendorName, year }) => [
      `${vendor} ${year}`,
      { vendor, vendorName, year },
    ]),
  );
  if (years.size === 0) return null;
  const sorted = [...years.values()].sort((a, b) => b.year - a.year);
  return html`<h2>Three-way match</h2>
    <ul class="tabs">
      ${sorted.map(
        ({ vendor, vendorName, year }) =>
          html`<li>
            <a href="/console/invoices/match/${vendor}/${year}">${isolated(vendorName)} ${year}</a>
          </li>`,
      )}
    </ul>`;
}

const COLUMNS: Column<Invoice>[] = [
  {
    head: 'Number',
    kind: 'name',
    cell: ({ invoiceId, number }) =>
      html`<a href="/console/invoices/${invoiceId}">${isolated(number)}</a>`,
  },
  { head: 'Vendor', cell: ({ vendorName, year }) => html`${isolated(vendorName)} ${year}` },
  { head: 'Dated', cell: ({ dated }) => day(dated) },
  { head: 'Stands', cell: (invoice) => invoiceBadge(invoice) },
  {
    head: 'Lines',
    cell: ({ lines, unknown }) =>
      html`${counted(lines, 'line')}
      ${unknown > 0 && html`<span class="small soft">${unknown} for nobody known</span>`}`,
  },
  { head: 'Total', kind: 'number', cell: ({ totalCents }) => dollars(totalCents) },
];
