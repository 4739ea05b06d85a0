/** The yardstick: three stages of no-op jobs on the same queue, each adding the next. */
import { JOBS } from '../../jobs/jobs.ts';
import { createQueues } from '../../jobs/queues.ts';
import { argument, peakMb } from './child.ts';

const { databaseUrl, redisUrl, jobs } = argument<{
  databaseUrl: string;
  redisUrl: string | null;
  jobs: number;
}>();
const queues = await createQueues({
  redisUrl,
  databaseUrl,
  prefix: `bare-${process.pid}`,
  onError: (error) => console.error(error.message),
});
const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
for (let n = 0; n < jobs; n += 500)
  await queues.enqueueMany(
    'detect',
    Array.from({ length: Math.min(500, jobs - n) }, (_, k) => ({ feeId: idOf(n + k), seq: 0 })),
  );
let done = 0;
const finished = new Promise<void>((resolve) => {
  queues.work('charge', async () => {
    done += 1;
    if (done === jobs) resolve();
    return { done: 'charge' };
  });
});
const startedAt = performance.now();
queues.work('notice', async (payload) => {
  await queues.enqueue('charge', payload);
  return { done: 'notice' };
});
queues.work('detect', async (payload) => {
  await queues.enqueue('notice', payload);
  return { done: 'detect' };
});
await finished;
const seconds = (performance.now() - startedAt) / 1000;
console.log(
  JSON.stringify({
    perSecond: jobs / seconds,
    peakMb: peakMb(),
    concurrency: JOBS.charge.concurrency,
  }),
);
process.exit(0);
