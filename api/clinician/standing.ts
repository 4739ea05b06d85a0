import { calendarDay } from '../../core/calendar.ts';
import { isObjectionOpen } from '../../core/fee/actions.ts';
import { OTHER_WAY_WORDS } from '../../core/fee/code-words.ts';
import type { FeeStatus } from '../../core/fee/fee.ts';
import type { FeeState } from '../../core/fee/fold.ts';
import { dollars } from '../../core/fee/money.ts';
import { nextOf } from '../../core/fee/next.ts';
import { cardName, dayOf } from '../../core/mail/notice.ts';
import type { FeeRecord } from '../../ledger/fees.ts';

/** Where a fee stands, in sentences for its clinician. The reasons of a bank are not among them. */
export function standingOf(feeRecord: FeeRecord, fee: FeeState): string {
  const { state, at } = nextOf(fee, feeRecord.assessment.policy);
  return SENTENCES[state]({ feeRecord, fee, at });
}

interface Facts {
  feeRecord: FeeRecord;
  fee: FeeState;
  at: Date | null;
}

const long = (at: Date, { assessment }: FeeRecord) =>
  dayOf(calendarDay(at, assessment.policy.timeZone), 'long');

const NOT_YET = 'Nothing is charged before we have written to you with the day and the card.';
const UNDER_WAY = 'The payment is under way. There is nothing you have to do.';

const SENTENCES: Record<FeeStatus, (facts: Facts) => string> = {
  detecting: () => 'Nothing is owed so far.',
  no_use: () => 'Nothing is owed.',
  exempt: () => 'Nothing is owed.',
  ready: () => NOT_YET,
  approved: () => NOT_YET,
  notice_failed: () => NOT_YET,
  noticed: (facts) => announced(facts),
  charging: () => UNDER_WAY,
  unknown: () => UNDER_WAY,
  retrying: ({ feeRecord, at }) =>
    'Your card was declined. ' +
    (at && at > feeRecord.now()
      ? `We will try it again on ${long(at, feeRecord)}.`
      : 'We will try it again soon.'),
  needs_card: () => 'Your card could not be charged. Please give us another one.',
  paid: ({ fee, feeRecord }) => {
    if (!fee.paid) return UNDER_WAY;
    return fee.refundAsked || fee.refundOpened || fee.waiveAsked
      ? 'You have paid, and the money is on its way back to your card.'
      : `You paid ${dollars(fee.paidCents)} on ${long(fee.paid.at, feeRecord)}. Thank you.`;
  },
  paid_otherwise: ({ fee }) => {
    if (!fee.otherPayment) return UNDER_WAY;
    const { amountCents, how, on } = fee.otherPayment;
    return (
      `You paid ${dollars(amountCents)} ${OTHER_WAY_WORDS[how]} on ${dayOf(on, 'long')}. ` +
      'Thank you. Your card is not charged.'
    );
  },
  waived: () => 'The fee is waived. Nothing is charged, and there is nothing you have to do.',
  held: ({ fee }) =>
    isObjectionOpen(fee)
      ? 'You have objected. We are looking at it, and nothing is charged meanwhile.'
      : 'We are looking at this fee, and nothing is charged meanwhile.',
  refunded: ({ fee }) => `You paid, and we have refunded ${dollars(fee.refundedCents)}.`,
  disputed: () => 'The payment is disputed with your bank, which decides about it.',
  gave_up: () =>
    'The fee is unpaid, and we will not try your card again by ourselves. You can give us ' +
    'another card, or reply to our e-mail to settle it in another way.',
};

function announced({ feeRecord, fee, at }: Facts): string {
  if (!fee.noticed || !at) return 'The fee is announced, and will be charged later.';
  const { amountCents, card } = fee.noticed;
  const name = fee.cardUpdated ? 'card on file' : cardName(card);
  if (fee.payNowAsked)
    return `Your ${name} is charged ${dollars(amountCents)} now, as you have asked.`;
  return (
    `Your ${name} will be charged ${dollars(amountCents)} on ${long(at, feeRecord)}. There is ` +
    'nothing you have to do.'
  );
}
