import { readFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { migrateOnce } from '../../cli/migrate.ts';
import { createQueues } from '../../jobs/queues.ts';
import { openLedger } from '../../ledger/open.ts';
import { VENDORS } from '../support/assessment.ts';
import { newFolder, query, start } from '../support/embedded-folders.ts';

/** A Postgres server on which nobody has heard of levy: no role of its, and an empty database. */
async function newServer() {
  const { url } = await start(await newFolder());
  const superuser = url.replace('//levy:', '//postgres:').replace(/levy$/, 'postgres');
  const admin = async (...statements: string[]) => {
    for (const statement of statements) await query(superuser, statement);
  };
  await admin(
    'drop database levy',
    'drop role levy',
    'drop role levy_app',
    'drop role levy_reader',
  );
  await admin('create database levy');
  const at = (login: string, database = 'levy') => {
    const address = new URL(superuser);
    Object.assign(address, { username: login, password: login, pathname: `/${database}` });
    return address.href;
  };
  return { admin, at, superuser: superuser.replace(/postgres$/, 'levy') };
}

async function migrating(env: Record<string, string>) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const status = await migrateOnce({ options: {}, args: [] }, { env, stdout, stderr });
  stdout.end();
  stderr.end();
  return { status, out: await text(stdout), err: await text(stderr) };
}

/** Opens the ledger as a program would, with whatever else it needs; gives as whom it works. */
async function working(logins: { databaseUrl: string; ownerUrl?: string }) {
  const said: string[] = [];
  const { ledger, databaseUrl, close } = await openLedger({
    ...{ ...logins, connections: 2, vendors: VENDORS, rates: [] },
    elapsedMs: () => performance.now(),
    log: { warn: (_fields, message) => void said.push(message) },
  });
  onTestFinished(close);
  const queues = await createQueues({ redisUrl: null, databaseUrl, onError: () => undefined });
  await queues.enqueue('reconcile', {});
  await queues.close();
  expect(await ledger.rates.vendors()).toHaveLength(VENDORS.length);
  const [who] = (await query(databaseUrl, 'select current_user::text as who')) as { who: string }[];
  return { who: who?.who, said };
}

/** The set-up of the containers' Postgres as psql would run it: its variables, then its SQL. */
async function setUp(address: string, environment: Record<string, string>): Promise<void> {
  const file = await readFile(new URL('../../ops/postgres-init.sql', import.meta.url), 'utf8');
  const variables = new Map<string, string>();
  const statements = file.split('\n').filter((line) => {
    const [, name, from] = /^\\getenv (\w+) (\w+)$/.exec(line) ?? [];
    if (name && from) variables.set(name, environment[from] ?? '');
    return !line.startsWith('\\');
  });
  const sql = statements
    .join('\n')
    .replace(/:'(\w+)'/g, (_, name: string) => pg.escapeLiteral(variables.get(name) ?? ''));
  await query(address, sql);
}

describe('on a new server', { timeout: 60_000 }, () => {
  it('the containers’ set-up makes logins that need no superuser', async () => {
    const { admin, at, superuser } = await newServer();
    await setUp(superuser, {
      POSTGRES_OWNER_PASSWORD: 'levy_owner',
      POSTGRES_APP_PASSWORD: 'levy_app',
    });
    const done = await migrating({ DATABASE_OWNER_URL: at('levy_owner') });
    expect(done).toMatchObject({ status: 0, err: '' });
    expect(await migrating({ DATABASE_OWNER_URL: at('levy_owner') })).toEqual(done);
    expect(await working({ databaseUrl: at('levy_app') })).toEqual({ who: 'levy_app', said: [] });

    const refused = { code: '42501' };
    await expect(query(at('levy_app'), 'delete from entries')).rejects.toMatchObject(refused);
    await expect(query(at('levy_app'), 'create table x ()')).rejects.toMatchObject(refused);
    await expect(
      query(at('levy_app'), 'create temporary table books (x int)'),
    ).resolves.toBeDefined();
    // Nobody else of the server may connect.
    await admin(`create role somebody login password 'somebody'`);
    await expect(query(at('somebody'), 'select 1')).rejects.toMatchObject(refused);
    await admin(`create role auditor login password 'auditor' in role levy_reader`);
    expect(await query(at('auditor'), 'select * from entries')).toEqual([]);
    const roles = await query(
      superuser,
      `select rolname::text from pg_roles where rolname ~ '^levy'
         and (rolsuper or rolcreatedb or rolcreaterole)`,
    );
    expect(roles).toEqual([]);
  });

  it('an owner that may make roles makes them', async () => {
    const { admin, at } = await newServer();
    await admin(
      `create role practice login createrole password 'practice'`,
      'create database practice owner practice',
    );
    const databaseUrl = at('practice', 'practice');
    expect(await migrating({ DATABASE_URL: databaseUrl })).toMatchObject({ status: 0, err: '' });
    const alone = await working({ databaseUrl });
    expect(alone).toEqual({
      who: 'levy_app',
      said: [expect.stringContaining('better are two logins')],
    });
    await admin(`alter role levy_app login password 'levy_app'`);
    const two = { databaseUrl: at('levy_app', 'practice'), ownerUrl: databaseUrl };
    expect(await working(two)).toEqual({ who: 'levy_app', said: [] });
  });

  it('an owner that may not works as itself, until an administrator helps', async () => {
    const { admin, at } = await newServer();
    await admin(
      `create role practice login password 'practice'`,
      'create database practice owner practice',
    );
    const databaseUrl = at('practice', 'practice');
    const lacking = await migrating({ DATABASE_URL: databaseUrl });
    expect(lacking.status).toBe(1);
    expect(lacking.err).toContain('create role levy_reader');
    expect(await working({ databaseUrl })).toEqual({
      who: 'practice',
      said: [expect.stringContaining('works as the owner')],
    });
    await admin(`create role levy_app login password 'levy_app'`, 'create role levy_reader');
    // The roles are there, but the queue's tables cannot be given to levy_app yet.
    expect((await working({ databaseUrl })).who).toBe('practice');
    await admin('grant levy_app to practice');
    expect((await migrating({ DATABASE_URL: databaseUrl })).status).toBe(0);
    expect(await working({ databaseUrl: at('levy_app', 'practice') })).toEqual({
      who: 'levy_app',
      said: [],
    });
  });
});
