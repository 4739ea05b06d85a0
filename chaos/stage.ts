import pg from 'pg';
import type Stripe from 'stripe';
import { createKey } from '../api/first-token.ts';
import { POLICY } from '../config/policy.ts';
import { RATES, VENDORS } from '../config/rates.ts';
import type { Policy } from '../core/policy.ts';
import { createStripe } from '../gateways/payments.ts';
import { openLedger } from '../ledger/open.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Random } from '../simulator/random.ts';
import type { Player } from './cast.ts';
import { createCrew, type Crew, type Member } from './crew.ts';
import { createFate, type Fate } from './fate.ts';
import { startHttpProxy } from './http-proxy.ts';
import { createOperator, type Operator } from './operator.ts';
import { startServices, type Services } from './services.ts';
import { startSmtpProxy } from './smtp-proxy.ts';
import type { Tally } from './tally.ts';

/** A levy of several processes in a world that can be made to fail, and everybody in it. */
export interface Stage {
  queue: 'redis' | 'postgres';
  services: Services;
  /** Looks at the ledger and does nothing else to it, except where a fault says so. */
  pool: pg.Pool;
  ledger: Ledger;
  /** Stripe without anything in between. */
  stripe: Stripe;
  fate: Fate;
  crew: Crew;
  api: Member;
  workers: Member[];
  operator: Operator;
  players: Player[];
  /** Whom a person or a bank has done something about: their fee may end anywhere. */
  touched: Set<string>;
  assessmentId: string;
  random: Random;
  tally: Tally;
  /** Grows with everything that lets the assessment go on, when it is asked for and when done. */
  resumes: number;
  /** What must not have happened, as it is found. */
  violations: string[];
  /** Told to end: nobody waits for anything any more. */
  stop: AbortSignal;
  /** Tells the sandbox to do something on its own account; see its README. */
  control(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
  close(keep: boolean): Promise<void>;
}

export const SECRET_KEY = 'sk_test_chaos';
const YEAR = 2026;

/** How people are treated in this year, of which a day lasts `dayMs`. */
function policyOf(dayMs: number): Policy {
  return {
    ...POLICY,
    dayMs,
    retrySoonMs: 2 * dayMs,
    mailRetryMs: [300, 500, 500, 1_000, 1_000, 1_000, 2_000, 2_000, 2_000, 4_000],
    attemptGraceMs: 2_500,
    unknownLookMs: [300, 1_000, 2_000],
    canaryFees: 3,
  };
}

/** Starts everything. What fails here was no fault of the run's making. */
export async function openStage(args: {
  queue: 'redis' | 'postgres';
  workers: number;
  dayMs: number;
  random: Random;
  tally: Tally;
  stop: AbortSignal;
}): Promise<Stage> {
  const { queue, random, tally, stop } = args;
  const services = await startServices(queue);
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (keep: boolean) => {
    for (const end of closers.splice(0).reverse()) await end();
    await services.close(keep);
  };
  try {
    const opened = await openLedger({
      databaseUrl: services.postgres.url,
      connections: 4,
      vendors: VENDORS,
      rates: RATES,
      elapsedMs: () => performance.now(),
      log: { warn: () => undefined },
    });
    closers.push(opened.close);
    const { ledger } = opened;
    const pool = new pg.Pool({
      connectionString: services.postgres.url,
      max: 3,
      application_name: 'chaos',
    });
    pool.on('error', () => undefined);
    closers.push(() => pool.end());
    const fate = createFate(random.fork('fate'), tally);
    const crew = createCrew(services.folder);
    const programs = await startPrograms({ services, fate, crew, workers: args.workers, closers });
    closers.push(() => crew.disband());
    const token = (await createKey(ledger, 'office', ['read', 'operate', 'approve'])) as string;
    const stripe = createStripe({ secretKey: SECRET_KEY, apiBase: services.sandbox.url });
    const opening = await ledger.assessments.open({
      ...{ vendor: 'theranest', year: YEAR, policy: policyOf(args.dayMs), actor: 'office' },
      ...{ autoApprove: false, livemode: false },
    });
    if (!opening.opened) throw new Error(opening.why);
    return {
      ...{ queue, services, pool, ledger, stripe, fate, crew, random, tally, stop, close },
      ...programs,
      operator: createOperator(`http://127.0.0.1:${services.apiPort}`, token, stop),
      players: [],
      touched: new Set(),
      assessmentId: opening.assessment.assessmentId,
      resumes: 0,
      violations: [],
      control: (method, path, body) => control(services.sandbox.url, method, path, body),
    };
  } catch (error) {
    await close(false);
    throw error;
  }
}

/** The API and the workers, each with ways to the outside world of its own. */
async function startPrograms(args: {
  services: Services;
  fate: Fate;
  crew: Crew;
  workers: number;
  closers: (() => Promise<unknown>)[];
}): Promise<{ api: Member; workers: Member[] }> {
  const { services, fate, crew, closers } = args;
  const { sandbox, mailbox, postgres, redis, apiPort, webhookSecrets } = services;
  const waysOf = async (who: string): Promise<Record<string, string>> => {
    const stripe = await startHttpProxy({ who, target: sandbox.url, fate: fate.http });
    const mail = await startSmtpProxy(mailbox.smtpUrl, () => fate.mail(who));
    closers.push(stripe.close, mail.close);
    return {
      DATABASE_URL: postgres.url,
      ...(redis && { REDIS_URL: redis.url }),
      STRIPE_SECRET_KEY: SECRET_KEY,
      STRIPE_API_BASE: stripe.url,
      STRIPE_WEBHOOK_SECRETS: webhookSecrets.join(','),
      SMTP_URL: mail.url,
      MAIL_FROM: 'office@practice.example',
      MAIL_REPLY_TO: 'office@practice.example',
      PRACTICE_NAME: 'Chaos Practice',
      SESSION_SECRET: 'only for as long as this run lasts, and for it alone',
      PORT: String(apiPort),
      LOG_LEVEL: 'warn',
    };
  };
  const api = crew.add('api', 'api/server.ts', await waysOf('api'));
  const workers: Member[] = [];
  for (let n = 1; n <= args.workers; n += 1)
    workers.push(crew.add(`worker-${n}`, 'workers/main.ts', await waysOf(`worker-${n}`)));
  const target = `http://127.0.0.1:${apiPort}`;
  const webhooks = await startHttpProxy({ who: 'api', target, fate: fate.http });
  closers.push(webhooks.close);
  await control(sandbox.url, 'POST', 'webhook', {
    url: `${webhooks.url}/webhooks/stripe`,
    secrets: [webhookSecrets[1]],
  });
  return { api, workers };
}

async function control(
  url: string,
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/_sandbox/${path}`, {
    method,
    ...(body && { body: JSON.stringify(body) }),
  });
  return (await response.json()) as Record<string, unknown>;
}
