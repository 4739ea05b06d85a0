/** One of several processes that share Stripe's limits; reports what its calls were answered. */
import { once } from 'node:events';
import { pino } from 'pino';
import { RATES, VENDORS } from '../../config/rates.ts';
import { POLICY } from '../../config/policy.ts';
import { PaymentsUnavailable } from '../../gateways/payments.ts';
import { createRateGate, type RateLimits } from '../../gateways/stripe/rate-gate.ts';
import { createPayments, createStripe } from '../../gateways/stripe/client.ts';
import { createQueues } from '../../jobs/queues.ts';
import { openLedger } from '../../ledger/open.ts';
import { startWorker } from '../../app/worker.ts';
import { argument } from './child.ts';

const { databaseUrl, stripeUrl, smtpUrl, limits, calls } = argument<{
  databaseUrl: string;
  stripeUrl: string;
  smtpUrl: string;
  limits: RateLimits;
  /** Instead of working: so many loops of calls at each of six endpoints, as fast as they may. */
  calls: number;
}>();
const log = pino({ level: 'error' }, pino.destination(2));
const elapsedMs = () => performance.now();
const { ledger, databaseUrl: workUrl } = await openLedger({
  ...{ databaseUrl, connections: 8, vendors: VENDORS, rates: RATES },
  ...{ elapsedMs, log },
});
const stripe = createStripe({ secretKey: 'sk_test_bench', apiBase: stripeUrl });
const gate = createRateGate(ledger.rateLimiter, limits);
const answers: Record<string, number> = {};
const count = (status: number | null) => {
  answers[String(status)] = (answers[String(status)] ?? 0) + 1;
};
const stop = new AbortController();
const ended = once(process.stdin, 'end').then(() => stop.abort());
process.stdin.resume();
if (calls > 0) await loops();
else await work();
await ended;
console.log(JSON.stringify(answers));
process.exit(0);

async function work(): Promise<void> {
  const payments = createPayments(stripe, { gate, onCall: ({ status }) => count(status) });
  const where = { redisUrl: null, databaseUrl: workUrl };
  const queues = await createQueues({ ...where, onError: () => undefined });
  const config = {
    ...{ mailFrom: 'bench@practice.example', mailReplyTo: 'bench@practice.example' },
    ...{ practiceName: 'Bench', publicUrl: 'http://127.0.0.1', policy: POLICY, livemode: false },
    annual: { cron: '0 9 15 1 *', timeZone: 'UTC', vendors: [], autoApprove: true },
  };
  const connections = { ledger, queues, payments, log, elapsedMs };
  await startWorker(config, { smtpUrl, sessionSecret: 'bench' }, connections);
}

async function loops(): Promise<void> {
  // This one, too: a call that nobody counts is one too many for the limit.
  const { data } = await gate('GET /v1/customers', () => stripe.customers.list({ limit: 1 }));
  const customer = data[0]?.id ?? '';
  const endpoints: [string, () => Promise<unknown>][] = [
    ['GET /v1/customers/:id', () => stripe.customers.retrieve(customer)],
    ['GET /v1/customers', () => stripe.customers.list({ limit: 1 })],
    ['GET /v1/payment_intents', () => stripe.paymentIntents.list({ limit: 1 })],
    ['GET /v1/charges', () => stripe.charges.list({ limit: 1 })],
    ['GET /v1/refunds', () => stripe.refunds.list({ limit: 1 })],
    ['GET /v1/disputes', () => stripe.disputes.list({ limit: 1 })],
  ];
  const loop = async ([route, call]: (typeof endpoints)[number]) => {
    while (!stop.signal.aborted)
      try {
        await gate(route, call);
        count(200);
      } catch (error) {
        const { statusCode } = error as { statusCode?: number };
        count(error instanceof PaymentsUnavailable ? 429 : (statusCode ?? null));
      }
  };
  await Promise.all(endpoints.flatMap((one) => Array.from({ length: calls }, () => loop(one))));
}
