import { problem } from '../http/errors.ts';
import {
  broken,
  fieldOf,
  ROW_CHARACTERS,
  type RawRow,
  type RosterReader,
  type RosterSink,
} from './columns.ts';

/**
 * Reads a roster of JSON objects: a list of them, a list under the key `clinicians`, or one object
 * a line. Objects are cut out of the text and parsed one by one: a document of 50 MB parsed in
 * whole takes gigabytes, and nothing else is answered meanwhile. Throws `invalid_json`.
 */
export function createJsonReader(sink: RosterSink): RosterReader {
  let head = '';
  let reader: RosterReader | null = null;

  /** Decides how the text is to be read, once enough of it is there. */
  function decide(atEnd: boolean): void {
    const start = head.search(/\S/);
    if (start < 0 && !atEnd) return;
    const list = head[start] === '[' ? start + 1 : listStart(head);
    if (list === null && !atEnd && head.length <= ROW_CHARACTERS) return;
    if (typeof list === 'number') reader = createListReader(sink, head[start] === '[' ? 0 : 1);
    else reader = createLineReader(sink);
    reader.write(typeof list === 'number' ? head.slice(list) : head);
    head = '';
  }

  return {
    write(text) {
      if (reader) return reader.write(text);
      head += text;
      decide(false);
    },
    end() {
      if (!reader) decide(true);
      reader?.end();
    },
  };
}

/**
 * Where the list under `clinicians` begins in a text that opens with an object; 'none' when the
 * object ends without one; null when more of it is needed to tell.
 */
function listStart(text: string): number | 'none' | null {
  let depth = 0;
  let key = '';
  let name = '';
  const tokens = /"(?:[^"\\]|\\.)*"|[[\]{}:]|[^\s"[\]{}:]+/gsy;
  tokens.lastIndex = text.search(/\S/);
  for (let token = tokens.exec(text); token; token = tokens.exec(text)) {
    const [word] = token;
    if (depth === 1 && word === '[' && key === '"clinicians"') return tokens.lastIndex;
    if (word === '{' || word === '[') depth += 1;
    else if (word === '}' || word === ']') depth -= 1;
    if (depth === 0) return 'none';
    key = word === ':' && depth === 1 ? name : '';
    name = word;
    while (/\s/.test(text.charAt(tokens.lastIndex))) tokens.lastIndex += 1;
  }
  return null;
}

/** Reads the elements of a list, whose opening bracket was read; `around` objects enclose it. */
function createListReader(sink: RosterSink, around: number): RosterReader {
  let element = '';
  let count = 0;
  let depth = 0;
  let quoted = false;
  let escaped = false;
  /** How many ends are still to come after the list's own: null while the list is open. */
  let open: number | null = null;

  function emit(text: string, last: boolean): void {
    if (last && count === 0 && text.trim() === '') return;
    count += 1;
    sink.row(rowOf(parsed(text), count, sink));
  }

  /** Looks at one sign of the list; true when an element ends with it. */
  function ends(sign: number): boolean {
    if (quoted) {
      if (escaped) escaped = false;
      else if (sign === BACKSLASH) escaped = true;
      else if (sign === QUOTE) quoted = false;
      return false;
    }
    if (sign === QUOTE) quoted = true;
    else if (sign === OPEN_BRACKET || sign === OPEN_BRACE) depth += 1;
    else if (sign === CLOSE_BRACE) depth -= 1;
    else if (sign === CLOSE_BRACKET) {
      if (depth === 0) return true;
      depth -= 1;
    } else return sign === COMMA && depth === 0;
    return false;
  }

  function inList(text: string): number {
    let from = 0;
    for (let at = 0; at < text.length; at += 1) {
      const sign = text.charCodeAt(at);
      if (!ends(sign)) continue;
      emit(element + text.slice(from, at), sign === CLOSE_BRACKET);
      element = '';
      from = at + 1;
      if (sign !== CLOSE_BRACKET) continue;
      open = around;
      return from;
    }
    element += text.slice(from);
    if (element.length > ROW_CHARACTERS) throw notJson('An object in it is too long.');
    return text.length;
  }

  /** What follows the list: what else the enclosing object holds is ignored, its end is needed. */
  function afterList(text: string): void {
    for (const sign of text) {
      if (open === 0 && sign.trim() !== '') throw notJson('Something follows its end.');
      if (sign === '"' && !escaped) quoted = !quoted;
      escaped = quoted && sign === '\\' && !escaped;
      if (quoted) continue;
      if (sign === '{' || sign === '[') open = (open ?? 0) + 1;
      if (sign === '}' || sign === ']') open = (open ?? 0) - 1;
    }
  }

  return {
    write(text) {
      const rest = open === null ? text.slice(inList(text)) : text;
      if (rest !== '') afterList(rest);
    },
    end() {
      if (open !== 0) throw notJson('Its end is missing.');
    },
  };
}

const QUOTE = 34;
const COMMA = 44;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** Reads one object a line. */
function createLineReader(sink: RosterSink): RosterReader {
  let rest = '';
  let line = 0;
  let good = false;

  function read(text: string): void {
    line += 1;
    if (text.trim() === '') return;
    const value = tried(text);
    const row =
      value === undefined
        ? broken(line, 'bad_json', 'The line is not a JSON object.')
        : rowOf(value, line, sink);
    if (!row.broken) good = true;
    sink.row(row);
  }

  return {
    write(text) {
      rest += text;
      // A return at the very end may be half of a line's end.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      if (rest.length > ROW_CHARACTERS) throw notJson('A line of it is too long.');
      for (const one of lines) read(one);
    },
    end() {
      read(rest);
      // One long broken document is one error, not a thousand broken rows.
      if (!good) throw problem('invalid_json');
    },
  };
}

function rowOf(value: unknown, line: number, sink: RosterSink): RawRow {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return broken(line, 'not_an_object', 'The row is not a JSON object.');
  const row: RawRow = { line, cells: {} };
  for (const [key, content] of Object.entries(value)) {
    const field = fieldOf(key);
    if (!field) sink.ignored(key.slice(0, 100));
    else if (content === null) row.cells[field] = '';
    else if (typeof content === 'string' || typeof content === 'number')
      row.cells[field] = String(content);
    else return broken(line, 'not_text', `The field ${field} is neither text nor a number.`);
  }
  return row;
}

function parsed(text: string): unknown {
  const value = tried(text);
  if (value === undefined) throw notJson('An object in it cannot be read.');
  return value;
}

function tried(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function notJson(message: string): Error {
  return problem('invalid_json', { message: `The roster is not valid JSON. ${message}` });
}
