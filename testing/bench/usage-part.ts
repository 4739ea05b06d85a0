import { runChild } from './child.ts';
import type { Speed } from './usage-speed.ts';
import type { UsageKind } from './usage-memory.ts';

const KINDS: readonly UsageKind[] = ['free text', 'X12 837P', 'FHIR NDJSON', 'CSV'];
/** What a reader may take, whatever the length of its file. */
const MOST_MB = 200;

/** How much of each kind of record to read. */
export interface UsageWish {
  megabytes: number;
  gigabytes: number;
}

/** The readers' speed and memory, one process each, told as a table and given as numbers. */
export async function benchReaders(
  { megabytes, gigabytes }: UsageWish,
  say: (line: string) => void,
): Promise<Record<string, unknown>> {
  const { speeds } = (await runChild('./usage-speed.ts', { megabytes }).first) as {
    speeds: Speed[];
  };
  say('reader        MB/s   beside                   MB/s   ratio  target');
  for (const one of speeds) say(row(one));
  if (speeds.some(({ name, comparison }) => name === 'free text' && comparison === null))
    say('ripgrep is not installed (apt-get install ripgrep): free text has nothing beside it');
  const memory = [];
  for (const kind of KINDS) {
    const read = await runChild('./usage-memory.ts', { kind, gigabytes }).first;
    const peakMb = Number(read.peakMb);
    const met = peakMb < MOST_MB ? 'met' : 'MISSED';
    say(
      `${kind.padEnd(12)} ${Number(read.gigabytes).toFixed(1)} GB in at most ${peakMb} MB; ` +
        `target < ${MOST_MB} MB: ${met}`,
    );
    memory.push({ ...read, met: peakMb < MOST_MB });
  }
  return { speeds, memory };
}

function row({ name, megabytesPerSecond: own, comparedWith, comparison, target, met }: Speed) {
  const other = comparison === null ? '-' : comparison.toFixed(0);
  const ratio = comparison === null ? '-' : (own / comparison).toFixed(2);
  return [
    name.padEnd(12),
    own.toFixed(0).padStart(5),
    (comparedWith ?? '-').padEnd(20).padStart(22),
    other.padStart(6),
    ratio.padStart(6),
    `${target}: ${met ? 'met' : 'MISSED'}`,
  ].join(' ');
}
