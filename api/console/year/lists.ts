import type { Assessment } from '../../../ledger/assessments.ts';
import { LISTS, type ListName } from '../../lists/lists.ts';
import { html, type Html } from '../html.ts';
import { nothing } from '../layout.ts';
import { table, type Column } from '../table.ts';

/** What each list is for. */
const ABOUT: Record<ListName, string> = {
  fees: 'One row a fee: amount, days of notice and payment, charge, refund, dispute, waiver.',
  entries: 'Everything that happened to every fee, in order, with the accounts it moved.',
  accounts: 'The sums of the year by account. The balances add up to zero.',
  reconciliation: 'Fee by fee the accounts, and whether the latest check agreed with Stripe.',
  payouts:
    'What Stripe paid out for these fees: gross, Stripe’s fee, net, and the payout with its day. ' +
    'Asks Stripe, so it takes a while. Stripe’s fee is the practice’s cost and no part of a fee.',
};

/** The page with the lists of every year, or of one. */
export function listsBody(assessments: readonly Assessment[]): Html {
  return html`<p class="crumbs"><a href="/console">Overview</a></p>
    <h1>Lists for the bookkeeper</h1>
    <p class="lead">
      Each list as an Excel workbook, or as CSV for other programs. Amounts are in US dollars.
    </p>
    ${
      assessments.length === 0
        ? nothing('No assessment has been opened yet, so there is nothing to list.')
        : assessments.map(listsOf)
    }`;
}

function listsOf({ assessmentId, vendorName, year }: Assessment): Html {
  const here = `/console/assessments/${assessmentId}`;
  const columns: Column<ListName>[] = [
    { head: 'List', kind: 'name', cell: (list) => LISTS[list].title },
    { head: 'What it has', cell: (list) => ABOUT[list] },
    {
      head: 'Download',
      cell: (list) =>
        html`<a href="${here}/lists/${list}.xlsx">Excel</a>
          <a href="${here}/lists/${list}.csv">CSV</a>`,
    },
  ];
  return html`<section aria-labelledby="lists-${assessmentId}">
    <h2 id="lists-${assessmentId}"><a href="${here}">${vendorName} ${year}</a></h2>
    ${table(columns, Object.keys(LISTS) as ListName[])}
    <p><a href="${here}/report">Report of the year, to print</a></p>
  </section>`;
}
