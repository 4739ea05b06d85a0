import { dollars } from '../../../core/fee/money.ts';
import type { MoveOutcome } from '../../../core/fee/move.ts';
import type { KnownClinician } from '../../../ledger/clinicians.ts';
import type { Vendor } from '../../../ledger/rates.ts';
import type { MovedFee, MovePreview } from '../../routes/moves.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, nothing, type Viewer } from '../layout.ts';
import { table, type Column } from '../table.ts';

/** The field of the form for an EHR that is not in the list: no id of an EHR has this form. */
export const NOT_LISTED = '-';

export interface MoveView {
  person: KnownClinician;
  vendors: Vendor[];
  /** What was typed; empty at first. */
  vendor: string;
  on: string;
  /** What the move would do; null before it is asked for. */
  preview: MovePreview | null;
  /** Why it was not made; null where nothing was refused. */
  refused: string | null;
}

/** The page on which a move to another EHR is entered, shown, and then made. */
export function moveBody(view: MoveView, viewer: Viewer): Html {
  const { person, preview, refused } = view;
  const here = `/console/people/${person.clinicianId}`;
  return html`<p class="crumbs">
      <a href="/console/people">People</a> › <a href="${here}">${isolated(person.name)}</a>
    </p>
    <h1>Moved to another EHR</h1>
    <p class="lead">
      The day decides: whoever left before the first use of a code in a year owes no fee for it.
      Nothing is written before you have seen what happens to each fee.
    </p>
    ${
      refused &&
      html`<div class="refused" role="alert">
        <p><strong>Nothing was written.</strong> ${refused}</p>
      </div>`
    }
    ${preview && shown(view, preview, viewer)}
    <form class="card fields" method="post" action="${here}/move">
      ${formToken(viewer)}
      <div>
        <label for="vendor">The EHR now</label>
        ${vendorSelect(view)}
      </div>
      <div>
        <label for="on">First day on which only the new EHR was used</label>
        <input id="on" name="on" type="date" value="${view.on}" required />
      </div>
      <p class="buttons">
        <button>${preview ? 'Show again' : 'Show what happens'}</button>
        <a class="button plain" href="${here}">Cancel</a>
      </p>
    </form>`;
}

function vendorSelect({ vendors, vendor }: MoveView): Html {
  return html`<select id="vendor" name="vendor" required>
    <option value="">Choose</option>
    ${vendors.map(
      (one) =>
        html`<option value="${one.vendor}" ${one.vendor === vendor && html`selected`}>
          ${one.name}${!one.levies && ', levies no fee'}
        </option>`,
    )}
    <option value="${NOT_LISTED}" ${vendor === NOT_LISTED && html`selected`}>
      Another one, or not known
    </option>
  </select>`;
}

function shown(view: MoveView, preview: MovePreview, viewer: Viewer): Html {
  const { person, vendor, on } = view;
  return html`<section class="card">
    <h2 class="first">What happens</h2>
    ${preview.fees.length === 0 ? nothing('This person has no fee.') : table(FEES, preview.fees)}
    ${
      preview.isDone
        ? html`<p><strong>Nothing is left to do.</strong></p>`
        : html`<p class="soft">
              ${
                vendor === NOT_LISTED
                  ? 'The EHR on the roster stays until it is known.'
                  : 'The EHR on the roster is changed.'
              }
              Only those who were written to about a fee before are told of its end.
            </p>
            <form method="post" action="/console/people/${person.clinicianId}/move/confirm">
              ${formToken(viewer)}
              <input type="hidden" name="vendor" value="${vendor}" />
              <input type="hidden" name="on" value="${on}" />
              <input type="hidden" name="shown" value="${preview.shown}" />
              <p>
                <label for="sure"
                  ><input type="checkbox" id="sure" name="sure" value="yes" required /> I have read
                  what happens; a waiver cannot be taken back</label
                >
              </p>
              <p class="buttons"><button class="danger">Make the move</button></p>
            </form>`
    }
  </section>`;
}

const OUTCOMES: Record<MoveOutcome, string> = {
  unchanged: 'Stays as it is',
  no_fee: 'No fee',
  waived: 'Waived',
  stays_owed: 'Stays owed',
  refunded: 'Given back',
  refund_to_decide: 'A person decides about a refund',
  held: 'Held for a person',
  looked_at: 'Looked at again',
};

const CHECK_THE_DAY = html`<span class="badge person">Check the day</span>`;

const FEES: Column<MovedFee>[] = [
  {
    head: 'Fee',
    kind: 'name',
    cell: ({ feeId, vendorName, year }) =>
      html`<a href="/console/fees/${feeId}">${vendorName} ${year}</a>`,
  },
  { head: 'Amount', kind: 'number', cell: ({ amountCents }) => dollars(amountCents) },
  {
    head: 'What happens',
    cell: ({ outcome, doubtful }) => html`${OUTCOMES[outcome]} ${doubtful && CHECK_THE_DAY}`,
  },
  { head: 'Why', cell: ({ why }) => why },
];
