/** The measured process: a worker with its pump, from the opened assessment to the last charge. */
import { pino } from 'pino';
import { RATES, VENDORS } from '../../config/rates.ts';
import { POLICY } from '../../config/policy.ts';
import { createPayments, createStripe } from '../../gateways/stripe/client.ts';
import { createQueues } from '../../jobs/queues.ts';
import { openLedger } from '../../ledger/open.ts';
import { startWorker } from '../../app/worker.ts';
import { argument, peakMb } from './child.ts';
import { plantUsers } from './plant.ts';

const { databaseUrl, redisUrl, stripeUrl, smtpUrl, fees, used } = argument<{
  databaseUrl: string;
  redisUrl: string | null;
  stripeUrl: string;
  smtpUrl: string;
  fees: number;
  /** Whether the clinicians used a code and are charged, or are only looked at. */
  used: boolean;
}>();
const log = pino({ level: 'error' }, pino.destination(2));
const elapsedMs = () => performance.now();
const { ledger, databaseUrl: workUrl } = await openLedger({
  databaseUrl,
  connections: 10,
  vendors: VENDORS,
  rates: RATES,
  elapsedMs,
  log,
});
const stripe = createStripe({ secretKey: 'sk_test_bench', apiBase: stripeUrl });
await plantUsers({ databaseUrl, stripe, people: fees, used });
const queues = await createQueues({
  redisUrl,
  databaseUrl: workUrl,
  prefix: `path-${process.pid}`,
  onError: (error) => log.error(error.message),
});
// The notice period is a wait, not work: here a day has no length.
const policy = { ...POLICY, dayMs: 1, noticeDays: 0, canaryFees: 0 };
const config = {
  mailFrom: 'bench@practice.example',
  mailReplyTo: 'bench@practice.example',
  practiceName: 'Bench',
  publicUrl: 'http://127.0.0.1',
  annual: { cron: '0 9 15 1 *', timeZone: 'UTC', vendors: [], autoApprove: true },
  policy,
  livemode: false,
};
const startedAt = performance.now();
const opening = await ledger.assessments.open({
  vendor: 'theranest',
  year: 2026,
  policy,
  autoApprove: true,
  livemode: false,
  actor: 'bench',
});
if (!opening.opened) throw new Error(opening.why);
await startWorker(
  config,
  { smtpUrl, sessionSecret: 'bench' },
  { ledger, queues, payments: createPayments(stripe), log, elapsedMs },
);
const wanted = used ? 'paid' : 'no_use';
for (;;) {
  const states = await ledger.reports.byState();
  if ((states.find(({ state }) => state === wanted)?.fees ?? 0) >= fees) break;
  await new Promise((resolve) => setTimeout(resolve, 100));
}
const seconds = (performance.now() - startedAt) / 1000;
console.log(JSON.stringify({ perSecond: fees / seconds, seconds, peakMb: peakMb() }));
process.exit(0);
