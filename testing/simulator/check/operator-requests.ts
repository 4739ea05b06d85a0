import type { Scenario } from '../scenario.ts';
import type { Acted } from '../expected.ts';
import { isUncertain } from './uncertain.ts';
import { grouped, type FeeFacts } from './facts.ts';
import type { Violation } from './violation.ts';

/** What people asked for takes effect before the next decision to charge or to write. */
export function checkOperatorRequests(scenario: Scenario, fees: FeeFacts[]): Violation[] {
  return [
    ...fees.flatMap((fee) => ignored(scenario, fee)),
    ...(scenario.expected.opened.size > 1
      ? [{ invariant: '7 one assessment', feeId: null, what: 'two assessments were opened' }]
      : []),
  ];
}

interface Span {
  why: string;
  from: number;
  until: number;
}

/** Stretches of time in which nothing may be decided on about this fee. */
function quiet(scenario: Scenario, fee: FeeFacts): Span[] {
  const { expected } = scenario;
  const { ref } = fee.person.plan;
  // Whatever ends such a stretch may have been carried out at any time, when nobody answered.
  const unless = (what: string, spans: Span[]) => (isUncertain(scenario, what) ? [] : spans);
  const paused = expected.pauses.map((span) => ({ ...span, why: 'paused' }));
  const done = (act: string) =>
    expected.acts.filter(
      (one) => one.feeId === fee.feeId && one.act === act && one.outcome === 'done',
    );
  const many = expected.bulkActs.filter(({ shown }) => shown.includes(fee.feeId));
  const manyDone = (act: string) =>
    many.filter((one) => one.act === act && one.toldDone.includes(fee.feeId));
  const releases = [
    ...done('release'),
    ...many.flatMap(({ act, beginAskedAt, abortedAt, finishedAt }) => {
      const answeredAt = Math.min(abortedAt, finishedAt);
      return act === 'release' ? [{ askedAt: beginAskedAt, answeredAt }] : [];
    }),
  ];
  const held = [
    ...done('hold').map(({ answeredAt: from }) => {
      return { from, until: firstAfter(releases, from), why: 'held' };
    }),
    // Of when each fee was held, no more is known than when it was asked for and seen to be done.
    ...manyDone('hold').map(({ beginAskedAt, finishedAt: from }) => {
      return { from, until: firstAfter(releases, beginAskedAt), why: 'held' };
    }),
  ];
  const waived = [
    ...done('waive').map(({ answeredAt }) => answeredAt),
    ...manyDone('waive').map(({ finishedAt }) => finishedAt),
  ].map((from) => ({ from, until: Infinity, why: 'waived' }));
  const moved = fee.person.vendors.flatMap(({ vendor, from }, index) => {
    const until = fee.person.vendors[index + 1]?.from ?? Infinity;
    return vendor === 'therapynotes' ? [{ from, until, why: 'in an EHR that does not levy' }] : [];
  });
  return [
    ...unless('resume', paused),
    ...unless(`release ${ref}`, held),
    ...waived,
    ...unless(`write ${ref} on the roster`, moved),
  ];
}

function ignored(scenario: Scenario, fee: FeeFacts): Violation[] {
  const spans = quiet(scenario, fee);
  const found: Violation[] = [];
  const look = (decidedAt: number, what: string) => {
    const span = spans.find(({ from, until }) => decidedAt > from && decidedAt < until);
    if (!span) return;
    const since = new Date(span.from).toISOString();
    const text = `${what} was decided on while ${span.why} since ${since}`;
    found.push({ invariant: '8 operator requests', feeId: fee.feeId, what: text });
  };
  for (const { decidedAt, charge } of fee.ownTries) look(decidedAt, charge);
  for (const { messageId, decidedAt } of fee.ownMails)
    if (messageId.includes('-notice-')) look(decidedAt, 'a notice');
  return found;
}

/** Every answered act of a person has its line in the audit trail. */
export function checkAudit({ expected }: Scenario, audits: Map<string, number>): Violation[] {
  const asked = grouped(expected.acts, ({ act }) => act);
  return [...asked].flatMap(([act, acts]) => {
    const lines = audits.get(act) ?? 0;
    if (lines >= acts.length) return [];
    const what = `${acts.length} answers to ${act}, ${lines} lines in the audit trail`;
    return [{ invariant: '8 audit', feeId: null, what }];
  });
}

/** When the first of these was asked for that may have been carried out after that moment. */
function firstAfter(acts: Pick<Acted, 'askedAt' | 'answeredAt'>[], from: number): number {
  const after = acts.filter(({ answeredAt }) => answeredAt >= from);
  return Math.min(Infinity, ...after.map(({ askedAt }) => askedAt));
}
