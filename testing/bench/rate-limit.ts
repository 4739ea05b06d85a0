/**
 * How close several processes together come to what Stripe's limits allow, and whether Stripe ever
 * has to turn one away. Alone: `npx tsx testing/bench/rate-limit.ts [--json] [--fees 800]`; on a
 * machine that does other things as well, with lower limits: `--per-second 40 --per-endpoint 10`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { RATES, VENDORS } from '../../config/rates.ts';
import { POLICY } from '../../config/policy.ts';
import { entry } from '../../core/fee/fee.ts';
import type { RateLimits } from '../../gateways/stripe/rate-gate.ts';
import { createStripe } from '../../gateways/stripe/client.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { runChild } from './child.ts';
import { plantUsers } from './plant.ts';
import { startLimitedStripe, type LimitedStripe } from './rate-limit-front.ts';
import { startServices } from './services.ts';

/** Stripe's own, live (docs.stripe.com/rate-limits, 2026). */
const LIMITS: RateLimits = { perSecond: 100, perEndpoint: 25 };
const PROCESSES = 4;
/** Calls are counted for so long, once everybody is at it. */
const SECONDS = 20;
/** Counted from when so many seconds' worth of calls was answered: programs take time to start. */
const WARM_UP_SECONDS = 4;

interface Measured {
  perSecond: number;
  /** Of what the limits allow, 0 to 1. */
  share: number;
  /** Calls that Stripe had to turn away for being too fast. */
  turnedAway: number;
}

export interface RateLimitResult {
  processes: number;
  limits: RateLimits;
  /** Calls at six endpoints, as many as may be: the account's limit binds. */
  calls: Measured;
  /** Charges by real workers: each needs three endpoints once, and their limit binds. */
  charges: Measured;
}

/** Measures both; `newDatabase` gives an empty one. */
export async function rateLimits(
  newDatabase: () => Promise<string>,
  fees: number,
  limits = LIMITS,
): Promise<RateLimitResult> {
  const calls = await callsPerSecond(await newDatabase(), limits);
  const charges = await chargesPerSecond(await newDatabase(), limits, fees);
  return { processes: PROCESSES, limits, calls, charges };
}

async function callsPerSecond(databaseUrl: string, limits: RateLimits): Promise<Measured> {
  return onStage(databaseUrl, limits, async ({ stripe, close }) => {
    await createStripe({ secretKey: 'sk_test_bench', apiBase: stripe.freeUrl }).customers.create();
    const stop = startWorkers({
      databaseUrl,
      stripeUrl: stripe.url,
      smtpUrl: '',
      calls: 2,
      limits,
    });
    while (stripe.counts.answered < WARM_UP_SECONDS * limits.perSecond) await sleep(50);
    const before = stripe.counts.answered;
    const startedAt = performance.now();
    await sleep(SECONDS * 1000);
    const seconds = (performance.now() - startedAt) / 1000;
    const perSecond = (stripe.counts.answered - before) / seconds;
    await stop();
    await close();
    const { turnedAway } = stripe.counts;
    return { perSecond, share: perSecond / limits.perSecond, turnedAway };
  });
}

/** From a tenth of the fees paid to nine tenths: starting and ending are no part of the pace. */
async function chargesPerSecond(
  databaseUrl: string,
  limits: RateLimits,
  fees: number,
): Promise<Measured> {
  return onStage(databaseUrl, limits, async ({ stripe, ledger, close }) => {
    const doubles = runChild('./doubles.ts');
    const { smtpUrl } = (await doubles.first) as { smtpUrl: string };
    await plantDue(ledger, { databaseUrl, stripeUrl: stripe.freeUrl, fees });
    const stop = startWorkers({ databaseUrl, stripeUrl: stripe.url, smtpUrl, calls: 0, limits });
    const paid = async (share: number) => {
      for (;;) {
        const states = await ledger.reports.byState();
        const count = states.find(({ state }) => state === 'paid')?.fees ?? 0;
        if (count >= share * fees) return { count, at: performance.now() };
        await sleep(50);
      }
    };
    const from = await paid(0.1);
    const to = await paid(0.9);
    const perSecond = ((to.count - from.count) * 1000) / (to.at - from.at);
    await stop();
    doubles.end();
    await close();
    const { turnedAway } = stripe.counts;
    return { perSecond, share: perSecond / limits.perEndpoint, turnedAway };
  });
}

