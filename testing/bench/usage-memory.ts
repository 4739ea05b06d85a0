/** A process of its own: the memory it takes to read gigabytes of one kind of record. */
import { readUsage } from '../../usage/read.ts';
import { argument, peakMb } from './child.ts';
import { claim837, claimLine, csvRow, HEAD_837, HEAD_CSV, note, sample } from './usage-samples.ts';

const CHUNK = 256 * 1024;
const KINDS = {
  'free text': () => ({ head: '', body: sample(note, 4e6) }),
  'X12 837P': () => ({ head: HEAD_837, body: sample(claim837, 4e6) }),
  'FHIR NDJSON': () => ({ head: '', body: sample(claimLine, 4e6) }),
  CSV: () => ({ head: HEAD_CSV, body: sample(csvRow, 4e6) }),
};

/** The kinds of records there are, by the names of the table. */
export type UsageKind = keyof typeof KINDS;

const { kind, gigabytes } = argument<{ kind: UsageKind; gigabytes: number }>();
let findings = 0;
let bytes = 0;
for await (const item of readUsage(repeated())) {
  if (item.type === 'finding') findings++;
  else if (item.type === 'counted') bytes = item.bytes;
}
console.log(JSON.stringify({ kind, gigabytes: bytes / 1e9, findings, peakMb: peakMb() }));
process.exit(0);

async function* repeated(): AsyncGenerator<Buffer> {
  const { head, body } = KINDS[kind]();
  if (head !== '') yield Buffer.from(head);
  for (let sent = 0; sent < gigabytes * 1e9; sent += body.length)
    for (let at = 0; at < body.length; at += CHUNK) yield body.subarray(at, at + CHUNK);
}
