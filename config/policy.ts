import { DAY_MS, type Policy } from '../core/policy.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How people are treated unless the configuration says otherwise; each number with its story. */
export const POLICY: Policy = {
  dayMs: DAY_MS,
  // Where the vendors bill from, and where most clinicians read their mail.
  timeZone: 'America/New_York',
  // Two weeks: long enough to come back from a holiday and object, short enough to be remembered
  // when the charge stands on the card's statement.
  noticeDays: 14,
  // Ten in the morning: banks answer, and nobody is woken by an alert of a card.
  chargeHour: 10,
  // Vendors often send their invoice months after the year's first use. A practice that waits for
  // it passes on nothing that it was not charged itself, and says so with PASS_ON=invoice.
  passOn: 'evidence',
  // The fee was owed when it was taken, and the vendor may have charged the practice for it: giving
  // it back is the practice's own choice, made person by person.
  refundMoved: 'ask',
  // Four in all. Few first declines of a small amount are ever paid after the fourth try, and four
  // stay far below what the card networks allow (Visa 20 in 30 days, Mastercard 10 in a day).
  attemptsMax: 4,
  // 3 + 5 + 7 days: the ladder ends after 15 days, so that it crosses one payday whenever it
  // begins, and no two tries fall on the same weekday.
  retryDays: [3, 5, 7],
  // A technical fault of the issuer or the network is over in hours, not in seconds.
  retrySoonMs: 6 * HOUR_MS,
  // Greylisting asks for minutes, a full mailbox or a sick server for hours; after two days of
  // refusals a person is asked. The notice period begins at acceptance, so nobody loses time.
  mailRetryMs: [5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS, DAY_MS],
  // Longer than the longest silence we wait for on one request and its repeats.
  attemptGraceMs: 120_000,
  // Most open questions are answered by the first look; an outage of Stripe's is over in hours.
  unknownLookMs: [MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, DAY_MS],
  // Whatever is wrong with an account, a template or a rate shows on the first few. Five are enough
  // that not all of them are bad cards by chance, and few enough to be called and apologised to.
  canaryFees: 5,
  // Long enough for the webhooks to come and for an operator who watches to look at a statement.
  canaryWaitMs: 15 * MINUTE_MS,
  // A time-out now and then is daily life. Ten at once are an outage of a small run, and every
  // further attempt would be one more question that only Stripe can answer. A large run makes 70
  // attempts a second, each open question is looked at after a minute, and one answer in a hundred
  // may be lost: some 40 are open at any time. Five in a hundred of the latest are an outage.
  unknownMax: 10,
  unknownShareMax: 0.05,
  // One: most practices have one owner. Two where nobody alone may have people charged.
  approvers: 1,
  // Of cards on file about one in ten is declined at the first try. Four in ten of fifty are not
  // the cards any more, but the account, the amount or a rule. Second tries fail by nature and are
  // not counted.
  declineSample: 50,
  declineShareMax: 0.4,
};
