import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect } from '../../app/connect.ts';
import type { JobName, Payload } from '../../jobs/jobs.ts';
import type { Processor } from '../../jobs/queues.ts';
import { startSandboxStripe } from '../../sandbox/stripe/server.ts';
import { createTestDatabase } from '../support/database.ts';

const FEE = '00000000-0000-4000-8000-0000000000f1';

/** Connections as a program has them, and the lines of its log. */
async function program() {
  const { url, appUrl } = await createTestDatabase();
  const stripe = await startSandboxStripe();
  const stream = new PassThrough();
  const lines: Record<string, unknown>[] = [];
  stream.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().trim().split('\n'))
      lines.push(JSON.parse(line) as Record<string, unknown>);
  });
  const connections = await connect({
    config: { stripeLimits: { callsPerSecond: 100, perEndpoint: {} } as never },
    services: {
      ...{ databaseUrl: appUrl, databaseOwnerUrl: url, redisUrl: null },
      stripe: { secretKey: 'sk_test_sandbox', apiBase: stripe.url },
      ...{ webhookSecrets: [], smtpUrl: '', sessionSecret: '' },
    },
    connections: 4,
    log: pino({ level: 'info' }, stream),
  });
  onTestFinished(async () => {
    await connections.close();
    await stripe.close();
  });
  return { connections, lines };
}

/** Has a processor work on one job, until it has failed for good or for now. */
async function failing<Name extends JobName>(
  { queues }: Awaited<ReturnType<typeof program>>['connections'],
  name: Name,
  payload: Payload<Name>,
  processor: Processor<Name>,
): Promise<void> {
  const failed = new Promise<void>((resolve) => {
    const worker = queues.work(name, async (given) => {
      try {
        return await processor(given);
      } finally {
        setTimeout(resolve, 0);
      }
    });
    onTestFinished(() => worker.close());
  });
  await queues.enqueue(name, payload);
  await failed;
}

describe('a programming error in a processor', () => {
  it('is logged with job, fee, file and line, and without what it says of a person', async () => {
    const { connections, lines } = await program();
    await failing(connections, 'detect', { feeId: FEE, seq: 3 }, async () => {
      const person = { name: 'Dana Example' } as { name: string; card?: { last4: string } };
      throw new TypeError(`${person.name} has ${person.card!.last4}`);
    });
    const line = await expect
      .poll(() => lines.find(({ msg }) => msg === 'a job failed'))
      .toBeTruthy()
      .then(() => lines.find(({ msg }) => msg === 'a job failed'));
    expect(line).toMatchObject({ level: 50, job: 'detect', feeId: FEE, type: 'TypeError' });
    expect(line?.jobId).toBe(`detect-${FEE}-4`);
    expect((line?.frames as string[])[0]).toMatch(/connect\.test\.ts:\d+/);
    expect(JSON.stringify(lines)).not.toContain('Dana');
  });

  it('is found from the failed job by the id that both have, and is counted', async () => {
    const { connections, lines } = await program();
    await failing(connections, 'webhook-event', { eventId: 'evt_1' }, async () => {
      throw new RangeError('out of it');
    });
    await expect.poll(() => lines.length).toBeGreaterThan(0);
    const { errorId } = lines.find(({ msg }) => msg === 'a job failed') ?? {};
    const job = await connections.queues.queues['webhook-event'].getJob('webhook-event-evt_1');
    await expect
      .poll(async () => {
        const [queue] = [connections.queues.queues['webhook-event']];
        return ((await queue.getJob(job?.id ?? '')) as { failedReason?: string }).failedReason;
      })
      .toBe(`RangeError (error ${String(errorId)} in the log)`);
    await expect
      .poll(() => connections.ledger.jobErrors.list())
      .toEqual([{ job: 'webhook-event', type: 'RangeError', errors: 1 }]);
  });
});
