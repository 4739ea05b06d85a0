import pg from 'pg';

export interface PoolOptions {
  /** A database URL. */
  connectionString: string;
  /** Most connections. */
  max: number;
  /** The name Postgres shows for the connections. */
  applicationName?: string;
  /** A database that does not answer within so many ms counts as unavailable; missing: no limit. */
  connectMs?: number;
  /** Called when a connection is lost. The query that uses it throws all the same. */
  onLost?: (error: Error) => void;
}

/** Opens a pool whose lost connections are replaced at the next query. */
export function openPool(options: PoolOptions): pg.Pool {
  const { connectionString, max, applicationName = 'levy', connectMs = 0 } = options;
  const pool = new pg.Pool({
    ...{ connectionString, max, application_name: applicationName, keepAlive: true },
    connectionTimeoutMillis: connectMs,
  });
  // Without a listener the error of a lost connection would end the process: the pool emits it for
  // an idle connection, the client itself for one in use.
  const lost = options.onLost ?? (() => undefined);
  return pool.on('error', lost).on('connect', (client) => void client.on('error', lost));
}

/** Runs the work with a pool that is closed afterwards. */
export async function withPool<Result>(
  options: PoolOptions,
  work: (pool: pg.Pool) => Promise<Result>,
): Promise<Result> {
  const pool = openPool(options);
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}
