import { runMigrations } from 'bullmq';
import type pg from 'pg';

/** Losing the queue's last commits costs nothing, so they need not wait for the disk. */
const SETTINGS = '-c search_path=bullmq,public -c synchronous_commit=off';

/** The address of the database with these settings beside those it asks for itself, like a role. */
export function withQueueSettings(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const asked = url.searchParams.get('options');
  url.searchParams.set('options', [asked, SETTINGS].filter(Boolean).join(' '));
  return url.href;
}

/**
 * Brings the queue's tables up to date as whoever works here. The library begins by asking for its
 * schema, for which Postgres wants a right in the whole database even when the schema is there. The
 * ledger's owner has made the schema, so the library asks only where it is missing all the same.
 */
export async function migrateQueues(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await runMigrations(withoutSchema(client), 'bullmq').catch((error: { code?: string }) => {
      if (error.code !== NO_SCHEMA) throw error;
      return runMigrations(client, 'bullmq');
    });
  } finally {
    client.release();
  }
}

/** SQLSTATE invalid_schema_name: there is no schema to make tables in. */
const NO_SCHEMA = '3F000';

function withoutSchema(client: pg.PoolClient): pg.PoolClient {
  const query = (text: string, values?: unknown[]) =>
    /^CREATE SCHEMA\b/.test(text) ? Promise.resolve() : client.query(text, values);
  return { query } as unknown as pg.PoolClient;
}
