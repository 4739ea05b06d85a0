import { createQueues } from '../../../jobs/queues.ts';
import { FEE_STATUSES, type Step } from '../../../core/fee/fee.ts';
import { rosterOf } from '../population.ts';
import { now } from '../history.ts';
import { YEAR, type Harness } from '../harness.ts';
import { actOnFee, note, pause, ROSTER } from '../year.ts';
import type { Fault } from './fault.ts';
import { anyFee, forget } from './some-fee.ts';

/** People in a hurry, and people who mean harm. */
export const PEOPLE_FAULTS: Fault[] = [
  onFee('waive', ['noticed', 'retrying', 'needs_card', 'charging', 'unknown'], 3),
  onFee('hold', ['noticed', 'retrying', 'charging', 'unknown', 'paid'], 2),
  onFee('release', ['held'], 2),
  onFee('refund', ['paid'], 3),
  onFee('bounce', ['noticed', 'retrying', 'charging', 'unknown'], 2),
  onFee('retry', ['retrying', 'gave_up', 'notice_failed', 'needs_card'], 3),
  {
    name: 'pause',
    weight: 2,
    strike: (harness) => pause(harness),
  },
  {
    name: 'open once more',
    weight: 1,
    async strike(harness) {
      const { history } = harness;
      if (history.isBusy) return;
      const input = { vendor: 'theranest', year: YEAR };
      const act = { action: 'open_assessment', object: `theranest ${YEAR}` };
      const answers = await harness.operator.twice(act, '/v1/assessments', input);
      // Meanwhile the ledger may have been put back to where no year was open.
      const isSame = (one: unknown) => one === harness.assessmentId || history.isBusy;
      for (const answer of answers)
        if (answer && answer.status < 300 && !isSame(answer.json['assessmentId']))
          note(harness, 'a second assessment of the same year was opened');
      harness.counter('operator: open the same year again, twice at once');
    },
  },
  {
    name: 'move to an EHR that does not levy',
    weight: 1,
    async strike(harness) {
      const person = harness.random.pick(harness.people);
      harness.touched.add(person.ref);
      harness.history.moved.add(person.ref);
      const row = rosterOf([{ ...person, vendor: 'therapynotes' }], harness.refOf);
      await harness.operator.insist('PUT', ROSTER, row);
      harness.counter('operator: a clinician moves to an EHR that does not levy');
    },
  },
  {
    name: 'the board: retry what failed',
    weight: 2,
    async strike(harness) {
      const queue = harness.random.pick(['charge', 'notice', 'settle', 'webhook-event']);
      const path = `/queues/api/queues/${queue}/retry/failed`;
      const answer = await harness.operator.ask('PUT', path);
      if (answer && answer.status < 300) harness.counter('Bull Board: all failed jobs run again');
    },
  },
  { name: 'forged jobs', weight: 2, strike: (harness) => forgedJobs(harness) },
  { name: 'forged webhooks', weight: 2, strike: (harness) => forgedWebhooks(harness) },
];

/** One act on some fee, asked for twice at the same moment. */
function onFee(action: string, states: string[], weight: number): Fault {
  return {
    name: action,
    weight,
    async strike(harness) {
      const fee = await anyFee(harness, states);
      if (!fee) return;
      forget(harness, fee);
      const needsWhy = action !== 'release' && action !== 'retry';
      const body = needsWhy ? { why: 'somebody asked for it' } : {};
      const { done } = await actOnFee(harness, fee.feeId, action, body);
      // A retry can be over, and a release be followed by another hold, before the second is read.
      if (done > 1 && (action === 'waive' || action === 'hold'))
        note(harness, `${action} of ${fee.ref} twice had two results`);
      if (done === 0) return;
      harness.history.acts.push({ ref: fee.ref, action, body, at: now() });
      harness.counter(`operator: ${action}, asked twice at once`);
    },
  };
}

/** Jobs that nobody who may has put there: for any fee, at any number, and plain nonsense. */
async function forgedJobs(harness: Harness): Promise<void> {
  const { random, redisUrl, databaseUrl } = harness;
  const queues = await createQueues({ redisUrl, databaseUrl, onError: () => undefined });
  const given = async () => {
    for (const step of ['charge', 'notice', 'settle', 'email', 'detect'] satisfies Step[])
      for (let n = 0; n < 4; n += 1) {
        const fee = await anyFee(harness, [...FEE_STATUSES]);
        if (!fee) continue;
        const seq = random.chance(0.5) ? fee.seq : random.between(0, 12);
        await queues.enqueue(step, { feeId: fee.feeId, seq });
      }
    const nonsense = { feeId: 'all of them', amountCents: 1, paymentMethod: 'pm_card_visa' };
    await queues.queues.charge.add('charge', nonsense, { jobId: `forged-${random.next()}` });
    harness.counter('queue: 20 jobs nobody asked for, and one of nonsense');
  };
  try {
    await Promise.race([given(), new Promise((resolve) => setTimeout(resolve, 5_000).unref())]);
  } finally {
    await queues.close();
  }
}

/** Each says that an unpaid fee was paid. Only the last one is to be believed, and only so far. */
async function forgedWebhooks(harness: Harness): Promise<void> {
  const fee = await anyFee(harness, ['retrying', 'needs_card', 'noticed', 'gave_up']);
  if (!fee) return;
  const { stripe, services } = harness;
  const [oldSecret = '', newSecret = ''] = services.webhookSecrets;
  const now = Math.floor((performance.timeOrigin + performance.now()) / 1000);
  const forge = async (livemode: boolean, secret: string | null, timestamp: number) => {
    const id = `evt_forged${Math.floor(harness.random.next() * 1e12)}`;
    const intent = { id: fee.intent || 'pi_none', object: 'payment_intent', status: 'succeeded' };
    const object = { ...intent, amount: 1950, metadata: { fee: fee.feeId }, livemode };
    const type = 'payment_intent.succeeded';
    const event = { ...{ id, object: 'event', type, livemode }, created: now, data: { object } };
    const payload = JSON.stringify(event);
    const signature = secret
      ? stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp })
      : 't=1,v1=00';
    return sendWebhook(services.apiPort, payload, signature);
  };
  const refused = [
    await forge(false, null, now),
    await forge(false, 'whsec_of_somebody_else', now),
    await forge(false, newSecret, now - 3_600),
    await forge(true, newSecret, now),
  ];
  for (const status of refused)
    if (status !== null && status < 400) note(harness, `a forged webhook was answered ${status}`);
  const believed = await forge(false, oldSecret, now);
  if (believed !== null && believed >= 400 && believed < 500)
    note(harness, `a webhook signed with the older secret was refused: ${believed}`);
  if (refused.some((status) => status !== null))
    harness.counter('webhooks: forged, stale, of the other mode, and one that lies');
}

async function sendWebhook(port: number, body: string, signature: string): Promise<number | null> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/webhooks/stripe`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'stripe-signature': signature },
      body,
      signal: AbortSignal.timeout(5_000),
    });
    return response.status;
  } catch {
    return null;
  }
}
