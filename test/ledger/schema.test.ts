import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { migrate } from '../../ledger/migrate.ts';
import { dumpSchema } from '../../ledger/schema.ts';
import { createTestDatabase } from '../support/database.ts';

it('the committed schema is what the migrations make: else run npm run schema', async () => {
  const db = await createTestDatabase();
  const committed = await readFile(new URL('../../ledger/schema.sql', import.meta.url), 'utf8');
  expect(await dumpSchema(db.pool)).toBe(committed);
});

it('a program older than the database does not start, and says what to run', async () => {
  const { pool } = await createTestDatabase();
  await pool.query("insert into migrations (number, name) values (999, '0999_to_come.sql')");
  await expect(migrate(pool)).rejects.toThrow(/migration 999 .* run the newer version/);
});
