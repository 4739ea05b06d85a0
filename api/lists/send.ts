import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Assessment } from '../../ledger/assessments.ts';
import type { ApiDeps } from '../deps.ts';
import { csvOf } from './csv.ts';
import { LIST_NAMES, sheetsOf, type ListName } from './lists.ts';
import type { Cell, Sheet } from './columns.ts';
import { xlsxOf } from './xlsx.ts';

/** The kinds of file, with their media types. */
const FORMATS = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const;
type Format = keyof typeof FORMATS;

/** The files there are for each assessment: `fees.csv`, `fees.xlsx`, ... */
export const LIST_FILES = LIST_NAMES.flatMap((list) =>
  (Object.keys(FORMATS) as Format[]).map((format) => `${list}.${format}` as const),
);

/**
 * Sends a list as a file, as it is read. The first row is read before anything is sent, so that
 * a database or a Stripe that cannot be asked is an error and not a broken file. When the client
 * goes away, reading stops.
 */
export async function sendList(
  reply: FastifyReply,
  deps: Pick<ApiDeps, 'ledger' | 'payments'>,
  assessment: Assessment,
  file: (typeof LIST_FILES)[number],
): Promise<FastifyReply> {
  const [list, format] = file.split('.') as [ListName, Format];
  const sheets = await Promise.all(sheetsOf(deps, assessment, list).map(begun));
  const name = `${assessment.vendor}-${assessment.year}-${file}`;
  const content =
    format === 'csv'
      ? Readable.from(csvOf(sheets[0] as Sheet), { objectMode: false })
      : xlsxOf(sheets);
  return reply
    .type(FORMATS[format])
    .header('content-disposition', `attachment; filename="${name}"`)
    .send(content);
}

/** The same sheet with its first row read. */
async function begun(sheet: Sheet): Promise<Sheet> {
  const rows = sheet.rows[Symbol.asyncIterator]();
  const first = await rows.next();
  async function* all(): AsyncGenerator<Cell[]> {
    if (first.done) return;
    try {
      yield first.value;
      for (let next = await rows.next(); !next.done; next = await rows.next()) yield next.value;
    } finally {
      await rows.return?.();
    }
  }
  return { ...sheet, rows: all() };
}
