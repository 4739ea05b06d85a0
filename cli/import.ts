import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { FhirTrouble } from '../gateways/fhir/http.ts';
import { apiAddress } from './api-address.ts';
import type { CallOf } from './commands.ts';
import { fhirServer } from './import-fhir.ts';
import type { Io } from './io.ts';
import { refuse } from './refuse.ts';
import { Refused, upload } from './upload.ts';

/** What the API says about an import. */
interface Imported {
  importId: string;
  created: boolean;
  evidenceAdded: number;
  records: number;
  findings: number;
  clinicians: number;
  unmatched: number;
  ambiguous: number;
  undated: number;
  refused: number;
  weak: number;
  problems: {
    line: number;
    reason: string;
    message: string;
    clinicianNpi: string | null;
    clinicianName: string | null;
    times: number;
  }[];
}

type ImportIo = Pick<Io, 'stdin' | 'stdout' | 'stderr' | 'env'>;

/** `levy import`: streams files to the API. Gives the exit code. */
export async function importFiles(call: CallOf<'import'>, io: ImportIo): Promise<number> {
  const wanted = read(call, io);
  if (typeof wanted === 'string') return refuse('import', wanted, io);
  let status = 0;
  for (const source of wanted.sources) if (!(await one(source, wanted, io))) status = 1;
  return status;
}

/** What is sent: a file, standard input, or what a FHIR server gives. */
interface Source {
  name: string;
  /** The name the import gets. */
  fileName: string;
  kind?: string;
  /** Whether it can be read again from its beginning. */
  again: boolean;
  open(): Promise<{ body: Readable; length: number | null }>;
}

interface Wanted {
  sources: Source[];
  json: boolean;
  token: string;
  /** The URL of imports, without the file's name. */
  target: URL;
}

/** What is to be sent where, or what is wrong with the call. */
function read({ options, args }: CallOf<'import'>, io: ImportIo): Wanted | string {
  const { env } = io;
  const address = apiAddress(options, env);
  if (typeof address === 'string') return address;
  const { base, token } = address;
  const target = new URL('/v1/imports', base);
  for (const name of ['vendor', 'from', 'to', 'kind'] as const)
    if (options[name] && options[name] !== 'auto') target.searchParams.set(name, options[name]);
  const sources = sourcesOf(args, options, io);
  return typeof sources === 'string'
    ? sources
    : { sources, json: options.json ?? false, token, target };
}

function sourcesOf(
  files: string[],
  { fhir, ...input }: { fhir?: string; year?: string; 'client-id'?: string },
  io: ImportIo,
): Source[] | string {
  if (fhir === undefined)
    return files.length > 0
      ? files.map((file) => fileSource(file, io))
      : 'Name at least one file, or - for stdin.';
  if (files.length > 0) return 'Import files or from a FHIR server, one at a time.';
  const server = fhirServer(
    { address: fhir, year: input.year, clientId: input['client-id'] },
    io.env,
  );
  if (typeof server === 'string') return server;
  const skipped = (type: string) => io.stderr.write(`${fhir}: no ${type} there\n`);
  const open = () => Promise.resolve({ body: server.open(skipped), length: null });
  return [{ name: fhir, fileName: server.fileName, kind: 'fhir', again: true, open }];
}

function fileSource(file: string, io: ImportIo): Source {
  // Standard input can be read only once.
  if (file === '-') {
    const body = () => Readable.from(io.stdin as AsyncIterable<Buffer>);
    const open = () => Promise.resolve({ body: body(), length: null });
    return { name: file, fileName: 'stdin', again: false, open };
  }
  const open = async () => {
    const { size: length } = await stat(file);
    return { body: createReadStream(file, { highWaterMark: 256 * 1024 }), length };
  };
  return { name: file, fileName: basename(file), again: true, open };
}

async function one(source: Source, wanted: Wanted, io: ImportIo): Promise<boolean> {
  const file = source.name;
  try {
    const imported = await sendPatiently(source, wanted, io);
    if (wanted.json) io.stdout.write(`${JSON.stringify({ file, ...imported })}\n`);
    else io.stdout.write(summary(file, imported));
    return true;
  } catch (error) {
    io.stderr.write(`${file}: ${explain(error, wanted.target)}\n`);
    return false;
  }
}

