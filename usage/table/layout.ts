import type { Certainty } from '../finding.ts';
import type { Role } from './column-phrases.ts';
import { columnFor } from './columns.ts';
import { cptCode, isDigit } from '../cpt.ts';
import type { Row } from './csv-rows.ts';
import { day } from '../day.ts';

/** A column that is read: its place, and the line it belongs to where headings are numbered. */
export interface Field {
  index: number;
  line: number | null;
}

/** Which columns of a table are read for what; lists are in the order in which they are asked. */
export interface Layout {
  codes: Field[];
  services: Field[];
  modifiers: Field[];
  npis: Field[];
  names: Field[];
  firstNames: Field[];
  lastNames: Field[];
  ids: Field[];
  dates: Field[];
  statuses: Field[];
  gone: Field[];
  /** Columns that name each row's code set. */
  codeSets: Field[];
  texts: { index: number; kind: 'progress_note' | 'diagnosis' }[];
  /** A column in which a repeated heading shows itself, or -1. */
  probe: number;
  codeRule: string;
  certainty: Certainty;
  /** Why nothing in this table is a use, or null. */
  notUse: { reason: string; message: string } | null;
}

const FEE_SCHEDULE = {
  reason: 'fee_schedule',
  message:
    'This table has codes but no date, clinician, client or claim: a fee schedule or pick list, ' +
    'which is no use of a code. Nothing in it was counted.',
};

const AUTHORISATIONS = {
  reason: 'authorisations',
  message:
    'This table lists authorisations, which are no use of a code. Nothing in it was counted; ' +
    'export sessions or claims.',
};

/** A wider row is no heading but a file without line ends. */
const WIDTH_MAX = 2000;

/** True where a row is a heading: names of columns, no codes, dates or amounts. */
export function isHeaderRow(row: Row): boolean {
  if (row.cells.length > WIDTH_MAX) return false;
  let strong = 0;
  let known = 0;
  for (const cell of row.cells) {
    const text = cell.trim();
    if (text === '') continue;
    if (cptCode(text) || day(text) || (isDigit(text.charCodeAt(0)) && text !== '24D')) return false;
    if (isSentence(text)) return false;
    const { role } = columnFor(text);
    if (role !== 'other') known++;
    if (role !== 'other' && role !== 'label' && role !== 'price') strong++;
  }
  return strong >= 1 && known >= 2 && known >= row.cells.length / 4;
}

/** Headings are names; a cell that reads like a sentence heads no column. */
function isSentence(text: string): boolean {
  const words = text.split(' ').length;
  return (words > 1 && (text.endsWith('.') || text.endsWith('?'))) || words > HEADING_WORDS;
}

const HEADING_WORDS = 6;

/** The layout a heading announces; `titles` are the rows above it. */
export function layoutFromHeader(header: Row, titles: Row[]): Layout {
  const columns = header.cells.map((cell, index) => ({ index, ...columnFor(cell) }));
  const all = (role: Role): Field[] =>
    columns
      .filter((column) => column.role === role && column.rank > 0)
      .sort((a, b) => b.rank - a.rank || a.index - b.index)
      .map(({ index, line }) => ({ index, line }));
  const diagnoses = all('diagnosis');
  const best = Math.max(0, ...columns.filter((c) => c.role === 'code').map((c) => c.rank));
  // "Code, Diagnosis": a bare Code column beside diagnoses holds those.
  const codes = best <= BARE_CODE && diagnoses.length > 0 ? [] : namedCodes(all('code'), columns);
  const services = all('service');
  const dates = all('date');
  const layout: Layout = {
    codes,
    services,
    modifiers: all('modifier').sort((a, b) => a.index - b.index),
    npis: all('npi'),
    names: all('clinician'),
    firstNames: all('clinicianFirst'),
    lastNames: all('clinicianLast'),
    ids: all('clinicianId'),
    dates,
    statuses: all('status'),
    gone: all('gone'),
    codeSets: all('codeSet'),
    texts: [
      ...all('note').map(({ index }) => ({ index, kind: 'progress_note' as const })),
      ...diagnoses.map(({ index }) => ({ index, kind: 'diagnosis' as const })),
    ],
    probe: (codes[0] ?? services[0] ?? dates[0])?.index ?? -1,
    codeRule: 'csv.code',
    certainty: 'sure',
    notUse: null,
  };
  const cases = all('client').length + all('claim').length;
  layout.notUse = notUse(layout, header, titles, cases);
  return layout;
}

/** A bare "Code" beside a column that says which codes it holds may be anything. */
function namedCodes(codes: Field[], columns: readonly { index: number; rank: number }[]): Field[] {
  const named = codes.filter(({ index }) => columns[index]!.rank > BARE_CODE);
  return named.length > 0 ? named : codes;
}

/** The rank of a column headed by nothing but "Code". */
const BARE_CODE = 5;

function notUse(layout: Layout, header: Row, titles: Row[], cases: number): Layout['notUse'] {
  if (layout.codes.length + layout.services.length === 0) return null;
  const people =
    layout.names.length +
    layout.npis.length +
    layout.ids.length +
    layout.firstNames.length +
    layout.lastNames.length;
  const headings = header.cells.map((cell) => cell.toLowerCase());
  const authorised = headings.some((text) => AUTHORISING.some((word) => text.includes(word)));
  if (authorised && layout.dates.length === 0) return AUTHORISATIONS;
  if (layout.dates.length + people + cases + layout.statuses.length === 0) return FEE_SCHEDULE;
  const title = titles.map((row) => row.cells.join(' ').toLowerCase()).join(' ');
  if (title.includes('fee schedule') && cases + people === 0) return FEE_SCHEDULE;
  return null;
}

const AUTHORISING = ['authorized', 'authorised', 'auth start', 'auth end'];
