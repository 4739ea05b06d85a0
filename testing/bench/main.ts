import { parseArgs } from 'node:util';
import { runChild } from './child.ts';
import { rateLimits, tellRateLimits } from './rate-limit.ts';
import { startServices, type BenchServices } from './services.ts';
import { benchReaders } from './usage-part.ts';

/** `npm run bench`: what levy does, beside what the machine does in the same run. */
const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    runs: { type: 'string', default: '5' },
    fees: { type: 'string', default: '2000' },
    many: { type: 'string', default: '100000' },
    megabytes: { type: 'string', default: '48' },
    gigabytes: { type: 'string', default: '2' },
    /** Parts by name, with commas: readers, path, many, imports, limits, desk; all unless given. */
    only: { type: 'string', default: 'readers,path,many,imports,limits,desk' },
    /** One queue alone: redis or postgres. */
    queue: { type: 'string' },
  },
});
const parts = new Set(values.only.split(','));

interface PathResult {
  queue: 'redis' | 'postgres';
  barePerSecond: number;
  pathPerSecond: number;
  ratio: number;
  peakMb: number;
}

interface ManyResult {
  queue: 'redis' | 'postgres';
  fees: number;
  seconds: number;
  perSecond: number;
  peakMb: number;
  peakMbOfTenth: number;
}

const EXPORTS = ['claims-2026.837', 'theranest-payroll-2026.csv'];
const say = (line: string) =>
  void (values.json ? process.stderr : process.stdout).write(`${line}\n`);
/** What `--json` prints, one member per part. */
const found: Record<string, unknown> = {};
if (parts.has('readers')) {
  const sizes = { megabytes: Number(values.megabytes), gigabytes: Number(values.gigabytes) };
  found['usage'] = await benchReaders(sizes, say);
}
if (parts.has('imports')) found['imports'] = await inTurn(EXPORTS, importSpeed);
if (['path', 'many', 'limits', 'desk'].some((part) => parts.has(part))) await withServices();
if (values.json) process.stdout.write(`${JSON.stringify(found)}\n`);
process.exit(0);

/** The parts for which a database, and perhaps a Redis, is started. */
async function withServices(): Promise<void> {
  const services = await startServices();
  try {
    await measureOn(services);
  } finally {
    await services.close();
  }
}

async function measureOn(services: BenchServices): Promise<void> {
  const queues = (['postgres', 'redis'] as const).filter(
    (one) => (one === 'postgres' || services.redisUrl) && one === (values.queue ?? one),
  );
  if (parts.has('path'))
    found['path'] = await inTurn(queues, (queue) => wholePath(services, queue));
  if (parts.has('many')) found['many'] = await inTurn(queues, (queue) => manyFees(services, queue));
  if (parts.has('desk')) found['desk'] = await deskOf(services);
  if (parts.has('limits')) {
    const limits = await rateLimits(services.newDatabase, 1_000);
    for (const line of tellRateLimits(limits)) say(line);
    found['limits'] = limits;
  }
}

async function inTurn<I, O>(inputs: readonly I[], measure: (input: I) => Promise<O>): Promise<O[]> {
  const results: O[] = [];
  for (const input of inputs) results.push(await measure(input));
  return results;
}

function redisOf(services: BenchServices, queue: 'redis' | 'postgres'): string | null {
  return queue === 'redis' ? services.redisUrl : null;
}

/**
 * Fees through detect, notice and charge, beside the bare chain, in turns. The ratio is the median
 * of the pairs' own: a machine that is faster for a minute is so for both.
 */
