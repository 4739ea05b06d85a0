/**
 * How a card network says no. The error's `code`, `decline_code`, `param` and `advice_code` are
 * those of Stripe's test mode; network codes are ISO 8583 response codes (51: funds, 54: expired).
 */

/** A refusal of a charge. */
export interface Decline {
  code: string;
  decline_code: string;
  message: string;
  advice_code: 'confirm_card_data' | 'do_not_try_again' | 'try_again_later' | null;
  network_decline_code: string | null;
  network_advice_code: string | null;
  param?: string;
  outcome: {
    type: 'issuer_declined' | 'blocked';
    network_status: 'declined_by_network' | 'not_sent_to_network';
    reason: string;
    seller_message: string;
  };
}

/** What a card may do when it is charged. */
export type Answer = 'approve' | 'authenticate' | 'process' | 'process_then_decline' | Decline;

/** A decline by code alone, as an issuer gives it without advice. */
export function declineByCode(declineCode: string): Decline {
  if (Object.hasOwn(DECLINES, declineCode)) {
    return { ...(DECLINES as Record<string, Decline>)[declineCode], advice_code: null } as Decline;
  }
  return issuer(declineCode, { network: '05' });
}

interface Details {
  code?: string;
  message?: string;
  advice?: Decline['advice_code'];
  network?: string;
  param?: string;
}

function issuer(declineCode: string, details: Details = {}): Decline {
  return {
    code: details.code ?? 'card_declined',
    decline_code: declineCode,
    message: details.message ?? 'Your card was declined.',
    advice_code: details.advice ?? null,
    network_decline_code: details.network ?? null,
    network_advice_code: null,
    ...(details.param && { param: details.param }),
    outcome: {
      type: 'issuer_declined',
      network_status: 'declined_by_network',
      reason: declineCode,
      seller_message:
        declineCode === 'generic_decline'
          ? 'The bank gave no reason for this decline.'
          : `The bank returned the decline code \`${declineCode}\`.`,
    },
  };
}

/** Blocked by Stripe itself: the issuer never saw it. */
function blocked(declineCode: string, reason: string, seller_message: string): Decline {
  return {
    ...issuer(declineCode),
    outcome: { type: 'blocked', network_status: 'not_sent_to_network', reason, seller_message },
  };
}

/** The declines of the test cards, by decline code. */
export const DECLINES = {
  generic_decline: issuer('generic_decline', { advice: 'try_again_later', network: '05' }),
  do_not_honor: issuer('do_not_honor', { network: '05' }),
  insufficient_funds: issuer('insufficient_funds', {
    message: 'Your card has insufficient funds.',
    advice: 'try_again_later',
    network: '51',
  }),
  card_velocity_exceeded: issuer('card_velocity_exceeded', {
    message: 'Your card was declined for making too many or too large purchases.',
    advice: 'try_again_later',
    network: '65',
  }),
  lost_card: issuer('lost_card', { advice: 'do_not_try_again', network: '41' }),
  stolen_card: issuer('stolen_card', { advice: 'do_not_try_again', network: '43' }),
  expired_card: issuer('expired_card', {
    code: 'expired_card',
    message: 'Your card has expired.',
    advice: 'confirm_card_data',
    network: '54',
    param: 'exp_month',
  }),
  incorrect_cvc: issuer('incorrect_cvc', {
    code: 'incorrect_cvc',
    message: "Your card's security code is incorrect.",
    advice: 'confirm_card_data',
    network: '82',
    param: 'cvc',
  }),
  processing_error: issuer('processing_error', {
    code: 'processing_error',
    message: 'An error occurred while processing your card. Try again in a little bit.',
    advice: 'try_again_later',
    network: '96',
  }),
  authentication_required: issuer('authentication_required', {
    code: 'authentication_required',
    message: 'Your card was declined. This transaction requires authentication.',
    network: '1A',
  }),
  fraudulent: blocked(
    'fraudulent',
    'highest_risk_level',
    'Stripe blocked this payment as too risky.',
  ),
  previously_declined: blocked(
    'generic_decline',
    'previously_declined_do_not_retry',
    'Stripe blocked this payment: the bank asked before not to try this card again.',
  ),
};
