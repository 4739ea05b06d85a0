import { Type, type Static } from 'typebox';
import type { MoveOutcome } from '../../core/fee/move.ts';
import { CLINICIAN } from '../../core/fee/fee.ts';
import { dayOf } from '../../core/mail/notice.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { Vendor } from '../../ledger/rates.ts';
import { html, type Html } from '../console/html.ts';
import type { ApiDeps } from '../deps.ts';
import { Problem } from '../http/errors.ts';
import { applyAction } from '../routes/actions.ts';
import { applyMove, previewMove, type MovedFee, type MovePreview } from '../routes/moves.ts';

/** The field for an EHR that is not in the list: no id of an EHR has this form. */
const NOT_LISTED = '-';

/** What a clinician says of a move. */
export const Left = Type.Object({
  vendor: Type.String({ pattern: '^(-|[a-z0-9][a-z0-9_-]{0,63})$' }),
  on: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }),
});
export const LeftShown = Type.Object(
  { ...Left.properties, shown: Type.String({ pattern: '^[0-9a-f]{64}$' }) },
  { additionalProperties: false },
);
type Said = Static<typeof Left>;

/** What the page shows: nothing yet, what would happen to the fee, or why it cannot be said. */
export interface LeftView {
  vendors: Vendor[];
  said: Said | null;
  preview: { shown: string; fee: MovedFee; isForPerson: boolean } | null;
  refused: string | null;
}

/** Reads what a move would do to the fee of the link. Nothing is written. */
export async function leftView(
  deps: ApiDeps,
  feeRecord: FeeRecord,
  said: Said | null,
): Promise<LeftView> {
  const { vendor } = feeRecord.assessment;
  const all = await deps.ledger.rates.vendors();
  const view = { vendors: all.filter((one) => one.vendor !== vendor), said };
  if (!said) return { ...view, preview: null, refused: null };
  try {
    const preview = await previewMove(deps, feeRecord.clinician.clinicianId, toldOf(said));
    const fee = preview.fees.find(({ feeId }) => feeId === feeRecord.feeId);
    if (!fee) throw new Error('Bug! the fee is not among its clinician’s');
    const shown = { shown: preview.shown, fee, isForPerson: isForPerson(said, preview) };
    return { ...view, preview: shown, refused: null };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { ...view, preview: null, refused: error.message };
  }
}

/**
 * Makes the move that was shown, or hands it to a person as an objection: when the EHR is not known
 * here, or records show a use after the day. Gives false when the move would do something else by
 * now than what was shown.
 */
export async function leave(
  deps: ApiDeps,
  feeRecord: FeeRecord,
  { shown, ...said }: Static<typeof LeftShown>,
  requestId: string,
): Promise<boolean> {
  const by = { actor: CLINICIAN, requestId };
  const { clinicianId } = feeRecord.clinician;
  const preview = await previewMove(deps, clinicianId, toldOf(said));
  if (isForPerson(said, preview)) {
    const why = `Moved to ${await nameOf(deps, said.vendor)} on ${dayOf(said.on, 'long')}.`;
    await applyAction(deps, by, feeRecord.feeId, { act: 'object', why });
    return true;
  }
  if (preview.shown !== shown && !preview.isDone) return false;
  await applyMove(deps, by, clinicianId, toldOf(said), shown);
  return true;
}

const toldOf = ({ vendor, on }: Said) => ({ vendor: vendor === NOT_LISTED ? null : vendor, on });

/** Whether a person must look before anything is decided: the clinician's word is not enough. */
function isForPerson({ vendor }: Said, { fees }: MovePreview): boolean {
  return vendor === NOT_LISTED || fees.some(({ doubtful }) => doubtful);
}

async function nameOf({ ledger }: ApiDeps, vendor: string): Promise<string> {
  const known = (await ledger.rates.vendors()).find((one) => one.vendor === vendor);
  return known?.name ?? 'another EHR';
}

