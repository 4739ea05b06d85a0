import { columnFor } from './columns.ts';
import { isDigit } from '../cpt.ts';
import { isDayFirst } from '../day.ts';
import type { Row } from './csv-rows.ts';
import type { Certainty, Clinician, Sink } from '../finding.ts';
import { withGroups } from './grouped-heading.ts';
import { isHeaderRow, type Layout, layoutFromHeader } from './layout.ts';
import { layoutFromContent } from './layout-content.ts';
import { labelAt } from '../text/note-labels.ts';
import { clinicianOf, codesOf, dateOf, isRowGone } from './row-fields.ts';

/** Rows looked at before the reader settles for a table without a heading. */
const HEADER_WITHIN = 40;

/** Rows looked at below a heading before the first is read: how its dates are written. */
const SAMPLE = 50;

/** Finds mentions of codes in one cell of running text; clinician and date come from the row. */
export type CellScanner = (
  text: string,
) => { code: string; modifiers: string[]; certainty: Certainty; rule: string }[];

/**
 * Turns the rows of any table (CSV, TSV, a worksheet) into findings: columns get their roles from
 * the heading or, without one, from what they contain; then each row is read by those roles.
 */
export function createRowReader(
  sink: Sink,
  scanText: CellScanner,
  { epoch1904 = false }: { epoch1904?: boolean } = {},
) {
  let waiting: Row[] = [];
  let layout: Layout | null = null;
  /** The last row taken for a heading. */
  let heading: Row | undefined;
  /** Rows below the heading that wait until it is known how the dates are written. */
  let sample: Row[] | null = null;
  let dayFirst = false;
  let records = 0;
  /** A line such as "Clinician: Dana Whitlock" above the rows it speaks of. */
  let section: Clinician | null = null;

  function use(next: Layout, line: number): void {
    layout = next;
    sample = [];
    if (next.notUse) sink({ type: 'problem', line, field: null, ...next.notUse });
  }

  function useHeading(row: Row, titles: Row[]): void {
    use(layoutFromHeader(withGroups(row, titles.at(-1) ?? heading), titles), row.line);
    heading = row;
  }

  function settle(): void {
    if (!layout && waiting.length > 0) use(layoutFromContent(waiting), waiting[0]!.line);
    const rows = waiting;
    waiting = [];
    rows.forEach(below);
  }

  function below(row: Row): void {
    if (!sample) return read(row);
    sample.push(row);
    if (sample.length >= SAMPLE) readSample();
  }

  function readSample(): void {
    const rows = sample ?? [];
    sample = null;
    const columns = layout?.dates ?? [];
    dayFirst = isDayFirst(
      rows.flatMap((row) => columns.map(({ index }) => row.cells[index] ?? '')),
    );
    rows.forEach(below);
  }

  function read(row: Row): void {
    const current = layout!;
    if (repeatsHeading(row, current)) return useHeading(row, []);
    section = sectionIn(row) ?? section;
    records++;
    if (current.notUse) return;
    const codes = codesOf(row, current);
    if (codes.length === 0 && current.texts.length === 0) return;
    if (isRowGone(row, current)) return;
    const sheet = row.sheet === undefined ? {} : { resource: `sheet ${row.sheet}` };
    const where = { line: row.line, row: row.row, ...sheet };
    const seen = new Set<string>();
    for (const { code, modifiers, rule, line } of codes) {
      seen.add(code);
      const clinician = clinicianOrSection(row, current, line);
      const date = dateOf(row, current, line, { dayFirst, epoch1904 });
      const { certainty } = current;
      const kind = 'billing' as const;
      sink({
        type: 'finding',
        code,
        modifiers,
        kind,
        clinician,
        date,
        where,
        certainty,
        rule,
      });
    }
    for (const { index, kind } of current.texts)
      for (const found of scanText(row.cells[index] ?? '')) {
        if (seen.has(found.code)) continue;
        seen.add(found.code);
        const clinician = clinicianOrSection(row, current, null);
        const date = dateOf(row, current, null, { dayFirst, epoch1904 });
        sink({ type: 'finding', kind, clinician, date, where, ...found });
      }
  }

  function clinicianOrSection(row: Row, current: Layout, line: number | null): Clinician {
    const own = clinicianOf(row, current, line);
    return section && own.npi === null && own.name === null && own.id === null ? section : own;
  }

  return {
    row(row: Row): void {
      if (layout) return below(row);
      if (isHeaderRow(row)) {
        const titles = waiting;
        waiting = [];
        for (const title of titles) section = sectionIn(title) ?? section;
        return useHeading(row, titles);
      }
      waiting.push(row);
      if (waiting.length >= HEADER_WITHIN) settle();
    },
    /** A table ends; the next one (another worksheet) brings its own heading. */
    end(): void {
      settle();
      while (sample && sample.length > 0) readSample();
      layout = null;
      sample = null;
      heading = undefined;
      section = null;
    },
    records: () => records,
  };
}

/** A heading in the middle: pages of a report, or exports pasted together. */
function repeatsHeading(row: Row, layout: Layout): boolean {
  const cell = layout.probe < 0 ? undefined : row.cells[layout.probe];
  if (!cell || cell.length > 60) return false;
  for (let i = 0; i < cell.length; i++) if (isDigit(cell.charCodeAt(i))) return false;
  return columnFor(cell).role !== 'other' && isHeaderRow(row);
}

/** "Clinician: Dana Whitlock" in a row of one or two cells, as reports per clinician have it. */
function sectionIn(row: Row): Clinician | null {
  const [head, value, more] = row.cells.filter((cell) => cell !== '');
  if (head === undefined || more !== undefined) return null;
  const text = value === undefined ? head : `${head.replace(/:\s*$/, '')}: ${value}`;
  const colon = text.indexOf(':');
  const label = colon < 0 || text.length > 120 ? null : labelAt(text, colon);
  if (label?.type !== 'clinician' || label.value === null) return null;
  return { npi: null, name: label.value, id: null };
}
