import { createDecoder } from '../decode.ts';
import type { Sink } from '../finding.ts';
import { type CellScanner, createRowReader } from '../table/rows.ts';
import { createSheet } from './xlsx-sheet.ts';
import { createXml } from './xml.ts';
import { unzip, zipEntries, type ZipEntry } from './zip.ts';

/** A workbook is held in memory as it came, compressed; larger ones are better sent as CSV. */
export const WORKBOOK_MAX = 64 * 1024 * 1024;
/** Text shared by cells, in characters, that is kept to resolve them. */
const SHARED_MAX = 40_000_000;

/**
 * Reads every worksheet of an .xlsx workbook as a table. Sheets are unpacked piece by piece, and
 * nothing is written to disk. Yields after each piece, so that findings can be handed on.
 */
export async function* readWorkbook(
  zip: Buffer,
  sink: Sink,
  scanText: CellScanner,
): AsyncGenerator<number> {
  const { entries, whole } = zipEntries(zip);
  if (!whole) sink(problem('truncated', TRUNCATED));
  const find = (name: string) => entries.find((entry) => entry.name.toLowerCase() === name);
  const sheets = entries.filter((entry) => SHEET.test(entry.name)).sort(bySheetNumber);
  if (sheets.length === 0) {
    sink(problem('not_a_usage_file', NO_SHEETS));
    return;
  }
  const texts = await sharedStrings(zip, find('xl/sharedstrings.xml'));
  if (!texts) {
    sink(problem('workbook_too_large', TOO_LARGE));
    return;
  }
  if (!texts.sound) sink(problem('workbook_broken', BROKEN_TEXTS));
  const epoch1904 = await usesEpoch1904(zip, find('xl/workbook.xml'));
  const table = createRowReader(sink, scanText, { epoch1904 });
  for (const [i, entry] of sheets.entries()) {
    const sheet = createSheet(texts.strings, (row) => table.row({ ...row, sheet: i + 1 }));
    try {
      for await (const xml of unpacked(zip, entry)) {
        sheet.write(xml);
        yield table.records();
      }
      sheet.end();
      if (!sheet.sound()) sink(problem('workbook_broken', FAULTY));
    } catch {
      sink(problem('workbook_broken', BROKEN));
    }
    table.end();
    yield table.records();
  }
}

/** The worksheets of a whole workbook, in order, and its shared texts; null when it is damaged. */
export async function openWorkbook(
  zip: Buffer,
): Promise<{ texts: string[]; sheets: { pieces: () => AsyncGenerator<string> }[] } | null> {
  const { entries, whole } = zipEntries(zip);
  const sheets = entries.filter(({ name }) => SHEET.test(name)).sort(bySheetNumber);
  const shared = entries.find(({ name }) => name.toLowerCase() === 'xl/sharedstrings.xml');
  const texts = await sharedStrings(zip, shared);
  if (!whole || sheets.length === 0 || !texts?.sound) return null;
  return {
    texts: texts.strings,
    sheets: sheets.map((entry) => ({ pieces: () => unpacked(zip, entry) })),
  };
}

const SHEET = /^xl\/worksheets\/[^/]+\.xml$/i;

function bySheetNumber(a: ZipEntry, b: ZipEntry): number {
  const number = (entry: ZipEntry) => Number(/(\d+)\.xml$/i.exec(entry.name)?.[1] ?? 0);
  return number(a) - number(b);
}

async function* unpacked(zip: Buffer, entry: ZipEntry): AsyncGenerator<string> {
  const decoder = createDecoder('utf-8');
  for await (const chunk of unzip(zip, entry)) yield decoder.write(chunk);
  yield decoder.end();
}

/** The texts that cells refer to by number, and whether all of them could be read. */
interface SharedStrings {
  strings: string[];
  sound: boolean;
}

/** The table of shared texts; null if it is too large to keep. */
async function sharedStrings(
  zip: Buffer,
  entry: ZipEntry | undefined,
): Promise<SharedStrings | null> {
  const strings: string[] = [];
  if (!entry) return { strings, sound: true };
  let length = 0;
  let current = '';
  let inText = false;
  let phonetic = false;
  const xml = createXml({
    open(name) {
      if (name === 'si') current = '';
      else if (name === 't') inText = !phonetic;
      else if (name === 'rPh') phonetic = true;
    },
    close(name) {
      if (name === 'si') strings.push(current);
      else if (name === 't') inText = false;
      else if (name === 'rPh') phonetic = false;
    },
    text(text) {
      if (!inText) return;
      current += text;
      length += text.length;
    },
  });
  try {
    for await (const piece of unpacked(zip, entry)) {
      xml.write(piece);
      if (length + strings.length * 16 > SHARED_MAX) return null;
    }
    xml.end();
  } catch {
    // A cut-off table still resolves the cells whose strings came before the cut.
    return { strings, sound: false };
  }
  return { strings, sound: xml.sound() };
}

/** Workbooks made on old Macs count days from 1904. */
async function usesEpoch1904(zip: Buffer, entry: ZipEntry | undefined): Promise<boolean> {
  let found = false;
  if (!entry) return found;
  const xml = createXml({
    open(name, { date1904: value }) {
      if (name !== 'workbookPr') return;
      if (value === '1' || value === 'true') found = true;
    },
    close() {},
    text() {},
  });
  try {
    for await (const piece of unpacked(zip, entry)) xml.write(piece);
  } catch {
    return found;
  }
  return found;
}

const TRUNCATED = 'The workbook is cut off; what could be unpacked was read. Save it again.';
const NO_SHEETS =
  'This looks like a zip archive without worksheets. Send X12, FHIR JSON, CSV, xlsx or text.';
const TOO_LARGE = 'This workbook is too large to read at once. Save its sheets as CSV.';
const BROKEN = 'A worksheet is damaged; the rows before the damage were read. Save it again.';
const FAULTY = 'A worksheet is not well-formed XML; what could be read was read. Save it again.';
const BROKEN_TEXTS = 'The texts of the workbook are damaged, so cells may be empty. Save it again.';

function problem(reason: string, message: string) {
  return { type: 'problem' as const, line: 1, field: null, reason, message };
}