/** The page on which a clinician says that they have left the EHR. */
export function leftBody(
  { vendors, said, preview, refused }: LeftView,
  { assessment }: FeeRecord,
  token: string,
): Html {
  const here = `/fee/${token}`;
  return html`<p class="crumbs"><a href="${here}">Your fee</a></p>
    <h1>I left ${assessment.vendorName}</h1>
    <p class="lead">
      The day decides whether the ${assessment.year} fee stays. Nothing changes before you have seen
      what happens and confirmed it.
    </p>
    ${refused && html`<div class="refused" role="alert"><p>${refused}</p></div>`}
    ${said && preview && shownCard(said, preview, here)}
    <form class="card" method="get" action="${here}/left">
      <p>
        <label for="vendor">The EHR you work with now</label>
        <select id="vendor" name="vendor" required>
          ${vendors.map(
            ({ vendor, name }) =>
              html`<option value="${vendor}" ${vendor === said?.vendor && html`selected`}>
                ${name}
              </option>`,
          )}
          <option value="${NOT_LISTED}" ${said?.vendor === NOT_LISTED && html`selected`}>
            Another one
          </option>
        </select>
      </p>
      <p>
        <label for="on">The first day on which you used only that one</label>
        <input id="on" name="on" type="date" required value="${said?.on ?? ''}" />
      </p>
      <button class="plain">Show what happens</button>
    </form>
    <p><a href="${here}/moving">Help with moving to another EHR</a></p>`;
}

function shownCard(
  { vendor, on }: Said,
  { shown, fee, isForPerson }: NonNullable<LeftView['preview']>,
  here: string,
): Html {
  return html`<section class="card">
    <h2 class="first">What happens</h2>
    <p>${isForPerson ? FOR_PERSON : OUTCOMES[fee.outcome]}</p>
    ${!isForPerson && EXPLAINED.has(fee.outcome) && html`<p class="soft">${fee.why}</p>`}
    <form method="post" action="${here}/left">
      <input type="hidden" name="vendor" value="${vendor}" />
      <input type="hidden" name="on" value="${on}" />
      <input type="hidden" name="shown" value="${shown}" />
      <button>Yes, I left on ${dayOf(on, 'long')}</button>
    </form>
  </section>`;
}

const FOR_PERSON = 'Somebody of us looks at it and answers you. Nothing is charged before.';

/** Outcomes whose reason says more than their sentence. */
const EXPLAINED: ReadonlySet<MoveOutcome> = new Set(['unchanged', 'stays_owed']);

const OUTCOMES: Record<MoveOutcome, string> = {
  unchanged: 'Your fee stays as it is.',
  no_fee: 'You owe no fee.',
  waived: 'The fee is waived.',
  stays_owed: 'The fee stays owed.',
  refunded: 'The fee is refunded to your card.',
  refund_to_decide: 'Somebody of us decides about a refund.',
  held: 'Somebody of us looks at it. Nothing is charged before.',
  looked_at: 'The records are looked at again.',
};

/** General help with a move to another EHR, and which EHRs are known to levy no such fee. */
export function movingBody(vendors: readonly Vendor[], token: string): Html {
  const free = vendors.filter(({ levies, source }) => !levies && source !== '');
  return html`<p class="crumbs"><a href="/fee/${token}">Your fee</a></p>
    <h1>Moving to another EHR</h1>
    <section class="card">
      <h2 class="first">Before you move</h2>
      <ul>
        <li>Export your records while you still have access, and open one to see that it works.</li>
        <li>Ask your practice who ends your account in the EHR you leave, and on which day.</li>
        <li>Finish open notes and claims first: a code you use there counts for its year.</li>
        <li>Records must be kept for as long as your state asks, wherever they are.</li>
      </ul>
      <h2>The licence fee</h2>
      <p>
        The fee is owed for a year in which you used a CPT code in an EHR that passes it on, from
        the first use. Tell us the day on which you moved, and we look at it.
      </p>
      ${
        free.length > 0 &&
        html`<p>We know of no such fee from these:</p>
          <ul>
            ${free.map(
              ({ name, source }) =>
                html`<li>${name} <span class="soft small">(${source})</span></li>`,
            )}
          </ul>`
      }
    </section>`;
}