async function wholePath(
  services: BenchServices,
  queue: 'redis' | 'postgres',
): Promise<PathResult> {
  const fees = Number(values.fees);
  const bare: number[] = [];
  const path: number[] = [];
  let peakMb = 0;
  for (let run = 0; run < Number(values.runs); run += 1) {
    bare.push(await barePerSecond(services, queue, fees));
    const doubles = runChild('./doubles.ts');
    const result = await measured('./whole-path.ts', {
      databaseUrl: await services.newDatabase(),
      redisUrl: redisOf(services, queue),
      ...(await doubles.first),
      fees,
      used: true,
    });
    doubles.end();
    path.push(result.perSecond);
    peakMb = Math.max(peakMb, result.peakMb);
  }
  const [barePer, pathPer] = [median(bare), median(path)];
  const result = {
    queue,
    barePerSecond: barePer,
    pathPerSecond: pathPer,
    ratio: median(path.map((per, run) => per / (bare[run] as number))),
    peakMb,
  };
  say(
    `whole path on ${queue.padEnd(8)} ${pathPer.toFixed(0).padStart(6)} fees/s, bare chain ` +
      `${barePer.toFixed(0).padStart(6)}/s, ` +
      `ratio ${result.ratio.toFixed(3)}, worker at most ${peakMb} MB ` +
      `(medians of ${path.length}: ${told(path)} and ${told(bare)})`,
  );
  return result;
}

async function barePerSecond(
  services: BenchServices,
  queue: 'redis' | 'postgres',
  jobs: number,
): Promise<number> {
  const databaseUrl = await services.newDatabase();
  return (
    await measured('./bare-chain.ts', { databaseUrl, redisUrl: redisOf(services, queue), jobs })
  ).perSecond;
}

/** Opening an assessment and looking at everybody: memory must not grow with their number. */
async function manyFees(services: BenchServices, queue: 'redis' | 'postgres'): Promise<ManyResult> {
  const fees = Number(values.many);
  const doubles = runChild('./doubles.ts');
  const outside = await doubles.first;
  const look = async (count: number) =>
    measured('./whole-path.ts', {
      databaseUrl: await services.newDatabase(),
      redisUrl: redisOf(services, queue),
      ...outside,
      fees: count,
      used: false,
    });
  const tenth = await look(fees / 10);
  const all = await look(fees);
  doubles.end();
  const { seconds, perSecond, peakMb } = all;
  say(
    `${fees} fees opened and looked at on ${queue.padEnd(8)} in ${seconds.toFixed(1)} s ` +
      `(${perSecond.toFixed(0)}/s), worker at most ${peakMb} MB; ` +
      `with a tenth of them ${tenth.peakMb} MB`,
  );
  return { queue, fees, seconds, perSecond, peakMb, peakMbOfTenth: tenth.peakMb };
}

/** The desk of failed cards with many fees: its list, the preview of an act, and the act. */
async function deskOf(services: BenchServices): Promise<Record<string, unknown>> {
  const fees = Number(values.many);
  const databaseUrl = await services.newDatabase();
  const desk = await runChild('./desk.ts', { databaseUrl, fees }).first;
  say(
    `${fees} failed fees: an act previewed in ${Number(desk.previewMs).toFixed(0)} ms (median of ` +
      `5), the desk's list in ${Number(desk.listMs).toFixed(0)} ms; acted on in ` +
      `${Number(desk.seconds).toFixed(1)} s, at most ${Number(desk.peakMb)} MB`,
  );
  return { fees, ...desk };
}

/** Reading an export of some size through the import's own code, in MB/s. */
async function importSpeed(file: string): Promise<Record<string, unknown>> {
  const read = await runChild('./import-speed.ts', { file, megabytes: 100 }).first;
  const speed = Number(read.megabytesPerSecond).toFixed(0);
  say(`import of 100 MB like ${file}: ${speed} MB/s, at most ${Number(read.peakMb)} MB of memory`);
  return { file, ...read };
}

interface Measured {
  perSecond: number;
  seconds: number;
  peakMb: number;
}

async function measured(file: string, argument: unknown): Promise<Measured> {
  return (await runChild(file, argument).first) as unknown as Measured;
}

function told(values: number[]): string {
  return values.map((one) => one.toFixed(0)).join(', ');
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
