import { dollars } from '../../../core/fee/money.ts';
import type { KnownClinician } from '../../../ledger/clinicians.ts';
import type { Invoice, ShownLine } from '../../../ledger/invoices.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, may, nothing, type Viewer } from '../layout.ts';
import { table, type Column } from '../table.ts';
import { day, when } from '../times.ts';
import { counted } from '../words.ts';
import { documentName, invoiceBadge, writtenAs } from './words.ts';

export interface InvoiceView {
  invoice: Invoice;
  lines: ShownLine[];
  /** Only the lines that mean nobody known. */
  onlyUnknown: boolean;
  /** The number of the last line on this page when there are more, else null. */
  next: number | null;
  /** Another standing invoice with the same lines, or the one it replaces; null for none. */
  same: Invoice | null;
  replaced: Invoice | null;
  /** Whom a search among the roster has found; null when nobody was looked for. */
  found: KnownClinician[] | null;
  searched: string;
  timeZone: string;
}

const isDraft = ({ confirmedAt }: Invoice): boolean => confirmedAt === null;

/** One invoice: what it says, its lines and whom they mean, and what can be done with it. */
export function invoiceBody(view: InvoiceView, viewer: Viewer): Html {
  const { invoice } = view;
  return html`<p class="crumbs">
      <a href="/console/invoices">Invoices</a> ›
      <a href="/console/invoices/match/${invoice.vendor}/${invoice.year}"
        >${isolated(invoice.vendorName)} ${invoice.year}</a
      >
    </p>
    <h1>${documentName(invoice)} ${invoiceBadge(invoice)}</h1>
    ${difference(view)}
    <div class="columns">
      <div>${lines(view, viewer)} ${isDraft(invoice) && adding(view, viewer)}</div>
      <div>${facts(view)} ${acts(view, viewer)}</div>
    </div>`;
}

function facts({ invoice, replaced, timeZone }: InvoiceView): Html {
  const { totalCents, linesCents, fileName, confirmedAt, voidedAt } = invoice;
  return html`<section class="card">
    <dl class="facts">
      <dt>Total</dt>
      <dd>${dollars(totalCents)}</dd>
      <dt>Its lines</dt>
      <dd>${dollars(linesCents)}, ${counted(invoice.lines, 'line')}</dd>
      <dt>Nobody known</dt>
      <dd>${counted(invoice.unknown, 'line')}</dd>
      <dt>Dated</dt>
      <dd>${day(invoice.dated)}</dd>
      ${
        fileName &&
        html`<dt>File</dt>
          <dd>${isolated(fileName)}</dd>`
      }
      ${
        replaced &&
        html`<dt>Replaces</dt>
          <dd>
            <a href="/console/invoices/${replaced.invoiceId}">${isolated(replaced.number)}</a>,
            ${dollars(replaced.totalCents)}
          </dd>`
      }
      <dt>Entered</dt>
      <dd>by ${isolated(invoice.enteredBy)}, ${when(invoice.enteredAt, timeZone)}</dd>
      ${
        confirmedAt &&
        html`<dt>Confirmed</dt>
          <dd>by ${isolated(invoice.confirmedBy ?? '')}, ${when(confirmedAt, timeZone)}</dd>`
      }
      ${
        voidedAt &&
        html`<dt>Voided</dt>
          <dd>
            by ${isolated(invoice.voidedBy ?? '')}, ${when(voidedAt, timeZone)}:
            ${isolated(invoice.voidWhy ?? '')}
          </dd>`
      }
    </dl>
  </section>`;
}

