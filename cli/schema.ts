import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../app/postgres/postgres.ts';
import { migrate } from '../ledger/migrate.ts';
import { withPool } from '../ledger/pool.ts';
import { dumpSchema } from '../ledger/schema.ts';

/** `npm run schema`: writes ledger/schema.sql, which the tests compare with the migrations. */
const dir = await mkdtemp(join(tmpdir(), 'levy-schema-'));
const postgres = await startEmbeddedPostgres({ dir });
try {
  await withPool({ connectionString: postgres.url, max: 1 }, async (pool) => {
    await migrate(pool);
    await writeFile(new URL('../ledger/schema.sql', import.meta.url), await dumpSchema(pool));
  });
} finally {
  await postgres.remove();
  await rm(dir, { recursive: true, force: true });
}
