import type { OtherWay } from './fee.ts';

/**
 * Codes of Stripe, of mail servers and of levy's own entries in plain words. Each completes a
 * sentence after a colon or in brackets, so it begins with a small letter and has no full stop.
 */
const WORDS: Record<string, string> = {
  // Why a card was declined.
  insufficient_funds: 'there was not enough money',
  withdrawal_count_limit_exceeded: 'a limit of the card was reached',
  card_velocity_exceeded: 'a limit of the card was reached',
  processing_error: 'a technical fault at the bank',
  issuer_not_available: 'the bank could not be reached',
  reenter_transaction: 'the bank asks to try again',
  approve_with_id: 'the bank asks to try again',
  try_again_later: 'the bank asks to try again later',
  generic_decline: 'the bank gave no reason',
  card_declined: 'the bank gave no reason',
  do_not_honor: 'the bank gave no reason',
  no_action_taken: 'the bank gave no reason',
  call_issuer: 'the cardholder should ask the bank',
  service_not_allowed: 'the bank gave no reason',
  security_violation: 'the bank gave no reason',
  not_permitted: 'the bank gave no reason',
  low_probability_of_authorization: 'Stripe expected a refusal and did not ask the bank',
  card_decline_rate_limit_exceeded: 'the card was declined too often lately',
  expired_card: 'the card has expired',
  incorrect_cvc: 'the security code is wrong',
  invalid_cvc: 'the security code is wrong',
  invalid_expiry_month: 'the expiry date is wrong',
  invalid_expiry_year: 'the expiry date is wrong',
  incorrect_number: 'the card number is wrong',
  invalid_number: 'the card number is wrong',
  incorrect_zip: 'the ZIP code is wrong',
  incorrect_address: 'the address is wrong',
  incorrect_pin: 'the PIN is wrong',
  invalid_pin: 'the PIN is wrong',
  pin_try_exceeded: 'the PIN was wrong too often',
  offline_pin_required: 'the card needs a PIN',
  online_or_offline_pin_required: 'the card needs a PIN',
  card_not_supported: 'the card cannot be used for this',
  currency_not_supported: 'the card cannot pay in dollars',
  new_account_information_available: 'the card has new data at its bank',
  authentication_required: 'the cardholder must confirm the payment',
  authentication_not_handled: 'the cardholder must confirm the payment',
  mobile_device_authentication_required: 'the cardholder must confirm the payment',
  payment_intent_authentication_failure: 'the cardholder did not confirm the payment',
  lost_card: 'the card was reported lost',
  stolen_card: 'the card was reported stolen',
  pickup_card: 'the bank has blocked the card',
  restricted_card: 'the bank has restricted the card',
  fraudulent: 'the payment was taken for fraud',
  merchant_blacklist: 'the card is on a block list',
  highest_risk_level: 'Stripe took the payment for fraud',
  invalid_account: 'the account of the card is closed or wrong',
  transaction_not_allowed: 'the bank does not allow this payment',
  stop_payment_order: 'the cardholder has stopped the payment',
  revocation_of_authorization: 'the cardholder has stopped the payment',
  revocation_of_all_authorizations: 'the cardholder has stopped all such payments',
  previously_declined_do_not_retry: 'the bank refused it before and for good',
  resource_missing: 'the card or the customer is gone at Stripe',
  payment_method_unactivated: 'the card cannot be used at Stripe',
  duplicate_transaction: 'the bank takes it for the same payment again',
  invalid_amount: 'the bank does not take this amount',
  testmode_decline: 'a real card was used in a test',
  live_mode_test_card: 'a test card was used for a real payment',
  // What the bank advises.
  do_not_try_again: 'do not try this card again',
  confirm_card_data: 'have the card’s data confirmed',
  // Why there is no card to charge.
  no_customer: 'the clinician has no customer at Stripe',
  customer_deleted: 'the customer was deleted at Stripe',
  no_card: 'the customer has no card on file',
  card_detached: 'the card was removed from the customer',
  card_refused: 'the only card left is one that its bank has refused for good',
  // Why an e-mail was not delivered.
  no_email: 'there is no e-mail address',
  bad_address: 'the e-mail address cannot be right',
  timeout: 'no answer came in time',
  connection: 'the connection broke',
  protocol: 'the answer could not be read',
  dns: 'the server was not found',
  tls: 'no safe connection was possible',
  auth: 'the server refused our sign-in',
  failed: 'it failed',
  // Why a fee is exempt.
  vendor_does_not_levy: 'works in an EHR that does not levy the fee',
  other_vendor: 'works in another EHR, which levies by its own assessment',
  // Why the outcome at Stripe is not known, or a request was not taken.
  server_error: 'Stripe had a fault',
  unreadable_answer: 'Stripe’s answer could not be read',
  processing: 'Stripe is still working on it',
  waiting: 'Stripe has not begun yet',
  requires_action: 'Stripe waits for the cardholder',
  requires_capture: 'Stripe holds the payment',
  succeeded: 'it was paid',
  canceled: 'it was canceled',
  conflict: 'Stripe was busy with the same payment',
  rate_limit: 'Stripe asked to slow down',
  lock_timeout: 'Stripe was busy with the same payment',
  idempotency_key_in_use: 'Stripe was busy with the same request',
  payment_intent_rate_limit_exceeded: 'Stripe asked to slow down',
  payment_intent_unexpected_state: 'the payment had changed at Stripe',
  intent_invalid_state: 'the payment had changed at Stripe',
  too_late: 'it was too late to send it',
  invalid_api_key: 'Stripe does not accept our key',
  charge_disputed: 'the payment is disputed',
  charge_already_refunded: 'the payment was given back already',
  // Why a cardholder disputes a payment.
  credit_not_processed: 'says that money was not given back',
  duplicate: 'says that it was charged twice',
  general: 'gave no particular reason',
  incorrect_account_details: 'says that the account is wrong',
  product_not_received: 'says that nothing was received',
  product_unacceptable: 'is not content with what was received',
  subscription_canceled: 'says that it was canceled',
  unrecognized: 'does not recognise the payment',
  customer_initiated: 'gave no particular reason',
  debit_not_authorized: 'says that nobody allowed it',
  bank_cannot_process: 'the bank cannot take it',
  check_returned: 'the check came back',
  noncompliant: 'says that a rule was broken',
};

