import type { Row } from '../table/csv-rows.ts';
import { createSheet } from './xlsx-sheet.ts';
import { openWorkbook } from './xlsx.ts';

/** Characters of all cells that are kept: a workbook may unpack to far more than its size. */
const KEPT_MAX = 40_000_000;

/**
 * The rows of every worksheet as texts, at most `rowsMax` of each; null when the workbook is
 * damaged or unpacks to too much.
 */
export async function readSheets(zip: Buffer, rowsMax: number): Promise<Row[][] | null> {
  const workbook = await openWorkbook(zip);
  if (!workbook) return null;
  const sheets: Row[][] = [];
  let kept = 0;
  for (const { pieces } of workbook.sheets) {
    const rows: Row[] = [];
    const sheet = createSheet(workbook.texts, (row) => {
      if (rows.length >= rowsMax) return;
      rows.push(row);
      for (const cell of row.cells) kept += cell?.length ?? 0;
    });
    try {
      for await (const xml of pieces()) {
        sheet.write(xml);
        if (kept > KEPT_MAX) return null;
        if (rows.length >= rowsMax) break;
      }
      if (rows.length < rowsMax) {
        sheet.end();
        if (!sheet.sound()) return null;
      }
    } catch {
      return null;
    }
    sheets.push(rows);
  }
  return sheets;
}
