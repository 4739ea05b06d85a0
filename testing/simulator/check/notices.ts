import { dollars } from '../../../core/fee/money.ts';
import type { Received } from '../mailbox.ts';
import type { Scenario } from '../scenario.ts';
import { hadEvidence } from '../expected.ts';
import { isUncertain } from './uncertain.ts';
import { everOf, type FeeFacts } from './facts.ts';
import type { Violation } from './violation.ts';

/** What the mailboxes say: announced in time, to those who owe, once per occasion. */
export function checkNotices(scenario: Scenario, fees: FeeFacts[]): Violation[] {
  return fees.flatMap((fee) => [
    ...unannounced(scenario, fee),
    ...uninvited(scenario, fee),
    ...repeated(fee),
    ...again(scenario, fee),
    ...wrongAmount(fee),
  ]);
}

/** Every time levy asks a bank, a notice was accepted the whole period before and stands. */
function unannounced(scenario: Scenario, fee: FeeFacts): Violation[] {
  const { noticeDays, timeZone } = scenario.environment.plan.policy;
  const notices = noticesOf(fee.mails).filter(({ answered }) => answered);
  return fee.ownTries.flatMap((one) => {
    const { at, decidedAt, charge } = one;
    const inTime = notices.some(
      (mail) =>
        isDaysBefore(mail.at, at, noticeDays, timeZone) &&
        stands(scenario, mail, decidedAt) &&
        mail.subject.includes(dollars(one.amountCents)) &&
        isAbout(scenario, fee, mail, one.customer),
    );
    if (inTime) return [];
    const last = notices.at(-1);
    const when = last ? new Date(last.at).toISOString() : 'never';
    const what = `${charge} at ${new Date(at).toISOString()}, notice accepted ${when}`;
    return [{ invariant: '2 announced', feeId: fee.feeId, what }];
  });
}

/** Nobody had said, before this was decided on, that the mail had come back. */
function stands({ expected }: Scenario, mail: Received, decidedAt: number): boolean {
  return !expected.acts.some(
    ({ act, feeId, outcome, askedAt, answeredAt }) =>
      act === 'bounce' &&
      outcome === 'done' &&
      mail.messageId.startsWith(`<fee-${feeId}-notice-`) &&
      mail.at < askedAt &&
      answeredAt <= decidedAt,
  );
}

/** The roster of whoever sent the notice named that customer when it was sent. */
function isAbout(
  scenario: Scenario,
  { person }: FeeFacts,
  mail: Received,
  customer: string,
): boolean {
  const sender = [scenario, ...scenario.others()].find(
    ({ environment }) => environment.site === mail.site,
  );
  const { ref, index } = person.plan;
  const twin = sender?.expected.people.find(({ plan }) => plan.index === index);
  if (!sender || !twin || isUncertain(sender, `write ${ref} on the roster`)) return true;
  // A row is in force somewhere between the question and the answer.
  return twin.customers.some(({ askedAt, customer: named }, nth) => {
    const until = twin.customers[nth + 1]?.from ?? Infinity;
    return named === customer && askedAt <= mail.at && until >= mail.decidedAt;
  });
}

/** Nobody without use is written to or charged; nobody after the use turned out wrong. */
function uninvited(scenario: Scenario, fee: FeeFacts): Violation[] {
  const { person, feeId } = fee;
  const never = !hadEvidence(person, 0, Infinity);
  const found: Violation[] = [];
  const breach = (what: string) => found.push({ invariant: '6 no use', feeId, what });
  if (never && fee.ownMails.length > 0) breach(`a mail to somebody without use`);
  if (never && fee.intent) breach('an intent for somebody without use');
  // Accepted once more by a question that came through late: then nobody knows since when.
  if (isUncertain(scenario, `accepted evidence of ${person.plan.ref}`)) return found;
  for (const { at, decidedAt, charge } of fee.ownTries)
    if (!hadEvidence(person, decidedAt, at))
      breach(`${charge} was decided on after the evidence was withdrawn`);
  for (const { at, decidedAt } of noticesOf(fee.ownMails))
    if (!hadEvidence(person, decidedAt, at))
      breach('a notice was decided on after the evidence was withdrawn');
  return found;
}

