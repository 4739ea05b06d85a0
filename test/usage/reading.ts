import type { Counted, Finding, Problem } from '../../usage/finding.ts';
import { readUsage, type ReadOptions } from '../../usage/read.ts';

/** What a reading gave, sorted by type. */
export interface Reading {
  findings: Finding[];
  problems: Problem[];
  counted: Counted;
}

/** Reads bytes or text to the end, handed over in pieces of the given sizes, repeated. */
export async function readAll(
  content: string | Uint8Array,
  options: ReadOptions = {},
  sizes: number[] = [64 * 1024],
): Promise<Reading> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const findings: Finding[] = [];
  const problems: Problem[] = [];
  let counted: Counted | null = null;
  for await (const item of readUsage(pieces(bytes, sizes), options)) {
    if (item.type === 'finding') findings.push(item);
    else if (item.type === 'problem') problems.push(item);
    else counted = item;
  }
  if (!counted) throw new Error('the last item must say what was read');
  return { findings, problems, counted };
}

/** The codes found, sorted. */
export async function codesIn(
  content: string | Uint8Array,
  options: ReadOptions = {},
): Promise<string[]> {
  const { findings } = await readAll(content, options);
  return findings.map((finding) => finding.code).sort();
}

/** One finding on one line, as a person would note it down. */
export function brief(finding: Finding): string {
  const { where, code, modifiers, clinician, date, kind, certainty, rule } = finding;
  const who = [clinician.npi, clinician.name ?? clinician.id].filter((part) => part !== null);
  const group = clinician.organisation ? ' (organisation)' : '';
  return [
    where.line,
    [code, ...modifiers].join('-'),
    date ?? 'no date',
    (who.join(' ') || 'nobody') + group,
    kind,
    certainty,
    rule,
  ].join(' | ');
}

async function* pieces(bytes: Uint8Array, sizes: number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length] ?? 1);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
