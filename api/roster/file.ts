import { setImmediate as nextTurn } from 'node:timers/promises';
import { createDecoder, encodingOf } from '../../usage/decode.ts';
import { sniff } from '../../usage/sniff.ts';
import { problem } from '../http/errors.ts';
import { createCsvReader } from './csv.ts';
import { createJsonReader } from './json.ts';
import type { RawRow, RosterReader, RosterSink } from './columns.ts';
import { notARoster } from './table.ts';
import { readRosterWorkbook } from './workbook.ts';

/** What a roster may hold. */
export interface RosterLimits {
  bytes: number;
  rows: number;
}

/**
 * The largest roster. 100,000 people are more than any practice has, and what is remembered of them
 * until the last row is read takes some 150 MB. A vendor's million is ten uploads.
 */
export const ROSTER_LIMITS: RosterLimits = { bytes: 50 * 1024 * 1024, rows: 100_000 };

/** Bytes that decide how a roster is read. */
const HEAD_BYTES = 64 * 1024;
/** Bytes read at a time, so that other requests run in between. The worst content takes 10 ms. */
const PIECE_BYTES = 4 * 1024;
/** A sheet of short cells has some five times the characters of the same table as CSV. */
const UNPACKED = 5;
/** Rows given at a time, at least. */
const BATCH = 250;
/** Ignored columns that are named; a JSON roster can have new ones in every row. */
const IGNORED = 100;

/**
 * Reads a roster piece by piece: CSV (any usual delimiter and encoding), NDJSON, JSON, or an .xlsx
 * workbook, which is collected first. Its content decides which. Throws `empty_body`,
 * `invalid_roster`, `invalid_json`, `too_large` and `too_many_rows`.
 * @param unknown  receives headings that do not say what the columns are, instead of a refusal
 */
export function openRoster(
  body: AsyncIterable<Uint8Array>,
  limits = ROSTER_LIMITS,
  unknown?: RosterSink['unknown'],
) {
  const ignored = new Set<string>();
  let batch: RawRow[] = [];
  let count = 0;
  const sink: RosterSink = {
    row(row) {
      count += 1;
      if (count > limits.rows) throw problem('too_many_rows', { details: { rows: limits.rows } });
      batch.push(row);
    },
    ignored(name) {
      if (ignored.size < IGNORED) ignored.add(name);
    },
    ...(unknown && { unknown }),
  };

  async function* rows(): AsyncGenerator<RawRow[]> {
    const parts = pieces(body, limits.bytes);
    const first = await parts.next();
    if (first.done) throw problem('empty_body');
    const rest = joined(first.value, parts);
    if (isWorkbook(first.value)) yield* workbookRows(rest);
    else yield* textRows(rest);
    if (count === 0) throw notARoster('It has no rows.');
    yield taken();
  }

  async function* workbookRows(parts: AsyncGenerator<Buffer>): AsyncGenerator<RawRow[]> {
    const held: Buffer[] = [];
    const unpacked = UNPACKED * limits.bytes;
    for await (const piece of parts) held.push(piece);
    const sheets = readRosterWorkbook(Buffer.concat(held), sink, unpacked);
    while (!(await sheets.next()).done) {
      if (batch.length >= BATCH) yield taken();
      await nextTurn();
    }
  }

  async function* textRows(parts: AsyncGenerator<Buffer>): AsyncGenerator<RawRow[]> {
    let decoder: ReturnType<typeof createDecoder> | null = null;
    let reader: RosterReader | null = null;
    for await (const piece of parts) {
      decoder ??= createDecoder(encodingOf(piece.subarray(0, 4096)));
      const text = decoder.write(piece);
      reader ??= readerFor(text, piece, sink);
      reader.write(text);
      if (batch.length >= BATCH) yield taken();
      await nextTurn();
    }
    if (!decoder || !reader) throw problem('empty_body');
    reader.write(decoder.end());
    reader.end();
    if (decoder.mixed())
      throw notARoster(
        'It mixes UTF-8 with another encoding.',
        'Save it as UTF-8 and send it again.',
      );
  }

  function taken(): RawRow[] {
    const full = batch;
    batch = [];
    return full;
  }

  return { rows, ignoredColumns: () => [...ignored] };
}

/** The first piece is long enough to decide by; the others are short. */
async function* pieces(body: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  let head: Uint8Array[] | null = [];
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > most) throw problem('too_large');
    head?.push(chunk);
    if (head && bytes < HEAD_BYTES) continue;
    const ready = head && head.length > 1 ? Buffer.concat(head) : chunk;
    let from = 0;
    if (head) {
      yield asBuffer(ready.subarray(0, HEAD_BYTES));
      from = HEAD_BYTES;
    }
    head = null;
    for (; from < ready.length; from += PIECE_BYTES)
      yield asBuffer(ready.subarray(from, from + PIECE_BYTES));
  }
  if (head && bytes > 0) yield Buffer.concat(head);
}

async function* joined(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

function isWorkbook(bytes: Buffer): boolean {
  const looks = sniff(bytes);
  return 'format' in looks && looks.format === 'xlsx';
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readerFor(text: string, bytes: Uint8Array, sink: RosterSink): RosterReader {
  const first = text.trimStart()[0];
  if (first === '[' || first === '{') return createJsonReader(sink);
  const looks = first === undefined ? { format: 'text' } : sniff(bytes);
  if ('looksLike' in looks) throw notARoster(`This looks like ${looks.looksLike}.`);
  return createCsvReader(text, sink);
}
