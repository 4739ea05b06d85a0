import { calendarDay } from '../calendar.ts';
import { inWords, plainWords, OTHER_WAY_WORDS } from './code-words.ts';
import { UNSPOKEN } from './declines.ts';
import { EMAIL_WORDS } from './email-words.ts';
import type { Entry, EntryData, EntryKind, OtherPayment, RecordKind } from './fee.ts';
import { dollars } from './money.ts';

/** The reader of the sentence, and the calendar for its days. */
export interface DescribeOptions {
  /**
   * A clinician reads "declined" where the bank alone should give the reason; an operator the code.
   */
  audience?: 'operator' | 'clinician';
  /** IANA zone of the days named. */
  timeZone?: string;
}

/** One entry as a plain sentence: what happened, without names, with amounts in dollars. */
export function describeEntry(entry: Entry, telling: DescribeOptions = {}): string {
  const sentence = SENTENCES[entry.kind] as (data: never, how: Required<DescribeOptions>) => string;
  return sentence(entry.data as never, { audience: 'operator', timeZone: 'UTC', ...telling });
}

/** Kinds of records as people say them. */
const RECORDS: Record<RecordKind, string> = {
  billing: 'a billing record',
  progress_note: 'a progress note',
  diagnosis: 'a diagnosis',
  vendor_invoice: "the vendor's invoice",
};

type Sentences = {
  [K in EntryKind]: (data: EntryData[K], how: Required<DescribeOptions>) => string;
};

const SENTENCES: Sentences = {
  usage_checked: ({ found }) =>
    found
      ? 'The records were looked at again; the fee stands.'
      : 'The records were looked at; no use of a code was found.',
  reopened: ({ why }) => REOPENED[why],
  exempted: ({ why }) => EXEMPTED[why],
  assessed: ({ amountCents, evidence }) =>
    `The fee of ${dollars(amountCents)} is owed: a code was first used on ` +
    `${evidence.firstUsedOn}, in ${RECORDS[evidence.kind]}.`,
  withdrawn: ({ why }) => `There is no fee after all: ${why}.`,
  approved: ({ rosterHash }) =>
    rosterHash === 'automatic'
      ? 'The fee was approved automatically.'
      : `The fee was approved with the roster ${rosterHash.slice(0, 12)}.`,
  noticed: ({ amountCents, chargeFrom, card, adopted }, how) =>
    (adopted
      ? `The intent at Stripe tells of a notice accepted on ${day(adopted, how)}; it stands: `
      : 'The notice was accepted by the mail server: ') +
    `${dollars(amountCents)} from the ${card.brand} ending in ${card.last4}, ` +
    `not before ${day(chargeFrom, how)}.`,
  deferred: ({ step, until, why }, how) =>
    `The mail server asked to wait (${inWords(why)}); ` +
    `the ${step === 'email' ? 'e-mail' : step} goes out again from ${moment(until, how)}.`,
  notice_failed: ({ why }) =>
    why === 'no_email'
      ? 'The notice could not be sent: there is no e-mail address. Nothing will be charged.'
      : `The notice did not reach the clinician (${plain(inWords(why))}). Nothing will be charged.`,
  notice_recorded: ({ notice }) =>
    notice === null
      ? 'Stripe was told that the notice does not stand.'
      : 'Stripe was told that the notice was accepted, for a ledger that must be restored.',
  customer_changed: ({ customer }, how) =>
    'The roster names another Stripe customer' +
    `${customer && how.audience === 'operator' ? ` (${customer})` : ''}: ` +
    'nothing is charged before a new notice.',
  invoiced: ({ amountCents }) =>
    amountCents === 0
      ? 'The vendor’s invoices do not carry the clinician any more.'
      : `The vendor’s invoices carry the clinician with ${dollars(amountCents)}.`,
  card_missing: ({ why }) => `There is no card to charge: ${inWords(why)}.`,
  card_updated: () => 'Another card is on file.',
  intent_opened: ({ intent }, how) =>
    how.audience === 'clinician'
      ? 'The payment was prepared.'
      : `The payment was prepared at Stripe as ${intent}.`,
  intent_closed: ({ intent, why }, how) =>
    how.audience === 'clinician'
      ? 'The prepared payment was canceled.'
      : `The prepared payment ${intent} was canceled at Stripe: ${plain(why)}.`,
  attempted: ({ attempt, amountCents }) =>
    `Attempt ${attempt} to charge ${dollars(amountCents)} was sent to Stripe.`,
  unknown: ({ about, look, why }) =>
    `What became of the ${about} is not known after look ${look} (${inWords(why)}); ` +
    'Stripe is asked again.',
  declined,
  lapsed: ({ attempt, why }) => `Attempt ${attempt} did not take place: ${plain(why)}.`,
  paid: ({ amountCents, charge, attempt }, how) => {
    const by = attempt === null ? 'outside this ledger' : `by attempt ${attempt}`;
    const as = how.audience === 'operator' ? ` (at Stripe: ${charge})` : '';
    return `${dollars(amountCents)} were paid ${by}${as}.`;
  },
  held: ({ why }) => `The fee is held for a person: ${plain(why)}.`,
  released: () => 'The fee was released.',
  retry_asked: () => 'A person asked to try again.',
  pay_now_asked: () => 'The clinician asked to be charged at once.',
  objected: ({ text }) => `The clinician objects: “${text}”.`,
  objection_answered: ({ accepted, text }) =>
    `The objection was ${accepted ? 'accepted' : 'not accepted'}: “${text}”.`,
  waive_asked: ({ why }) => `A waiver was asked for: ${plain(why)}. The payment is stopped first.`,
  waived: ({ amountCents, why }) => `${dollars(amountCents)} were waived: ${plain(why)}.`,
  paid_otherwise_asked: (payment) =>
    `The fee was paid ${otherPayment(payment)}. The card is stopped first.`,
  paid_otherwise: ({ amountCents, ...payment }) =>
    `${dollars(amountCents)} were paid ${otherPayment(payment)}.`,
  refund_asked: ({ why }) => `A refund was asked for: ${plain(why)}.`,
  refund_opened: ({ amountCents }) =>
    `The refund of ${dollars(amountCents)} is under way at Stripe.`,
  refunded: ({ amountCents }) => `${dollars(amountCents)} were given back.`,
  refund_failed: ({ why }) => `The refund failed: ${plain(why)}.`,
  disputed: ({ amountCents, why }, how) =>
    how.audience === 'operator'
      ? `The cardholder disputes ${dollars(amountCents)} (${inWords(why)}).`
      : `The cardholder disputes ${dollars(amountCents)}.`,
  dispute_closed: ({ amountCents, won }) =>
    won
      ? `The dispute was decided for the practice: ${dollars(amountCents)} came back.`
      : `The dispute was decided for the cardholder: ${dollars(amountCents)} are lost.`,
  gave_up: ({ amountCents, why }) =>
    `Given up after ${plain(why)}: ${dollars(amountCents)} were written off.`,
  revived: ({ amountCents }) => `Taken up again: ${dollars(amountCents)} are owed once more.`,
  card_link_asked: () => 'The link to give another card is to be sent.',
  noted: ({ text }) => `A note was written: “${text}”.`,
  email_sent: ({ email }) => `The ${EMAIL_WORDS[email]} was accepted by the mail server.`,
  email_failed: ({ email, why }) =>
    `The ${EMAIL_WORDS[email]} could not be sent (${inWords(why)}).`,
};

