import { dollars } from '../../../core/fee/money.ts';
import {
  keptCents,
  outcomeOf,
  outcomeWords,
  standingOf,
  type MatchOutcome,
  type MatchTotals,
  type OutcomeTotal,
} from '../../../core/reconcile/three-way.ts';
import type { MatchItem } from '../../../ledger/invoice-match.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { nothing } from '../layout.ts';
import { table, type Column } from '../table.ts';
import { counted } from '../words.ts';
import { money, standingBadge } from './words.ts';

export interface MatchView {
  vendor: string;
  vendorName: string;
  year: number;
  totals: MatchTotals;
  /** Which items are listed: of one outcome, or those to be decided; null for all. */
  outcome: MatchOutcome | null;
  onlyOpen: boolean;
  items: MatchItem[];
  /** The last item of this page when there are more, else null. */
  next: string | null;
  /** Whether the invoices decide what is charged; null when no assessment is open. */
  byInvoice: boolean | null;
}

const pathOf = ({ vendor, year }: Pick<MatchView, 'vendor' | 'year'>): string =>
  `/console/invoices/match/${vendor}/${year}`;

/** The match of a vendor's year: three columns, the sums of each outcome, then the people. */
export function matchBody(view: MatchView): Html {
  const { vendorName, year, totals } = view;
  return html`<p class="crumbs"><a href="/console/invoices">Invoices</a></p>
    <h1>${isolated(vendorName)} ${year}: three-way match</h1>
    <p class="lead">
      What the vendor charged, what the practice passes on, and what came in through
      Stripe.${rule(view)}
    </p>
    ${standing(totals)} ${sums(totals)}
    <p class="buttons tools">
      <a class="button plain" href="${pathOf(view)}/match.csv">Download the match</a>
    </p>
    ${totals.outcomes.length === 0 ? nothing(EMPTY) : html`${outcomes(view)} ${people(view)}`}`;
}

const EMPTY =
  'There is nothing to compare yet: no invoice of this year is confirmed, and no fee is owed.';

function rule({ byInvoice }: MatchView): string {
  if (byInvoice === null) return '';
  return byInvoice
    ? ' Nobody is charged before a confirmed invoice carries the clinician with the fee.'
    : ' Evidence of use is enough to charge; differences are decided here.';
}

function standing({ open, waiting, reconciled, outcomes }: MatchTotals): Html | null {
  if (outcomes.length === 0) return null;
  if (outcomes.every(({ invoicedCents }) => invoicedCents === 0) && !reconciled)
    return html`<div class="warn" role="status">
      <p>
        <strong>The invoices of this year carry nothing yet.</strong>
        <a href="/console/invoices/new">Enter the vendor’s invoice</a> to compare it with these
        fees.
      </p>
    </div>`;
  if (reconciled)
    return html`<p class="done" role="status">
      <strong>Reconciled.</strong> Every person agrees or is decided.
    </p>`;
  return html`<div class="warn" role="status">
    <p>
      <strong>Not reconciled yet.</strong>
      ${open > 0 && html`${counted(open, 'difference')} to be decided.`}
      ${waiting > 0 && html`${counted(waiting, 'difference')} waiting for the vendor.`}
    </p>
  </div>`;
}

function sums({ invoicedCents, feeCents, keptCents: kept }: MatchTotals): Html {
  const figure = (name: string, cents: number) =>
    html`<div>
      <dt>${name}</dt>
      <dd>${dollars(cents)}</dd>
    </div>`;
  return html`<dl class="figures">
    ${figure('Vendor’s invoices', invoicedCents)} ${figure('Our fees', feeCents)}
    ${figure('Came in through Stripe', kept)}
    ${figure('Invoices less fees', invoicedCents - feeCents)}
  </dl>`;
}

function outcomes(view: MatchView): Html {
  const columns: Column<OutcomeTotal>[] = [
    {
      head: 'Outcome',
      kind: 'name',
      cell: ({ outcome }) =>
        html`<a
          href="${pathOf(view)}?outcome=${outcome}#people"
          ${view.outcome === outcome && html`aria-current="true"`}
          >${outcomeWords(outcome).label}</a
        >`,
    },
    { head: 'Meaning', cell: ({ outcome }) => outcomeWords(outcome).says },
    { head: 'People', kind: 'number', cell: ({ items }) => items.toLocaleString('en-US') },
    { head: 'To decide', kind: 'number', cell: ({ open }) => open || null },
    { head: 'Invoiced', kind: 'number', cell: (one) => money(one.invoicedCents) },
    { head: 'Fees', kind: 'number', cell: (one) => money(one.feeCents) },
    { head: 'Came in', kind: 'number', cell: (one) => money(one.keptCents) },
  ];
  return table(columns, view.totals.outcomes);
}

function people(view: MatchView): Html {
  const { outcome, onlyOpen, items, next } = view;
  const here = pathOf(view);
  const filter = outcome ? `outcome=${outcome}&` : onlyOpen ? 'open=yes&' : '';
  const title = outcome ? outcomeWords(outcome).label : onlyOpen ? 'To be decided' : 'Everybody';
  return html`<h2 id="people">${title}</h2>
    <ul class="tabs">
      <li>
        <a href="${here}#people" ${!outcome && !onlyOpen && html`aria-current="true"`}>Everybody</a>
      </li>
      <li>
        <a href="${here}?open=yes#people" ${onlyOpen && html`aria-current="true"`}
          >To be decided (${view.totals.open})</a
        >
      </li>
    </ul>
    ${items.length === 0 ? nothing('Nobody here.') : table(columnsOf(here), items)}
    ${next && html`<p><a href="${here}?${filter}after=${next}#people">Next page</a></p>`}`;
}

function columnsOf(here: string): Column<MatchItem>[] {
  return [
    {
      head: 'Person',
      kind: 'name',
      cell: ({ item, name, ref }) =>
        html`<a href="${here}/${item}">${name ? isolated(name) : 'no name'}</a>
          ${ref && html`<span class="small soft">${isolated(ref)}</span>`}`,
    },
    {
      head: 'Outcome',
      cell: ({ facts, decision, holds }) => {
        const outcome = outcomeOf(facts);
        return html`${outcomeWords(outcome).label}
        ${standingBadge(standingOf(outcome, holds ? decision : null))}`;
      },
    },
    { head: 'Invoiced', kind: 'number', cell: ({ facts }) => money(facts.invoicedCents) },
    { head: 'Fee', kind: 'number', cell: ({ facts }) => money(facts.feeCents) },
    { head: 'Came in', kind: 'number', cell: ({ facts }) => money(keptCents(facts)) },
  ];
}
