import { DECLINES, declineByCode } from '../../../sandbox/stripe/engine/declines.ts';
import type { Answer, Decline } from '../../../sandbox/stripe/engine/declines.ts';
import type { Random } from '../random.ts';

/** What a card's bank answers; `tries` is how often it does before it approves. */
export interface CardBehaviour {
  answer:
    | 'approve'
    | 'soft'
    | 'technical'
    | 'hard'
    | 'forbid'
    | 'block'
    | 'odd'
    | 'authenticate'
    | 'slow';
  code: string;
  tries: number;
  /** Slow: hours until it is decided, and whether for or against. */
  hours: number;
  ends: 'succeeded' | 'failed';
}

/** What the bank says to one try, in Stripe's words, and whether it forbids another. */
export interface Verdict {
  answer: Answer;
  forbidden: boolean;
}

const SOFT = ['insufficient_funds', 'generic_decline', 'do_not_honor', 'card_velocity_exceeded'];
const TECHNICAL = ['processing_error', 'issuer_not_available', 'try_again_later'];
const HARD = ['expired_card', 'lost_card', 'stolen_card', 'pickup_card', 'invalid_account'];
/** Codes after which nobody may try this card again, whatever else is said. */
const NEVER_AGAIN = new Set(['lost_card', 'stolen_card', 'pickup_card', 'invalid_account']);
const ODD = ['duplicate_transaction', 'a_code_of_tomorrow'];

/** How a card behaves in this seed: most are good, every class of refusal occurs. */
export function drawBehaviour(random: Random): CardBehaviour {
  const answer = random.weighted<CardBehaviour['answer']>({
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

/** A card whose bank never has the money. */
export const NO_MONEY: CardBehaviour = {
  ...{ answer: 'soft', code: 'insufficient_funds', tries: Infinity },
  ...{ hours: 0, ends: 'failed' },
};

/** Whether the card would be approved now. */
export function approves({ answer, tries }: CardBehaviour): boolean {
  return answer === 'approve' || tries <= 0;
}

/** Asks the bank of a card for money, which counts as a try. */
export function ask(random: Random, behaviour: CardBehaviour): Verdict {
  if (approves(behaviour)) return { answer: 'approve', forbidden: false };
  const { answer, code } = behaviour;
  behaviour.tries -= 1;
  const no = (more: Partial<Decline> = {}): Verdict => ({
    answer: { ...declineByCode(code), ...more },
    forbidden: NEVER_AGAIN.has(code),
  });
  switch (answer) {
    case 'slow':
      return { answer: 'process', forbidden: false };
    case 'soft':
      return no({ advice_code: random.pick([null, 'try_again_later'] as const) });
    case 'forbid': {
      const advice = random.chance(0.6)
        ? ({ advice_code: 'do_not_try_again' } as const)
        : { network_advice_code: random.pick(['03', '21']) };
      return { ...no(advice), forbidden: true };
    }
    case 'block':
      return { answer: DECLINES.previously_declined, forbidden: false };
    case 'authenticate':
      return { answer: 'authenticate', forbidden: false };
    case 'approve':
    case 'technical':
    case 'hard':
    case 'odd':
      return no();
  }
}
