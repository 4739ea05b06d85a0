import {
  decide,
  type Action,
  type ActionWithReason,
  type SimpleAction,
} from '../../core/fee/actions.ts';
import type { FeeState } from '../../core/fee/fold.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import { scopeOf } from '../routes/actions.ts';
import { html, type Html } from './html.ts';
import { payOtherwiseForm } from './pay-otherwise.ts';
import { formToken, may, type Viewer } from './layout.ts';

/** What a person may do to a fee, in the order of the buttons. */
const OFFERS: { act: SimpleAction; label: string; says: string; danger?: boolean }[] = [
  { act: 'release', label: 'Release', says: 'The fee goes on where it was stopped.' },
  {
    act: 'retry',
    label: 'Try again',
    says: 'Sends the notice again, or charges the card again as soon as that is allowed.',
  },
  {
    act: 'bounce',
    label: 'Notice came back',
    says: 'It announced nothing: nothing is charged until another notice stands.',
  },
  {
    act: 'send_card_link',
    label: 'Send the card link',
    says: 'Sends the clinician an e-mail with the link to give another card.',
  },
  {
    act: 'note',
    label: 'Add a note',
    says: 'Stands in the story of the fee; nothing else changes.',
  },
  { act: 'hold', label: 'Hold', says: 'Nothing is sent or charged until somebody releases it.' },
  {
    act: 'waive',
    label: 'Waive',
    says: 'The fee is let go for good. If Stripe has charged it in the meantime, it is paid back.',
    danger: true,
  },
  {
    act: 'refund',
    label: 'Refund',
    says: 'The whole payment goes back to the card.',
    danger: true,
  },
];

/**
 * Buttons for the acts that are possible now: not the ones the ledger would refuse, and none for a
 * viewer who may only read. The server decides again when a button is pressed.
 */
export function feeActions(feeRecord: FeeRecord, fee: FeeState, viewer: Viewer): Html | null {
  const offers = OFFERS.filter(
    ({ act }) => may(viewer, scopeOf(act)) && 'entries' in decide(fee, inputFor(act, '')),
  );
  const { stripeCustomer, email } = feeRecord.clinician;
  const card = may(viewer, 'operate') && wantsCard(fee) && (stripeCustomer ?? email) !== null;
  const other = may(viewer, scopeOf('pay_otherwise')) && payOtherwiseForm(feeRecord, fee, viewer);
  if (offers.length === 0 && !card && !other) return null;
  const here = `/console/fees/${feeRecord.feeId}`;
  return html`<section class="card">
    <h3>What you can do</h3>
    <div class="acts">
      ${
        card &&
        html`<form method="post" action="${here}/card-link">
          ${formToken(viewer)} <button>Make a link to give another card</button>
        </form>`
      }
      ${offers.map(
        (offer) => html`<details name="act"><summary>${offer.label}</summary>
      <form method="post" action="${here}/${offer.act.replaceAll('_', '-')}">${formToken(viewer)}
        <p class="soft small">${offer.says}</p>
        ${
          needsWhy(offer.act) &&
          html`<p>
            <label for="why-${offer.act}">Reason</label>
            <input id="why-${offer.act}" name="why" required maxlength="500" />
          </p>`
        }
        ${offer.danger && sure(offer.act)}
        <p><button${offer.danger && html` class="danger"`}>${offer.label}</button></p>
      </form></details>`,
      )}
      ${other}
    </div>
  </section>`;
}

/** Acts that cannot be taken back: their forms have a box that must be ticked. */
export function isFinal(act: SimpleAction): boolean {
  return act === 'waive' || act === 'refund';
}

/** The box: pressing Enter in the field for the reason does nothing before it is ticked. */
function sure(act: SimpleAction): Html {
  return html`<p>
    <label for="sure-${act}"
      ><input type="checkbox" id="sure-${act}" name="sure" value="yes" required /> I am sure; this
      cannot be taken back</label
    >
  </p>`;
}

/** The action a button stands for. */
export function inputFor(act: SimpleAction, why: string): Action {
  return needsWhy(act) ? { act, why } : { act };
}

/** Whether an act needs a reason. */
export function needsWhy(act: SimpleAction): act is ActionWithReason {
  return act !== 'release' && act !== 'retry' && act !== 'send_card_link';
}

function wantsCard(fee: FeeState): boolean {
  const owed = fee.assessed && !fee.paid && !fee.waived && !fee.waiveAsked;
  return Boolean(owed && (fee.cardMissing ?? fee.declined));
}
