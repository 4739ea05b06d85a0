import { inWords } from '../../core/fee/code-words.ts';
import { fold } from '../../core/fee/fold.ts';
import { dollars } from '../../core/fee/money.ts';
import { nextOf } from '../../core/fee/next.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import { html, type Html } from './html.ts';
import { nothing } from './layout.ts';
import { person, table, type Column } from './table.ts';
import { distance, when } from './times.ts';
import { counted } from './words.ts';

/** Fees with an unknown outcome at Stripe: what was asked, and when Stripe is asked again. */
export function unknownBody(cases: readonly FeeRecord[], more: boolean): Html {
  return html`<h1>We do not know yet</h1>
    <p class="lead">
      Something was asked of Stripe and no clear answer came. Stripe is asked what happened, at
      growing distances, until it is known. Meanwhile nothing is tried again and nothing is told to
      the clinician: a card cannot be charged twice by this.
    </p>
    ${
      cases.length === 0
        ? nothing('Every answer of Stripe is known.')
        : table(COLUMNS, cases.map(lookOf))
    }
    ${more && html`<p class="soft">There are more; see the list of fees.</p>`}`;
}

const ABOUT = {
  attempt: 'whether the card was charged',
  cancel: 'whether the intent was canceled',
  refund: 'whether the money went back',
} as const;

type Look = ReturnType<typeof lookOf>;

/** The latest `unknown` entry, and when the next reading is due. */
function lookOf(feeRecord: FeeRecord) {
  const { entries, assessment } = feeRecord;
  const fee = fold(entries);
  const looks = entries.filter(
    (one) => one.kind === 'unknown' && one.seq > (fee.openAttempt?.seq ?? 0),
  );
  return {
    feeRecord,
    timeZone: assessment.policy.timeZone,
    unknown: fee.unknown,
    looks: looks.length,
    since: looks[0]?.at ?? null,
    again: nextOf(fee, assessment.policy).at,
  };
}

const COLUMNS: Column<Look>[] = [
  {
    head: 'Clinician',
    kind: 'name',
    cell: ({ feeRecord: { clinician, feeId } }) => person(clinician.name, clinician.ref, feeId),
  },
  {
    head: 'Fee',
    kind: 'number',
    cell: ({ feeRecord }) => dollars(feeRecord.assessment.amountCents),
  },
  {
    head: 'Unknown outcomes',
    cell: ({ unknown }) =>
      unknown &&
      html`${ABOUT[unknown.about]} <span class="small soft">${inWords(unknown.why)}</span>`,
  },
  {
    head: 'Since',
    cell: ({ since, looks, timeZone }) =>
      since &&
      html`${when(since, timeZone)}
        <span class="small soft">asked ${counted(looks, 'time')}</span>`,
  },
  {
    head: 'Asked again',
    cell: ({ again, timeZone, feeRecord }) =>
      again &&
      html`${when(again, timeZone)}
        <span class="small soft">${distance(again, feeRecord.now())}</span>`,
  },
];
