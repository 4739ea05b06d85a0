import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { jobId, type JobName } from '../../jobs/jobs.ts';
import type { RunningWorker } from '../../jobs/queues.ts';
import { createQueueTestApp, workOff, type QueueTestApp } from '../support/queue-test-app.ts';
import { queueBackends } from '../support/queues.ts';

const fee = (n: number, seq = 0) => ({
  feeId: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  seq,
});
const CANARY = 'Dana Q. Canary <dana@canary.example>';

async function jobOf({ queues }: QueueTestApp, name: JobName, payload: object): Promise<Job> {
  return (await queues.queues[name].getJob(jobId(name, payload as never))) as Job;
}

/** A failure's reason without the id by which the log is found. */
const withoutId = (reason: string) => reason.replace(/ \(error [\da-f]{8} in the log\)$/, '');

describe.each(queueBackends)('the queue on $name', (backend) => {
  it('hands a job to one worker, with the payload it was given and no more', async () => {
    const testApp = await createQueueTestApp(backend);
    const others = await testApp.another();
    await testApp.queues.enqueue('charge', { ...fee(1), name: CANARY } as never);
    await testApp.queues.enqueueMany('charge', [fee(2), fee(3)]);
    const elsewhere: unknown[] = [];
    const other = others.work('charge', async (payload) => {
      elsewhere.push(payload);
      return { done: 'there' };
    });
    const here = testApp.queues.work('charge', async (payload) => {
      elsewhere.push(payload);
      return { done: 'here' };
    });
    while ((await testApp.queues.queued('charge')) > 0) await sleep(10);
    await Promise.all([here.close(), other.close()]);
    expect(elsewhere).toHaveLength(3);
    expect(elsewhere).toEqual(expect.arrayContaining([fee(1), fee(2), fee(3)]));
    expect(await testApp.dump()).not.toContain('Canary');
  });

  it('takes a job twice for one, alone or among many, waiting or in hand', async () => {
    const testApp = await createQueueTestApp(backend);
    const { queues } = testApp;
    await queues.enqueue('notice', fee(1));
    await queues.enqueue('notice', fee(1));
    await queues.enqueueMany('notice', [fee(1), fee(2), fee(2)]);
    expect(await queues.queued('notice')).toBe(2);
    const taken = await workOff(testApp, 'notice', 2, async (payload) => {
      await queues.enqueue('notice', payload);
      return { done: 'sent' };
    });
    expect(taken).toHaveLength(2);
    expect(await queues.queued('notice')).toBe(0);
    // The next entry of the same fee is another job.
    await queues.enqueue('notice', fee(1, 1));
    expect(await queues.queued('notice')).toBe(1);
  });

  it('refuses a payload that is not one, and adds none of those it came with', async () => {
    const { queues } = await createQueueTestApp(backend);
    const wrong = { feeId: CANARY, seq: 1 };
    await expect(queues.enqueue('charge', wrong)).rejects.toThrow('not valid');
    await expect(queues.enqueueMany('charge', [fee(1), wrong])).rejects.toThrow('not valid');
    expect(await queues.queued('charge')).toBe(0);
  });

  it('shows a declined charge as failed, with the reason, and does not try it again', async () => {
    const testApp = await createQueueTestApp(backend);
    await testApp.queues.enqueue('charge', fee(1));
    const reason = 'declined: insufficient_funds; next try 2026-02-01T15:00:00.000Z';
    await workOff(testApp, 'charge', 1, () => ({ failed: reason }));
    const job = await jobOf(testApp, 'charge', fee(1));
    expect(await job.getState()).toBe('failed');
    expect(job).toMatchObject({ failedReason: reason, attemptsMade: 1, stacktrace: [reason] });
    expect(await testApp.queues.queued('charge')).toBe(0);
    expect(testApp.errors).toEqual([]);
  });

  it('keeps what a job came to, for people to look at', async () => {
    const testApp = await createQueueTestApp(backend);
    await testApp.queues.enqueue('charge', fee(1));
    await workOff(testApp, 'charge', 1, () => ({ done: 'paid' }));
    const job = await jobOf(testApp, 'charge', fee(1));
    expect([await job.getState(), job.returnvalue]).toEqual(['completed', 'paid']);
  });

  const named = Object.assign(new Error(CANARY), { name: 'PaymentsUnavailable', why: 'timeout' });
  const thrown: [what: string, error: unknown, code: string][] = [
    ['an error', new TypeError(CANARY), 'TypeError'],
    [
      'a system’s error',
      Object.assign(new Error(CANARY), { code: 'ECONNRESET' }),
      'Error ECONNRESET',
    ],
    ['the database’s error', { name: 'error', code: '40P01', detail: CANARY }, 'error 40P01'],
    ['an error of ours', named, 'PaymentsUnavailable timeout'],
    ['an error with a talkative code', { name: 'X', code: CANARY, why: 'Y' }, 'X'],
    ['an error with a talkative name', { name: CANARY, code: 'ETIMEDOUT' }, 'ETIMEDOUT'],
    ['text', CANARY, 'error'],
    ['nothing', undefined, 'error'],
    ['null', null, 'error'],
  ];
  it.each(thrown)('lets %s leave the process only as a code', async (_what, error, code) => {
    const testApp = await createQueueTestApp(backend);
    await testApp.queues.enqueue('charge', fee(1));
    await workOff(testApp, 'charge', 1, async () => {
      throw error;
    });
    const job = await jobOf(testApp, 'charge', fee(1));
    // It is tried again, later, under the same id.
    expect(await job.getState()).toBe('delayed');
    expect(await testApp.dump()).not.toMatch(/canary/i);
    expect(job.stacktrace?.map(withoutId)).toEqual([code]);
    expect(testApp.failures).toMatchObject([{ job: 'charge', error }]);
  });

  it('fails a job that somebody has forged, without running it', async () => {
    const testApp = await createQueueTestApp(backend);
    await testApp.queues.queues.charge.add(
      'charge',
      { feeId: "' or true", seq: 1 },
      { jobId: 'x' },
    );
    await testApp.queues.enqueue('charge', fee(1));
    const taken = await workOff(testApp, 'charge', 1, () => ({ done: 'paid' }));
    expect(taken).toEqual([fee(1)]);
    const forged = (await testApp.queues.queues.charge.getJob('x')) as Job;
    expect(await forged.getState()).toBe('failed');
    expect(withoutId(forged.failedReason)).toBe('Error');
  });

  it('counts what is not finished: waiting, delayed, in hand, and in a paused queue', async () => {
    const testApp = await createQueueTestApp(backend);
    const { queues } = testApp;
    await queues.enqueueMany('settle', [fee(1), fee(2)]);
    expect(await queues.queued('settle')).toBe(2);
    await queues.queues.settle.pause();
    expect(await queues.queued('settle')).toBe(2);
    await queues.queues.settle.resume();
    const counts: number[] = [];
    await workOff(testApp, 'settle', 2, async ({ feeId }) => {
      counts.push(await queues.queued('settle'));
      if (feeId === fee(1).feeId) throw new Error('later');
      return { done: 'settled' };
    });
    expect(counts[0]).toBe(2);
    // The first waits for its next try.
    expect(await queues.queued('settle')).toBe(1);
  });

  it('clears away a job that has finished, and no other', async () => {
    const testApp = await createQueueTestApp(backend);
    const { queues } = testApp;
    await queues.enqueue('email', fee(1));
    expect(await queues.clear('email', fee(1))).toBe(false);
    await workOff(testApp, 'email', 1, async (payload) => {
      expect(await queues.clear('email', payload)).toBe(false);
      return { failed: 'refused' };
    });
    // Until then it stands in the way of the next one under its name.
    await queues.enqueue('email', fee(1));
    expect(await queues.queued('email')).toBe(0);
    expect(await queues.clear('email', fee(1))).toBe(true);
    expect(await queues.clear('email', fee(1))).toBe(false);
    await queues.enqueue('email', fee(1));
    expect(await queues.queued('email')).toBe(1);
  });

  it('closes a worker only when the job in its hands is done', async () => {
    const { queues } = await createQueueTestApp(backend);
    await queues.enqueueMany('open-assessment', [{ assessmentId: fee(1).feeId }]);
    let finish = () => undefined as void;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const order: string[] = [];
    const worker = await new Promise<RunningWorker>((taken) => {
      const working = queues.work('open-assessment', async () => {
        taken(working);
        await finished;
        order.push('job done');
        return { done: 'enrolled' };
      });
    });
    const closed = worker.close().then(() => order.push('worker closed'));
    await queues.queued('open-assessment');
    finish();
    await closed;
    expect(order).toEqual(['job done', 'worker closed']);
    expect((await queues.queues['open-assessment'].getJobCounts('completed')).completed).toBe(1);
  });
});
