/**
 * What to do about a decline, as data. Three signals decide, in this order: Stripe's advice code
 * (from the issuer, about this charge), the network's advice code, the decline code. Sources:
 * Stripe's lists of decline, advice and network codes (docs.stripe.com/declines/codes and the types
 * of stripe 23), Visa's and Mastercard's retry rules as of 2026-10.
 */

/**
 * - soon    a technical fault: once after hours, then like `later`
 * - later   the same card may work in some days
 * - card    this card cannot work unchanged, or must not be tried again: ask for another
 * - look    may mean that money already moved, or nobody knows the code: a person looks
 */
export type Remedy = 'soon' | 'later' | 'card' | 'look';

const ADVICE: Record<string, Remedy> = {
  do_not_try_again: 'card',
  confirm_card_data: 'card',
  try_again_later: 'later',
};

/** Mastercard merchant advice codes: 03 do not try again, 21 the cardholder cancelled. */
const NETWORK_ADVICE: Record<string, Remedy> = {
  '01': 'card',
  '02': 'later',
  '03': 'card',
  '21': 'card',
};

const DECLINE: Record<string, Remedy> = {
  // A lack of money or a limit, for the moment.
  insufficient_funds: 'later',
  withdrawal_count_limit_exceeded: 'later',
  card_velocity_exceeded: 'later',
  // Technical faults between the networks.
  processing_error: 'soon',
  issuer_not_available: 'soon',
  reenter_transaction: 'soon',
  approve_with_id: 'soon',
  try_again_later: 'soon',
  // The issuer gives no reason: few and widely spaced tries.
  generic_decline: 'later',
  card_declined: 'later',
  do_not_honor: 'later',
  no_action_taken: 'later',
  call_issuer: 'later',
  service_not_allowed: 'later',
  security_violation: 'later',
  not_permitted: 'later',
  // Stripe's own guess or limit of the moment.
  low_probability_of_authorization: 'later',
  card_decline_rate_limit_exceeded: 'later',
  // Cannot succeed with the card as it is.
  expired_card: 'card',
  incorrect_cvc: 'card',
  invalid_cvc: 'card',
  invalid_expiry_month: 'card',
  invalid_expiry_year: 'card',
  incorrect_number: 'card',
  invalid_number: 'card',
  incorrect_zip: 'card',
  incorrect_address: 'card',
  incorrect_pin: 'card',
  invalid_pin: 'card',
  pin_try_exceeded: 'card',
  offline_pin_required: 'card',
  online_or_offline_pin_required: 'card',
  card_not_supported: 'card',
  currency_not_supported: 'card',
  new_account_information_available: 'card',
  // Needs the cardholder in person: a link, never another off-session try.
  authentication_required: 'card',
  authentication_not_handled: 'card',
  mobile_device_authentication_required: 'card',
  // Never again with this card; Visa category 1 and Stripe's own hard list.
  lost_card: 'card',
  stolen_card: 'card',
  pickup_card: 'card',
  restricted_card: 'card',
  fraudulent: 'card',
  merchant_blacklist: 'card',
  invalid_account: 'card',
  transaction_not_allowed: 'card',
  stop_payment_order: 'card',
  revocation_of_authorization: 'card',
  revocation_of_all_authorizations: 'card',
  highest_risk_level: 'card',
  previously_declined_do_not_retry: 'card',
  // The card or customer is gone at Stripe.
  resource_missing: 'card',
  payment_method_unactivated: 'card',
  payment_intent_authentication_failure: 'card',
  // It may already have gone through, or the account is set up wrongly.
  duplicate_transaction: 'look',
  invalid_amount: 'look',
  testmode_decline: 'look',
  live_mode_test_card: 'look',
};

/** Every decline code and advice code that is known. */
export const KNOWN_CODES: readonly string[] = [...Object.keys(DECLINE), ...Object.keys(ADVICE)];

/** Reasons that concern only the cardholder: other people are told "declined" and no more. */
export const UNSPOKEN = new Set([
  'lost_card',
  'stolen_card',
  'pickup_card',
  'restricted_card',
  'fraudulent',
  'merchant_blacklist',
  'highest_risk_level',
]);

/**
 * The card networks' limits on declined tries per card, far above our own; checked before every
 * attempt. Successful payments do not count: one card may pay for a whole practice.
 */
export const NETWORK_BUDGETS = [
  { brand: 'visa', declines: 20, days: 30, source: 'Visa reattempt rule since 2025-05-25' },
  { brand: 'mastercard', declines: 10, days: 1, source: 'Mastercard excessive attempts, 2026' },
  { brand: 'mastercard', declines: 35, days: 30, source: 'Mastercard excessive attempts, 2025' },
];

/** What Stripe says of a decline. Codes only, never Stripe's prose. */
export interface DeclineSignals {
  /** The decline code, or the error code when there is none. */
  code: string;
  adviceCode: string | null;
  networkAdviceCode: string | null;
}

/** The remedy for a decline; `look` when no signal is known to us. */
export function remedy(signals: DeclineSignals): Remedy {
  return (
    known(ADVICE, signals.adviceCode) ??
    known(NETWORK_ADVICE, signals.networkAdviceCode) ??
    known(DECLINE, signals.code) ??
    'look'
  );
}

/** Looks up a code; undefined for a name that every object inherits, such as `constructor`. */
function known(table: Record<string, Remedy>, code: string | null): Remedy | undefined {
  return code !== null && Object.hasOwn(table, code) ? table[code] : undefined;
}
