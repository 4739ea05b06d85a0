import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { dumpSchema } from '../../ledger/schema.ts';
import { createTestDatabase } from '../support/database.ts';

it('the committed schema is what the migrations make: else run npm run schema', async () => {
  const db = await createTestDatabase();
  const committed = await readFile(new URL('../../ledger/schema.sql', import.meta.url), 'utf8');
  expect(await dumpSchema(db.pool)).toBe(committed);
});
