/** A process of its own: how fast an export is read, matched and tallied, and in what memory. */
import { Readable } from 'node:stream';
import { readImport } from '../../api/imports/read.ts';
import { people } from '../../sandbox/samples/people.ts';
import { usageExports } from '../../sandbox/samples/exports.ts';
import { argument, peakMb } from './child.ts';

const { file, megabytes } = argument<{ file: string; megabytes: number }>();
const sample = usageExports().find(({ name }) => name === file);
if (!sample) throw new Error(`no sample export is called ${file}`);
const roster = people.map(({ ref, name, npi }) => ({ clinicianId: ref, ref, name, npi }));
const ledger = {
  clinicians: { forMatching: () => Promise.resolve(roster) },
  knownNames: { forMatching: () => Promise.resolve([]) },
};

const startedAt = performance.now();
const read = await readImport(
  ledger as never,
  Readable.from(repeated(Buffer.from(sample.bytes), megabytes * 1e6)),
  { fileName: file, vendor: null, periodFrom: null, periodTo: null, kind: null },
  'bench',
);
const seconds = (performance.now() - startedAt) / 1000;
console.log(
  JSON.stringify({
    megabytesPerSecond: read.bytes / 1e6 / seconds,
    findings: read.findings,
    peakMb: peakMb(),
  }),
);
process.exit(0);

/** The sample again and again; of a table with a heading, only its rows. */
function* repeated(bytes: Buffer, total: number): Generator<Buffer> {
  const rows = file.endsWith('.csv') ? bytes.subarray(bytes.indexOf('\n') + 1) : bytes;
  const block = Buffer.concat(Array.from({ length: Math.ceil(65_536 / rows.length) }, () => rows));
  yield bytes;
  for (let sent = bytes.length; sent < total; sent += block.length) yield block;
}