/** Repeats of a mail share its Message-ID; there is another only after one that counts no more. */
function repeated(fee: FeeFacts): Violation[] {
  const ids = new Set(noticesOf(fee.ownMails).map(({ messageId }) => messageId));
  const gone = endsOf(fee).length;
  if (ids.size <= 1 + gone) return [];
  return [{ invariant: '6 no use', feeId: fee.feeId, what: `${ids.size} different notices` }];
}

/** When a notice stopped to announce anything. */
function endsOf(fee: FeeFacts): number[] {
  const ends = ['notice_failed', 'withdrawn', 'customer_changed'] as const;
  return ends.flatMap((kind) => everOf(fee, kind).map(({ at }) => at));
}

/**
 * Whoever has paid, or has a notice by an intent's metadata, gets no other, whichever ledger sent
 * the first: unless it came back, the evidence was withdrawn, or it was about another customer.
 */
function again({ stripe, environment }: Scenario, fee: FeeFacts): Violation[] {
  const { books } = stripe;
  const { received } = environment.mailbox;
  const { feeId, person } = fee;
  const ends = endsOf(fee);
  return noticesOf(fee.ownMails).flatMap((mail) => {
    const customer = person.customers.findLast(({ from }) => from <= mail.decidedAt)?.customer;
    const own = [...books.intents.values()].filter((one) => one.customer === customer);
    const told = own.find((intent) => {
      const last = books.notices.findLast(
        (one) => one.intent === intent.id && one.at < mail.decidedAt,
      );
      // One that levy cleared away itself told of the notice all the same.
      const isOpen = intent.status !== 'canceled' || intent.cancellation_reason === 'duplicate';
      if (!isOpen || !last || last.notice === '') return false;
      // Or to another address, when one had come back here.
      const first = received.find(({ messageId }) => messageId === last.notice);
      // While a column of the roster had slipped, somebody else was told about this customer.
      if (fee.feesOfOthers.some((other) => first?.messageId.includes(other))) return false;
      const since = first && first.to !== mail.to ? 0 : last.at;
      // A mail of that very name has come back here: where the other one went is anybody's guess.
      const hasComeBack = everOf(fee, 'noticed').some(
        (one) =>
          one.data.messageId === last.notice &&
          everOf(fee, 'notice_failed').some(({ seq, at }) => seq > one.seq && at <= mail.at),
      );
      return !hasComeBack && !ends.some((at) => at >= since && at <= mail.at);
    });
    const paid = own.find(({ latest_charge: charge }) => {
      const paidAt = books.paidAt.get(String(charge ?? ''));
      return paidAt && paidAt < mail.decidedAt;
    });
    const why = paid ? `${paid.id} was paid` : told && `${told.id} told of one`;
    const when = new Date(mail.at).toISOString();
    return why
      ? [{ invariant: '18 no second notice', feeId, what: `at ${when}, when ${why}` }]
      : [];
  });
}

/** The mail that announces the fee names exactly what the rate is. */
function wrongAmount(fee: FeeFacts): Violation[] {
  return noticesOf(fee.ownMails)
    .filter(({ subject }) => ![...fee.rates].some((cents) => subject.includes(dollars(cents))))
    .map(({ subject }) => ({ invariant: '5 amount', feeId: fee.feeId, what: subject }));
}

function noticesOf(mails: Received[]): Received[] {
  return mails.filter(({ messageId }) => messageId.includes('-notice-'));
}

/** Whether the later moment is at least so many calendar days on, at the same time of day. */
function isDaysBefore(early: number, late: number, days: number, timeZone: string): boolean {
  const day = (at: number) => new Date(at).toLocaleDateString('sv-SE', { timeZone });
  const time = (at: number) => new Date(at).toLocaleTimeString('sv-SE', { timeZone });
  const passed = Math.round((Date.parse(day(late)) - Date.parse(day(early))) / 86_400_000);
  return passed > days || (passed === days && time(late) >= time(early));
}
