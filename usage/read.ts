import { createCsvReader } from './csv.ts';
import { createDecoder, type Decoder, encodingOf } from './decode.ts';
import type { Counted, Finding, Format, Problem, Reader, Sink } from './finding.ts';
import { createFhirReader } from './fhir.ts';
import { createTextReader, scanCell } from './notes.ts';
import { sniff, SNIFF_BYTES, type Sniffed } from './sniff.ts';
import { createX12Reader } from './x12.ts';

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
export async function* readUsage(
  source: AsyncIterable<Uint8Array>,
  options: ReadOptions = {},
): AsyncGenerator<Finding | Problem | Counted> {
  const items: (Finding | Problem)[] = [];
  const sink: Sink = (item) => items.push(item);
  const reading = createReading(sink, options);
  for await (const chunk of source) {
    reading.write(chunk);
    if (items.length > 0) yield* items.splice(0);
    if (reading.refused()) break;
  }
  reading.end();
  yield* items;
  yield reading.counted();
}

/** Bytes in, findings out: what `readUsage` does between two chunks. */
function createReading(sink: Sink, options: ReadOptions) {
  let head: Uint8Array[] = [];
  let headBytes = 0;
  let bytes = 0;
  let decoder: Decoder | null = null;
  let reader: Reader | null = null;
  let format: Format = options.kind && options.kind !== 'auto' ? options.kind : 'text';
  let refused = false;

  function start(): void {
    const first = head.length === 1 ? head[0]! : Buffer.concat(head);
    head = [];
    const sniffed = chosen(sniff(first.subarray(0, SNIFF_BYTES)), options);
    if ('looksLike' in sniffed) {
      refused = true;
      sink({
        type: 'problem',
        line: 1,
        field: null,
        reason: 'not_a_usage_file',
        message: `This looks like ${sniffed.looksLike}. Send X12, FHIR JSON, CSV, xlsx or text.`,
      });
      return;
    }
    format = sniffed.format;
    decoder = createDecoder(encodingOf(first));
    reader = createReader(format, sink, options.lines ?? false);
    reader.write(decoder.write(first));
  }

  return {
    write(chunk: Uint8Array): void {
      bytes += chunk.length;
      if (refused) return;
      if (reader && decoder) return reader.write(decoder.write(chunk));
      // A copy: the source may use its buffer again.
      head.push(Uint8Array.from(chunk));
      headBytes += chunk.length;
      if (headBytes >= SNIFF_BYTES) start();
    },
    end(): void {
      if (!reader && !refused) start();
      if (!reader || !decoder) return;
      reader.write(decoder.end());
      reader.end();
    },
    refused: () => refused,
    counted: (): Counted => ({ type: 'counted', format, records: reader?.records() ?? 0, bytes }),
  };
}

/** What the caller asked for, unless the bytes can be nothing of the kind. */
function chosen(sniffed: Sniffed, options: ReadOptions): Sniffed {
  if (!options.kind || options.kind === 'auto') return sniffed;
  return { format: options.kind };
}

function createReader(format: Format, sink: Sink, lines: boolean): Reader {
  if (format === 'x12') return createX12Reader(sink);
  if (format === 'fhir') return createFhirReader(sink);
  if (format === 'csv') return createCsvReader(sink, scanCell);
  return createTextReader(sink, lines);
}
