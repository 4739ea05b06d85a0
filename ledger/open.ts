import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createLedger, type Ledger } from './ledger.ts';
import { migrate } from './migrate.ts';
import type { Rate, Vendor } from './rates.ts';

export interface OpenLedger {
  ledger: Ledger;
  close(): Promise<void>;
}

/**
 * Connects to the database, waiting for it as long as it takes, brings its schema up to date and
 * writes the vendors and rates that ship with the program. Throws when the migration fails.
 */
export async function openLedger(args: {
  databaseUrl: string;
  /** Most connections of this process. */
  connections: number;
  vendors: Vendor[];
  rates: Omit<Rate, 'amountCents' | 'enteredBy'>[];
  /** A monotonic clock in ms. */
  elapsedMs: () => number;
  log: { warn(fields: Record<string, unknown>, message: string): void };
}): Promise<OpenLedger> {
  const pool = new pg.Pool({
    connectionString: args.databaseUrl,
    max: args.connections,
    application_name: 'levy',
    keepAlive: true,
  });
  // A connection that the server closes is replaced at the next query. Without a listener it would
  // end the process: an idle one by the pool, one that is in hand between two queries by itself.
  const lost = (error: Error) => args.log.warn({ code: codeOf(error) }, 'a connection was lost');
  pool.on('error', lost).on('connect', (client) => void client.on('error', lost));
  await answered(pool, args.log);
  await migrate(pool);
  const ledger = createLedger(pool, args.elapsedMs);
  await ledger.rates.seed(args.vendors, args.rates);
  return { ledger, close: () => pool.end() };
}

/** Not there yet: refused, starting up, shutting down, or a name that does not resolve yet. */
const NOT_YET = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT']);
const STARTING = /^57P0|^08/;

async function answered(pool: pg.Pool, log: { warn(fields: object, message: string): void }) {
  for (let tries = 1; ; tries += 1) {
    try {
      await pool.query('select 1');
      return;
    } catch (error) {
      const code = codeOf(error);
      if (!NOT_YET.has(code) && !STARTING.test(code)) throw error;
      log.warn({ code, tries }, 'the database does not answer yet; waiting for it');
      await sleep(Math.min(tries * 500, 5_000));
    }
  }
}

function codeOf(error: unknown): string {
  const { code, errors } = error as { code?: unknown; errors?: { code?: unknown }[] };
  const found = code ?? errors?.[0]?.code;
  return typeof found === 'string' ? found : 'error';
}
