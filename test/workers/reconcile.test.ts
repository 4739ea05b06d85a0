import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entry } from '../../core/fee/fee.ts';
import type { Report } from '../../core/reconcile/checks.ts';
import { createReconcile } from '../../workers/maintenance/reconcile.ts';
import { createTestApp, settled } from '../support/test-app.ts';
import { queueBackends } from '../support/queues.ts';
import { broken, openVerifiedYear, type VerifiedYear } from '../support/verified-year.ts';
import { EVERYBODY, feeOf, openYear, payers, type Somebody } from '../support/year.ts';

const MORE: Somebody[] = [['B3', 'pm_card_levy_insufficientFunds_once']];

/** Stripe takes the money, and its answer is lost. */
const LOST_ANSWERS = {
  route: 'payment_intents.confirm',
  kind: 'status_500_after_commit',
  times: 100,
};

let year: VerifiedYear;
beforeAll(async () => {
  year = await openVerifiedYear([...EVERYBODY, ...MORE, ...payers(16)]);
});
afterAll(() => year.close());

it('finds nothing in a clean year', async () => {
  const report = await year.check();
  expect(report.checks.filter(({ breaches }) => breaches.length > 0)).toEqual([]);
  expect(report).toMatchObject({ ok: true, fees: 28 });
});

// What only Stripe's books show is in verify-books.test.ts.
describe('the checker names the fee', () => {
  it('that was attempted before its notice period was over', async () => {
    const found = await year.named('P1', year.tamper.noticeJustBeforeAttempt);
    expect(found).toEqual(['announced']);
  });

  it('that was attempted without a notice', async () => {
    const found = await year.named('P2', (fee) =>
      year.tamper.turn(fee, 'noticed', 'usage_checked', { found: true }),
    );
    expect(found).toEqual(['announced']);
  });

  it('that was attempted after its notice had failed', async () => {
    const found = await year.named('P3', (fee) =>
      year.tamper.turn(fee, 'intent_opened', 'notice_failed', { why: 'bounce' }),
    );
    expect(found).toEqual(['announced', 'index']);
  });

  it('that was noticed with another amount than was charged', async () => {
    const found = await year.named('P4', (fee) =>
      year.tamper.rewrite(fee, 'noticed', { amountCents: 1900 }),
    );
    expect(found).toEqual(['amount', 'announced']);
  });

  it('that was paid with another amount than the rate', async () => {
    const found = await year.named('P5', (fee) => year.tamper.pay(fee, 1951));
    expect(found).toEqual(['amount', 'cents', 'objects']);
  });

  it('that has no evidence', async () => {
    expect(await year.named('P6', year.tamper.forgetEvidence)).toEqual(['evidence']);
  });

  it('that is overdue, unless its assessment is paused', async () => {
    const { ledger } = year.testApp;
    const again = () => ({ entries: [entry('retry_asked', {})] });
    const found = await year.named('D1', (fee) => ledger.fees.change(fee, 'test', again), 0);
    expect(found).toEqual(['nobody_forgotten']);
    await ledger.assessments.pause(year.assessmentId, 'test', 'a look');
    expect([...broken(await year.check(0)).values()]).not.toContain(
      `nobody_forgotten ${await feeOf(year.testApp, 'D1')}`,
    );
    await ledger.assessments.resume(year.assessmentId, 'test');
  });

  it('that nothing follows on, though it has not come to rest', async () => {
    const found = await year.named('P7', (fee) =>
      year.tamper.index(fee, { state: 'noticed', step: null }),
    );
    expect(found).toEqual(['index', 'nobody_forgotten']);
  });

  it('that rests in spite of evidence, and the person without any fee', async () => {
    const found = await year.named('F1', () => year.tamper.oldEvidence('F1'));
    expect(found).toEqual(['nobody_forgotten']);
    const forgotten = await year.newly(async () => {
      await year.testApp.clinician('Z1', 'pm_card_visa');
      await year.tamper.longAgo('Z1');
      await year.tamper.oldEvidence('Z1');
    });
    expect(forgotten).toEqual(['nobody_forgotten nobody']);
  });

  it('whose payment stands in the wrong account', async () => {
    const found = await year.named('P8', (fee) => year.tamper.payInto(fee, 'waived'));
    expect(found).toEqual(['balanced', 'cents']);
  });

  it('with half a movement of money, which no account can balance', async () => {
    const found = await year.named('P9', year.tamper.halveThePayment);
    expect(found).toEqual(['balanced', 'balanced nobody']);
  });

  it.each([
    ['state', { state: 'gave_up' }, ['index']],
    ['step', { step: 'email', at: '2099-01-01' }, ['index']],
    ['number', { seq: 1 }, ['index', 'numbers']],
  ])('whose stored %s is not what its entries come to', async (_what, change, checks) => {
    const found = await year.named('P10', (fee) => year.tamper.index(fee, change));
    expect(found).toEqual(checks);
  });

  it('with a gap in its numbers', async () => {
    expect(await year.named('P11', year.tamper.leaveGap)).toEqual(['index', 'numbers']);
  });

  it('of whose test assessment a live event speaks', async () => {
    expect(await year.named('P12', year.tamper.liveEvent)).toEqual(['mode']);
  });

  it('tried again sooner than its decline allowed', async () => {
    const later = { retryAt: '2099-01-01T00:00:00.000Z' };
    const found = await year.named('B1', (fee) => year.tamper.rewrite(fee, 'declined', later));
    expect(found).toEqual(['card_limits']);
  });

  it('tried more often than the policy allows', async () => {
    const found = await year.newly(() => year.tamper.attemptsMax(1));
    const fees = await Promise.all(['B1', 'B2', 'B3'].map((ref) => feeOf(year.testApp, ref)));
    expect(found).toEqual(fees.map((fee) => `card_limits ${fee}`).sort());
    await year.tamper.attemptsMax(4);
  });

  it('tried again after its bank had said not to', async () => {
    const never = { verdict: 'needs_card', retryAt: null };
    const found = await year.named('B3', (fee) => year.tamper.rewrite(fee, 'declined', never));
    expect(found).toEqual(['refused_cards']);
  });

  it('with an e-mail that had no occasion, or was sent twice', async () => {
    const other = await year.named('P13', (fee) =>
      year.tamper.rewrite(fee, 'email_sent', { email: 'refunded' }),
    );
    expect(other).toEqual(['emails', 'index']);
    expect(await year.named('P14', year.tamper.sendEmailTwice)).toEqual(['emails']);
  });
});

