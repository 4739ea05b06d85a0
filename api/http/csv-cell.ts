/** A text that a spreadsheet would run, perhaps behind apostrophes. */
const FORMULA = /^'*\s*[=+\-@]|^'*[\t\r\n]/;

/**
 * A cell of text. What a spreadsheet would take for a formula is preceded by an apostrophe, which
 * it shows as text; quotes are doubled, and line breaks cannot leave the cell.
 */
export function quoted(text: string | null): string {
  if (text === null) return '';
  return `"${marked(text)
    .replaceAll('"', '""')
    .replace(/[\r\n]+/g, ' ')}"`;
}

/** The text, preceded by an apostrophe if a spreadsheet would run it. */
export function marked(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

/**
 * The text of a cell that `quoted` or a person has marked as text with an apostrophe; null for any
 * other cell. Such an apostrophe is no part of the text.
 */
export function markedText(cell: string): string | null {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : null;
}
