import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ExcelJS from 'exceljs';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../usage/finding.ts';
import { readAll } from './reading.ts';

/**
 * Exports of strangers, written from the published layouts and the labelling policy before the
 * readers were looked at. In each file of `strangers/` a case is `=== title (encoding)`, the
 * uses it holds (`> code-modifiers | npi | clinician | date`), codes that count neither way
 * (`? code`), and the export itself.
 */
const FOLDER = join(import.meta.dirname, 'strangers');

interface Case {
  title: string;
  encoding: string;
  uses: string[];
  neither: Set<string>;
  content: string;
}

function casesOf(file: string): Case[] {
  const [head = '', ...parts] = readFileSync(join(FOLDER, file), 'utf8').split(/^=== /m);
  const macros = [...head.matchAll(/^(\$\w+) = (.*)$/gm)];
  return parts.map((part) => {
    const [first = '', ...lines] = part.trimEnd().split('\n');
    const start = lines.findIndex((line) => !/^[>?] /.test(line));
    const marked = lines.slice(0, start);
    const [, title = first, encoding = 'utf8'] = /^(.*) \((\w+)\)$/.exec(first) ?? [];
    let content = `${lines.slice(start).join('\n')}\n`;
    for (const [, name, text] of macros) content = content.replaceAll(name!, () => text!);
    const of = (mark: string) =>
      marked.filter((line) => line[0] === mark).map((line) => line.slice(2));
    return { title, encoding, uses: of('>').sort(), neither: new Set(of('?')), content };
  });
}

async function encoded({ content, encoding }: Case): Promise<Uint8Array> {
  if (encoding === 'crlf') return Buffer.from(content.replaceAll('\n', '\r\n'));
  if (encoding === 'bom') return Buffer.from(`\uFEFF${content}`);
  if (encoding === 'utf16le') return Buffer.from(`\uFEFF${content}`, 'utf16le');
  if (encoding === 'utf16be') return Buffer.from(`\uFEFF${content}`, 'utf16le').swap16();
  if (encoding === 'xlsx') return workbook(content);
  return Buffer.from(content, encoding as BufferEncoding);
}

/** Cells that begin with D are days, with N numbers. */
async function workbook(content: string): Promise<Uint8Array> {
  const book = new ExcelJS.Workbook();
  book.addWorksheet('About').addRow(['Made for a test']);
  const sheet = book.addWorksheet('Data');
  for (const line of content.trimEnd().split('\n'))
    sheet.addRow(
      line.split(',').map((cell) => {
        if (/^D\d/.test(cell)) return new Date(cell.slice(1));
        return /^N\d/.test(cell) ? Number(cell.slice(1)) : cell;
      }),
    );
  return new Uint8Array(await book.xlsx.writeBuffer());
}

function line({ code, modifiers, clinician, date }: Finding): string {
  const { npi, name, id } = clinician;
  const cells = [[code, ...modifiers].join('-'), npi, name ?? id, date];
  return cells.map((cell) => cell ?? '-').join(' | ');
}

describe.each(readdirSync(FOLDER))('%s', (file) => {
  test.each(casesOf(file).map((one) => [one.title, one] as const))('%s', async (_, one) => {
    const { findings } = await readAll(await encoded(one));
    const counted = findings.filter(
      ({ code, certainty }) => certainty === 'sure' && !one.neither.has(code),
    );
    expect([...new Set(counted.map(line))].sort()).toEqual(one.uses);
  });
});
