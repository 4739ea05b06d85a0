import { describe, expect, it } from 'vitest';
import type { Step } from '../../core/fee/fee.ts';
import type { PaymentEvent } from '../../gateways/stripe/payments.ts';
import { JOB_NAMES, jobId, type JobName, type Payload } from '../../jobs/jobs.ts';
import type { Queues } from '../../jobs/queues.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import { createPump } from '../../workers/maintenance/pump.ts';
import { appendAll, setClock } from '../support/assessment.ts';
import { sample } from '../support/fees.ts';
import { createQueueHouse, manyFees, workOff, type QueueHouse } from '../support/queue-house.ts';
import { queueBackends } from '../support/queues.ts';

/** A pump whose clock the test turns, over a house's ledger and queue. */
function pumpOf(
  { ledger, queues }: QueueHouse,
  through: Partial<Queues> = {},
  isUpToDate?: () => boolean,
) {
  let ms = 0;
  const warnings: unknown[] = [];
  const silent = () => undefined;
  const log = {
    info: silent,
    warn: (...said: unknown[]) => void warnings.push(said),
    error: silent,
  };
  const pump = createPump({
    ...{ ledger, log, isUpToDate },
    queues: { ...queues, ...through },
    elapsedMs: () => ms,
  });
  return {
    ...pump,
    warnings,
    /** A round some time after the last. */
    after: async (passed: number) => {
      ms += passed;
      return pump.once();
    },
  };
}

const EMPTY = Object.fromEntries(JOB_NAMES.map((name) => [name, 0])) as Record<JobName, number>;

async function queued({ queues }: QueueHouse): Promise<Record<JobName, number>> {
  const counts = await Promise.all(JOB_NAMES.map((name) => queues.queued(name)));
  return Object.fromEntries(JOB_NAMES.map((name, n) => [name, counts[n]])) as never;
}

/** Works on a queue until one job is done: it fails for good, and changes nothing. */
const failOne = (house: QueueHouse, name: JobName) =>
  workOff(house, name, 1, () => ({ failed: 'not today' }));

const hint = (id: string): PaymentEvent => ({
  ...{ id, type: 'payment_intent.succeeded', livemode: false, objectId: 'pi_1', intent: null },
  ...{ customer: null, paymentMethod: null, feeId: null, createdAt: new Date(0) },
});

/** Five fees, and of each step one that is due; gives the assessment, checked just now. */
async function feesOfEveryStep(house: QueueHouse): Promise<string> {
  await setClock(house.db.pool, new Date('2026-03-01T15:00:00Z'));
  const assessmentId = await manyFees(house, 5);
  const feeIds = (await house.ledger.reports.fees({ limit: 5 })).map(({ feeId }) => feeId);
  const write = (n: number, kinds: Parameters<typeof sample>[0][]) =>
    appendAll(
      house.ledger,
      feeIds[n] as string,
      kinds.map((kind) => sample(kind)),
    );
  await write(0, ['assessed', 'approved']);
  await write(1, ['assessed', 'approved', 'noticed']);
  await write(2, ['assessed', 'approved', 'noticed', 'waived']);
  await write(3, ['assessed', 'approved', 'noticed', 'intent_opened', 'waive_asked']);
  const now = await house.ledger.fees.now();
  await house.ledger.findings.record(null, now, []);
  return assessmentId;
}