/** What speaks against confirming a draft. */
function difference({ invoice, same }: InvoiceView): Html | null {
  if (!isDraft(invoice)) return null;
  const missing = invoice.totalCents - invoice.linesCents;
  return html`${
    missing !== 0 &&
    html`<div class="warn" role="status">
      <p>
        <strong
          >The lines are ${dollars(Math.abs(missing))} ${missing > 0 ? 'less' : 'more'} than the
          total.</strong
        >
        The document says ${dollars(invoice.totalCents)}, its lines sum to
        ${dollars(invoice.linesCents)}. It can be confirmed when they are the same, to the cent.
      </p>
    </div>`
  }
  ${
    same &&
    html`<div class="warn" role="status">
      <p>
        <strong>Another invoice has exactly these lines:</strong>
        <a href="/console/invoices/${same.invoiceId}">${isolated(same.number)}</a>. If it is the
        same document, discard this draft.
      </p>
    </div>`
  }`;
}

function lines(view: InvoiceView, viewer: Viewer): Html {
  const { invoice, lines: shown, onlyUnknown, next } = view;
  const here = `/console/invoices/${invoice.invoiceId}`;
  const filter = onlyUnknown ? 'unknown=yes&' : '';
  return html`<h2>Lines</h2>
    ${
      invoice.unknown > 0 &&
      html`<ul class="tabs">
        <li><a href="${here}" ${!onlyUnknown && html`aria-current="true"`}>All</a></li>
        <li>
          <a href="${here}?unknown=yes" ${onlyUnknown && html`aria-current="true"`}
            >Nobody known (${invoice.unknown})</a
          >
        </li>
      </ul>`
    }
    ${
      shown.length === 0
        ? nothing('There are no lines here yet.')
        : table(columns(invoice, viewer), shown)
    }
    ${next !== null && html`<p><a href="${here}?${filter}after=${next}">Next page</a></p>`}`;
}

function columns(invoice: Invoice, viewer: Viewer): Column<ShownLine>[] {
  const here = `/console/invoices/${invoice.invoiceId}/lines`;
  const all: Column<ShownLine>[] = [
    {
      head: 'As written',
      kind: 'name',
      cell: (line) => html`<a href="${here}/${line.line}">${writtenAs(line)}</a>`,
    },
    {
      head: 'On the roster',
      cell: ({ clinicianId, clinicianName, clinicianRef, times }) =>
        clinicianId
          ? html`<a href="/console/people/${clinicianId}">${isolated(clinicianName ?? '')}</a>
              <span class="small soft">${isolated(clinicianRef ?? '')}</span>
              ${times > 1 && html`<span class="badge person">${times} lines</span>`}`
          : html`<span class="badge person">Nobody known</span>`,
    },
    { head: 'Amount', kind: 'number', cell: ({ amountCents }) => dollars(amountCents) },
  ];
  if (!isDraft(invoice) || !may(viewer, 'operate')) return all;
  const remove = ({ line }: ShownLine) =>
    html`<form method="post" action="${here}/${line}/remove">
      ${formToken(viewer)}
      <button class="plain small" aria-label="Remove line ${line}">Remove</button>
    </form>`;
  return [...all, { head: 'Draft', cell: remove }];
}

function adding({ invoice, found, searched }: InvoiceView, viewer: Viewer): Html | null {
  if (!may(viewer, 'operate')) return null;
  const here = `/console/invoices/${invoice.invoiceId}`;
  const amount = (id: string) =>
    html`<div>
      <label for="amount-${id}">Amount</label>
      <input id="amount-${id}" name="amount" required maxlength="30" autocomplete="off" />
    </div>`;
  return html`<section class="card">
    <h3>Add a line</h3>
    <form class="row" method="get" action="${here}" role="search">
      <div>
        <label for="q">Name, reference or NPI on the roster</label>
        <input id="q" name="q" type="search" value="${searched}" maxlength="200" dir="auto" />
      </div>
      <button class="plain">Find</button>
    </form>
    ${found?.length === 0 && nothing('Nobody on the roster is like this.')}
    ${found?.map(
      ({ clinicianId, name, ref }) =>
        html`<form class="row" method="post" action="${here}/lines">
          ${formToken(viewer)} <input type="hidden" name="ref" value="${ref}" />
          <div>
            <span class="label">Person</span>
            <p>${isolated(name)} <span class="small soft">${isolated(ref)}</span></p>
          </div>
          ${amount(clinicianId)} <button>Add</button>
        </form>`,
    )}
    <details>
      <summary>Somebody who is not on the roster</summary>
      <form class="row" method="post" action="${here}/lines">
        ${formToken(viewer)}
        <div>
          <label for="name">Name as written</label>
          <input id="name" name="name" required maxlength="200" autocomplete="off" dir="auto" />
        </div>
        ${amount('other')} <button>Add</button>
      </form>
    </details>
  </section>`;
}

