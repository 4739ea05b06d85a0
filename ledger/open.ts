import pg from 'pg';
import { codeOf, onceThere, type WaitingLog } from './away.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { migrate } from './migrate.ts';
import type { Rate, Vendor } from './rates.ts';

export interface OpenLedger {
  ledger: Ledger;
  close(): Promise<void>;
}

/**
 * Connects to the database, brings its schema up to date and writes the vendors and rates that ship
 * with the program; where the database is away or goes away meanwhile, waits for it as long as it
 * takes. Throws when it lets nobody in or the migration fails.
 */
export async function openLedger(args: {
  databaseUrl: string;
  /** Most connections of this process. */
  connections: number;
  vendors: Vendor[];
  rates: Omit<Rate, 'amountCents' | 'enteredBy'>[];
  /** A monotonic clock in ms. */
  elapsedMs: () => number;
  log: WaitingLog;
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
  const ledger = createLedger(pool, args.elapsedMs);
  await onceThere(async () => {
    await migrate(pool);
    await ledger.rates.seed(args.vendors, args.rates);
  }, args.log);
  return { ledger, close: () => pool.end() };
}
