import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Assessment } from '../../ledger/assessments.ts';
import { DAY_MS, type Policy } from '../../core/policy.ts';
import { createTestApp, settled, type TestApp } from '../support/test-app.ts';
import { queueBackends } from '../support/queues.ts';
import { firstTries, openYear, payers, type Somebody } from '../support/year.ts';

/** Left alone for so long after the first three are answered, in a rehearsal of 100 ms a day. */
const QUIET_MS = 500;
const CAREFUL: Partial<Policy> = { canaryFees: 3, canaryWaitMs: (QUIET_MS * DAY_MS) / 100 };

async function until<T>(look: () => Promise<T | null>, limitMs = 20_000): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== null) return seen;
    if (performance.now() > deadline) throw new Error('it did not come to that');
    await sleep(30);
  }
}

const paused = (testApp: TestApp, assessmentId: string): Promise<Assessment> =>
  until(async () => {
    const assessment = await testApp.ledger.assessments.get(assessmentId);
    return assessment?.pausedAt ? assessment : null;
  });

async function fault(testApp: TestApp, plan: object | null): Promise<void> {
  await fetch(`${testApp.sandbox.url}/_sandbox/faults`, {
    method: plan ? 'POST' : 'DELETE',
    ...(plan && { body: JSON.stringify({ route: 'payment_intents.confirm', ...plan }) }),
  });
}

const declining = (count: number): Somebody[] =>
  Array.from({ length: count }, (_, n) => [`N${n + 1}`, 'pm_card_levy_decline_do_not_honor']);

describe.each(queueBackends)('charging on $name', (backend) => {
  it('begins with a few, checks them by Stripe’s books, and then lets the rest go', async () => {
    const testApp = await createTestApp(backend);
    await testApp.work();
    const assessmentId = await openYear(testApp, payers(12), CAREFUL);
    await settled(testApp);
    const tries = await firstTries(testApp);
    expect(tries).toHaveLength(12);
    const answered = Math.max(...tries.slice(0, 3).map(({ paid }) => Number(paid)));
    const checkedAt = Number((await testApp.ledger.assessments.get(assessmentId))?.checkedAt);
    expect(checkedAt).toBeGreaterThanOrEqual(answered + QUIET_MS - 1);
    expect(Number(tries[3]?.attempted)).toBeGreaterThanOrEqual(checkedAt);
    expect(testApp.sandbox.books('fee')).toMatchObject({ doubleCharges: [] });
  });

  it('pauses when too many outcomes are unknown, and resumes charging once', async () => {
    const testApp = await createTestApp(backend);
    await fault(testApp, { kind: 'status_500_after_commit', times: 1_000 });
    await testApp.work();
    const policy = { ...CAREFUL, canaryFees: 0, unknownMax: 2, unknownLookMs: [3_000, 300] };
    const assessmentId = await openYear(testApp, payers(30), policy);
    const { pausedBy, pausedWhy } = await paused(testApp, assessmentId);
    expect(pausedBy).toBe('levy');
    expect(pausedWhy).toMatch(/^The outcome of \d+ attempts is not known, more than the 2 allowed/);
    await fault(testApp, null);
    const before = await testApp.ledger.circuitBreaker.resumption(assessmentId);
    expect(before.asked).toBeGreaterThan(2);
    expect(before.paid + before.asked + before.toCharge).toBe(30);
    await testApp.ledger.assessments.resume(assessmentId, 'an operator');
    await settled(testApp);
    expect(testApp.sandbox.books('fee')).toMatchObject({ doubleCharges: [] });
    expect(testApp.sandbox.books('fee').succeeded).toHaveLength(30);
  }, 60_000);

  it('pauses when too many cards are declined', async () => {
    const testApp = await createTestApp(backend);
    await testApp.work();
    const policy = { ...CAREFUL, declineSample: 6, declineShareMax: 0.5, retryDays: [900] };
    const people = [...payers(3), ...declining(40)];
    const assessmentId = await openYear(testApp, people, { ...policy, canaryFees: 0 });
    const { pausedWhy } = await paused(testApp, assessmentId);
    expect(pausedWhy).toMatch(/\d of the last 6 first tries were declined, more than the 50 %/);
  });

  it('pauses when none of the first is paid, and tries nobody else', async () => {
    const testApp = await createTestApp(backend);
    await testApp.work();
    const people = declining(8);
    const assessmentId = await openYear(testApp, people, { ...CAREFUL, retryDays: [9_000] });
    const { pausedWhy } = await paused(testApp, assessmentId);
    expect(pausedWhy).toContain('None of the first 3 charges was paid');
    expect(await firstTries(testApp)).toHaveLength(3);
  });

  it('proves what was paid after a resume, and then begins with a few once more', async () => {
    const testApp = await createTestApp(backend);
    await testApp.work();
    const people = [...payers(4), ...declining(1)];
    const assessmentId = await openYear(testApp, people, { ...CAREFUL, canaryFees: 2 });
    await until(async () => ((await firstTries(testApp)).length === 2 ? true : null));
    await testApp.ledger.assessments.pause(assessmentId, 'an operator', 'a look');
    await testApp.ledger.assessments.resume(assessmentId, 'an operator');
    const { resumedAt, resumedBy } = (await testApp.ledger.assessments.get(assessmentId))!;
    expect(resumedBy).toBe('an operator');
    await settled(testApp);
    const tries = await firstTries(testApp);
    expect(tries).toHaveLength(5);
    const after = tries.map(({ attempted }) => Number(attempted)).filter((at) => at > +resumedAt!);
    // Two first, then the while of quiet at least.
    expect(after[2]! - after[1]!).toBeGreaterThanOrEqual(QUIET_MS - 1);
  });
});
