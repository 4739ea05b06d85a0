import { dollars } from '../../../core/fee/money.ts';
import type { Rate, Vendor } from '../../../ledger/rates.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, may, nothing, type Viewer } from '../layout.ts';
import { option } from '../option.ts';
import { table, type Column } from '../table.ts';

/** What somebody typed into the form of a rate. */
export type TypedRate = Partial<
  Record<'vendor' | 'year' | 'royalty' | 'processing' | 'status' | 'source', string>
>;

export interface RatesView {
  vendors: Vendor[];
  rates: Rate[];
  typed: TypedRate;
  /** Why the form was refused; null at first. */
  refusal: string | null;
  /** The year that a rate is most likely entered for. */
  year: number;
}

/** The page of EHRs and what they charge a year, with forms for those who may approve. */
export function ratesBody(view: RatesView, viewer: Viewer): Html {
  const { vendors, rates, refusal } = view;
  const names = new Map(vendors.map(({ vendor, name }) => [vendor, name]));
  const mayEnter = may(viewer, 'approve');
  return html`<h1>Rates</h1>
    <p class="lead">
      What each EHR charges for a clinician and year. Only a confirmed rate is ever charged. A year
      that is open keeps the rate with which it was opened.
    </p>
    ${refusal && html`<p class="refused" role="alert">${refusal} Nothing was written.</p>`}
    ${rates.length === 0 ? nothing('No rate has been entered yet.') : table(columns(names), rates)}
    ${
      mayEnter
        ? html`<div class="columns">${rateForm(view, viewer)} ${vendorForm(viewer)}</div>`
        : html`<p class="soft">Somebody whose role is “Approves” can enter rates.</p>`
    }
    <h2>EHRs</h2>
    ${table(VENDORS, vendors)}`;
}

function columns(names: ReadonlyMap<string, string>): Column<Rate>[] {
  return [
    {
      head: 'EHR and year',
      kind: 'name',
      cell: ({ vendor, year }) => html`${isolated(names.get(vendor) ?? vendor)} ${year}`,
    },
    {
      head: 'Status',
      cell: ({ status }) =>
        status === 'confirmed'
          ? html`<span class="badge good">Confirmed</span>`
          : html`<span class="badge person">Forecast: never charged</span>`,
    },
    { head: 'Royalty', kind: 'number', cell: ({ royaltyCents }) => dollars(royaltyCents) },
    { head: 'Processing', kind: 'number', cell: (one) => dollars(one.processingCents) },
    { head: 'In all', kind: 'number', cell: ({ amountCents }) => dollars(amountCents) },
    {
      head: 'Source',
      cell: ({ source, enteredBy }) =>
        html`${isolated(source)} <span class="small soft">by ${isolated(enteredBy)}</span>`,
    },
  ];
}

const VENDORS: Column<Vendor>[] = [
  { head: 'EHR', kind: 'name', cell: ({ name }) => isolated(name) },
  { head: 'Levies the fee', cell: ({ levies }) => (levies ? 'yes' : 'no: nobody is contacted') },
  { head: 'Source', cell: ({ source }) => isolated(source) },
];

function rateForm({ vendors, typed, year }: RatesView, viewer: Viewer): Html {
  return html`<form class="card fields" method="post" action="/console/rates">
    ${formToken(viewer)}
    <h2 class="first">Enter or confirm a rate</h2>
    <div>
      <label for="vendor">EHR</label
      ><select id="vendor" name="vendor">
        ${vendors.map(({ vendor, name }) => option(vendor, name, typed.vendor === vendor))}
      </select>
    </div>
    ${field('year', 'Year', typed.year ?? String(year), 'numeric')}
    ${field('royalty', 'Royalty in dollars', typed.royalty ?? '', 'decimal')}
    ${field('processing', 'The EHR’s processing in dollars', typed.processing ?? '', 'decimal')}
    ${field('source', 'Where the amount is known from', typed.source ?? '', 'text')}
    <div>
      <label for="status">Status</label
      ><select id="status" name="status">
        ${option('forecast', 'Forecast: is never charged', typed.status !== 'confirmed')}
        ${option('confirmed', 'Confirmed: may be charged', typed.status === 'confirmed')}
      </select>
    </div>
    <p class="buttons"><button>Save the rate</button></p>
  </form>`;
}

function field(name: string, label: string, value: string, mode: string): Html {
  return html`<div>
    <label for="${name}">${label}</label>
    <input
      id="${name}"
      name="${name}"
      value="${value}"
      inputmode="${mode}"
      required
      maxlength="500"
    />
  </div>`;
}

function vendorForm(viewer: Viewer): Html {
  return html`<form class="card fields" method="post" action="/console/rates/vendors">
    ${formToken(viewer)}
    <h2 class="first">Add an EHR</h2>
    <div>
      <label for="vendor-name">Name</label>
      <input id="vendor-name" name="name" required maxlength="60" />
    </div>
    <div>
      <label for="levies">Levies the fee</label
      ><select id="levies" name="levies">
        <option value="yes">Yes</option>
        <option value="no">No: its clinicians are never contacted</option>
      </select>
    </div>
    <div>
      <label for="vendor-source">How you know</label>
      <input id="vendor-source" name="source" required maxlength="500" />
    </div>
    <p class="buttons"><button class="plain">Add the EHR</button></p>
  </form>`;
}
