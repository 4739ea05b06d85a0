import { createCsvReader } from './table/csv.ts';
import { createDecoder, type Decoder, encodingOf } from './decode.ts';
import type { Counted, Format, Problem, Reader, Sink, UsageItem } from './finding.ts';
import { createFhirReader } from './fhir/fhir.ts';
import { createTextReader, scanCell } from './text/notes.ts';
import { isBinary, sniff, SNIFF_BYTES, type Sniffed } from './sniff.ts';
import { createX12Reader } from './x12/x12.ts';
import { readWorkbook, WORKBOOK_MAX } from './workbook/xlsx.ts';

export interface ReadOptions {
  /** Without one, or with `auto`, the content decides. */
  kind?: Format | 'auto';
  /** Free text only: every line is a record of its own. */
  lines?: boolean;
}

/**
 * Reads usage records of any kind from bytes: findings and problems in the order of the file, then
 * one `Counted`. Memory stays flat whatever the length. A file that is none of the kinds ends in a
 * single problem `not_a_usage_file`; nothing in a file makes this throw, only its source can.
 */
export function readUsage(
  source: AsyncIterable<Uint8Array>,
  options: ReadOptions = {},
): AsyncIterableIterator<UsageItem> {
  const pending: UsageItem[] = [];
  let taken = 0;
  const filling = fill(source, options, pending);

  async function refill(): Promise<IteratorResult<UsageItem>> {
    pending.length = 0;
    taken = 0;
    for (;;) {
      const step = await filling.next();
      const item = pending[taken];
      if (item !== undefined) {
        taken++;
        return { value: item, done: false };
      }
      if (step.done) return { value: undefined, done: true };
    }
  }

  // Written out because an async generator costs more per finding than finding it did.
  return {
    next() {
      const item = pending[taken];
      if (item === undefined) return refill();
      taken++;
      return Promise.resolve({ value: item, done: false });
    },
    async return() {
      await filling.return();
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Reads on until there are items in `pending`; done when the source is. */
async function* fill(
  source: AsyncIterable<Uint8Array>,
  options: ReadOptions,
  pending: UsageItem[],
): AsyncGenerator<void, void> {
  const reading = createReading((item) => pending.push(item), options);
  for await (const chunk of source) {
    reading.write(chunk);
    if (pending.length > 0) yield;
    if (reading.refused()) break;
  }
  reading.end();
  const pieces = reading.workbook();
  while (!(await pieces.next()).done) if (pending.length > 0) yield;
  pending.push(reading.counted());
}

/** Bytes in, findings out: what `readUsage` does between two chunks. */
function createReading(sink: Sink, options: ReadOptions) {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let bytes = 0;
  let decoder: Decoder | null = null;
  let reader: Reader | null = null;
  let format: Format | null = null;
  let records = 0;
  let refused = false;

  function hold(chunk: Uint8Array): void {
    // A copy: the source may use its buffer again.
    held.push(Uint8Array.from(chunk));
    heldBytes += chunk.length;
  }

  function refuse(reason: string, message: string): void {
    refused = true;
    held = [];
    sink({ type: 'problem', line: 1, field: null, reason, message });
  }

  function start(): void {
    const first = held.length === 1 ? held[0]! : Buffer.concat(held);
    const chosen = chooseFormat(first.subarray(0, SNIFF_BYTES), options);
    if ('looksLike' in chosen)
      return refuse(
        'not_a_usage_file',
        `This looks like ${chosen.looksLike}. Send X12, FHIR JSON, CSV, xlsx or text.`,
      );
    format = chosen.format;
    if (format === 'xlsx') return;
    held = [];
    decoder = createDecoder(encodingOf(first));
    reader = createReader(format, sink, options.lines ?? false);
    feed(reader, decoder, first);
  }

  function write(chunk: Uint8Array): void {
    bytes += chunk.length;
    if (refused) return;
    if (reader && decoder) return feed(reader, decoder, chunk);
    hold(chunk);
    if (!format && heldBytes >= SNIFF_BYTES) start();
    if (format === 'xlsx' && heldBytes > WORKBOOK_MAX)
      refuse('workbook_too_large', 'This workbook is too large. Save its sheets as CSV.');
  }

  function end(): void {
    if (!format && !refused) start();
    if (!reader || !decoder) return;
    reader.write(decoder.end());
    reader.end();
    records = reader.records();
    if (decoder.mixed()) sink(MIXED_ENCODING);
  }

  /** A workbook can only be read as a whole: its directory stands at its end. */
  async function* workbook(): AsyncGenerator<void> {
    if (format !== 'xlsx' || refused) return;
    for await (const read of readWorkbook(Buffer.concat(held), sink, scanCell)) {
      records = read;
      yield;
    }
  }

  return {
    write,
    end,
    workbook,
    refused: () => refused,
    counted: (): Counted => ({ type: 'counted', format: format ?? 'text', records, bytes }),
  };
}

/**
 * Text is made in pieces of this size: they stay in the processor's cache and among the engine's
 * young objects, where large ones are copied and cleared away at several times the cost.
 */
const PIECE = 64 * 1024;

function feed(reader: Reader, decoder: Decoder, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += PIECE)
    reader.write(decoder.write(bytes.subarray(at, at + PIECE)));
}

const MIXED_ENCODING: Problem = {
  type: 'problem',
  line: 1,
  field: null,
  reason: 'mixed_encoding',
  message:
    'Some characters are in another encoding than the rest and may read wrongly, in names above ' +
    'all. Export the file as UTF-8.',
};

/** What the caller asked for, unless the bytes can be nothing of the kind; else what they are. */
function chooseFormat(first: Uint8Array, { kind }: ReadOptions): Sniffed {
  const sniffed = sniff(first);
  if (!kind || kind === 'auto') return sniffed;
  // Even when told the kind, a PDF read as text would find nothing and say nothing.
  const unreadable = 'looksLike' in sniffed && isBinary(first);
  const packed = 'format' in sniffed && sniffed.format === 'xlsx';
  return unreadable || packed ? sniffed : { format: kind };
}

function createReader(format: Format, sink: Sink, lines: boolean): Reader {
  if (format === 'x12') return createX12Reader(sink);
  if (format === 'fhir') return createFhirReader(sink);
  if (format === 'csv') return createCsvReader(sink, scanCell);
  return createTextReader(sink, lines);
}