/** Waits before a file is sent again after the connection broke, in ms. */
const AGAIN_MS = [1_000, 5_000];
/** Errors that are temporary. */
const PASSING = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'truncated_upload', 'not_ready']);

async function sendPatiently(source: Source, wanted: Wanted, io: ImportIo): Promise<Imported> {
  for (const waitMs of AGAIN_MS)
    try {
      return await send(source, wanted, io);
    } catch (error) {
      if (!source.again || !PASSING.has((error as { code?: string }).code ?? '')) throw error;
      io.stderr.write(`${source.name}: the line broke; sending it once more\n`);
      await sleep(waitMs);
    }
  return send(source, wanted, io);
}

async function send(source: Source, wanted: Wanted, io: ImportIo): Promise<Imported> {
  const { body, length } = await source.open();
  const url = new URL(wanted.target);
  url.searchParams.set('fileName', source.fileName);
  if (source.kind) url.searchParams.set('kind', source.kind);
  const progress = createProgress(source.name, length, io.stderr);
  try {
    const answer = await upload({ url, token: wanted.token, body, length, onBytes: progress.at });
    return answer as Imported;
  } finally {
    progress.end();
    body.destroy();
  }
}

/** One line that is written over itself, on terminals only. */
function createProgress(file: string, length: number | null, stderr: Io['stderr']) {
  const startedAt = performance.now();
  let shownAt = -Infinity;
  return {
    at(sent: number): void {
      const now = performance.now();
      if (!stderr.isTTY || (now - shownAt < 100 && sent !== length)) return;
      shownAt = now;
      const part = length ? `${Math.floor((sent / length) * 100)}%`.padStart(5) : '';
      const speed = sent / 1e3 / Math.max(now - startedAt, 1);
      const rate = `${megabytes(sent)} MB  ${speed.toFixed(1)} MB/s`;
      stderr.write(`\r${file}${part}  ${rate}  `);
    },
    end(): void {
      // Clears the line, so that later output starts on an empty one.
      if (shownAt > -Infinity) stderr.write('\r\u001b[K');
    },
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** Problems shown per file; the rest can be read from the API. */
const SHOWN = 20;

function summary(file: string, result: Imported): string {
  const { created, records, findings, clinicians, problems, importId } = result;
  const again = created ? '' : ` (imported before: ${news(result.evidenceAdded)})`;
  const lines = [
    `${file}: ${records} records, ${findings} uses, ${clinicians} clinicians${again}`,
    `  ${result.unmatched} unmatched, ${result.ambiguous} ambiguous, ${result.undated} undated, ` +
      `${result.refused} not readable, ${result.weak} weak`,
    ...problems.slice(0, SHOWN).map(({ line, reason, message, times, ...who }) => {
      const person = [who.clinicianName, who.clinicianNpi].filter(Boolean).join(' ');
      const often = times > 1 ? ` (${times} times)` : '';
      return `  line ${line}: ${reason}${person && ` ${person}`}${often}. ${message}`;
    }),
  ];
  const more = problems.length - SHOWN;
  if (more > 0) lines.push(`  ${more} more: GET /v1/imports/${importId}/problems`);
  return `${lines.join('\n')}\n`;
}

function news(added: number): string {
  return added === 0 ? 'nothing has changed' : `${added} new by the roster of now`;
}

function explain(error: unknown, target: URL): string {
  const { code, message } = error as { code?: string; message?: string };
  if (error instanceof FhirTrouble) return `${error.code}. ${error.message}`;
  if (error instanceof Refused) return `${error.code}. ${error.message}`;
  if (code === 'ENOENT') return 'there is no such file.';
  if (code === 'EISDIR') return 'this is a folder; name the files in it.';
  if (code === 'EACCES') return 'the file may not be read.';
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND')
    return `levy does not answer at ${target.origin}. Start it, or give --url.`;
  return `cannot be sent: ${code ?? message ?? 'unknown trouble'}. Send it once more.`;
}
