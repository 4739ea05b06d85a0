import { readdir } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { firstToken } from '../../api/http/access-key.ts';
import { createQueues } from '../../jobs/queues.ts';
import { retryUntilAvailable } from '../../ledger/connect-retry.ts';
import { openLedger } from '../../ledger/open.ts';
import { RATES, VENDORS } from '../../config/rates.ts';
import { cutLine, type Fate } from '../support/cut-line.ts';
import { createTestDatabase } from '../support/database.ts';

/** A database behind a line that breaks once for each of these words, when a client says it. */
async function behind(fates: [word: string, fate: Fate][]) {
  const db = await createTestDatabase();
  const waiting = [...fates];
  const line = await cutLine(db.url, (said) => {
    const [word, fate] = waiting[0] ?? [null, 'goes on' as const];
    if (word === null || !said.includes(word)) return 'goes on';
    waiting.shift();
    return fate;
  });
  onTestFinished(line.close);
  const waits: Record<string, unknown>[] = [];
  const log = { warn: (fields: Record<string, unknown>) => void waits.push(fields) };
  return { db, line, waits, log, unmet: waiting };
}

const opening = (databaseUrl: string) => ({
  ...{ databaseUrl, connections: 4, vendors: VENDORS, rates: RATES },
  elapsedMs: () => performance.now(),
});

it('a start outlives a database that goes away in every part of it', async () => {
  const { db, line, waits, log, unmet } = await behind([
    ['levy', 'is cut'], // while it signs in
    ['create table fees', 'is cut'], // within a migration
    ['commit', 'is cut after the answer'], // a migration was done, and nobody heard
    ['insert into vendors', 'is cut'],
  ]);
  await db.pool.query('drop schema public cascade; create schema public');
  const { ledger, close } = await openLedger({ ...opening(line.url), log });
  onTestFinished(close);
  expect(unmet).toEqual([]);
  expect(waits.filter(({ tries }) => tries !== undefined)).toHaveLength(4);
  const files = await readdir(new URL('../../ledger/migrations/', import.meta.url));
  const { rows } = await db.pool.query('select number from migrations');
  expect(rows).toHaveLength(files.length);
  expect(await ledger.rates.list()).toHaveLength(RATES.length);
}, 60_000);

it('queues that could not be made in Postgres leave nothing open and are made again', async () => {
  const { line, waits, log, unmet } = await behind([
    ['levy', 'is cut'],
    ['create', 'is cut after the answer'],
  ]);
  const onError = () => undefined;
  let tries = 0;
  const queues = await retryUntilAvailable(async () => {
    expect(line.open()).toBe(0);
    tries += 1;
    return createQueues({ redisUrl: null, databaseUrl: line.url, onError });
  }, log);
  onTestFinished(queues.close);
  expect([unmet, tries, waits.length]).toEqual([[], 3, 2]);
  await queues.enqueue('reconcile', {});
  expect(await queues.queued('reconcile')).toBe(1);
}, 60_000);

it('the first token is shown although the answer to storing it was lost', async () => {
  const { line, log, unmet } = await behind([
    ['insert into access_keys', 'is cut after the answer'],
  ]);
  const { ledger, close } = await openLedger({ ...opening(line.url), log });
  onTestFinished(close);
  const token = await firstToken(ledger, log);
  expect(unmet).toEqual([]);
  expect(await ledger.access.callerOf(token ?? '')).toMatchObject({ name: 'operator' });
  expect(await firstToken(ledger, log)).toBeNull();
}, 60_000);

it('a start with a wrong password fails at once', async () => {
  const db = await createTestDatabase();
  const wrong = db.url.replace(/:[^:@/]+@/, ':wrong@');
  const log = { warn: () => expect.unreachable('nothing to wait for') };
  await expect(openLedger({ ...opening(wrong), log })).rejects.toMatchObject({ code: '28P01' });
});
