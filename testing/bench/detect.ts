import { createReadStream, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Finding } from '../../usage/finding.ts';
import { readUsage } from '../../usage/read.ts';

/** One labelled case; see the corpus's README for the policy behind the labels. */
interface Case {
  id: string;
  kind: 'text' | 'x12' | 'fhir' | 'csv';
  class?: string;
  text?: string;
  file?: string;
  expect: { code: string; modifiers?: string[]; npi?: string; clinician?: string; date?: string }[];
  optional?: { code: string }[];
  ambiguous?: boolean;
}

/** What was measured over one kind of case. */
export interface Score {
  kind: string;
  cases: number;
  codePrecision: number | null;
  codeRecall: number | null;
  recordPrecision: number | null;
  recordRecall: number | null;
  /** Hits and labelled values of each attribute of the codes found. */
  attribution: Record<'npi' | 'clinician' | 'date' | 'modifiers', [number, number]>;
  misses: { id: string; class: string; unexpected: string[]; missed: string[] }[];
}

/**
 * Measures detection on labelled cases, as the corpus's own score.py does, and apart from it the
 * clinicians' names. `sure` leaves weak findings out.
 */
export async function measure(labels: string, sure: boolean): Promise<Score[]> {
  const lines = readFileSync(labels, 'utf8').split('\n');
  const cases = lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as Case);
  const found = new Map<string, Finding[]>();
  for (const one of cases) {
    const all = await findings(one, dirname(labels));
    found.set(one.id, sure ? all.filter((finding) => finding.certainty === 'sure') : all);
  }
  const kinds = ['text', 'x12', 'fhir', 'csv'];
  const headline = kinds.map((kind) =>
    score(
      kind,
      cases.filter((one) => one.kind === kind && !one.ambiguous),
      found,
    ),
  );
  const ambiguous = score(
    'ambiguous (not in the headline)',
    cases.filter((one) => one.ambiguous),
    found,
  );
  return [...headline, ambiguous].filter((one) => one.cases > 0);
}

async function findings(one: Case, folder: string): Promise<Finding[]> {
  const text = one.text !== undefined;
  const source = text
    ? Readable.from([Buffer.from(one.text ?? '')])
    : createReadStream(join(folder, one.file ?? ''));
  const found: Finding[] = [];
  for await (const item of readUsage(source, { kind: text ? 'text' : 'auto' }))
    if (item.type === 'finding') found.push(item);
  return found;
}

function score(kind: string, cases: Case[], found: Map<string, Finding[]>): Score {
  const codes = { hit: 0, extra: 0, missed: 0 };
  const records = { hit: 0, extra: 0, missed: 0 };
  const attribution: Score['attribution'] = {
    npi: [0, 0],
    clinician: [0, 0],
    date: [0, 0],
    modifiers: [0, 0],
  };
  const misses: Score['misses'] = [];
  for (const one of cases) {
    const all = found.get(one.id) ?? [];
    const expected = new Set(one.expect.map((item) => item.code));
    const optional = new Set((one.optional ?? []).map((item) => item.code));
    const got = new Set(all.map((finding) => finding.code).filter((code) => !optional.has(code)));
    const unexpected = [...got].filter((code) => !expected.has(code));
    const missed = [...expected].filter((code) => !all.some((finding) => finding.code === code));
    codes.hit += expected.size - missed.length;
    codes.extra += unexpected.length;
    codes.missed += missed.length;
    if (expected.size > 0) records[got.size > 0 ? 'hit' : 'missed']++;
    else if (got.size > 0) records.extra++;
    if (unexpected.length + missed.length > 0)
      misses.push({ id: one.id, class: one.class ?? one.kind, unexpected, missed });
    for (const item of one.expect) attribute(item, all, attribution);
  }
  return {
    kind,
    cases: cases.length,
    codePrecision: ratio(codes.hit, codes.hit + codes.extra),
    codeRecall: ratio(codes.hit, codes.hit + codes.missed),
    recordPrecision: ratio(records.hit, records.hit + records.extra),
    recordRecall: ratio(records.hit, records.hit + records.missed),
    attribution,
    misses,
  };
}

function attribute(
  item: Case['expect'][number],
  all: Finding[],
  attribution: Score['attribution'],
): void {
  const same = all.filter((finding) => finding.code === item.code);
  if (same.length === 0) return;
  const count = (field: keyof Score['attribution'], hit: (finding: Finding) => boolean) => {
    attribution[field][1]++;
    if (same.some(hit)) attribution[field][0]++;
  };
  const { npi, clinician, date, modifiers } = item;
  if (npi) count('npi', (finding) => finding.clinician.npi === npi);
  if (clinician) count('clinician', (finding) => finding.clinician.name === clinician);
  if (date) count('date', (finding) => finding.date === date);
  if (modifiers?.length)
    count('modifiers', (finding) => finding.modifiers.join() === modifiers.join());
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000;
}

function print(scores: Score[]): void {
  for (const one of scores) {
    const pairs = Object.entries(one.attribution)
      .filter(([, [, of]]) => of > 0)
      .map(([field, [hit, of]]) => `${field} ${hit}/${of}`);
    console.log(
      `${one.kind}: ${one.cases} cases, codes P ${one.codePrecision} R ${one.codeRecall}, ` +
        `records P ${one.recordPrecision} R ${one.recordRecall}, ${pairs.join(', ')}`,
    );
    for (const miss of one.misses)
      console.log(
        `  ${miss.id} ${miss.class}: +[${miss.unexpected.join()}] -[${miss.missed.join()}]`,
      );
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      labels: { type: 'string' },
      json: { type: 'boolean', default: false },
      sure: { type: 'boolean', default: false },
    },
  });
  if (!values.labels) {
    console.error('Usage: npm run bench:detect -- --labels FILE [--json] [--sure]');
    process.exitCode = 2;
    return;
  }
  const scores = await measure(values.labels, values.sure);
  if (values.json) console.log(JSON.stringify(scores, null, 2));
  else print(scores);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
