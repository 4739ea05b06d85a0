import { calendarDay } from '../../core/calendar.ts';
import { OTHER_WAY_WORDS } from '../../core/fee/code-words.ts';
import type { FeeState } from '../../core/fee/fold.ts';
import { dollars } from '../../core/fee/money.ts';
import { cardName, dayOf } from '../../core/mail/notice.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import { html, type Html } from '../console/html.ts';
import { isolated } from '../console/isolated.ts';

/** The receipt of a fee that was paid, for printing. Throws when nothing was paid. */
export function receiptBody(feeRecord: FeeRecord, fee: FeeState, practice: string): Html {
  const { assessment, clinician } = feeRecord;
  const { on, how, cents } = paymentOf(feeRecord, fee);
  const rows: [string, Html | string][] = [
    ['Received by', practice],
    ['From', isolated(clinician.name)],
    ['For', `CPT license fee of ${assessment.year}, ${assessment.vendorName}`],
    ['Paid on', dayOf(on, 'long')],
    ['Paid', how],
    [`AMA royalty for ${assessment.year}`, dollars(assessment.royaltyCents)],
    [`${assessment.vendorName} processing`, dollars(assessment.processingCents)],
    ['Amount paid', dollars(cents)],
    ['Receipt for fee', feeRecord.feeId],
  ];
  const refunded = fee.otherPayment ? 0 : fee.refundedCents;
  if (refunded > 0) rows.splice(-1, 0, ['Refunded since', dollars(refunded)]);
  return html`<h1>Receipt</h1>
    <dl class="facts receipt">
      ${rows.map(
        ([label, value]) =>
          html`<dt>${label}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
    <p class="small soft">To keep it as a PDF, print this page to a file.</p>`;
}

function paymentOf(
  { assessment }: FeeRecord,
  { paid, paidCents, otherPayment, cardUpdated, noticed }: FeeState,
): { on: string; how: string; cents: number } {
  if (otherPayment) {
    const { on, how, amountCents } = otherPayment;
    return { on, how: OTHER_WAY_WORDS[how], cents: amountCents };
  }
  if (!paid) throw new Error('Bug! a receipt for a fee that was not paid');
  // The announced card is named only while no other one came, as in the e-mail.
  const card = cardUpdated ? null : noticed?.card;
  return {
    on: calendarDay(paid.at, assessment.policy.timeZone),
    how: card ? `by card, ${cardName(card)}` : 'by card',
    cents: paidCents,
  };
}
