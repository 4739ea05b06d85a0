import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { parse } from 'csv-parse';
import { readUsage } from '../usage/read.ts';
import { claim837, claimLine, csvRow, HEAD_837, HEAD_CSV, note, sample } from './usage-samples.ts';

/** The speed of one reader, and of what it is compared with, in MB/s (10^6 bytes). */
export interface Speed {
  name: string;
  megabytesPerSecond: number;
  comparedWith: string | null;
  comparison: number | null;
  target: string;
  met: boolean | null;
}

/** The memory at the end of 2 GB through one reader. */
export interface Memory {
  name: string;
  gigabytes: number;
  peakMegabytes: number;
}

const CHUNK = 256 * 1024;
const RUNS = 5;

/**
 * Measures the readers on generated input, in one process and on one core: medians of several
 * runs, each next to the plainest way to look at the same bytes.
 */
export async function benchUsage(megabytes = 48): Promise<Speed[]> {
  const bytes = megabytes * 1e6;
  const notes = sample(note, bytes);
  const claims = sample(claim837, bytes, HEAD_837);
  const lines = sample(claimLine, bytes);
  const rows = sample(csvRow, bytes / 2, HEAD_CSV);
  const text = await rate(notes, () => drain(notes));
  const grep = ripgrep(notes);
  const half = grep === null ? 150 : Math.min(150, grep / 2);
  const x12 = await rate(claims, () => drain(claims));
  const json = await rate(lines, () => drain(lines));
  const parsed = await rate(lines, () => parseLines(lines));
  const csv = await rate(rows, () => drain(rows));
  const bare = await rate(rows, () => parseCsv(rows));
  return [
    speed(
      'free text',
      text,
      "ripgrep -c '\\d{5}'",
      grep,
      `>= ${half.toFixed(0)} MB/s`,
      text >= half,
    ),
    speed('X12 837P', x12, null, null, '>= 80 MB/s', x12 >= 80),
    speed('FHIR NDJSON', json, 'JSON.parse', parsed, '>= 0.7 of it', json >= 0.7 * parsed),
    speed('CSV', csv, 'csv-parse', bare, '>= 0.8 of it', csv >= 0.8 * bare),
  ];
}

/** Streams 2 GB of each kind through its reader and samples the process's memory on the way. */
export async function benchMemory(gigabytes = 2): Promise<Memory[]> {
  const kinds: [string, Buffer, Buffer][] = [
    ['free text', Buffer.alloc(0), sample(note, 4e6)],
    ['X12 837P', Buffer.from(HEAD_837), sample(claim837, 4e6)],
    ['FHIR NDJSON', Buffer.alloc(0), sample(claimLine, 4e6)],
    ['CSV', Buffer.from(HEAD_CSV), sample(csvRow, 4e6)],
  ];
  const found: Memory[] = [];
  for (const [name, head, body] of kinds) {
    let peak = 0;
    for await (const item of readUsage(repeated(head, body, gigabytes * 1e9))) {
      if (item.type !== 'finding' || (item.where.line & 0xffff) === 0)
        peak = Math.max(peak, process.memoryUsage().rss);
    }
    found.push({ name, gigabytes, peakMegabytes: Math.round(peak / 1e6) });
  }
  return found;
}

function speed(
  name: string,
  own: number,
  comparedWith: string | null,
  comparison: number | null,
  target: string,
  met: boolean,
): Speed {
  return { name, megabytesPerSecond: own, comparedWith, comparison, target, met };
}

/** Median MB/s of several runs after one to warm up. */
async function rate(bytes: Buffer, run: () => Promise<unknown>): Promise<number> {
  await run();
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    const from = performance.now();
    await run();
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  return bytes.length / 1e3 / times[RUNS >> 1]!;
}

async function drain(bytes: Buffer): Promise<number> {
  let findings = 0;
  for await (const item of readUsage(chunks(bytes))) if (item.type === 'finding') findings++;
  return findings;
}

async function* chunks(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
}

async function* repeated(head: Buffer, body: Buffer, bytes: number): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for (let sent = 0; sent < bytes; sent += body.length) yield* chunks(body);
}

async function parseLines(bytes: Buffer): Promise<number> {
  let objects = 0;
  for (const line of bytes.toString('utf8').split('\n'))
    if (line !== '' && JSON.parse(line) !== null) objects++;
  return objects;
}

async function parseCsv(bytes: Buffer): Promise<number> {
  const parser = parse();
  let rows = 0;
  parser.on('readable', () => {
    while (parser.read() !== null) rows++;
  });
  const done = new Promise((resolve, reject) => parser.on('end', resolve).on('error', reject));
  for await (const chunk of chunks(bytes))
    if (!parser.write(chunk)) await new Promise((resolve) => parser.once('drain', resolve));
  parser.end();
  await done;
  return rows;
}

/** MB/s of ripgrep on the same bytes, one thread; null where it is not installed. */
function ripgrep(bytes: Buffer): number | null {
  const folder = mkdtempSync(join(tmpdir(), 'levy-bench-'));
  const file = join(folder, 'notes.txt');
  try {
    writeFileSync(file, bytes);
    const times: number[] = [];
    for (let i = 0; i <= RUNS; i++) {
      const from = performance.now();
      const run = spawnSync('rg', ['-c', '-j1', '\\d{5}', file]);
      if (run.error || run.status !== 0) return null;
      times.push(performance.now() - from);
    }
    times.sort((a, b) => a - b);
    return bytes.length / 1e3 / times[RUNS >> 1]!;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  for (const one of await benchUsage()) {
    const other =
      one.comparison === null ? '' : `, ${one.comparedWith} ${one.comparison.toFixed(0)} MB/s`;
    const own = one.megabytesPerSecond.toFixed(0);
    console.log(
      `${one.name}: ${own} MB/s${other}; target ${one.target}: ${one.met ? 'met' : 'MISSED'}`,
    );
  }
  if (!process.argv.includes('--memory')) return;
  for (const one of await benchMemory())
    console.log(`${one.name}: ${one.gigabytes} GB, peak ${one.peakMegabytes} MB resident`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
