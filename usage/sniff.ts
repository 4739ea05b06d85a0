import { columnFor } from './table/columns.ts';
import { delimiterOf, widths } from './table/csv.ts';
import { createDecoder, encodingOf } from './decode.ts';
import type { Format } from './finding.ts';
import { isHeaderRow } from './table/layout.ts';
import { isLandmark } from './x12/delimiters.ts';

/** What a file is: a format that can be read, or what it looks like instead. */
export type Sniffed = { format: Format } | { looksLike: string };

/** Bytes needed to tell. */
export const SNIFF_BYTES = 64 * 1024;

/** Signatures of files that hold no records, at offset 0. */
const SIGNATURES: readonly [string, string][] = [
  ['%PDF', 'a PDF document; export the records as CSV instead'],
  ['\x89PNG', 'a picture (PNG)'],
  ['\xff\xd8\xff', 'a picture (JPEG)'],
  ['GIF8', 'a picture (GIF)'],
  ['II*\x00', 'a picture (TIFF)'],
  ['MM\x00*', 'a picture (TIFF)'],
  ['\x1f\x8b', 'a gzip archive; unpack it first'],
  ['BZh', 'a bzip2 archive; unpack it first'],
  ['\xfd7zXZ', 'an xz archive; unpack it first'],
  ['7z\xbc\xaf', 'a 7-Zip archive; unpack it first'],
  ['Rar!', 'a RAR archive; unpack it first'],
  ['\x28\xb5\x2f\xfd', 'a zstd archive; unpack it first'],
  ['\xd0\xcf\x11\xe0', 'an old Excel or Word file; save it as .xlsx or CSV'],
  ['{\\rtf', 'a rich text document; save it as plain text'],
  ['SQLite format 3', 'an SQLite database'],
  ['PAR1', 'a Parquet file; export it as CSV'],
  ['\x7fELF', 'a program'],
  ['MZ', 'a program'],
];

/** Tells from the first bytes of a file what it is. The file's name is of no interest. */
export function sniff(first: Uint8Array): Sniffed {
  if (first.length === 0) return { looksLike: 'an empty file' };
  const latin = Buffer.from(first.subarray(0, 4096)).toString('latin1');
  const signature = SIGNATURES.find(([mark]) => latin.startsWith(mark));
  if (signature && !(signature[0] === 'MZ' && !latin.includes('\0')))
    return { looksLike: signature[1] };
  if (latin.startsWith('PK\x03\x04')) return zip(latin);
  const encoding = encodingOf(first);
  const decoder = createDecoder(encoding);
  const text = decoder.write(first.subarray(0, SNIFF_BYTES)) + decoder.end();
  if (looksBinary(text)) return { looksLike: 'a binary file' };
  return fromText(text);
}

/** True for files that hold no text at all, whatever their kind is said to be. */
export function isBinary(first: Uint8Array): boolean {
  const latin = Buffer.from(first.subarray(0, 64)).toString('latin1');
  if (SIGNATURES.some(([mark]) => latin.startsWith(mark) && mark !== 'MZ')) return true;
  const decoder = createDecoder(encodingOf(first));
  return looksBinary(decoder.write(first.subarray(0, SNIFF_BYTES)) + decoder.end());
}

function zip(latin: string): Sniffed {
  if (latin.includes('word/')) return { looksLike: 'a Word document; save it as plain text' };
  if (latin.includes('ppt/')) return { looksLike: 'a presentation' };
  if (latin.includes('mimetypeapplication/vnd.oasis'))
    return { looksLike: 'an OpenDocument file; save it as .xlsx or CSV' };
  const workbook =
    latin.includes('xl/') || latin.includes('[Content_Types].xml') || latin.includes('_rels/');
  return workbook ? { format: 'xlsx' } : { looksLike: 'a zip archive; unpack it first' };
}

function looksBinary(text: string): boolean {
  let control = 0;
  const length = Math.min(text.length, 8192);
  for (let i = 0; i < length; i++) {
    const char = text.charCodeAt(i);
    if (char === 0 || (char < 32 && (char < 7 || char > 13) && char !== 26 && char !== 27))
      control++;
  }
  return control > 0 && control > length / 50;
}

