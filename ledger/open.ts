import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { codeOf, retryUntilAvailable, type WaitingLog } from './connect-retry.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { lacking, migrate } from './migrate.ts';
import { openPool, withPool, type PoolOptions } from './pool.ts';
import type { Rate, Vendor } from './rates.ts';
import { loginOf, workingUrl } from './roles.ts';

export interface OpenLedger {
  ledger: Ledger;
  /** The database URL this process uses; everything else that needs the database takes this one. */
  databaseUrl: string;
  close(): Promise<void>;
}

export interface Opening {
  /** The login to work with. */
  databaseUrl: string;
  /** The login of the schema's owner; null or missing when this process has none. */
  ownerUrl?: string | null;
  /** Most connections of this process. */
  connections: number;
  vendors: Vendor[];
  rates: Omit<Rate, 'amountCents' | 'enteredBy'>[];
  /** A monotonic clock in ms. */
  elapsedMs: () => number;
  log: WaitingLog;
}

/**
 * Connects to the database as the application and writes the vendors and rates that ship with the
 * program. A process with the owner's login migrates the schema first; any other waits until it is
 * migrated. While the database is unavailable, waits for as long as that takes. Throws when the
 * login is refused or the migration fails.
 */
export async function openLedger(opening: Opening): Promise<OpenLedger> {
  const { log } = opening;
  const { databaseUrl, advice } = await retryUntilAvailable(() => prepare(opening), log);
  if (advice) log.warn({}, advice);
  const pool = openPool(poolOf(databaseUrl, opening.connections, log));
  const ledger = createLedger(pool, opening.elapsedMs);
  await retryUntilAvailable(() => ledger.rates.seed(opening.vendors, opening.rates), log);
  return { ledger, databaseUrl, close: () => pool.end() };
}

const ONE_LOGIN =
  'DATABASE_URL names a login that may change the schema: this process works as levy_app all the ' +
  'same; better are two logins, with the owner’s in DATABASE_OWNER_URL';
const NO_ROLE =
  'there is no role levy_app that this login may work as, so this process works as the owner: ' +
  'have an administrator make the roles, see ops/postgres-init.sql';

/** Migrates, or waits for it. Gives the URL to use, and `advice` for the person who set this up. */
async function prepare({
  databaseUrl,
  ownerUrl,
  log,
}: Opening): Promise<{ databaseUrl: string; advice: string | null }> {
  if (ownerUrl) await migrateAs(ownerUrl, log);
  return withPool(poolOf(databaseUrl, 1, log), async (pool) => {
    const { isOwner, isApplication } = await loginOf(pool);
    if (isOwner && !ownerUrl) await migrate(pool);
    else await untilMigrated(pool, log);
    if (isApplication) return { databaseUrl, advice: null };
    // Asked again, because the migration may have created the role.
    const login = await loginOf(pool);
    const advice = login.mayBecome ? ONE_LOGIN : NO_ROLE;
    return { databaseUrl: workingUrl(login, databaseUrl), advice: isOwner ? advice : null };
  });
}

/** Migrates the schema with this login; see `migrate`. */
export async function migrateAs(ownerUrl: string, log: WaitingLog): Promise<{ roles: boolean }> {
  return withPool(poolOf(ownerUrl, 1, log), migrate);
}

const LONGEST_PAUSE_MS = 5_000;
const WAITING = {
  'no ledger': 'there is no ledger yet; waiting for its owner to make it: levy migrate',
  'no rights': 'this login may not read the ledger; it must be levy_app or a member of it',
  'older than this program': 'the ledger is older than this program; waiting for levy migrate',
};

/** Waits until the owner has migrated the schema in another process. */
async function untilMigrated(pool: pg.Pool, log: WaitingLog): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const why = await lacking(pool);
    if (why === null) return;
    log.warn({ tries }, WAITING[why]);
    await sleep(Math.min(tries * 500, LONGEST_PAUSE_MS));
  }
}

/** One process' connections; a lost one is logged. */
function poolOf(connectionString: string, max: number, log: WaitingLog): PoolOptions {
  const onLost = (error: Error) => log.warn({ code: codeOf(error) }, 'a connection was lost');
  return { connectionString, max, onLost };
}
