import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { createQueues } from '../../jobs/queues.ts';
import { migrate } from '../../ledger/migrate.ts';
import { openLedger, type OpenLedger } from '../../ledger/open.ts';
import { VENDORS } from '../support/assessment.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

/** Opens a ledger for the running test, and keeps what is said meanwhile. */
function open(logins: { databaseUrl: string; ownerUrl?: string }) {
  const said: string[] = [];
  const log = { warn: (_fields: object, message: string) => void said.push(message) };
  const opening = openLedger({
    ...{ ...logins, connections: 2, vendors: VENDORS, rates: [] },
    ...{ elapsedMs: () => performance.now(), log },
  });
  onTestFinished(() => opening.then(({ close }) => close()).catch(() => undefined));
  return { opening, said };
}

/** As whom a process works that opened a ledger, and as whom it signed in. */
async function whoWorks({ databaseUrl }: OpenLedger): Promise<object> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    const { rows } = await client.query<object>(
      'select current_user as works, session_user as "signedIn"',
    );
    return rows[0] as object;
  } finally {
    await client.end();
  }
}

const superuser = ({ url }: TestDatabase) => url.replace('//levy:', '//postgres:');

async function asSuperuser(db: TestDatabase, statement: string): Promise<void> {
  const client = new pg.Client(superuser(db));
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

const EMPTY = 'drop schema public cascade; drop schema bullmq; create schema public';

it('a program with the application’s login waits until the owner makes the ledger', async () => {
  const db = await createTestDatabase();
  await db.pool.query(EMPTY);
  const { opening, said } = open({ databaseUrl: db.appUrl });
  await expect.poll(() => said).toContainEqual(expect.stringContaining('there is no ledger yet'));
  const owner = open({ databaseUrl: db.appUrl, ownerUrl: db.url });
  await owner.opening;
  expect(owner.said).toEqual([]);
  const opened = await opening;
  expect(await opened.ledger.rates.vendors()).toHaveLength(VENDORS.length);
  expect(await whoWorks(opened)).toEqual({ works: 'levy_app', signedIn: 'levy_app' });
});

it('and while the ledger is older than the program', async () => {
  const db = await createTestDatabase();
  await db.pool.query('create table later as select * from migrations; delete from migrations');
  const { opening, said } = open({ databaseUrl: db.appUrl });
  await expect
    .poll(() => said)
    .toContainEqual(expect.stringContaining('older than this program; waiting for levy migrate'));
  await db.pool.query('insert into migrations select * from later');
  expect(await (await opening).ledger.fees.now()).toBeInstanceOf(Date);
});

it('but does not start on a ledger that is newer', async () => {
  const db = await createTestDatabase();
  await db.pool.query("insert into migrations (number, name) values (999, '0999_to_come.sql')");
  await expect(open({ databaseUrl: db.appUrl }).opening).rejects.toThrow(/run the newer version/);
});

it.each([
  { who: 'owner', signedIn: 'levy', url: (db: TestDatabase) => db.url },
  { who: 'superuser', signedIn: 'postgres', url: superuser },
])(
  'the $who as the only login migrates, works as the application, and is told',
  async ({ signedIn, url }) => {
    const db = await createTestDatabase();
    await db.pool.query(EMPTY);
    const { opening, said } = open({ databaseUrl: url(db) });
    const opened = await opening;
    expect(await whoWorks(opened)).toEqual({ works: 'levy_app', signedIn });
    expect(said).toEqual([expect.stringContaining('better are two logins')]);
    const queues = await createQueues({ redisUrl: null, ...opened, onError: () => undefined });
    onTestFinished(queues.close);
    await queues.enqueue('reconcile', {});
    expect(await queues.queued('reconcile')).toBe(1);
  },
);

it('a login among the application’s members works as the application', async () => {
  const db = await createTestDatabase();
  await asSuperuser(db, `create role practice login password 'practice'`);
  onTestFinished(() => asSuperuser(db, 'drop role practice'));
  const { opening, said } = open({
    databaseUrl: db.url.replace(/levy:[^@]+@/, 'practice:practice@'),
  });
  await expect.poll(() => said).toContainEqual(expect.stringContaining('may not read the ledger'));
  await asSuperuser(db, 'grant levy_app to practice');
  const opened = await opening;
  expect(await whoWorks(opened)).toEqual({ works: 'levy_app', signedIn: 'practice' });
});

it('settings that the address of the database asks for stand beside the role', async () => {
  const db = await createTestDatabase();
  const { opening } = open({ databaseUrl: `${db.url}?options=-c%20lock_timeout%3D1234` });
  const client = new pg.Client((await opening).databaseUrl);
  await client.connect();
  const { rows } = await client.query("select current_setting('lock_timeout') as t, current_user");
  await client.end();
  expect(rows).toEqual([{ t: '1234ms', current_user: 'levy_app' }]);
});

it('a queue that the owner made before becomes the application’s', async () => {
  const db = await createTestDatabase();
  const onError = () => undefined;
  const before = await createQueues({ redisUrl: null, databaseUrl: db.url, onError });
  await before.enqueue('reconcile', {});
  await before.close();
  expect(await migrate(db.pool)).toEqual({ roles: true });
  const after = await createQueues({ redisUrl: null, databaseUrl: db.appUrl, onError });
  onTestFinished(after.close);
  expect(await after.queued('reconcile')).toBe(1);
  const { rows } = await db.pool.query(
    `select distinct owner::text from (
       select relowner::regrole as owner from pg_class where relnamespace = 'bullmq'::regnamespace
       union all select proowner::regrole from pg_proc where pronamespace = 'bullmq'::regnamespace
       union all select typowner::regrole from pg_type where typnamespace = 'bullmq'::regnamespace
     ) objects`,
  );
  expect(rows).toEqual([{ owner: 'levy_app' }]);
});
