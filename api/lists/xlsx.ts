import type { Readable } from 'node:stream';
import { escapeHtml } from '../../core/escape-html.ts';
import type { Cell, CellKind, Sheet } from './columns.ts';
import { zipOf, type ZipPart } from './zip.ts';

/** Rows of one sheet: Excel holds 1,048,576. What is more goes on in another sheet. */
const SHEET_ROWS = 1_000_000;
/** Characters that are packed at a time. */
const PIECE = 64 * 1024;

/** The numbers of the cell styles in STYLES. */
const STYLE = { text: 0, head: 1, money: 2, day: 3, number: 0 } as const;
const WIDTH = { text: 18, money: 12, number: 10, day: 12 } as const;

/**
 * Tables as an Excel workbook, a sheet or more each, piece by piece: rows are packed as they are
 * read. Days are dates, money is a number with two decimals, and text is never a formula.
 */
export function xlsxOf(sheets: readonly Sheet[]): Readable {
  return zipOf(partsOf(sheets));
}

async function* partsOf(sheets: readonly Sheet[]): AsyncGenerator<ZipPart> {
  const names: string[] = [];
  for (const { name, columns, rows } of sheets) {
    const reader = rows[Symbol.asyncIterator]();
    const state = { done: false };
    for (let part = 1; !state.done; part += 1) {
      names.push(part === 1 ? name : `${name} ${part}`);
      yield {
        name: `xl/worksheets/sheet${names.length}.xml`,
        content: worksheet(columns, reader, state),
      };
    }
  }
  yield { name: '[Content_Types].xml', content: [contentTypes(names.length)] };
  yield { name: '_rels/.rels', content: [ROOT] };
  yield { name: 'xl/workbook.xml', content: [workbook(names)] };
  yield { name: 'xl/_rels/workbook.xml.rels', content: [relations(names.length)] };
  yield { name: 'xl/styles.xml', content: [STYLES] };
}

/** A sheet with as many of the rows as fit; `state.done` says whether all are written. */
async function* worksheet(
  columns: Sheet['columns'],
  rows: AsyncIterator<Cell[]>,
  state: { done: boolean },
): AsyncGenerator<string> {
  const letters = columns.map((_, at) => letterOf(at));
  const cols = columns.map(
    ({ kind, width = WIDTH[kind] }, at) =>
      `<col min="${at + 1}" max="${at + 1}" width="${width}" customWidth="1"/>`,
  );
  const heads = columns.map(({ head }, at) => textCell(`${letters[at]}1`, head, STYLE.head));
  let piece =
    `${XML}<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0">` +
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' +
    `</sheetView></sheetViews><cols>${cols.join('')}</cols>` +
    `<sheetData><row r="1">${heads.join('')}</row>`;
  let whole = false;
  try {
    for (let line = 2; line <= SHEET_ROWS; line += 1) {
      const next = await rows.next();
      if (next.done) {
        state.done = true;
        break;
      }
      const cells = columns.map(({ kind }, at) =>
        cellOf(`${letters[at]}${line}`, kind, next.value[at] ?? null),
      );
      piece += `<row r="${line}">${cells.join('')}</row>`;
      if (piece.length < PIECE) continue;
      yield piece;
      piece = '';
    }
    yield `${piece}</sheetData></worksheet>`;
    whole = true;
  } finally {
    // Whoever stops reading early also stops the cursor behind the rows.
    if (!whole) await rows.return?.();
  }
}

function cellOf(at: string, kind: CellKind, cell: Cell): string {
  if (cell === null) return '';
  if (kind === 'day') return `<c r="${at}" s="${STYLE.day}"><v>${serialDay(String(cell))}</v></c>`;
  if (typeof cell === 'number') {
    const value = kind === 'money' ? cell / 100 : cell;
    return `<c r="${at}" s="${STYLE[kind]}"><v>${value}</v></c>`;
  }
  return textCell(at, cell, STYLE.text);
}

/** Signs that XML cannot hold, and halves of pairs. */
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;
/** Characters in one cell of Excel. */
const CELL_MAX = 32_767;

function textCell(at: string, text: string, style: number): string {
  const content = escapeHtml(text.slice(0, CELL_MAX).replace(UNWRITABLE, '\ufffd'));
  const inside = `<is><t xml:space="preserve">${content}</t></is>`;
  return `<c r="${at}" s="${style}" t="inlineStr">${inside}</c>`;
}

/** Days since December 30, 1899, as Excel counts them. */
function serialDay(iso: string): number {
  return Math.round(Date.parse(`${iso}T00:00:00Z`) / 86_400_000) + 25_569;
}

function letterOf(at: number): string {
  return at < 26
    ? String.fromCharCode(65 + at)
    : `${letterOf(Math.floor(at / 26) - 1)}${letterOf(at % 26)}`;
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const FORMATS = 'http://schemas.openxmlformats.org';
const MAIN = `${FORMATS}/spreadsheetml/2006/main`;
const RELATION = `${FORMATS}/officeDocument/2006/relationships`;
const PACKAGE = `${FORMATS}/package/2006`;
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

const ROOT =
  `${XML}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" ` +
  `Type="${RELATION}/officeDocument" Target="xl/workbook.xml"/></Relationships>`;

const STYLES =
  `${XML}<styleSheet xmlns="${MAIN}"><numFmts count="1">` +
  '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>' +
  '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>' +
  '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>' +
  '<fills count="2"><fill><patternFill patternType="none"/></fill>' +
  '<fill><patternFill patternType="gray125"/></fill></fills>' +
  '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>' +
  '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>' +
  `<cellXfs count="4">${xf(0, 0)}${xf(0, 1)}${xf(4, 0)}${xf(164, 0)}</cellXfs></styleSheet>`;

function xf(format: number, font: number): string {
  return (
    `<xf numFmtId="${format}" fontId="${font}" fillId="0" borderId="0" xfId="0" ` +
    'applyNumberFormat="1" applyFont="1"/>'
  );
}

function contentTypes(sheets: number): string {
  const parts = Array.from(
    { length: sheets },
    (_, at) =>
      `<Override PartName="/xl/worksheets/sheet${at + 1}.xml" ` +
      `ContentType="${TYPE}.worksheet+xml"/>`,
  );
  return (
    `${XML}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ` +
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
    '<Default Extension="xml" ContentType="application/xml"/>' +
    `<Override PartName="/xl/workbook.xml" ContentType="${TYPE}.sheet.main+xml"/>` +
    `<Override PartName="/xl/styles.xml" ContentType="${TYPE}.styles+xml"/>` +
    `${parts.join('')}</Types>`
  );
}

function workbook(names: readonly string[]): string {
  const sheets = names.map(
    (name, at) => `<sheet name="${escapeHtml(name)}" sheetId="${at + 1}" r:id="rId${at + 1}"/>`,
  );
  return (
    `${XML}<workbook xmlns="${MAIN}" xmlns:r="${RELATION}">` +
    `<sheets>${sheets.join('')}</sheets></workbook>`
  );
}

function relations(sheets: number): string {
  const all = Array.from(
    { length: sheets },
    (_, at) =>
      `<Relationship Id="rId${at + 1}" Type="${RELATION}/worksheet" ` +
      `Target="worksheets/sheet${at + 1}.xml"/>`,
  );
  return (
    `${XML}<Relationships xmlns="${PACKAGE}/relationships">${all.join('')}` +
    `<Relationship Id="rId${sheets + 1}" Type="${RELATION}/styles" Target="styles.xml"/>` +
    '</Relationships>'
  );
}
