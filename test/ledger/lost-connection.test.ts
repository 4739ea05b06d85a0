import { expect, it, onTestFinished } from 'vitest';
import { openLedger } from '../../ledger/open.ts';
import { VENDORS } from '../support/assessment.ts';
import { createTestDatabase } from '../support/database.ts';

it('a connection in hand that the server ends is reported, and ends nothing else', async () => {
  const db = await createTestDatabase();
  const lost: unknown[] = [];
  const { ledger, close } = await openLedger({
    ...{ databaseUrl: db.url, connections: 2, vendors: VENDORS, rates: [] },
    elapsedMs: () => 0,
    log: { warn: (fields) => void lost.push(fields) },
  });
  onTestFinished(close);
  // Laid-out books hold their connection for as long as a check takes, mostly without a query.
  const books = await ledger.openSnapshot();
  await db.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = 'levy' and datname = current_database()`,
  );
  await expect.poll(() => lost).toContainEqual({ code: '57P01' });
  await expect(books.ready()).rejects.toThrow();
  books.close();
  expect(await ledger.fees.now()).toBeInstanceOf(Date);
});
