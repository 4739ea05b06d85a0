import { dollars } from '../../core/money.ts';
import type { Received } from '../mailbox.ts';
import type { Scene } from '../scene.ts';
import { hadEvidence } from '../truth.ts';
import { isUncertain } from './uncertain.ts';
import { entriesOf, type FeeFacts, type Violation } from './facts.ts';

/** What the mailboxes say: announced in time, to those who owe, once per occasion. */
export function checkNotices(scene: Scene, fees: FeeFacts[]): Violation[] {
  return fees.flatMap((fee) => [
    ...unannounced(scene, fee),
    ...uninvited(scene, fee),
    ...repeated(fee),
    ...wrongAmount(fee),
  ]);
}

/** Every time levy asks a bank, a notice was accepted the whole period before and stands. */
function unannounced(scene: Scene, fee: FeeFacts): Violation[] {
  const { noticeDays, timeZone } = scene.setting.plan.policy;
  const notices = noticesOf(fee).filter(({ answered }) => answered);
  return fee.tries.flatMap(({ by, at, decidedAt, charge }) => {
    const inTime = notices.some(
      (mail) => isDaysBefore(mail.at, at, noticeDays, timeZone) && stands(scene, mail, decidedAt),
    );
    if (by === 'outside' || inTime) return [];
    const last = notices.at(-1);
    const when = last ? new Date(last.at).toISOString() : 'never';
    const what = `${charge} at ${new Date(at).toISOString()}, notice accepted ${when}`;
    return [{ invariant: '2 announced', feeId: fee.feeId, what }];
  });
}

/** Nobody had said, before this was decided on, that the mail had come back. */
function stands({ truth }: Scene, mail: Received, decidedAt: number): boolean {
  return !truth.acts.some(
    ({ act, feeId, outcome, askedAt, answeredAt }) =>
      act === 'bounce' &&
      outcome === 'done' &&
      mail.messageId.startsWith(`<fee-${feeId}-notice-`) &&
      mail.at < askedAt &&
      answeredAt <= decidedAt,
  );
}

/** Nobody without use is written to or charged; nobody after the use turned out wrong. */
function uninvited(scene: Scene, fee: FeeFacts): Violation[] {
  const { person, feeId } = fee;
  const never = !hadEvidence(person, 0, Infinity);
  const found: Violation[] = [];
  const breach = (what: string) => found.push({ invariant: '6 no use', feeId, what });
  if (never && fee.mails.length > 0) breach(`a mail to somebody without use`);
  if (never && fee.intent) breach('an intent for somebody without use');
  // Accepted once more by a question that came through late: then nobody knows since when.
  if (isUncertain(scene, `accepted evidence of ${person.plan.ref}`)) return found;
  for (const { by, at, decidedAt, charge } of fee.tries)
    if (by === 'levy' && !hadEvidence(person, decidedAt, at))
      breach(`${charge} was decided on after the evidence was withdrawn`);
  for (const { at, decidedAt } of noticesOf(fee))
    if (!hadEvidence(person, decidedAt, at))
      breach('a notice was decided on after the evidence was withdrawn');
  return found;
}

/** Repeats of a mail share its Message-ID; there is another only after one that counts no more. */
function repeated(fee: FeeFacts): Violation[] {
  const ids = new Set(noticesOf(fee).map(({ messageId }) => messageId));
  const gone = [...entriesOf(fee, 'notice_failed'), ...entriesOf(fee, 'withdrawn')].length;
  if (ids.size <= 1 + gone) return [];
  return [{ invariant: '6 no use', feeId: fee.feeId, what: `${ids.size} different notices` }];
}

/** The mail that announces the fee names exactly what the rate is. */
function wrongAmount(fee: FeeFacts): Violation[] {
  return noticesOf(fee)
    .filter(({ subject }) => !subject.includes(dollars(fee.rateCents)))
    .map(({ subject }) => ({ invariant: '5 amount', feeId: fee.feeId, what: subject }));
}

function noticesOf({ mails }: FeeFacts): Received[] {
  return mails.filter(({ messageId }) => messageId.includes('-notice-'));
}

/** Whether the later moment is at least so many calendar days on, at the same time of day. */
function isDaysBefore(early: number, late: number, days: number, timeZone: string): boolean {
  const day = (at: number) => new Date(at).toLocaleDateString('sv-SE', { timeZone });
  const time = (at: number) => new Date(at).toLocaleTimeString('sv-SE', { timeZone });
  const passed = Math.round((Date.parse(day(late)) - Date.parse(day(early))) / 86_400_000);
  return passed > days || (passed === days && time(late) >= time(early));
}
