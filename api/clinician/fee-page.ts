import { randomUUID } from 'node:crypto';
import { calendarDay } from '../../core/calendar.ts';
import { decide, isObjectionOpen } from '../../core/fee/actions.ts';
import { fold, type FeeState } from '../../core/fee/fold.ts';
import { dollars } from '../../core/fee/money.ts';
import { mayGiveCard } from '../../core/fee/next.ts';
import { dayOf, whatItIs, whyYou } from '../../core/mail/notice.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import { html, type Html } from '../console/html.ts';
import { isolated } from '../console/isolated.ts';
import { standingOf } from './standing.ts';

/** The most characters of an objection. */
export const OBJECTION_CHARACTERS = 1_000;

/** The clinician's page about a fee: how it stands, what it is, why, and what they can do. */
export function feePageBody(feeRecord: FeeRecord, practice: string, token: string): Html {
  const fee = fold(feeRecord.entries);
  const { assessment } = feeRecord;
  const here = `/fee/${token}`;
  return html`<h1>Your CPT license fee for ${assessment.year}</h1>
    <section class="card">
      <p class="standing">${standingOf(feeRecord, fee)}</p>
      ${fee.assessed && sum(feeRecord, practice)}
      ${isReceipted(fee) && html`<p><a href="${here}/receipt">Receipt, to print or keep</a></p>`}
    </section>
    ${objection(fee, feeRecord)} ${actions(feeRecord, fee, here)}
    ${reasons(feeRecord, fee, practice)}`;
}

/** Whether something was paid and kept, so that there is a receipt. */
export function isReceipted(fee: FeeState): boolean {
  return fee.otherPayment !== null || (fee.paid !== null && fee.refundedCents < fee.paidCents);
}

function sum({ assessment }: FeeRecord, practice: string): Html {
  const { royaltyCents, processingCents, amountCents, year, vendorName } = assessment;
  return html`<dl class="facts parts">
    <dt>AMA royalty for ${year}</dt>
    <dd>${dollars(royaltyCents)}</dd>
    <dt>${vendorName} processing</dt>
    <dd>${dollars(processingCents)}</dd>
    <dt>Added by ${practice}</dt>
    <dd>${dollars(0)}</dd>
    <dt><strong>Total</strong></dt>
    <dd><strong>${dollars(amountCents)}</strong></dd>
  </dl>`;
}

function reasons({ assessment }: FeeRecord, fee: FeeState, practice: string): Html | null {
  if (!fee.assessed) return null;
  const facts = { vendor: assessment.vendorName, year: assessment.year, practice };
  return html`<section class="card">
    <h2 class="first">What it is</h2>
    <p>${whatItIs(facts)}</p>
    <h2>Why you</h2>
    <p>${whyYou({ ...facts, evidence: fee.assessed.evidence })}</p>
  </section>`;
}

function objection(fee: FeeState, { assessment }: FeeRecord): Html | null {
  if (!fee.objected) return null;
  const on = dayOf(calendarDay(fee.objected.at, assessment.policy.timeZone), 'long');
  const { objectionAnswered: answered } = fee;
  return html`<section class="card">
    <h2 class="first">Your objection of ${on}</h2>
    <p>“${isolated(fee.objected.text)}”</p>
    ${
      answered
        ? html`<p>
            ${answered.accepted ? 'We agree.' : 'We have looked at it, and the fee stands.'}
            “${isolated(answered.text)}”
          </p>`
        : html`<p class="soft">Somebody of us reads it and answers here and by e-mail.</p>`
    }
  </section>`;
}

function actions(feeRecord: FeeRecord, fee: FeeState, here: string): Html | null {
  const pay = 'entries' in decide(fee, { act: 'pay_now' });
  const card =
    mayGiveCard(fee) && (feeRecord.clinician.stripeCustomer ?? feeRecord.clinician.email);
  const object = !isObjectionOpen(fee) && 'entries' in decide(fee, { act: 'object', why: '' });
  if (!pay && !card && !object) return null;
  return html`<section class="card">
    <h2 class="first">What you can do</h2>
    ${pay && payForm(feeRecord, fee, here)} ${card && cardForm(here)} ${object && objectForm(here)}
    ${object && leftLink(here, feeRecord)}
  </section>`;
}

function payForm({ assessment }: FeeRecord, fee: FeeState, here: string): Html {
  const what = fee.declined ? 'Try my card again now' : 'Pay now';
  return html`<form method="post" action="${here}/pay-now">
    <p>
      You need not wait: we can charge your card the ${dollars(assessment.amountCents)} at once, and
      send you a receipt.
    </p>
    <button>${what}</button>
  </form>`;
}

function cardForm(here: string): Html {
  return html`<form method="post" action="${here}/card">
    <input type="hidden" name="page" value="${randomUUID()}" />
    <p>Another card is given on a page of Stripe, our payment provider. No money moves there.</p>
    <button class="plain">Give another card</button>
  </form>`;
}

function objectForm(here: string): Html {
  return html`<form method="post" action="${here}/object">
    <label for="objection">Is something wrong with this fee?</label>
    <textarea
      id="objection"
      name="text"
      required
      rows="4"
      maxlength="${OBJECTION_CHARACTERS}"
      aria-describedby="objection-hint"
    ></textarea>
    <p class="small soft" id="objection-hint">
      Tell us in your words. Nothing is charged before we have answered. Please name no clients.
    </p>
    <button class="plain">Object</button>
  </form>`;
}

function leftLink(here: string, { assessment }: FeeRecord): Html {
  return html`<p>
    <a href="${here}/left">I left ${assessment.vendorName}, and work with another EHR</a>
  </p>`;
}
