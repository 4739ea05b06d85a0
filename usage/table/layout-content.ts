import { isNpi } from '../../core/npi.ts';
import { cptCode } from '../cpt.ts';
import type { Row } from './csv-rows.ts';
import { day } from '../day.ts';
import type { Field, Layout } from './layout.ts';
import { parseName } from '../person-name.ts';

/** Columns looked at; wider is no table but a file without line ends. */
const WIDTH_MAX = 500;

/**
 * The layout of a table without a heading, from its first rows. A column is the code column only
 * if it alone looks like one: every value a procedure code, beside dates or amounts, and neither
 * ascending like invoice numbers nor beside a state like a postal code. Whose row it is tells only
 * a column of NPIs: a name without a heading may as well be the client's.
 */
export function layoutFromContent(rows: Row[]): Layout {
  const width = Math.min(WIDTH_MAX, Math.max(...rows.map((row) => row.cells.length)));
  const column = (index: number) => rows.map((row) => (row.cells[index] ?? '').trim());
  const codes: Field[] = [];
  const dates: Field[] = [];
  const npis: Field[] = [];
  for (let index = 0; index < width; index++) {
    const filled = column(index).filter((value) => value !== '');
    if (filled.length === 0) continue;
    const share = (test: (value: string) => boolean) => filled.filter(test).length / filled.length;
    if (share((value) => day(value) !== null) > 0.8) dates.push({ index, line: null });
    else if (share(isProcedure) > 0.8 && share(isCpt) > 0) codes.push({ index, line: null });
    else if (share(isNpi) === 1) npis.push({ index, line: null });
  }
  const likely = codes.filter(({ index }) => !isPostal(rows, index) && !isSerial(column(index)));
  // A second column of such numbers, rising as invoices do, makes the first no more than a guess.
  const alone = !codes.some(({ index }) => isSerial(column(index)));
  const certain = likely.length === 1 && dates.length > 0 && alone;
  return {
    ...EMPTY,
    codes: likely.length === 1 ? likely : [],
    dates: dates.slice(0, 1),
    npis: npis.length === 1 ? npis : [],
    names: npis.length === 1 ? namesBeside(npis[0]!.index, column) : [],
    certainty: certain ? 'sure' : 'weak',
  };
}

const EMPTY: Layout = {
  codes: [],
  services: [],
  modifiers: [],
  npis: [],
  names: [],
  firstNames: [],
  lastNames: [],
  ids: [],
  dates: [],
  statuses: [],
  gone: [],
  codeSets: [],
  texts: [],
  probe: -1,
  codeRule: 'csv.content',
  certainty: 'sure',
  notUse: null,
};

function isCpt(value: string): boolean {
  return cptCode(value.slice(0, 5)) !== null && (value.length === 5 || '.-: '.includes(value[5]!));
}

/** CPT or a letter and four digits (HCPCS Level II), with or without modifiers. */
function isProcedure(value: string): boolean {
  return isCpt(value) || (value.length >= 5 && cptCode(`1${value.slice(1, 5)}`) !== null);
}

function isPostal(rows: Row[], index: number): boolean {
  return rows.some((row) => /^[A-Z]{2}$/.test((row.cells[index - 1] ?? '').trim()));
}

function isSerial(values: string[]): boolean {
  const numbers = values.map(Number).filter((value) => Number.isFinite(value));
  const rising = numbers.every((value, i) => i === 0 || value > numbers[i - 1]!);
  return numbers.length > 2 && rising;
}

/** The column next to the NPIs that holds nothing but names, one and the same for each NPI. */
function namesBeside(index: number, column: (index: number) => string[]): Field[] {
  const npis = column(index);
  const beside = [index - 1, index + 1].filter((at) => {
    const nameOf = new Map<string, string>();
    return column(at).every((name, row) => {
      const known = nameOf.get(npis[row]!) ?? name;
      nameOf.set(npis[row]!, known);
      return known === name && !/\d/.test(name) && parseName(name) !== null;
    });
  });
  return beside.length === 1 ? [{ index: beside[0]!, line: null }] : [];
}
