import { createDecoder } from '../decode.ts';
import type { Row } from '../table/csv-rows.ts';
import { createSheet } from './xlsx-sheet.ts';
import { createXml } from './xml.ts';
import { unzip, zipEntries, type ZipEntry } from './zip.ts';

/** Text shared by cells, in characters, that is kept to resolve them. */
const SHARED_MAX = 40_000_000;

/** An .xlsx workbook held in memory as it came, compressed. */
export interface Workbook {
  /** False when the file was cut off. */
  whole: boolean;
  /** False when the texts that cells share are damaged, so that cells may be empty. */
  textsSound: boolean;
  /** True when days are counted from 1904, as workbooks made on old Macs do. */
  epoch1904: boolean;
  /** The worksheets in their order. */
  sheets: Sheet[];
}

export interface Sheet {
  /**
   * Unpacks the sheet piece by piece and calls `emit` with each row that is not empty. Gives the
   * characters of each piece. Throws where the sheet is damaged; returns false for bad XML.
   */
  read(emit: (row: Row) => void): AsyncGenerator<number, boolean>;
}

/** Opens a workbook; null when the texts that its cells share are too large to keep. */
export async function openWorkbook(zip: Buffer): Promise<Workbook | null> {
  const { entries, whole } = zipEntries(zip);
  const find = (name: string) => entries.find((entry) => entry.name.toLowerCase() === name);
  const texts = await sharedStrings(zip, find('xl/sharedstrings.xml'));
  if (!texts) return null;
  const sheets = entries.filter((entry) => SHEET.test(entry.name)).sort(bySheetNumber);
  return {
    whole,
    textsSound: texts.sound,
    epoch1904: await usesEpoch1904(zip, find('xl/workbook.xml')),
    sheets: sheets.map((entry) => ({ read: (emit) => readSheet(zip, entry, texts.strings, emit) })),
  };
}

/** What a sheet turned out to be: read to its end, too large, or damaged. */
export type SheetEnd = 'whole' | 'too_large' | 'damaged';

/**
 * Reads a sheet and yields after each piece, so that rows can be handed on. Stops where the sheet
 * is damaged, or has more than `most` characters of XML. Throws what `emit` throws, and calls
 * `emit` no more after that.
 */
export async function* readWithin(
  sheet: Sheet,
  most: number,
  emit: (row: Row) => void,
): AsyncGenerator<void, SheetEnd> {
  let characters = 0;
  let failure: { error: unknown } | null = null;
  const pieces = sheet.read((row) => {
    if (failure) return;
    try {
      emit(row);
    } catch (error) {
      failure = { error };
    }
  });
  const failed = () => failure;
  for (;;) {
    const piece = await pieces.next().catch(() => null);
    const thrown = failed();
    if (thrown) throw thrown.error;
    if (piece === null) return 'damaged';
    if (piece.done) return piece.value ? 'whole' : 'damaged';
    characters += piece.value;
    if (characters > most) return 'too_large';
    yield;
  }
}

const SHEET = /^xl\/worksheets\/[^/]+\.xml$/i;

function bySheetNumber(a: ZipEntry, b: ZipEntry): number {
  const number = (entry: ZipEntry) => Number(/(\d+)\.xml$/i.exec(entry.name)?.[1] ?? 0);
  return number(a) - number(b);
}

async function* readSheet(
  zip: Buffer,
  entry: ZipEntry,
  strings: string[],
  emit: (row: Row) => void,
): AsyncGenerator<number, boolean> {
  const sheet = createSheet(strings, emit);
  for await (const xml of unpacked(zip, entry)) {
    sheet.write(xml);
    yield xml.length;
  }
  sheet.end();
  return sheet.sound();
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