/** How a fee was paid without the card on file, as it follows "paid". */
export const OTHER_WAY_WORDS: Record<OtherWay, string> = {
  check: 'by check',
  payroll: 'through payroll',
  bank_transfer: 'by bank transfer',
  cash: 'in cash',
  other: 'in another way',
};

/** What a mail server means by the first digits of its answer (RFC 5321, section 4.2.1). */
const SMTP: [pattern: RegExp, words: string][] = [
  [/^smtp_(421|45[0-2])$/, 'the mail server cannot take it now'],
  [/^smtp_(550|551|553)$/, 'the mailbox does not exist or does not take it'],
  [/^smtp_552$/, 'the mailbox is full'],
  [/^smtp_554$/, 'the mail server refuses it'],
  [/^smtp_4\d\d$/, 'the mail server cannot take it now'],
  [/^smtp_5\d\d$/, 'the mail server refuses it'],
  [/^smtp_\d+$/, 'the mail server answered something unexpected'],
];

/** A code in plain words; a code that is not known is given as its words. */
export function inWords(code: string): string {
  const known = Object.hasOwn(WORDS, code) ? WORDS[code] : undefined;
  const answer = SMTP.find(([pattern]) => pattern.test(code))?.[1];
  return known ?? answer ?? code.replaceAll('_', ' ');
}

/** A sentence in which every code is replaced by its words. Ids of Stripe stay as they are. */
export function plainWords(text: string): string {
  return text.replace(/\b[a-z]+(?:_[a-z0-9]+)+\b/g, (code) =>
    /^(pi|pm|cus|evt|ch|py|re|dp|du|seti|cs)_/.test(code) ? code : inWords(code),
  );
}