async function onStage<Result>(
  databaseUrl: string,
  limits: RateLimits,
  work: (stage: {
    stripe: LimitedStripe;
    ledger: Ledger;
    close: () => Promise<void>;
  }) => Promise<Result>,
): Promise<Result> {
  const stripe = await startLimitedStripe(limits);
  const { ledger, close } = await openLedger({
    ...{ databaseUrl, connections: 8, vendors: VENDORS, rates: RATES },
    ...{ elapsedMs: () => performance.now(), log: { warn: () => undefined } },
  });
  try {
    return await work({ stripe, ledger, close });
  } finally {
    await stripe.close();
  }
}

/** People with evidence, noticed, whose fees are due at this moment. */
async function plantDue(
  ledger: Ledger,
  { databaseUrl, stripeUrl, fees }: { databaseUrl: string; stripeUrl: string; fees: number },
): Promise<void> {
  const stripe = createStripe({ secretKey: 'sk_test_bench', apiBase: stripeUrl });
  // A network without limits on one card, which all of them share.
  const card = 'pm_card_amex';
  await plantUsers({ databaseUrl, stripe, people: fees, used: true, card });
  const opening = await ledger.assessments.open({
    ...{ vendor: 'theranest', year: 2026, autoApprove: true, livemode: false, actor: 'bench' },
    policy: { ...POLICY, dayMs: 1, noticeDays: 0, canaryFees: 0 },
  });
  if (!opening.opened) throw new Error(opening.why);
  const { assessmentId, amountCents } = opening.assessment;
  await ledger.assessments.enroll(assessmentId);
  const due = await ledger.fees.due('detect', fees, []);
  await Promise.all(
    due.map(async ({ feeId }) => {
      const feeRecord = await ledger.fees.load(feeId);
      if (!feeRecord?.firstUse) throw new Error('Bug! a fee without evidence');
      const chargeFrom = feeRecord.now().toISOString();
      const shown = { brand: 'amex', last4: '8431' };
      await ledger.fees.append(
        feeRecord,
        [
          entry('assessed', { amountCents, evidence: feeRecord.firstUse }),
          entry('approved', { rosterHash: 'bench' }),
          entry('noticed', {
            amountCents,
            chargeFrom,
            messageId: `<${feeId}>`,
            customer: feeRecord.clinician.stripeCustomer ?? '',
            card: shown,
          }),
        ],
        'bench',
      );
    }),
  );
}

/** Starts the processes; gives how to end them. */
function startWorkers(argument: object): () => Promise<void> {
  const workers = Array.from({ length: PROCESSES }, () =>
    runChild('./rate-limit-worker.ts', argument),
  );
  return async () => {
    for (const worker of workers) worker.end();
    await Promise.all(workers.map(({ first }) => first));
  };
}

/** The result in a line each. */
export function tellRateLimits({ processes, limits, calls, charges }: RateLimitResult): string[] {
  const tell = (what: string, { perSecond, share, turnedAway }: Measured, limit: number) =>
    `${processes} processes at Stripe's limits: ${perSecond.toFixed(1)} ${what}/s, ` +
    `${(share * 100).toFixed(1)} % of the ${limit} allowed, ${turnedAway} turned away`;
  return [tell('calls', calls, limits.perSecond), tell('charges', charges, limits.perEndpoint)];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean' },
      fees: { type: 'string', default: '800' },
      'per-second': { type: 'string', default: String(LIMITS.perSecond) },
      'per-endpoint': { type: 'string', default: String(LIMITS.perEndpoint) },
    },
  });
  const limits = {
    perSecond: Number(values['per-second']),
    perEndpoint: Number(values['per-endpoint']),
  };
  const services = await startServices();
  try {
    const result = await rateLimits(services.newDatabase, Number(values.fees), limits);
    if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else for (const line of tellRateLimits(result)) process.stdout.write(`${line}\n`);
  } finally {
    await services.close();
  }
  process.exit(0);
}
