/** A delimited row: its cells, its number among all rows and the line it starts on, from 1. */
export interface Row {
  cells: string[];
  row: number;
  line: number;
  /** The worksheet's number in a workbook. */
  sheet?: number;
}

export interface RowSink {
  row(row: Row): void;
  /** A quote was never closed; it was read as a plain character. */
  openQuote(line: number): void;
}

/**
 * A quoted cell longer than this is no cell but a quote nobody closed. It is then read as a plain
 * character, so that one stray quote costs one row and not the rest of the file.
 */
const QUOTED_MAX = 64 * 1024;
/** A line longer than this is cut into rows of this size: no record is that long. */
const ROW_MAX = 1024 * 1024;

const QUOTE = '"';

/**
 * Cuts text into rows, whatever the pieces it arrives in: RFC 4180 with any one-character
 * delimiter, any line ending, quotes inside plain cells, and quotes nobody closed. Written here
 * because no parser we know recovers from an unclosed quote without reading the rest into memory.
 */
export function createRows(delimiter: string, sink: RowSink) {
  let buffer = '';
  let line = 1;
  let row = 0;
  let afterReturn = false;

  function emit(cells: string[], lines: number): void {
    row++;
    if (cells.length > 1 || cells[0] !== '') sink.row({ cells, row, line });
    line += lines;
  }

  /** Reads one row from `from`; gives where the next begins, or -1 when more input is needed. */
  function one(from: number, atEnd: boolean): number {
    const most = from + ROW_MAX;
    const end = lineEnd(buffer, from);
    if (end < 0 && !atEnd && buffer.length <= most) return -1;
    const stop = Math.min(end < 0 ? buffer.length : end, most);
    const quote = buffer.indexOf(QUOTE, from);
    if (quote >= 0 && quote < stop) {
      const found = quotedRow(buffer, from, delimiter, atEnd);
      if (!found && buffer.length <= most) return -1;
      if (found && found.end <= most) {
        if (found.stray) sink.openQuote(line);
        const whole = found.end < buffer.length;
        emit(found.cells, found.lines + (whole ? 1 : 0));
        return whole ? afterLine(found.end) : found.end;
      }
    }
    emit(buffer.slice(from, stop).split(delimiter), stop === end ? 1 : 0);
    return stop === end ? afterLine(end) : stop;
  }

  function afterLine(end: number): number {
    if (buffer.charCodeAt(end) !== 13) return end + 1;
    if (end + 1 < buffer.length) return buffer.charCodeAt(end + 1) === 10 ? end + 2 : end + 1;
    afterReturn = true;
    return end + 1;
  }

  function read(atEnd: boolean): void {
    let at = 0;
    while (at < buffer.length) {
      const next = one(at, atEnd);
      if (next < 0) break;
      at = next;
    }
    buffer = buffer.slice(at);
  }

  return {
    write(text: string): void {
      if (text === '') return;
      // A line feed at the start of a piece may belong to the return that ended the last one.
      const skip = afterReturn && text.charCodeAt(0) === 10;
      afterReturn = false;
      buffer += skip ? text.slice(1) : text;
      read(false);
    },
    end(): void {
      read(true);
    },
    count: () => row,
  };
}

interface QuotedRow {
  cells: string[];
  /** Where the row's line ends. */
  end: number;
  /** Line breaks inside its cells. */
  lines: number;
  /** A quote in it was no quote. */
  stray: boolean;
}

/** The slow way: a row in which a quote occurs. Null when more input is needed. */
function quotedRow(
  text: string,
  from: number,
  delimiter: string,
  atEnd: boolean,
): QuotedRow | null {
  const row: QuotedRow = { cells: [], end: from, lines: 0, stray: false };
  for (let at = from; ;) {
    const open = skipSpaces(text, at, delimiter);
    const close = text.charAt(open) === QUOTE ? closing(text, open, delimiter, atEnd) : NONE;
    if (close === MORE) return null;
    let cell = '';
    if (close >= 0) {
      cell = text.slice(open + 1, close).replaceAll('""', QUOTE);
      row.lines += newlines(text, open, close);
    } else if (text.charAt(open) === QUOTE) row.stray = true;
    const rest = close >= 0 ? close + 1 : at;
    row.end = cellEnd(text, rest, delimiter);
    if (row.end === text.length && !atEnd) return null;
    // Blanks between a closing quote and the delimiter are no content.
    row.cells.push(close >= 0 ? cell : text.slice(rest, row.end));
    if (!text.startsWith(delimiter, row.end)) return row;
    at = row.end + 1;
  }
}

const MORE = -1;
const NONE = -2;

/** The closing quote of a cell: its place, MORE when more input is needed, NONE without one. */
function closing(text: string, open: number, delimiter: string, atEnd: boolean): number {
  for (let at = open + 1; ;) {
    const close = text.indexOf(QUOTE, at);
    if (close < 0 || close - open > QUOTED_MAX)
      return close < 0 && !atEnd && text.length - open <= QUOTED_MAX ? MORE : NONE;
    if (text.charAt(close + 1) === QUOTE) {
      at = close + 2;
      continue;
    }
    // After a closing quote only blanks may stand before the delimiter or the end of the line.
    let after = close + 1;
    while (text.charCodeAt(after) === 32) after++;
    if (after === text.length) return atEnd ? close : MORE;
    const char = text.charAt(after);
    return char === delimiter || char === '\n' || char === '\r' ? close : NONE;
  }
}

function lineEnd(text: string, from: number): number {
  const feed = text.indexOf('\n', from);
  const stop = feed < 0 ? text.length : feed;
  const back = text.slice(from, stop).indexOf('\r');
  return back < 0 ? feed : from + back;
}

function cellEnd(text: string, from: number, delimiter: string): number {
  let at = from;
  const stop = delimiter.charCodeAt(0);
  for (; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === stop || char === 10 || char === 13) break;
  }
  return at;
}

function skipSpaces(text: string, from: number, delimiter: string): number {
  let at = from;
  while (text.charCodeAt(at) === 32 && delimiter !== ' ') at++;
  return text.charAt(at) === QUOTE ? at : from;
}

function newlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let nl = text.indexOf('\n', from); nl >= 0 && nl < to; nl = text.indexOf('\n', nl + 1))
    count++;
  return count;
}
