import { createReadStream } from 'node:fs';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Counted, Finding, Problem } from '../usage/finding.ts';
import { readUsage } from '../usage/read.ts';
import type { CallOf } from './commands.ts';

export interface DetectIo {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
}

/**
 * `levy detect`: prints the findings of the given files, and what was read and what could not be
 * read on stderr. Gives the exit code. A reader of stdout that goes away (`| head`) ends it quietly
 * with 0.
 */
export async function detect({ options, args }: CallOf<'detect'>, io: DetectIo): Promise<number> {
  const out = createOutput(io.stdout);
  let code = 0;
  for (const file of args) {
    if (out.closed()) break;
    code = Math.max(code, await one(file, options, out, io));
  }
  return out.closed() ? 0 : code;
}

type Options = CallOf<'detect'>['options'];

async function one(
  file: string,
  options: Options,
  out: ReturnType<typeof createOutput>,
  io: DetectIo,
): Promise<number> {
  const tally = { sure: 0, weak: 0, refused: false };
  const problems = createProblems(file, io.stderr);
  let counted: Counted | null = null;
  const source = file === '-' ? io.stdin : createReadStream(file, { highWaterMark: 256 * 1024 });
  try {
    for await (const item of readUsage(source, {
      kind: options.kind ?? 'auto',
      lines: options.lines ?? false,
    })) {
      if (item.type === 'finding') {
        tally[item.certainty]++;
        await out.write(options.json ? jsonLine(file, item) : tableLine(file, item));
        if (out.closed()) break;
      } else if (item.type === 'problem') {
        tally.refused ||= item.reason === 'not_a_usage_file';
        problems.say(item);
      } else counted = item;
    }
  } catch (error) {
    io.stderr.write(`${file}: cannot be read: ${readError(error)}\n`);
    return 1;
  }
  problems.end();
  if (counted && !tally.refused)
    io.stderr.write(summary(file, counted, { ...tally, problems: problems.count() }));
  return tally.refused ? 1 : 0;
}

function jsonLine(file: string, finding: Finding): string {
  const { where, kind, code, modifiers, clinician, date, certainty, rule } = finding;
  const row = {
    file,
    line: where.line,
    kind,
    code,
    modifiers,
    npi: clinician.npi,
    clinician: clinician.name ?? clinician.id,
    date,
    certainty,
    rule,
  };
  return `${JSON.stringify(row)}\n`;
}

function tableLine(file: string, { where, ...finding }: Finding): string {
  const place = where.segment ?? where.resource ?? (where.row ? `row ${where.row}` : '');
  const code = [finding.code, ...finding.modifiers].join('-');
  const { npi, name, id, organisation } = finding.clinician;
  const who = [name ?? id ?? 'nobody named', npi, organisation ? '(organisation)' : null];
  return (
    [
      `${file}:${where.line}`.padEnd(28),
      place.padEnd(12),
      code.padEnd(14),
      (finding.date ?? 'no date').padEnd(10),
      finding.certainty,
      finding.kind.padEnd(13),
      who
        .filter((part) => part !== null)
        .join(' ')
        .padEnd(32),
      finding.rule,
    ].join('  ') + '\n'
  );
}

/** Problems of one kind shown per file; a broken file may have millions. */
const SHOWN = 20;

function createProblems(file: string, stderr: Writable) {
  const times = new Map<string, number>();
  return {
    say({ line, field, reason, message }: Problem): void {
      const before = times.get(reason) ?? 0;
      times.set(reason, before + 1);
      if (before >= SHOWN) return;
      const where = field === null ? '' : ` ${field}`;
      stderr.write(`${file}:${line}:${where} ${reason}: ${message}\n`);
    },
    end(): void {
      for (const [reason, count] of times)
        if (count > SHOWN) stderr.write(`${file}: ${reason}: ${count - SHOWN} more of these\n`);
    },
    count: () => [...times.values()].reduce((sum, count) => sum + count, 0),
  };
}

function summary(
  file: string,
  counted: Counted,
  tally: { sure: number; weak: number; problems: number },
): string {
  const { format, records, bytes } = counted;
  const size = bytes < 1e5 ? several(bytes, 'byte') : `${(bytes / 1e6).toFixed(1)} MB`;
  return (
    `${file}: ${format}, ${several(records, 'record')}, ${size}: ` +
    `${tally.sure} sure, ${tally.weak} weak, ${several(tally.problems, 'problem')}\n`
  );
}

function several(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function readError(error: unknown): string {
  const { code } = error as { code?: unknown };
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EISDIR') return 'this is a folder; name the files in it';
  if (code === 'EACCES') return 'the file may not be read';
  return error instanceof Error ? error.message : String(error);
}

/** Writes with backpressure, and notices when the reader has closed the stream. */
function createOutput(stream: Writable) {
  let gone = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
    gone = true;
  });
  return {
    async write(text: string): Promise<void> {
      if (gone || stream.write(text)) return;
      await Promise.race([once(stream, 'drain'), once(stream, 'close')]).catch(() => {
        gone = true;
      });
    },
    closed: () => gone,
  };
}
