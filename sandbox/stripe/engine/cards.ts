/**
 * The test cards: Stripe's documented ids, and levy's own (`pm_card_levy_...`), which do what no
 * documented card does: decline a few times and then pay, give each advice code, an unknown code.
 *
 * Codes, decline codes and advice codes of the documented declines are what Stripe's test mode
 * answers. One difference on purpose: Stripe refuses to attach a declining card, here it attaches,
 * because it stands for a card that was good when it was saved and has gone bad since.
 */
import type { Answer, Decline } from './declines.ts';
import { DECLINES, declineByCode } from './declines.ts';

/** A test card: what it looks like and how the network answers, charge by charge. */
export interface TestCard {
  brand: string;
  last4: string;
  funding: 'credit' | 'debit' | 'prepaid';
  /** The answer to the n-th charge of one saved card; the last one stays for all later charges. */
  answers: Answer[];
  /** What happens some time after a payment or a refund. */
  afterwards?: 'dispute' | 'refund_fails' | 'refund_pends';
  /** A card whose printed date has passed. */
  expired?: boolean;
  /** A few words for people who choose it on the sandbox's card page. */
  about: string;
}

/** The test card with that id (`pm_card_...`, or the older `tok_...`), if there is one. */
export function findTestCard(id: string): TestCard | undefined {
  const name = id.startsWith('tok_') ? `pm_card_${id.slice(4)}` : id;
  if (Object.hasOwn(CARDS, name)) return CARDS[name];
  return declineCardByName(name);
}

/** Every test card by id, for the card page and the documentation. */
export function allTestCards(): [id: string, card: TestCard][] {
  return Object.entries(CARDS);
}

/** The network's answer to the n-th charge (from 0) of a saved card. */
export function answerOf(card: TestCard, tries: number): Answer {
  return card.answers[Math.min(tries, card.answers.length - 1)] ?? 'approve';
}

function good(brand: string, last4: string, funding: TestCard['funding'], about: string): TestCard {
  return { brand, last4, funding, answers: ['approve'], about };
}

function visa(last4: string, about: string, ...answers: Answer[]): TestCard {
  return { brand: 'visa', last4, funding: 'credit', answers, about };
}

/** `pm_card_levy_decline_<decline_code>`: declines with any code at all, without advice. */
function declineCardByName(name: string): TestCard | undefined {
  const code = /^pm_card_levy_decline_([a-z_]{2,60})$/.exec(name)?.[1];
  return code ? visa('0002', `declines with ${code}`, declineByCode(code)) : undefined;
}

const short = DECLINES.insufficient_funds;
const advised = (advice: NonNullable<Decline['advice_code']>): Decline => ({
  ...DECLINES.do_not_honor,
  advice_code: advice,
});

const DECLINED = visa('0002', 'declined, no reason given', DECLINES.generic_decline);
const SHORT = visa('9995', 'declined: insufficient funds', short);
const LOST = visa('9987', 'declined: lost card', DECLINES.lost_card);
const STOLEN = visa('9979', 'declined: stolen card', DECLINES.stolen_card);
const EXPIRED = visa('0069', 'declined: expired card', DECLINES.expired_card);
const BAD_CVC = visa('0127', 'declined: wrong security code', DECLINES.incorrect_cvc);
const PROCESSING_ERROR = visa('0119', 'declined: processing error', DECLINES.processing_error);
const OVER_LIMIT = visa('6975', 'declined: used too often', DECLINES.card_velocity_exceeded);
const DISPUTED = { ...visa('0259', 'pays, then is disputed', 'approve'), afterwards: 'dispute' };

