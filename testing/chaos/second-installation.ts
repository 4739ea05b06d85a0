import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../../app/postgres/postgres.ts';
import type { Random } from '../simulator/random.ts';
import { exportOf } from './population.ts';
import { openInstallation } from './installation.ts';
import { YEAR, type Harness } from './harness.ts';
import { importPath, note, ROSTER, rosterNow, tend } from './year.ts';

/** When the second installation works, as shares of the time in which things fail. */
export interface SecondPlan {
  from: number;
  to: number;
}

/** From the first notice on, or later. */
export function planSecond(random: Random): SecondPlan {
  const from = random.chance(0.5) ? 0 : random.between(10, 40) / 100;
  return { from, to: from + random.between(30, 45) / 100 };
}

/** Another installation of the same practice, on the same Stripe account and mail server. */
export interface Second {
  harness: Harness;
  /** One round of its office: whatever is still to be uploaded, opened or approved. */
  tend(): Promise<void>;
  halt(): Promise<void>;
  go(): void;
}

/**
 * Sets up a second installation: an API and a worker on a database and a queue of their own, with
 * the same people under other references. Webhooks do not reach it.
 */
export async function openSecond(harness: Harness): Promise<Second> {
  const { services, closers, history } = harness;
  history.isShared = true;
  const name = 'levy_second';
  await createDatabase(services.postgres.url, name);
  const beside = (url: string) => url.replace(/levy$/, name);
  const installation = await openInstallation(harness, 'second', {
    databaseUrl: beside(services.postgres.appUrl),
    ownerUrl: beside(services.postgres.url),
    redisUrl: services.redis ? `${services.redis.url}/1` : null,
    port: await freePort(),
    workers: 1,
    refOf: (ref) => `other-${ref}`,
  });
  const second: Harness = { ...harness, ...installation };
  const programs = [second.api, ...second.workers];
  const halt = async () => void (await Promise.all(programs.map((one) => one.halt())));
  closers.push(halt);
  await halt();
  return {
    harness: second,
    tend: createOffice(second),
    halt,
    go: () => programs.forEach((one) => one.go()),
  };
}

async function createDatabase(ownerUrl: string, name: string): Promise<void> {
  const client = new pg.Client(ownerUrl);
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
}

/** An office that asks for each thing until it has been answered, and never waits. */
function createOffice(second: Harness): () => Promise<void> {
  const { operator, people, history } = second;
  const taken = new Set<string>();
  const put = async (method: string, path: string, body: object | string) => {
    const done = `${method} ${path}`;
    if (taken.has(done)) return null;
    const answer = await operator.ask(method, path, body);
    if (answer && answer.status < 300) taken.add(done);
    else if (answer && answer.status < 500 && answer.status !== 409 && answer.status !== 429)
      note(second, `${done} was refused: ${JSON.stringify(answer)}`);
    return answer?.json ?? null;
  };
  return async () => {
    await put('PUT', ROSTER, rosterNow(second));
    if (!taken.has(`PUT ${ROSTER}`)) return;
    const opened = await put('POST', '/v1/assessments', { vendor: 'theranest', year: YEAR });
    if (typeof opened?.['assessmentId'] === 'string') second.assessmentId = opened['assessmentId'];
    if (second.assessmentId === '') return;
    for (const wave of history.handedIn.keys())
      await put('POST', importPath(wave), exportOf(people, wave));
    await tend(second);
  };
}

/** The second installation works for its part of the time, and is then killed. */
export async function liveBeside(
  { stop, counter }: Harness,
  second: Second,
  { from, to }: SecondPlan,
  ms: number,
): Promise<void> {
  const began = performance.now();
  const reached = (share: number) => stop.aborted || performance.now() - began >= share * ms;
  while (!reached(from)) await sleep(200);
  second.go();
  counter('second installation: works on the same account');
  while (!reached(to)) {
    await second.tend();
    await sleep(1_000);
  }
  await second.halt();
}