describe('the checker', () => {
  it('proves an empty ledger', async () => {
    const empty = await createTestApp(queueBackends[0]!);
    const report = await createReconcile(empty.deps).once();
    expect(report).toMatchObject({ ok: true, fees: 0 });
  });

  it('does not take for a breach what is under way', async () => {
    const busy = await createTestApp(queueBackends[0]!);
    await busy.work();
    await openYear(busy, [...EVERYBODY, ...payers(40)]);
    let working = true;
    const end = settled(busy, 40_000).finally(() => (working = false));
    const reports: Report[] = [];
    while (working) reports.push(await createReconcile({ ...busy.deps, patienceMs: 100 }).once());
    await end;
    expect(reports.flatMap((report) => [...broken(report).keys()])).toEqual([]);
    expect(reports.length).toBeGreaterThan(3);
  }, 60_000);

  it('allows Stripe to know the answer to an attempt before the ledger does', async () => {
    const testApp = await createTestApp(queueBackends[0]!);
    await fetch(`${testApp.sandbox.url}/_sandbox/faults`, {
      method: 'POST',
      body: JSON.stringify(LOST_ANSWERS),
    });
    const work = await testApp.work();
    await openYear(testApp, payers(3), { unknownLookMs: [600_000] });
    const isUnknown = async () =>
      (await testApp.ledger.reports.fees({ state: 'unknown', limit: 3 })).length === 3;
    while (!(await isUnknown())) await sleep(30);
    await work.close();
    expect(testApp.sandbox.books().succeeded).toHaveLength(3);
    const report = await createReconcile({ ...testApp.deps, patienceMs: 0 }).once();
    expect([...broken(report).keys()]).toEqual([]);
  });

  it('speaks of no assessment that is not there, and of none without Stripe', async () => {
    const verify = createReconcile(year.testApp.deps);
    await expect(verify.once('00000000-0000-4000-8000-000000000000')).rejects.toThrow(
      'There is no assessment',
    );
    await fetch(`${year.testApp.sandbox.url}/_sandbox/faults`, {
      method: 'POST',
      body: JSON.stringify({ route: 'balance.list', kind: 'status_500', times: 1 }),
    });
    await expect(verify.once()).rejects.toMatchObject({ name: 'PaymentsUnavailable' });
  });
});
