import { dollars } from '../../../core/fee/money.ts';
import type { KnownClinician } from '../../../ledger/clinicians.ts';
import type { Invoice, ShownLine } from '../../../ledger/invoices.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, nothing, type Viewer } from '../layout.ts';
import { documentName, writtenAs } from './words.ts';

export interface LineView {
  invoice: Invoice;
  line: ShownLine;
  searched: string;
  found: KnownClinician[];
  /** The viewer may say who is meant. */
  mayMatch: boolean;
}

/** One line, and the way to say who on the roster is meant by it. */
export function lineBody({ invoice, line, searched, found, mayMatch }: LineView, viewer: Viewer) {
  const here = `/console/invoices/${invoice.invoiceId}`;
  return html`<p class="crumbs">
      <a href="/console/invoices">Invoices</a> › <a href="${here}">${documentName(invoice)}</a>
    </p>
    <h1>Line ${line.line}</h1>
    <section class="card">
      <dl class="facts">
        <dt>As written</dt>
        <dd>${writtenAs(line)}</dd>
        <dt>Amount</dt>
        <dd>${dollars(line.amountCents)}</dd>
        <dt>On the roster</dt>
        <dd>${meant(line)}</dd>
      </dl>
    </section>
    ${mayMatch && search(here, line, searched, found, viewer)}`;
}

const BY = {
  npi: 'by the NPI',
  ref: 'by the reference',
  name: 'by the name',
  person: 'by a person',
};

function meant({ clinicianId, clinicianName, clinicianRef, matchedBy }: ShownLine): Html {
  if (!clinicianId || !matchedBy) return html`nobody known`;
  return html`<a href="/console/people/${clinicianId}">${isolated(clinicianName ?? '')}</a>
    <span class="small soft">${isolated(clinicianRef ?? '')}, matched ${BY[matchedBy]}</span>`;
}

function search(
  here: string,
  { line }: ShownLine,
  searched: string,
  found: KnownClinician[],
  viewer: Viewer,
): Html {
  return html`<h2>Who is meant?</h2>
    <form class="row" method="get" action="${here}/lines/${line}" role="search">
      <div>
        <label for="q">Name, e-mail, reference or NPI on the roster</label>
        <input id="q" name="q" type="search" value="${searched}" maxlength="200" dir="auto" />
      </div>
      <button class="plain">Find</button>
    </form>
    ${found.length === 0 && nothing('Nobody on the roster is like this.')}
    ${found.map(
      ({ name, ref, vendor }) =>
        html`<form class="row" method="post" action="${here}/lines/${line}">
          ${formToken(viewer)} <input type="hidden" name="ref" value="${ref}" />
          <div>
            <p>${isolated(name)} <span class="small soft">${isolated(ref)}, ${vendor}</span></p>
          </div>
          <button class="plain">This person is meant</button>
        </form>`,
    )}`;
}