function otherPayment({ how, on, reference }: OtherPayment): string {
  return `${OTHER_WAY_WORDS[how]} on ${on}${reference === null ? '' : ` (“${reference}”)`}`;
}

const REOPENED: Record<EntryData['reopened']['why'], string> = {
  evidence: 'New evidence came in; the records are looked at again.',
  roster: 'The roster changed; the records are looked at again.',
  evidence_withdrawn: 'Evidence was withdrawn; the records are looked at again.',
};

const EXEMPTED: Record<EntryData['exempted']['why'], string> = {
  vendor_does_not_levy: 'Exempt: works in an EHR that does not levy the fee. Never contacted.',
  other_vendor: 'Exempt: works in another EHR, which levies by its own assessment.',
};

function declined(data: EntryData['declined'], how: Required<DescribeOptions>): string {
  const { attempt, code, adviceCode, verdict, retryAt } = data;
  const silent = how.audience === 'clinician' && UNSPOKEN.has(code);
  const advice =
    how.audience === 'operator' && adviceCode ? `; the bank’s advice: ${inWords(adviceCode)}` : '';
  const reason = silent ? '' : ` (${inWords(code)}${advice})`;
  const then = {
    retry: retryAt ? `it is tried again from ${moment(retryAt, how)}` : 'it is tried again',
    needs_card: 'another card is needed',
    give_up: 'it was the last try',
    manual_review: 'a person has to look',
  }[verdict];
  return `Attempt ${attempt} was declined${reason}; ${then}.`;
}

/** Free text, trimmed to end one of our sentences. */
function plain(why: string): string {
  return plainWords(why.trim().replace(/[.\s]+$/, ''));
}

function day(at: string, { timeZone }: Required<DescribeOptions>): string {
  return calendarDay(new Date(at), timeZone);
}

/** The day and the hour, in the zone of the calendar. */
function moment(at: string, { timeZone }: Required<DescribeOptions>): string {
  const clock = new Date(at).toLocaleTimeString('en-US', {
    timeZone,
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  });
  return `${day(at, { audience: 'operator', timeZone })} ${clock}`;
}
