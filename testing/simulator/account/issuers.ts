import type { Issuers, RefundCourse } from '../../../sandbox/stripe/engine/issuers.ts';
import { declineByCode } from '../../../sandbox/stripe/engine/declines.ts';
import type { Answer } from '../../../sandbox/stripe/engine/declines.ts';
import type { PaymentIntent, PaymentMethod } from '../../../sandbox/stripe/resources/objects.ts';
import type { Random } from '../random.ts';
import type { StripeBooks, Try } from './books.ts';
import { ask } from './card-behaviour.ts';

const HOUR_MS = 3_600_000;

/** Who asks for money: levy under a key, at a decision of that time, or somebody else. */
export type Asker = Pick<Try, 'by' | 'key' | 'decidedAt' | 'site'>;

/** How a refund goes: at once, after days, not at all, or back again after it succeeded. */
const REFUNDS = { succeeds: 60, pends: 20, pends_and_fails: 12, succeeds_and_fails: 8 };

/** The banks of a simulated account: a card behaves as its seed has it, and tries are counted. */
export function createIssuers(args: {
  books: () => StripeBooks;
  random: Random;
  now: () => number;
  /** Who asks just now. */
  asker: () => Asker;
  note: (line: string) => void;
}): Issuers {
  const { books, random, now, asker, note } = args;
  /** How the payments that take their time will end. */
  const ends = new Map<string, 'succeeded' | 'failed'>();

  const factsOf = ({ id }: PaymentMethod) => {
    const facts = books().cardFacts.get(id);
    if (!facts) throw new Error(`Bug! nobody gave the card ${id}`);
    return facts;
  };

  function record(
    method: PaymentMethod,
    intent: PaymentIntent,
    answer: Answer,
    forbidden: boolean,
  ): void {
    const { by, ...rest } = asker();
    const declined = declineOf(answer);
    const result = declined ? 'declined' : answer === 'approve' ? 'approved' : 'pending';
    books().tries.push({
      ...{ by, ...rest, at: now() },
      intent: intent.id,
      customer: intent.customer ?? '',
      feeId: intent.metadata.fee ?? '',
      charge: '',
      amountCents: intent.amount,
      paymentMethod: method.id,
      fingerprint: method.card.fingerprint ?? '',
      version: factsOf(method).version,
      sentToNetwork: declined?.outcome.type !== 'blocked',
      ...{ result, forbidden },
    });
    const said = declined ? `declined ${declined.decline_code}` : result;
    note(`stripe: ${by} asks ${method.id} for ${intent.amount} on ${intent.id}: ${said}`);
  }

  return {
    answer(method, intent) {
      const { behaviour } = factsOf(method);
      const { answer, forbidden } = ask(random, behaviour);
      if (answer === 'process') ends.set(intent.id, behaviour.ends);
      record(method, intent, answer, forbidden);
      return answer;
    },
    processingMs: (method) => factsOf(method).behaviour.hours * HOUR_MS,
    conclusion(_method, intent) {
      const end = ends.get(intent.id);
      note(`stripe: ${intent.id} settles: ${end}`);
      return end === 'succeeded' ? 'approve' : declineByCode('generic_decline');
    },
    disputesAfterMs: () => null,
    refundCourse({ id, amount, payment_intent: intent }) {
      const course = random.weighted(REFUNDS);
      const status = course.startsWith('pends') ? 'pending' : 'succeeded';
      note(`stripe: ${id} of ${amount} on ${intent}: ${status}`);
      const afterMs = random.between(2, 200) * HOUR_MS;
      return { status, end: endOf(course, afterMs) };
    },
  };
}

function endOf(course: keyof typeof REFUNDS, afterMs: number): RefundCourse['end'] {
  if (course === 'succeeds') return null;
  return { status: course === 'pends' ? 'succeeded' : 'failed', afterMs };
}

function declineOf(answer: Answer) {
  if (typeof answer === 'object') return answer;
  return answer === 'authenticate' ? declineByCode('authentication_required') : null;
}