describe.each(queueBackends)('the pump on $name', (backend) => {
  it('offers what is due, each fee once, and nothing that is not', async () => {
    const house = await createQueueHouse(backend);
    await manyFees(house, 3);
    const [first, second] = (await house.ledger.reports.fees({ limit: 3 })).map((fee) => fee.feeId);
    await appendAll(house.ledger, first as string, [sample('usage_checked')]);
    await appendAll(house.ledger, second as string, [sample('assessed'), sample('approved')]);
    const pump = pumpOf(house);
    expect(await pump.once()).toBe(2);
    expect(await queued(house)).toEqual({ ...EMPTY, detect: 1, notice: 1 });
    expect(await pump.after(200)).toBe(0);
    expect(await queued(house)).toEqual({ ...EMPTY, detect: 1, notice: 1 });
  });

  it('never keeps more than its window on a queue, nor when that queue is paused', async () => {
    const house = await createQueueHouse(backend);
    await manyFees(house, 2_200);
    await house.queues.queues.detect.pause();
    const pump = pumpOf(house);
    for (let round = 0; round < 6; round += 1) await pump.after(200);
    expect(await house.queues.queued('detect')).toBe(1_000);
    const other = pumpOf(house);
    await other.once();
    expect(await house.queues.queued('detect')).toBe(1_000);
  });

  it('puts back what a flush lost, and does so at once after a moment of emptiness', async () => {
    const house = await createQueueHouse(backend);
    await manyFees(house, 300);
    await house.ledger.events.receive(hint('evt_1'));
    const pump = pumpOf(house);
    await pump.once();
    const before = await queued(house);
    expect(before).toMatchObject({ detect: 300, hint: 1 });
    for (let time = 0; time < 3; time += 1) {
      await house.flush();
      expect(await queued(house)).toEqual(EMPTY);
      await pump.after(1_001);
      expect(await queued(house)).toEqual(before);
    }
  });

  it('puts back what was lost from a queue that still holds other work', async () => {
    const house = await createQueueHouse(backend);
    await manyFees(house, 20);
    const pump = pumpOf(house);
    await pump.once();
    const [lost] = await house.queues.queues.detect.getJobs(['waiting']);
    await lost?.remove();
    await pump.after(30_000);
    expect(await house.queues.queued('detect')).toBe(19);
    await pump.after(30_001);
    expect(await house.queues.queued('detect')).toBe(20);
  });

  it.each(['the same', 'another'])(
    'replaces a finished job that blocks the next under its id, from %s process',
    async (which) => {
      const house = await createQueueHouse(backend);
      await manyFees(house, 1);
      const first = pumpOf(house);
      await first.once();
      await failOne(house, 'detect');
      const pump = which === 'another' ? pumpOf(house) : first;
      // Another process finds out by the first try, which is swallowed.
      if (which === 'another') await pump.once();
      await pump.after(1_001);
      expect(await house.queues.queued('detect')).toBe(1);
    },
  );

  it('offers a hint again whose job failed for good, and once more after a restart', async () => {
    const house = await createQueueHouse(backend);
    await house.ledger.events.receive(hint('evt_1'));
    const pump = pumpOf(house);
    await pump.once();
    await failOne(house, 'webhook-event');
    await pump.after(1_001);
    expect(await house.queues.queued('webhook-event')).toBe(1);
    await failOne(house, 'webhook-event');
    const restarted = pumpOf(house);
    await restarted.once();
    await restarted.after(1_001);
    expect(await house.queues.queued('webhook-event')).toBe(1);
  });

  it('offers no hint that was followed', async () => {
    const house = await createQueueHouse(backend);
    await house.ledger.events.receive(hint('evt_1'));
    await house.ledger.events.handled('evt_1', 'nothing new');
    expect(await pumpOf(house).once()).toBe(0);
  });

  it('has an assessment enrolled whose job was lost or has failed, and none that is', async () => {
    const house = await createQueueHouse(backend);
    const assessmentId = await manyFees(house, 2);
    await house.db.pool.query('update assessments set enrolled_at = null');
    const pump = pumpOf(house);
    await pump.once();
    expect(await house.queues.queued('open-assessment')).toBe(1);
    await house.flush();
    await pump.after(1_001);
    expect(await house.queues.queued('open-assessment')).toBe(1);
    await failOne(house, 'open-assessment');
    await pump.after(1_001);
    expect(await house.queues.queued('open-assessment')).toBe(1);
    await house.flush();
    await house.ledger.assessments.enroll(assessmentId);
    await pump.after(61_000);
    expect(await house.queues.queued('open-assessment')).toBe(0);
  });

  it('leaves notices and charges of a paused assessment, and goes on with the rest', async () => {
    const house = await createQueueHouse(backend);
    const assessmentId = await feesOfEveryStep(house);
    await house.ledger.assessments.pause(assessmentId, 'test', 'a look');
    const pump = pumpOf(house);
    await pump.once();
    expect(await queued(house)).toEqual({ ...EMPTY, detect: 1, settle: 1 });
    await house.ledger.assessments.resume(assessmentId);
    await pump.after(200);
    expect(await queued(house)).toEqual({
      ...EMPTY,
      ...{ detect: 1, settle: 1, notice: 1, letter: 1, charge: 1 },
    });
  });

  it('offers nothing that charges or writes before the ledger is known to be up to date', async () => {
    const house = await createQueueHouse(backend);
    await feesOfEveryStep(house);
    let isUpToDate = false;
    const pump = pumpOf(house, {}, () => isUpToDate);
    await pump.once();
    expect(await queued(house)).toEqual({ ...EMPTY, detect: 1, settle: 1 });
    isUpToDate = true;
    await pump.after(200);
    expect(await queued(house)).toEqual({
      ...EMPTY,
      ...{ detect: 1, settle: 1, notice: 1, letter: 1, charge: 1 },
    });
  });

  it('does not offer a fee a second time that is in somebody’s hands', async () => {
    const house = await createQueueHouse(backend);
    await manyFees(house, 1);
    const [fee] = await house.ledger.reports.fees({ limit: 1 });
    const pump = pumpOf(house);
    await pump.once();
    await house.flush();
    const feeCase = (await house.ledger.fees.load(fee?.feeId as string)) as FeeRecord;
    await house.ledger.fees.append(feeCase, [sample('usage_checked'), sample('reopened')], 'test');
    expect(await pump.after(500)).toBe(0);
    expect(await pump.after(1_600)).toBe(1);
  });

  it('lets trouble with one queue keep no other from its turn', async () => {
    const house = await createQueueHouse(backend);
    await manyFees(house, 2);
    // An id that no event of Stripe's has: the queue refuses it.
    await house.ledger.events.receive(hint('not an event'));
    await expect(pumpOf(house).once()).rejects.toThrow('not valid');
    expect(await house.queues.queued('detect')).toBe(2);
  });
});

