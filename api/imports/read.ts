import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Ledger } from '../../ledger/ledger.ts';
import type { ReadImport } from '../../ledger/evidence.ts';
import type { Format } from '../../usage/finding.ts';
import { createMatcher } from '../../usage/clinician-match.ts';
import { readUsage } from '../../usage/read.ts';
import { problem, Problem } from '../http/errors.ts';
import { createTally } from './tally.ts';

/** The largest file, in bytes. Nothing of a file is stored, so this only stops a mistake. */
const FILE_BYTES = 4 * 1024 ** 3;

/** How a file is to be read. */
export interface ImportInput {
  fileName: string;
  vendor: string | null;
  /** The period the export was made for, YYYY-MM-DD. */
  periodFrom: string | null;
  periodTo: string | null;
  kind: Format | null;
}

/**
 * Reads a stream of usage records to its end, in flat memory and without a copy on disk. Throws
 * `empty_body`, `not_a_usage_file`, `too_large`, and `truncated_upload` when the stream breaks off.
 */
export async function readImport(
  ledger: Pick<Ledger, 'clinicians' | 'knownNames'>,
  body: Readable,
  input: ImportInput,
  importedBy: string,
): Promise<ReadImport> {
  const [roster, known] = await Promise.all([
    ledger.clinicians.forMatching(),
    ledger.knownNames.forMatching(input.vendor),
  ]);
  const tally = createTally(createMatcher(roster, known), periodOf(input));
  const meter = createMeter(body);
  const options = input.kind ? { kind: input.kind } : {};
  let counted = { format: 'text', records: 0, bytes: 0 };
  try {
    for await (const item of readUsage(meter.chunks(), options)) {
      if (item.type === 'counted') counted = item;
      else if (item.type === 'problem' && item.reason === 'not_a_usage_file')
        throw refusal(item.message, meter.bytes());
      else tally.add(item);
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    // Readers never throw on content, so the stream itself broke.
    if (body.readableAborted || isBroken(error)) throw problem('truncated_upload');
    throw error;
  } finally {
    // Reads the rest of a refused file: a connection that is not read never notices its end.
    body.resume();
  }
  return {
    sha256: meter.sha256(),
    fileName: input.fileName,
    vendor: input.vendor,
    periodFrom: input.periodFrom,
    periodTo: input.periodTo,
    format: counted.format,
    bytes: counted.bytes,
    records: counted.records,
    findings: tally.findings(),
    matched: tally.matched(),
    importedBy,
    uses: tally.uses(),
    unmatched: tally.unmatched(),
    problems: tally.problems(),
  };
}

/** Hashes and counts the bytes. The stream stays open when reading stops early. */
function createMeter(body: Readable) {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    async *chunks(): AsyncGenerator<Uint8Array> {
      for await (const chunk of body.iterator({
        destroyOnReturn: false,
      }) as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > FILE_BYTES) throw problem('too_large');
        hash.update(chunk);
        yield chunk;
      }
    },
    bytes: () => bytes,
    sha256: () => hash.digest('hex'),
  };
}

function refusal(message: string, bytes: number): Problem {
  if (bytes === 0) return problem('empty_body');
  return problem('not_a_usage_file', { message, help: 'Nothing of it was kept.' });
}

/** Records without a date belong to the export's period, if that names a single year. */
function periodOf({ periodFrom, periodTo }: ImportInput): { to: string } | null {
  if (!periodFrom || !periodTo) return null;
  return periodFrom.slice(0, 4) === periodTo.slice(0, 4) ? { to: periodTo } : null;
}

function isBroken(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ABORT_ERR';
}