const CARDS: Record<string, TestCard> = {
  pm_card_visa: good('visa', '4242', 'credit', 'Visa, pays'),
  pm_card_visa_debit: good('visa', '5556', 'debit', 'Visa debit, pays'),
  pm_card_mastercard: good('mastercard', '4444', 'credit', 'Mastercard, pays'),
  pm_card_mastercard_debit: good('mastercard', '8210', 'debit', 'Mastercard debit, pays'),
  pm_card_mastercard_prepaid: good('mastercard', '5100', 'prepaid', 'Mastercard prepaid, pays'),
  pm_card_amex: good('amex', '8431', 'credit', 'American Express, pays'),
  pm_card_discover: good('discover', '9424', 'credit', 'Discover, pays'),
  pm_card_diners: good('diners', '0004', 'credit', 'Diners Club, pays'),
  pm_card_jcb: good('jcb', '0505', 'credit', 'JCB, pays'),
  pm_card_unionpay: good('unionpay', '0005', 'credit', 'UnionPay, pays'),
  pm_card_us: good('visa', '4242', 'credit', 'Visa of the United States, pays'),

  pm_card_chargeDeclined: DECLINED,
  pm_card_visa_chargeDeclined: DECLINED,
  pm_card_chargeDeclinedInsufficientFunds: SHORT,
  pm_card_visa_chargeDeclinedInsufficientFunds: SHORT,
  pm_card_chargeDeclinedLostCard: LOST,
  pm_card_visa_chargeDeclinedLostCard: LOST,
  pm_card_chargeDeclinedStolenCard: STOLEN,
  pm_card_visa_chargeDeclinedStolenCard: STOLEN,
  pm_card_chargeDeclinedExpiredCard: EXPIRED,
  pm_card_visa_chargeDeclinedExpiredCard: EXPIRED,
  pm_card_chargeDeclinedIncorrectCvc: BAD_CVC,
  pm_card_visa_chargeDeclinedIncorrectCvc: BAD_CVC,
  pm_card_chargeDeclinedProcessingError: PROCESSING_ERROR,
  pm_card_visa_chargeDeclinedProcessingError: PROCESSING_ERROR,
  pm_card_visa_chargeDeclinedVelocityLimitExceeded: OVER_LIMIT,
  pm_card_chargeDeclinedFraudulent: visa('0019', 'blocked as fraud', DECLINES.fraudulent),
  pm_card_radarBlock: visa('0019', 'blocked as fraud', DECLINES.fraudulent),
  pm_card_riskLevelHighest: visa('4954', 'blocked as highest risk', DECLINES.fraudulent),
  pm_card_chargeCustomerFail: visa('0341', 'saves, then declines', DECLINES.generic_decline),
  pm_card_authenticationRequired: visa('3184', 'always wants authentication', 'authenticate'),
  pm_card_authenticationRequiredOnSetup: visa('3155', 'wants authentication', 'authenticate'),
  pm_card_threeDSecure2Required: visa('3220', 'always wants authentication', 'authenticate'),

  pm_card_createDispute: DISPUTED as TestCard,
  pm_card_createDisputeProductNotReceived: { ...(DISPUTED as TestCard), last4: '2685' },
  pm_card_pendingRefund: {
    ...visa('7726', 'refunds stay pending first', 'approve'),
    afterwards: 'refund_pends',
  },
  pm_card_refundFail: {
    ...visa('5126', 'refunds fail later', 'approve'),
    afterwards: 'refund_fails',
  },

  pm_card_levy_insufficientFunds_once: visa('9911', 'declines once, then pays', short, 'approve'),
  pm_card_levy_insufficientFunds_twice: visa(
    '9912',
    'declines twice, then pays',
    short,
    short,
    'approve',
  ),
  pm_card_levy_insufficientFunds_thrice: visa(
    '9913',
    'declines three times, then pays',
    short,
    short,
    short,
    'approve',
  ),
  pm_card_levy_doNotTryAgain: visa('9921', 'advice: do not try again', advised('do_not_try_again')),
  pm_card_levy_confirmCardData: visa(
    '9922',
    'advice: confirm card data',
    advised('confirm_card_data'),
  ),
  pm_card_levy_tryAgainLater: visa('9923', 'advice: try again later', advised('try_again_later')),
  pm_card_levy_unknownDecline: visa(
    '9931',
    'an unknown decline code',
    declineByCode('mislaid_by_the_moon'),
  ),
  pm_card_levy_processing: visa('9941', 'processing first, then paid', 'process'),
  pm_card_levy_processing_declined: visa(
    '9942',
    'processing first, then declined',
    'process_then_decline',
  ),
  pm_card_levy_blockedByStripe: visa(
    '9951',
    'never sent to the network',
    DECLINES.previously_declined,
  ),
  pm_card_levy_expired: { ...EXPIRED, last4: '9961', expired: true, about: 'its date has passed' },
};
