import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { readUsage } from '../../usage/read.ts';

/** What a run of mutated files gave. A reading that throws ends the run. */
export interface Fuzzed {
  files: number;
  findings: number;
  problems: number;
  /** The longest any one file took. */
  slowestMs: number;
}

/** Text that readers take to be the beginning or the end of something. */
const SPICE = [
  'ISA*',
  '~',
  '*',
  ':',
  '\n',
  '\r',
  '"',
  '""',
  ',',
  ';',
  '\t',
  '{',
  '}',
  '[',
  ']',
  '\\',
  '90837',
  'CPT ',
  'CPT: ',
  'HC:',
  '{"resourceType":"Claim"',
  '"entry":[',
  '\u0000',
  '\ufeff',
  '\u00e9',
  'NM1*82*1*',
  'LX*1~',
  '9 0 8 3 7',
  ' x2',
  '----\n',
  'Clinician: ',
  'PK\u0003\u0004',
  '1e9',
  '99999999999',
  '#',
  '(',
  ')',
];

/**
 * Reads `count` mutations of the given files: bytes flipped, cut, doubled, moved between files,
 * spiced with what readers look for. The same seed gives the same files.
 */
export async function fuzz(seeds: Buffer[], count: number, seed: number): Promise<Fuzzed> {
  const random = createRandom(seed);
  const fuzzed: Fuzzed = { files: 0, findings: 0, problems: 0, slowestMs: 0 };
  for (let i = 0; i < count; i++) {
    const file = mutated(seeds, random);
    const from = performance.now();
    let last = '';
    for await (const item of readUsage(inPieces(file, 1 + random(4000)))) {
      last = item.type;
      if (item.type === 'finding') fuzzed.findings++;
      else if (item.type === 'problem') fuzzed.problems++;
    }
    if (last !== 'counted') throw new Error(`file ${i} did not end with what was read`);
    fuzzed.files++;
    fuzzed.slowestMs = Math.max(fuzzed.slowestMs, performance.now() - from);
  }
  return fuzzed;
}

/** The golden files of the tests: small, and one of every kind. */
export function goldenFiles(): Buffer[] {
  const folder = join(import.meta.dirname, '../../test/usage/golden');
  return readdirSync(folder)
    .filter((name) => name !== 'expected.json')
    .map((name) => readFileSync(join(folder, name)));
}

function mutated(seeds: Buffer[], random: (below: number) => number): Buffer {
  let file: Buffer = Buffer.from(seeds[random(seeds.length)]!);
  for (let edits = 1 + random(6); edits > 0 && file.length > 0; edits--) {
    const at = random(file.length);
    const to = Math.min(file.length, at + 1 + random(40));
    const kind = random(7);
    if (kind === 0) file[at] = random(256);
    else if (kind === 1) file = Buffer.concat([file.subarray(0, at), file.subarray(to)]);
    else if (kind === 2) file = inserted(file, at, file.subarray(at, to));
    else if (kind === 3) file = file.subarray(0, at);
    else if (kind === 4) file = inserted(file, at, Buffer.from(SPICE[random(SPICE.length)]!));
    else if (kind === 5) {
      const other = seeds[random(seeds.length)]!;
      const from = random(other.length);
      file = inserted(file, at, other.subarray(from, from + random(200)));
    } else file = inserted(file, at, Buffer.alloc(1 + random(300), file[at]));
  }
  return file;
}

function inserted(file: Buffer, at: number, piece: Uint8Array): Buffer {
  return Buffer.concat([file.subarray(0, at), piece, file.subarray(at)]);
}

async function* inPieces(file: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < file.length; at += size) yield file.subarray(at, at + size);
}

/** A small generator of numbers below a limit, so that a run can be repeated (mulberry32). */
function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      files: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
    },
  });
  const from = performance.now();
  const fuzzed = await fuzz(goldenFiles(), Number(values.files), Number(values.seed));
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  console.log(
    `${fuzzed.files} files in ${seconds} s: ${fuzzed.findings} findings, ` +
      `${fuzzed.problems} problems, slowest ${fuzzed.slowestMs.toFixed(1)} ms, no crash`,
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
