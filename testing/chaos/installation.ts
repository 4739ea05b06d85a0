import pg from 'pg';
import { createKey } from '../../api/http/access-key.ts';
import { RATES, VENDORS } from '../../config/rates.ts';
import type { Policy } from '../../core/policy.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { backUp, type Backup } from '../../test/support/backup.ts';
import type { Processes, Member } from './processes.ts';
import type { FaultInjector } from './fault-injector.ts';
import { noteLook, now, type History, type Which } from './history.ts';
import { startHttpProxy } from './http-proxy.ts';
import { createOperator, type Operator } from './operator.ts';
import type { Services } from './services.ts';
import { startSmtpProxy } from './smtp-proxy.ts';

/** Where an installation keeps its ledger and its queue. */
export interface Place {
  /** The application's login. */
  databaseUrl: string;
  ownerUrl: string;
  redisUrl: string | null;
  port: number;
}

/** A levy of several processes with a ledger of its own. */
export interface Installation extends Place {
  which: Which;
  /** What the installation calls the person with this reference. */
  refOf: (ref: string) => string;
  /** The owner's. Looks at the ledger and does nothing else to it, except where a fault says so. */
  pool: pg.Pool;
  ledger: Ledger;
  /** The ledger as it was before anything was in it. */
  empty: Backup;
  api: Member;
  workers: Member[];
  operator: Operator;
  assessmentId: string;
  /** Grows with everything that lets the assessment go on, when it is asked for and when done. */
  resumes: number;
}

/** What every installation of a run has in common. */
export interface World {
  services: Services;
  faultInjector: FaultInjector;
  processes: Processes;
  history: History;
  policy: Policy;
  stop: AbortSignal;
  /** What is to be closed at the end, the last first. */
  closers: (() => Promise<unknown>)[];
}

export const SECRET_KEY = 'sk_test_chaos';

/** Starts an installation on a database that is there and empty. */
export async function openInstallation(
  world: World,
  which: Which,
  place: Place & { workers: number; refOf: (ref: string) => string },
): Promise<Installation> {
  const { workers: count, ...where } = place;
  const opened = await openLedger({
    databaseUrl: place.databaseUrl,
    ownerUrl: place.ownerUrl,
    connections: 4,
    vendors: VENDORS,
    rates: RATES,
    elapsedMs: () => performance.now(),
    log: { warn: () => undefined },
  });
  world.closers.push(opened.close);
  const pool = poolOf(place.ownerUrl);
  world.closers.push(() => pool.end());
  const { ledger } = opened;
  const empty = await backUp(pool);
  const operator = createOperator(`http://127.0.0.1:${place.port}`, world.stop);
  await giveKey({ ledger, operator });
  const programs = await startPrograms(world, which, where, count);
  const mutable = { assessmentId: '', resumes: 0 };
  return { ...where, which, pool, ledger, empty, operator, ...programs, ...mutable };
}

/** The office's key to a ledger that has none. */
export async function giveKey({
  ledger,
  operator,
}: Pick<Installation, 'ledger' | 'operator'>): Promise<void> {
  const token = await createKey(ledger, 'office', ['read', 'operate', 'approve']);
  if (token) operator.signIn(token);
}

function poolOf(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 3, application_name: 'chaos' });
  // Whoever waits for an answer on a lost connection hears of it; nobody else needs to.
  const lost = () => undefined;
  return pool.on('error', lost).on('connect', (client) => void client.on('error', lost));
}

/** The API and the workers, each with ways to the outside world of its own. */
async function startPrograms(
  world: World,
  which: Which,
  place: Place,
  count: number,
): Promise<{ api: Member; workers: Member[] }> {
  const { services, processes } = world;
  const suffix = which === 'first' ? '' : '-of-second';
  const start = async (name: string, file: string) => {
    const who = `${name}${suffix}`;
    return processes.add(who, file, { ...settingsOf(world, place), ...(await waysOf(world, who)) });
  };
  const api = await start('api', 'api/server.ts');
  const workers: Member[] = [];
  for (let n = 1; n <= count; n += 1) workers.push(await start(`worker-${n}`, 'workers/main.ts'));
  if (which === 'first') await sendWebhooks(world, services, place.port);
  return { api, workers };
}

function settingsOf({ services, policy }: World, place: Place): Record<string, string> {
  const { databaseUrl, redisUrl, port } = place;
  return {
    // The stage has migrated, as the owner: no program needs more than the application's login.
    DATABASE_URL: databaseUrl,
    ...(redisUrl && { REDIS_URL: redisUrl }),
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_WEBHOOK_SECRETS: services.webhookSecrets.join(','),
    MAIL_FROM: 'office@practice.example',
    MAIL_REPLY_TO: 'office@practice.example',
    PRACTICE_NAME: 'Chaos Practice',
    SESSION_SECRET: 'only for as long as this run lasts, and for it alone',
    PORT: String(port),
    LOG_LEVEL: 'warn',
    DAY_MS: String(policy.dayMs),
    CHAOS_POLICY: JSON.stringify(policy),
  };
}

/** The ways of one program to Stripe and to the mail server. */
async function waysOf(world: World, who: string): Promise<Record<string, string>> {
  const { services, faultInjector, history, closers } = world;
  const stripe = await startHttpProxy({
    who,
    target: services.sandbox.url,
    faultInjector(passing) {
      noteLook(history, passing);
      return faultInjector.http(passing);
    },
  });
  const mail = await startSmtpProxy(
    services.mailbox.smtpUrl,
    () => faultInjector.mail(who),
    (messageId) => void history.handings.push({ who, messageId, at: now() }),
  );
  closers.push(stripe.close, mail.close);
  return { STRIPE_API_BASE: stripe.url, SMTP_URL: mail.url };
}

/** An account has one address for webhooks here: the second installation hears of nothing. */
async function sendWebhooks(
  { faultInjector, closers }: World,
  { sandbox, webhookSecrets }: Services,
  port: number,
): Promise<void> {
  const target = `http://127.0.0.1:${port}`;
  const webhooks = await startHttpProxy({ who: 'api', target, faultInjector: faultInjector.http });
  closers.push(webhooks.close);
  await control(sandbox.url, 'POST', 'webhook', {
    url: `${webhooks.url}/webhooks/stripe`,
    secrets: [webhookSecrets[1]],
  });
}

/** Tells the sandbox to do something on its own account; see its README. */
export async function control(
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
