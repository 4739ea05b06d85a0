import { expect, it, onTestFinished } from 'vitest';
import { createQueues } from '../../jobs/queues.ts';
import { createPump } from '../../workers/maintenance/pump.ts';
import { startWorker } from '../../workers/worker.ts';
import { createTestApp, rehearsal, settled, statesOf } from '../support/house.ts';
import { queueBackends } from '../support/queues.ts';
import { openYear } from '../support/year.ts';

const redis = queueBackends.find(({ name }) => name === 'redis');

it.runIf(redis)(
  'a queue left behind on Redis is filled again on Postgres, in mid-year',
  async () => {
    const house = await createTestApp(redis!);
    const assessmentId = await openYear(house, [
      ['P1', 'pm_card_visa'],
      ['P2', 'pm_card_visa'],
    ]);
    const elapsedMs = () => performance.now();
    await house.ledger.assessments.enroll(assessmentId);
    // Offered on Redis, where nobody will ever work on it.
    const pump = createPump({ ...house.deps, queues: house.queues, elapsedMs });
    expect(await pump.once()).toBeGreaterThan(1);

    const queues = await createQueues({
      redisUrl: null,
      databaseUrl: house.db.url,
      onError: () => undefined,
    });
    onTestFinished(() => queues.close());
    const annual = {
      ...{ cron: '0 9 15 1 *', timeZone: 'UTC', vendors: [], autoApprove: true, livemode: false },
      policy: rehearsal(),
    };
    const work = await startWorker({ deps: house.deps, queues, annual, elapsedMs });
    onTestFinished(() => work.close());
    await settled(house);
    expect(await statesOf(house)).toEqual({ P1: 'paid', P2: 'paid' });
    expect(house.sandbox.books('fee').succeeded).toHaveLength(2);
  },
);
