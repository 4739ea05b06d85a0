import type { Scene } from '../scene.ts';
import type { Acted } from '../truth.ts';
import { isUncertain } from './uncertain.ts';
import { grouped, type FeeFacts, type Violation } from './facts.ts';

/** What people asked for takes effect before the next decision to charge or to write. */
export function checkWishes(scene: Scene, fees: FeeFacts[]): Violation[] {
  return [
    ...fees.flatMap((fee) => ignored(scene, fee)),
    ...(scene.truth.opened.size > 1
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
function quiet(scene: Scene, fee: FeeFacts): Span[] {
  const { truth } = scene;
  const { ref } = fee.person.plan;
  // Whatever ends such a stretch may have been carried out at any time, when nobody answered.
  const unless = (what: string, spans: Span[]) => (isUncertain(scene, what) ? [] : spans);
  const paused = truth.pauses.map((span) => ({ ...span, why: 'paused' }));
  const done = (act: string) =>
    truth.acts.filter(
      (one) => one.feeId === fee.feeId && one.act === act && one.outcome === 'done',
    );
  const held = done('hold').map(({ answeredAt: from }) => {
    return { from, until: firstAfter(done('release'), from), why: 'held' };
  });
  const waived = done('waive').map(({ answeredAt: from }) => {
    return { from, until: Infinity, why: 'waived' };
  });
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

function ignored(scene: Scene, fee: FeeFacts): Violation[] {
  const spans = quiet(scene, fee);
  const found: Violation[] = [];
  const look = (decidedAt: number, what: string) => {
    const span = spans.find(({ from, until }) => decidedAt > from && decidedAt < until);
    if (!span) return;
    const since = new Date(span.from).toISOString();
    const text = `${what} was decided on while ${span.why} since ${since}`;
    found.push({ invariant: '8 wishes', feeId: fee.feeId, what: text });
  };
  for (const { decidedAt, charge } of fee.ownTries) look(decidedAt, charge);
  for (const { messageId, decidedAt } of fee.ownMails)
    if (messageId.includes('-notice-')) look(decidedAt, 'a notice');
  return found;
}

/** Every answered act of a person has its line in the audit trail. */
export function checkAudit({ truth }: Scene, audits: Map<string, number>): Violation[] {
  const asked = grouped(truth.acts, ({ act }) => act);
  return [...asked].flatMap(([act, acts]) => {
    const lines = audits.get(act) ?? 0;
    if (lines >= acts.length) return [];
    const what = `${acts.length} answers to ${act}, ${lines} lines in the audit trail`;
    return [{ invariant: '8 audit', feeId: null, what }];
  });
}

function firstAfter(acts: Acted[], from: number): number {
  return Math.min(Infinity, ...acts.map(({ askedAt }) => askedAt).filter((at) => at >= from));
}
