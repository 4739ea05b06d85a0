import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { createQueueTestApp, workOff, type QueueTestApp } from '../support/queue-test-app.ts';
import { queueBackends } from '../support/queues.ts';

describe.each(queueBackends)('a recurring job on $name', (backend) => {
  const YEARLY = '0 9 15 1 *';
  const NEW_YORK = 'America/New_York';
  const schedulers = async ({ queues }: QueueTestApp) =>
    (await queues.queues.annual.getJobSchedulers()).map(({ key, pattern, tz }) => [
      key,
      pattern,
      tz,
    ]);
  const waiting = async ({ queues }: QueueTestApp) =>
    (await queues.queues.annual.getJobs(['delayed', 'waiting'])).map((job) => (job as Job).id);

  it('is put in place once, at the hour of its zone, and again changes nothing', async () => {
    const testApp = await createQueueTestApp(backend);
    await testApp.queues.schedule('annual', YEARLY, NEW_YORK);
    const before = await waiting(testApp);
    await testApp.queues.schedule('annual', YEARLY, NEW_YORK);
    await (await testApp.another()).schedule('annual', YEARLY, NEW_YORK);
    expect(await schedulers(testApp)).toEqual([['annual', YEARLY, NEW_YORK]]);
    expect(await waiting(testApp)).toEqual(before);
    expect(before).toHaveLength(1);
    const at = new Date(Number(before[0]?.split(':').at(-1)));
    expect(at.toISOString()).toMatch(/-01-15T14:00:00.000Z$/);
  });

  it('is put back when it was lost, with or without its scheduler', async () => {
    const testApp = await createQueueTestApp(backend);
    await testApp.queues.schedule('annual', YEARLY, NEW_YORK);
    const before = await waiting(testApp);
    await testApp.flush();
    await testApp.queues.schedule('annual', YEARLY, NEW_YORK);
    expect(await waiting(testApp)).toEqual(before);
    expect(await schedulers(testApp)).toHaveLength(1);
  });

  it('follows another time or zone', async () => {
    const testApp = await createQueueTestApp(backend);
    await testApp.queues.schedule('annual', YEARLY, NEW_YORK);
    await testApp.queues.schedule('annual', '0 9 16 1 *', NEW_YORK);
    await testApp.queues.schedule('annual', '0 9 16 1 *', 'Asia/Tokyo');
    expect(await schedulers(testApp)).toEqual([['annual', '0 9 16 1 *', 'Asia/Tokyo']]);
    expect(await waiting(testApp)).toHaveLength(1);
  });

  it('whose time came while nobody worked is run when somebody does', async () => {
    const testApp = await createQueueTestApp(backend);
    await testApp.queues.schedule('annual', '* * * * * *', 'UTC');
    const [due] = await waiting(testApp);
    // Only the clock can make a job overdue: at most a second.
    await sleep(
      Math.max(0, Number(due?.split(':').at(-1)) - performance.timeOrigin - performance.now()) + 5,
    );
    await testApp.queues.schedule('annual', '* * * * * *', 'UTC');
    expect(await waiting(testApp)).toEqual([due]);
    await workOff(testApp, 'annual', 1, () => ({ done: 'intent_opened' }));
    const job = (await testApp.queues.queues.annual.getJob(due as string)) as Job;
    expect(await job.getState()).toBe('completed');
    // And the one after it is in place by itself.
    expect(await waiting(testApp)).toHaveLength(1);
  });
});