function fromText(text: string): Sniffed {
  const trimmed = text.trimStart();
  if (trimmed === '') return { looksLike: 'an empty file' };
  if (hasX12(trimmed)) return { format: 'x12' };
  if (trimmed[0] === '{' || trimmed[0] === '[') {
    if (text.includes('"resourceType"')) return { format: 'fhir' };
    if (isJson(trimmed)) return { looksLike: 'JSON that is no FHIR resource' };
  }
  const start = trimmed.slice(0, 512).toLowerCase();
  if (start.startsWith('<!doctype html') || start.startsWith('<html'))
    return { looksLike: 'a web page (HTML)' };
  if (start.startsWith('<?xml') || start.startsWith('<clinicaldocument'))
    return { looksLike: 'an XML document' };
  if (hasFhirLine(text)) return { format: 'fhir' };
  return { format: isTable(text) ? 'csv' : 'text' };
}

/** An ISA segment on any line, or a file that opens with a transaction set of its own. */
function hasX12(text: string): boolean {
  for (let at = text.indexOf('ISA'); at >= 0; at = text.indexOf('ISA', at + 3)) {
    const before = at === 0 ? '\n' : text[at - 1]!;
    const separator = text[at + 3] ?? '';
    if (!isSeparator(separator) || (before > ' ' && !isSeparator(before))) continue;
    if (text.slice(at, at + 400).split(separator).length >= 16) return true;
  }
  const separator = text[2] ?? '';
  const other = text[3] ?? '';
  const opens = (tag: string, mark: string) =>
    isSeparator(mark) && text.startsWith(tag + mark) && isFollowed(text, mark);
  if (opens('GS', separator) || opens('ST', separator)) return true;
  if (opens('HL', separator) || opens('LX', separator)) return true;
  return (
    ['BHT', 'BPR', 'CLM', 'CLP', 'NM1', 'SV1', 'SVC'].some((tag) => opens(tag, other)) &&
    text.split(other).length > 6 &&
    other !== ','
  );
}

/** A second segment with the same separator follows: `SVC_DT|...` alone heads a column. */
function isFollowed(text: string, separator: string): boolean {
  return text
    .slice(0, 4096)
    .split(separator)
    .slice(1)
    .some((piece) => {
      const tag = /[A-Z][A-Z0-9]{1,2}$/.exec(piece)?.[0] ?? '';
      const before = piece.charAt(piece.length - tag.length - 1);
      return isLandmark(tag) && before !== '' && !/[A-Za-z0-9]/.test(before);
    });
}

function isSeparator(char: string): boolean {
  return char !== '' && char > ' ' && !/[A-Za-z0-9]/.test(char);
}

function isJson(trimmed: string): boolean {
  const next = trimmed.slice(1, 200).trimStart()[0] ?? '';
  return trimmed[0] === '{' ? next === '"' || next === '}' : '[{"]'.includes(next || '!');
}

function hasFhirLine(text: string): boolean {
  return text
    .split('\n')
    .some((line) => line.trimStart().startsWith('{') && line.includes('"resourceType"'));
}

function isColumn(cell: string): boolean {
  return columnFor(cell.replaceAll('"', '').trim()).role !== 'other';
}

/** Delimited with a heading that names known columns, or many lines of one width. */
function isTable(text: string): boolean {
  const delimiter = delimiterOf(text);
  if (delimiter === null) return false;
  const lines = text.split(/\r\n|\r|\n/, 40);
  const heading = lines.some((line) =>
    isHeaderRow({
      cells: line.split(delimiter).map((cell) => cell.replaceAll('"', '').trim()),
      row: 1,
      line: 1,
    }),
  );
  const found = widths(text, delimiter);
  // One line alone is a table only if it names columns and nothing else.
  if (heading) return found.length > 1 || text.split(delimiter).every(isColumn);
  const wide = found.filter((width) => width >= 3 && width === found[0]);
  return wide.length >= 3 && wide.length >= found.length * 0.8;
}