describe('the pump’s rounds', () => {
  const [backend] = queueBackends;
  if (!backend) throw new Error('no backend');

  it('go on after one that failed, say so by a code, and end when they are stopped', async () => {
    const house = await createQueueHouse(backend);
    await manyFees(house, 1);
    const stop = new AbortController();
    let tries = 0;
    const pump = pumpOf(house, {
      async enqueueMany<Name extends JobName>(name: Name, payloads: Payload<Name>[]) {
        tries += 1;
        if (tries === 1) throw Object.assign(new Error('secret text'), { code: 'ECONNREFUSED' });
        await house.queues.enqueueMany(name, payloads);
        stop.abort();
      },
    });
    await pump.run(stop.signal, 1);
    expect(pump.warnings).toEqual([
      [{ error: 'Error', code: 'ECONNREFUSED', failures: 1 }, expect.any(String)],
    ]);
    expect(await house.queues.queued('detect')).toBe(1);
  });

  it('name each job after the entry it will write, so that the next one has another id', () => {
    const feeId = '00000000-0000-4000-8000-0000000000f1';
    const ids = (['detect', 'notice', 'charge', 'settle', 'email'] satisfies Step[]).flatMap(
      (step) => [jobId(step, { feeId, seq: 1 }), jobId(step, { feeId, seq: 2 })],
    );
    expect(new Set(ids).size).toBe(10);
  });
});
