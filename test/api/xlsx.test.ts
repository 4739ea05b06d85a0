import { once } from 'node:events';
import { expect, it } from 'vitest';
import { sheetOf } from '../../api/lists/columns.ts';
import { xlsxOf } from '../../api/lists/xlsx.ts';

/** Rows without an end, as a cursor gives them, which say when they are no longer read. */
function endlessRows(failAt = Infinity) {
  const cursor = { read: 0, closed: false };
  async function* rows() {
    try {
      for (; ; cursor.read += 1) {
        if (cursor.read === failAt) throw new Error('the database is away');
        yield `row ${cursor.read} ${'of many'.repeat(20)}`;
      }
    } finally {
      cursor.closed = true;
    }
  }
  const columns = [{ head: 'Text', kind: 'text' as const, cell: (row: string) => row }];
  return { cursor, workbook: xlsxOf([sheetOf('Rows', columns, rows())]) };
}

it('stops reading rows when nobody reads the workbook any more', async () => {
  const { cursor, workbook } = endlessRows();
  for await (const piece of workbook) {
    expect(piece).toBeInstanceOf(Buffer);
    break;
  }
  await expect.poll(() => cursor.closed).toBe(true);
  const { read } = cursor;
  expect(workbook.destroyed).toBe(true);
  // A reader that is away is not read on for: the rows stay where they were.
  await expect.poll(() => cursor.read).toBe(read);
});

it('ends with the error of its rows, not as a shorter workbook', async () => {
  const { cursor, workbook } = endlessRows(5_000);
  workbook.resume();
  const [error] = (await once(workbook, 'error')) as [Error];
  expect(error.message).toBe('the database is away');
  expect(cursor.closed).toBe(true);
});