function acts(view: InvoiceView, viewer: Viewer): Html | null {
  const { invoice } = view;
  const here = `/console/invoices/${invoice.invoiceId}`;
  if (isDraft(invoice)) return draftActs(view, viewer, here);
  if (invoice.voidedAt || !may(viewer, 'operate')) return null;
  return html`<section class="card">
    <h3>A correction</h3>
    <p class="soft">
      A confirmed invoice never changes. A credit note is entered as an invoice of its own, with
      negative amounts.
    </p>
    <div class="acts">
      <a class="button plain" href="/console/invoices/new?replaces=${invoice.invoiceId}"
        >Replace it by a corrected invoice</a
      >
      ${
        may(viewer, 'approve') &&
        html`<details name="act">
          <summary>Void it</summary>
          <form method="post" action="${here}/void">
            ${formToken(viewer)}
            <p class="soft small">
              It counts no more. Where only what was charged is passed on, nobody is charged by it
              from now on; who has paid stays so until somebody decides.
            </p>
            <p>
              <label for="why">Reason</label>
              <input id="why" name="why" required maxlength="500" />
            </p>
            <p><button class="danger">Void this invoice</button></p>
          </form>
        </details>`
      }
    </div>
  </section>`;
}

function draftActs({ invoice, same }: InvoiceView, viewer: Viewer, here: string): Html | null {
  if (!may(viewer, 'operate')) return null;
  const isWhole = invoice.totalCents === invoice.linesCents && invoice.lines > 0;
  return html`<section class="card">
      <h3>Confirm</h3>
      ${
        !isWhole
          ? html`<p class="soft">Its lines are not its total yet.</p>`
          : may(viewer, 'approve')
            ? html`<form method="post" action="${here}/confirm">
                ${formToken(viewer)}
                ${
                  invoice.unknown > 0 &&
                  html`<p class="soft small">
                    ${counted(invoice.unknown, 'line')} for nobody known: to be decided in the
                    match.
                  </p>`
                }
                <p>
                  <label
                    ><input type="checkbox" name="read" value="yes" required /> I have compared it
                    with the document</label
                  >
                </p>
                ${
                  same &&
                  html`<p>
                    <label
                      ><input type="checkbox" name="anyway" value="yes" required /> It is not the
                      same document as ${isolated(same.number)}</label
                    >
                  </p>`
                }
                <button>Confirm this invoice</button>
              </form>`
            : html`<p class="soft">Somebody with the scope “approve” can confirm it.</p>`
      }
    </section>
    <section class="card">
      <h3>The draft</h3>
      <form class="fields" method="post" action="${here}/total">
        ${formToken(viewer)}
        <div>
          <label for="total">Total on the document</label>
          <input
            id="total"
            name="total"
            required
            maxlength="30"
            autocomplete="off"
            value="${(invoice.totalCents / 100).toFixed(2)}"
          />
        </div>
        <div>
          <label for="dated">Date on it</label>
          <input id="dated" name="dated" type="date" required value="${invoice.dated}" />
        </div>
        <p class="buttons"><button class="plain">Save</button></p>
      </form>
      <form method="post" action="${here}/discard">
        ${formToken(viewer)} <button class="danger">Discard this draft</button>
      </form>
    </section>`;
}
