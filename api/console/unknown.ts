import type { FeeCase } from '../../ledger/fees.ts';
import { fold } from '../../core/fold.ts';
import { nextOf } from '../../core/next.ts';
import { dollars } from '../../core/money.ts';
import { html, type Html } from './html.ts';
import { nothing } from './layout.ts';
import { distance, when } from './times.ts';

/** Fees whose last answer from Stripe is not known: what was asked, and when it is asked again. */
export function unknownBody(cases: readonly FeeCase[], more: boolean): Html {
  return html`<h1>We do not know yet</h1>
    <p class="lead">
      Something was asked of Stripe and no clear answer came. Stripe is asked what happened, at
      growing distances, until it is known. Meanwhile nothing is tried again and nothing is told to
      the clinician: a card cannot be charged twice by this.
    </p>
    ${
      cases.length === 0
        ? nothing('Every answer of Stripe is known.')
        : html`<table class="stack">
            <thead>
              <tr>
                <th>Clinician</th>
                <th class="number">Fee</th>
                <th>What is not known</th>
                <th>Since</th>
                <th>Asked again</th>
              </tr>
            </thead>
            <tbody>
              ${cases.map(row)}
            </tbody>
          </table>`
    }
    ${more && html`<p class="soft">There are more; see the list of fees.</p>`}`;
}

const ABOUT = {
  attempt: 'whether the card was charged',
  cancel: 'whether the intent was canceled',
  refund: 'whether the money went back',
} as const;

function row({ feeId, entries, clinician, assessment, now }: FeeCase): Html {
  const fee = fold(entries);
  const { at } = nextOf(fee, assessment.policy);
  const { timeZone } = assessment.policy;
  const since = entries.find(
    ({ kind, seq }) => kind === 'unknown' && seq > (fee.open?.seq ?? 0),
  )?.at;
  return html`<tr>
    <th scope="row" data-label="Clinician">
      <span
        ><a href="/console/fees/${feeId}"><bdi>${clinician.name}</bdi></a>
        <span class="small soft">${clinician.ref}</span></span
      >
    </th>
    <td class="number" data-label="Fee">${dollars(assessment.amountCents)}</td>
    <td data-label="Not known">
      <span
        >${fee.unknown && ABOUT[fee.unknown.about]}
        <span class="small soft">${fee.unknown?.why}</span></span
      >
    </td>
    <td data-label="Since">
      <span
        >${since && when(since, timeZone)}
        <span class="small soft">asked ${fee.unknown?.look} times</span></span
      >
    </td>
    <td data-label="Asked again">
      <span
        >${at && when(at, timeZone)}${
          at && html` <span class="small soft">${distance(at, now())}</span>`
        }</span
      >
    </td>
  </tr>`;
}
