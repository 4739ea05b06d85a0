import { expect, it, onTestFinished } from 'vitest';
import { createQueues } from '../../jobs/queues.ts';
import { createPump } from '../../workers/maintenance/pump.ts';
import { runWorker } from '../../workers/worker.ts';
import { createTestApp, rehearsal, settled, statesOf } from '../support/test-app.ts';
import { queueBackends } from '../support/queues.ts';
import { openYear } from '../support/year.ts';

const redis = queueBackends.find(({ name }) => name === 'redis');

it.runIf(redis)(
  'a queue left behind on Redis is filled again on Postgres, in mid-year',
  async () => {
    const testApp = await createTestApp(redis!);
    const assessmentId = await openYear(testApp, [
      ['P1', 'pm_card_visa'],
      ['P2', 'pm_card_visa'],
    ]);
    const elapsedMs = () => performance.now();
    await testApp.ledger.assessments.enroll(assessmentId);
    // Offered on Redis, where nobody will ever work on it.
    const pump = createPump({ ...testApp.deps, queues: testApp.queues, elapsedMs });
    expect(await pump.once()).toBeGreaterThan(1);

    const queues = await createQueues({
      redisUrl: null,
      databaseUrl: testApp.db.url,
      onError: () => undefined,
    });
    onTestFinished(() => queues.close());
    const annual = {
      ...{ cron: '0 9 15 1 *', timeZone: 'UTC', vendors: [], autoApprove: true, livemode: false },
      policy: rehearsal(),
    };
    const work = await runWorker({ deps: testApp.deps, queues, annual, elapsedMs });
    onTestFinished(() => work.close());
    await settled(testApp);
    expect(await statesOf(testApp)).toEqual({ P1: 'paid', P2: 'paid' });
    expect(testApp.sandbox.books('fee').succeeded).toHaveLength(2);
  },
);
