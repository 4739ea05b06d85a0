/**
 * The banks behind the cards: what they answer to a charge, and how payments that take their time
 * and refunds end. The test cards say it themselves; a simulation brings banks of its own.
 */
import { answerOf, findTestCard } from './cards.ts';
import type { TestCard } from './cards.ts';
import { DECLINES } from './declines.ts';
import type { Answer, Decline } from './declines.ts';
import type { PaymentIntent, PaymentMethod, Refund } from '../resources/objects.ts';
import type { Store } from './store.ts';

/** How a refund goes: its first status, and how it ends when that is not its end. */
export interface RefundCourse {
  status: 'pending' | 'succeeded';
  /** What becomes of it so many milliseconds later; null when nothing does. */
  end: { status: 'succeeded' | 'failed'; afterMs: number } | null;
}

/** What the issuers of cards decide. */
export interface Issuers {
  /** The answer to a charge. It is asked for once for every charge, in the order of charges. */
  answer(method: PaymentMethod, intent: PaymentIntent): Answer;
  /** How long a payment is `processing` that was answered so, in milliseconds. */
  processingMs(method: PaymentMethod): number;
  /** How it ends, asked for when that time is over. */
  conclusion(method: PaymentMethod, intent: PaymentIntent): 'approve' | Decline;
  /** Whether the cardholder disputes the charge that was just paid, and when; null: not. */
  disputesAfterMs(method: PaymentMethod): number | null;
  /** How a new refund goes. */
  refundCourse(refund: Refund): RefundCourse;
}

/** How long what takes its time takes, in milliseconds. */
interface IssuerDelays {
  processing: number;
  dispute: number;
  refund: number;
}

/** The issuers of the test cards, which do what the cards stand for. */
export function testCardIssuers(store: Store, delays: IssuerDelays): Issuers {
  const cardOf = (methodId: string): { card: TestCard; tries: number } => {
    const record = store.cards.get(methodId);
    const card = findTestCard(record?.testCard ?? '');
    if (!record || !card) throw new Error(`The sandbox lost the test card behind ${methodId}.`);
    return { card, tries: record.tries };
  };
  return {
    answer(method) {
      const { card, tries } = cardOf(method.id);
      return answerOf(card, tries);
    },
    processingMs: () => delays.processing,
    conclusion(method) {
      const { card, tries } = cardOf(method.id);
      const isDeclined = answerOf(card, tries - 1) === 'process_then_decline';
      return isDeclined ? DECLINES.generic_decline : 'approve';
    },
    disputesAfterMs: (method) =>
      cardOf(method.id).card.afterwards === 'dispute' ? delays.dispute : null,
    refundCourse({ payment_method: methodId }) {
      const fate = findTestCard(store.cards.get(methodId ?? '')?.testCard ?? '')?.afterwards;
      const afterMs = delays.refund;
      if (fate === 'refund_pends')
        return { status: 'pending', end: { status: 'succeeded', afterMs } };
      if (fate === 'refund_fails')
        return { status: 'succeeded', end: { status: 'failed', afterMs } };
      return { status: 'succeeded', end: null };
    },
  };
}
