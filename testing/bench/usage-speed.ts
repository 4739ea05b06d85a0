/** A process of its own: how fast the readers are, beside the plainest look at the same bytes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parse } from 'csv-parse';
import { readUsage } from '../../usage/read.ts';
import { argument } from './child.ts';
import { claim837, claimLine, csvRow, HEAD_837, HEAD_CSV, note, sample } from './usage-samples.ts';

/** The speed of one reader, and of what it is compared with, in MB/s (10^6 bytes). */
export interface Speed {
  name: string;
  megabytesPerSecond: number;
  comparedWith: string | null;
  comparison: number | null;
  target: string;
  met: boolean;
}

const CHUNK = 256 * 1024;
const RUNS = 7;
const RIPGREP = String.raw`ripgrep -c '\d{5}'`;

/**
 * Measures the readers on generated input, in one process and on one core, in turns with what
 * they are compared with. The fastest of several runs counts, on both sides: what makes a run
 * slower is the machine's other work.
 */
async function benchUsage(megabytes: number): Promise<Speed[]> {
  const bytes = megabytes * 1e6;
  const notes = sample(note, bytes);
  const claims = sample(claim837, bytes, HEAD_837);
  const lines = sample(claimLine, bytes);
  const rows = sample(csvRow, bytes / 2, HEAD_CSV);
  return [
    await text(notes),
    await beside('X12 837P', claims, null, () => ({ target: '>= 80 MB/s', least: 80 })),
    await beside('FHIR NDJSON', lines, { name: 'JSON.parse', run: parseLines }, (other) => ({
      target: '>= 0.7 of it',
      least: 0.7 * other,
    })),
    await beside('CSV', rows, { name: 'csv-parse', run: parseCsv }, (other) => ({
      target: '>= 0.8 of it',
      least: 0.8 * other,
    })),
  ];
}

/** 150 MB/s or half of ripgrep, whichever is lower; without ripgrep 150. */
async function text(notes: Buffer): Promise<Speed> {
  const folder = mkdtempSync(join(tmpdir(), 'levy-bench-'));
  try {
    const file = join(folder, 'notes.txt');
    writeFileSync(file, notes);
    const installed = !spawnSync('rg', ['--version']).error;
    const grep = { name: RIPGREP, run: () => Promise.resolve(ripgrep(file)) };
    return await beside('free text', notes, installed ? grep : null, (other) => {
      const least = installed ? Math.min(150, other / 2) : 150;
      return { target: `>= ${least.toFixed(0)} MB/s`, least };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function beside(
  name: string,
  bytes: Buffer,
  other: { name: string; run: (bytes: Buffer) => Promise<unknown> } | null,
  goal: (other: number) => { target: string; least: number },
): Promise<Speed> {
  let own = 0;
  let comparison = 0;
  for (let i = 0; i < RUNS; i++) {
    own = Math.max(own, await rate(bytes, drain));
    if (other) comparison = Math.max(comparison, await rate(bytes, other.run));
  }
  const { target, least } = goal(comparison);
  return {
    name,
    megabytesPerSecond: own,
    comparedWith: other?.name ?? null,
    comparison: other ? comparison : null,
    target,
    met: own >= least,
  };
}

async function rate(bytes: Buffer, run: (bytes: Buffer) => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await run(bytes);
  return bytes.length / 1e3 / (performance.now() - from);
}

async function drain(bytes: Buffer): Promise<number> {
  let findings = 0;
  for await (const item of readUsage(chunks(bytes))) if (item.type === 'finding') findings++;
  return findings;
}

async function* chunks(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
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

function ripgrep(file: string): void {
  const run = spawnSync('rg', ['-c', '-j1', '\\d{5}', file]);
  if (run.status !== 0) throw new Error('ripgrep found nothing, or did not run');
}

const { megabytes } = argument<{ megabytes: number }>();
console.log(JSON.stringify({ speeds: await benchUsage(megabytes) }));
process.exit(0);
