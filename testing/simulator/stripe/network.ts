import type { Card, Charge, Mood } from './books.ts';
import type { StripeWorld } from './world.ts';

/** What the bank says to one try. */
export type Verdict =
  | { result: 'approved' }
  | { result: 'pending'; ms: number; ends: 'succeeded' | 'failed' }
  | {
      result: 'declined';
      code: string;
      adviceCode: string | null;
      networkAdviceCode: string | null;
      sentToNetwork: boolean;
      forbidden: boolean;
    };

const SOFT = ['insufficient_funds', 'generic_decline', 'do_not_honor', 'card_velocity_exceeded'];
const TECHNICAL = ['processing_error', 'issuer_not_available', 'try_again_later'];
const HARD = ['expired_card', 'lost_card', 'stolen_card', 'pickup_card', 'invalid_account'];
/** Codes after which nobody may try this card again, whatever else is said. */
const NEVER_AGAIN = new Set(['lost_card', 'stolen_card', 'pickup_card', 'invalid_account']);
const ODD = ['duplicate_transaction', 'a_code_of_tomorrow'];

/** How a card behaves in this seed: most are good, every class of refusal happens. */
export function drawMood(random: StripeWorld['random']): Mood {
  const answer = random.weighted<Mood['answer']>({
    approve: 46,
    soft: 16,
    technical: 8,
    hard: 8,
    forbid: 6,
    block: 3,
    odd: 2,
    authenticate: 3,
    slow: 8,
  });
  const codes = { soft: SOFT, technical: TECHNICAL, hard: HARD, forbid: SOFT, odd: ODD };
  const of = codes[answer as keyof typeof codes];
  return {
    answer,
    code: of ? random.pick(of) : answer === 'block' ? 'generic_decline' : 'authentication_required',
    tries: answer === 'technical' ? random.between(1, 2) : random.pick([1, 1, 2, 3, 99]),
    hours: random.pick([0.01, 0.5, 5, 30, 80]),
    ends: random.chance(0.7) ? 'succeeded' : 'failed',
  };
}

/** Asks the bank of a card for money. */
export function ask({ random }: StripeWorld, card: Card): Verdict {
  const { mood } = card;
  if (mood.answer === 'approve' || mood.tries <= 0) return { result: 'approved' };
  mood.tries -= 1;
  const no = (code: string, more: Partial<Verdict & { result: 'declined' }> = {}): Verdict => ({
    result: 'declined',
    code,
    adviceCode: null,
    networkAdviceCode: null,
    sentToNetwork: true,
    forbidden: NEVER_AGAIN.has(code),
    ...more,
  });
  switch (mood.answer) {
    case 'slow':
      return { result: 'pending', ms: mood.hours * 3_600_000, ends: mood.ends };
    case 'soft':
      return no(mood.code, { adviceCode: random.pick([null, 'try_again_later']) });
    case 'forbid':
      return random.chance(0.6)
        ? no(mood.code, { adviceCode: 'do_not_try_again', forbidden: true })
        : no(mood.code, { networkAdviceCode: random.pick(['03', '21']), forbidden: true });
    case 'block':
      return no('generic_decline', { sentToNetwork: false });
    case 'technical':
    case 'hard':
    case 'odd':
    case 'authenticate':
      return no(mood.code);
  }
}

/** A charge's `outcome`, which says what the error does not. */
export function outcomeOf(verdict: Verdict): Charge['outcome'] {
  if (verdict.result === 'pending') return null;
  if (verdict.result === 'approved')
    return {
      type: 'authorized',
      network_status: 'approved_by_network',
      reason: null,
      advice_code: null,
      network_advice_code: null,
    };
  const { code, adviceCode, networkAdviceCode, sentToNetwork } = verdict;
  return {
    type: sentToNetwork ? 'issuer_declined' : 'blocked',
    network_status: sentToNetwork ? 'declined_by_network' : 'not_sent_to_network',
    reason: sentToNetwork ? code : 'previously_declined_do_not_retry',
    advice_code: adviceCode,
    network_advice_code: networkAdviceCode,
  };
}
