import { expect, it } from 'vitest';
import { verify, type VerifyPlace } from '../../cli/verify.ts';
import type { Report } from '../../core/reconcile/checks.ts';
import { createTestApp, type TestApp } from '../support/test-app.ts';
import { queueBackends } from '../support/queues.ts';
import { createTamper } from '../support/tamper.ts';
import { feeOf, liveYear, payers } from '../support/year.ts';
import { runLevy } from './run-levy.ts';

async function settledYear() {
  const testApp = await createTestApp(queueBackends[0]!);
  const assessmentId = await liveYear(testApp, payers(2));
  return { testApp, assessmentId };
}

const placeOf = (testApp: TestApp): VerifyPlace => ({
  databaseUrl: testApp.db.url,
  stripe: { secretKey: 'sk_test_sandbox', apiBase: testApp.sandbox.url },
  patienceMs: 0,
});

function run(argv: string[], place: VerifyPlace) {
  return runLevy(['verify', ...argv], {
    programs: { verify: () => Promise.resolve((call, io) => verify(call, io, place)) },
  });
}

it('says for people and for programs that everything holds, with status 0', async () => {
  const { testApp, assessmentId } = await settledYear();
  const told = await run([], placeOf(testApp));
  expect(told).toMatchObject({ status: 0, err: '' });
  expect(told.out).toMatch(/^2 fees checked as of .*\n/);
  expect(told.out).toContain('Everything holds.');
  expect(told.out).not.toContain('BROKEN');
  const json = await run(['--json', '--assessment', assessmentId], placeOf(testApp));
  expect(json.status).toBe(0);
  expect(JSON.parse(json.out)).toMatchObject({ ok: true, fees: 2 });
});

it('names the fee that breaks a rule, with status 1', async () => {
  const { testApp } = await settledYear();
  const fee = await feeOf(testApp, 'P1');
  await createTamper(testApp.db.pool).index(fee, { state: 'held' });
  const told = await run([], placeOf(testApp));
  expect(told.status).toBe(1);
  expect(told.out).toContain(`BROKEN  index`);
  expect(told.out).toContain(`fee ${fee}: stored: held`);
  expect(told.out).toContain('1 breach, in 1 of 16 checks.');
  const json = await run(['--json'], placeOf(testApp));
  const { checks, ok } = JSON.parse(json.out) as Report;
  expect(ok).toBe(false);
  expect(checks.find(({ name }) => name === 'index')?.breaches).toMatchObject([{ feeId: fee }]);
});

it('never says that all is well when it could not check, but ends with status 2', async () => {
  const { testApp } = await settledYear();
  const place = placeOf(testApp);
  const nowhere = 'postgres://levy:very-secret@127.0.0.1:1/levy';
  const cases: [VerifyPlace, string][] = [
    [{ ...place, databaseUrl: nowhere }, 'The database does not answer as it should'],
    [
      { ...place, stripe: { secretKey: 'sk_test_x', apiBase: 'http://127.0.0.1:1' } },
      'Stripe gave no usable answer',
    ],
  ];
  for (const [where, why] of cases)
    for (const argv of [[], ['--json']]) {
      const told = await run(argv, where);
      expect(told.status).toBe(2);
      expect(told.err).toContain(`Could not check, so nothing is proven. ${why}`);
      expect(told.out).not.toContain('holds');
      expect(told.out + told.err).not.toContain('very-secret');
      if (argv.length > 0) expect(JSON.parse(told.out)).toMatchObject({ ok: false });
    }
});

it.each([[['--asessment', 'x']], [['--assessment', 'x']]])(
  'ends with status 2 when it is called wrongly: %s',
  async (argv) => {
    const told = await run(argv, { databaseUrl: '', stripe: { secretKey: '', apiBase: null } });
    expect(told.status).toBe(2);
    expect(told.err).toContain('Usage: levy verify');
  },
);
