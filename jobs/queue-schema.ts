import { runMigrations } from 'bullmq';
import type pg from 'pg';

/** Losing the queue's last commits costs nothing, so they need not wait for the disk. */
const SETTINGS = '-c search_path=bullmq,public -c synchronous_commit=off';

/** Adds these settings to the database's address, beside any options it has, such as a role. */
export function withQueueSettings(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const asked = url.searchParams.get('options');
  url.searchParams.set('options', [asked, SETTINGS].filter(Boolean).join(' '));
  return url.href;
}

/**
 * Migrates the queue's tables with the login of this pool. The library begins with `create schema`,
 * for which Postgres wants a right in the whole database even if the schema exists. The ledger's
 * owner has created the schema, so that statement is skipped, and sent only if the schema is
 * missing.
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

/** SQLSTATE invalid_schema_name: the schema for the tables does not exist. */
const NO_SCHEMA = '3F000';

function withoutSchema(client: pg.PoolClient): pg.PoolClient {
  const query = (text: string, values?: unknown[]) =>
    /^CREATE SCHEMA\b/.test(text) ? Promise.resolve() : client.query(text, values);
  return { query } as unknown as pg.PoolClient;
}
