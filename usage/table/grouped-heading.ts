import type { Role } from './column-phrases.ts';
import { columnFor } from './columns.ts';
import type { Row } from './csv-rows.ts';

/** Roles a group's name can sharpen or overrule: "Date" below "Service", "NPI" below "Billing". */
const VAGUE = new Set<Role>(['other', 'label', 'price', 'code', 'date', 'npi', 'clinician']);
/** A heading of this rank says by itself what the column is. */
const CLEAR = 8;

/**
 * A heading of two rows, the upper one with merged cells ("Patient", "Service", "Provider"): the
 * lower row with the group's name before each heading that is unclear without it. Where the row
 * above is no row of groups the heading comes back as it is.
 */
export function withGroups(header: Row, above: Row | undefined): Row {
  if (!above || above.row !== header.row - 1 || !isGroups(above, header)) return header;
  let group = '';
  const cells = header.cells.map((cell, index) => {
    group = (above.cells[index] ?? '').trim() || group;
    const own = columnFor(cell);
    if (group === '' || cell.trim() === '' || !VAGUE.has(own.role)) return cell;
    if (own.rank >= CLEAR && own.role !== 'clinician') return cell;
    const both = `${group} ${cell}`;
    return own.role === 'npi' || columnFor(both).role !== 'other' ? both : cell;
  });
  return { ...header, cells };
}

/** Several names with gaps between them, where the row below has none. */
function isGroups(above: Row, header: Row): boolean {
  const filled = (row: Row) => row.cells.filter((cell) => cell.trim() !== '').length;
  const names = above.cells.every((cell) => !/\d|:/.test(cell) && cell.length <= 40);
  return names && filled(above) >= 2 && filled(above) < filled(header);
}
