import type { Invoice } from '../../../ledger/invoices.ts';
import type { InvoiceUpload } from '../../../ledger/invoice-uploads.ts';
import type { Vendor } from '../../../ledger/rates.ts';
import { guessColumns, INVOICE_FIELDS, type InvoiceField } from '../../invoices/columns.ts';
import { INVOICE_LIMITS } from '../../invoices/read-file.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, type Viewer } from '../layout.ts';

/** What somebody typed of an invoice. */
export type TypedHead = Partial<
  Record<'vendor' | 'year' | 'number' | 'dated' | 'total' | 'replaces', string>
>;

export interface EnterView {
  vendors: Vendor[];
  typed: TypedHead;
  /** Why nothing was entered; empty at first. */
  refusal: string[];
  /** The invoice that is replaced; null for none. */
  replaced: Invoice | null;
}

/** The form that takes an invoice, by hand or with a file. */
export function enterForm(view: EnterView, viewer: Viewer): Html {
  const { vendors, typed, refusal, replaced } = view;
  const choice = (vendor: string, name: string) =>
    html`<option value="${vendor}" ${vendor === typed.vendor && html`selected`}>${name}</option>`;
  return html`<p class="crumbs"><a href="/console/invoices">Invoices</a></p>
    <h1>${replaced ? 'Replace an invoice' : 'Enter an invoice'}</h1>
    <p class="lead">
      ${
        replaced
          ? html`It takes the place of ${isolated(replaced.number)} when it is confirmed, and not
            before.`
          : 'You see first what it charges for whom. Nothing counts before it is confirmed.'
      }
    </p>
    ${refused(refusal)}
    <form
      class="card fields"
      method="post"
      action="/console/invoices"
      enctype="multipart/form-data"
    >
      ${formToken(viewer)} <input type="hidden" name="replaces" value="${typed.replaces}" />
      <div>
        <label for="vendor">Vendor</label>
        <select id="vendor" name="vendor" required>
          <option value="">Choose</option>
          ${vendors.map(({ vendor, name }) => choice(vendor, name))}
        </select>
      </div>
      <div>
        <label for="year">Year of the fee</label>
        <input
          id="year"
          name="year"
          value="${typed.year}"
          required
          inputmode="numeric"
          pattern="20[0-9][0-9]"
          maxlength="4"
          autocomplete="off"
        />
      </div>
      <div>
        <label for="number">Number of the document</label>
        <input
          id="number"
          name="number"
          value="${typed.number}"
          required
          maxlength="100"
          autocomplete="off"
          dir="auto"
          aria-describedby="number-hint"
        />
        <p class="small soft" id="number-hint">As the vendor wrote it. Each is entered once.</p>
      </div>
      <div>
        <label for="dated">Date on it</label>
        <input id="dated" name="dated" type="date" value="${typed.dated}" required />
      </div>
      <div>
        <label for="total">Total on it</label>
        <input
          id="total"
          name="total"
          value="${typed.total}"
          maxlength="30"
          autocomplete="off"
          aria-describedby="total-hint"
        />
        <p class="small soft" id="total-hint">
          Like 1,850.00; a credit note’s is negative. May be empty when the file has a total row.
        </p>
      </div>
      <div>
        <label for="file">File with its lines</label>
        <input
          id="file"
          name="file"
          type="file"
          accept=".csv,.tsv,.txt,.xlsx,text/csv"
          aria-describedby="file-hint"
        />
        <p class="small soft" id="file-hint">
          CSV or Excel (.xlsx), up to 10 MB and ${INVOICE_LIMITS.rows.toLocaleString('en-US')}
          lines. Without a file you type the lines next.
        </p>
      </div>
      <p class="buttons">
        <button>Show its lines</button> <a class="button plain" href="/console/invoices">Cancel</a>
      </p>
    </form>`;
}

function refused(refusal: string[]): Html | null {
  if (refusal.length === 0) return null;
  return html`<div class="refused" role="alert">
    <p><strong>Nothing was entered.</strong></p>
    ${refusal.map((one) => html`<p>${one}</p>`)}
  </div>`;
}

/** The fields of a line as people call them. */
const FIELD_WORDS: Record<InvoiceField, string> = {
  name: 'Name',
  firstName: 'First name',
  lastName: 'Last name',
  ref: 'Reference',
  npi: 'NPI',
  amount: 'Amount',
};

/** Rows of a file that are shown, so that the headings can be found among them. */
export const SHOWN_ROWS = 12;

/** The page on which somebody says which row has the headings, and which column is which. */
export function columnsForm(upload: InvoiceUpload, refusal: string[], viewer: Viewer): Html {
  const { uploadId, fileName, rows } = upload;
  const first = rows.slice(0, SHOWN_ROWS);
  const width = Math.max(...first.map(({ cells }) => cells.length));
  const heading = first.find(({ cells }) => cells.filter(Boolean).length > 1) ?? first[0];
  const guess = guessColumns(heading?.cells ?? []);
  const columns = Array.from({ length: width }, (_, at) => at);
  return html`<p class="crumbs">
      <a href="/console/invoices">Invoices</a> › <a href="/console/invoices/new">Enter</a>
    </p>
    <h1>Which column is which?</h1>
    <p class="lead">
      The headings of ${isolated(fileName)} do not say it. The amount is needed, and a name, a
      reference or an NPI.
    </p>
    ${refused(refusal)}
    <form class="card fields" method="post" action="/console/invoices/upload/${uploadId}">
      ${formToken(viewer)}
      <div>
        <label for="heading">Row of the headings</label>
        <select id="heading" name="heading">
          <option value="">There are none</option>
          ${first.map(
            (row, at) =>
              html`<option value="${at}" ${row === heading && html`selected`}>
                Line ${row.line}: ${row.cells.filter(Boolean).join(' · ').slice(0, 60)}
              </option>`,
          )}
        </select>
      </div>
      ${INVOICE_FIELDS.map(
        (field) =>
          html`<div>
            <label for="${field}">${FIELD_WORDS[field]}</label>
            <select id="${field}" name="${field}">
              <option value="">Not in the file</option>
              ${columns.map(
                (at) =>
                  html`<option value="${at}" ${guess[field] === at && html`selected`}>
                    Column ${at + 1}: ${(heading?.cells[at] || '–').slice(0, 40)}
                  </option>`,
              )}
            </select>
          </div>`,
      )}
      <p class="buttons"><button>Show its lines</button></p>
    </form>
    <h2>The first rows</h2>
    <div class="wide">
      <table>
        <tbody>
          ${first.map(
            ({ line, cells }) =>
              html`<tr>
                <th scope="row" class="number">${line}</th>
                ${columns.map((at) => html`<td>${isolated(cells[at] ?? '')}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}
