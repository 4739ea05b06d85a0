/** What the splitter tells its caller. */
export interface JsonSink {
  /**
   * An object (a resource, or an entry of a Bundle) and the line it begins on. False if it is no
   * JSON. `whole` is false for a line that only looks like one object so far.
   */
  object(text: string, line: number, whole: boolean): boolean;
  /** An object that is broken here; what follows is read on. */
  broken(line: number): void;
  /** Text outside any object; once per stretch. */
  garbage(line: number): void;
  /** The input ended inside an object. */
  truncated(line: number): void;
}

const FEED = 10;
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_LIST = 91;
const BACKSLASH = 92;
const CLOSE_LIST = 93;
const OPEN = 123;
const CLOSE = 125;

/** Where the scanner stands inside one top-level object. */
export interface Scan {
  at: number;
  line: number;
  startAt: number;
  startLine: number;
  /** Open brackets, outermost first: true for an object, false for a list. */
  nesting: boolean[];
  /** The last character that was neither blank nor inside a string; 0 at the beginning. */
  last: number;
  /** The last string seen, to know the key a value belongs to. Null for long ones. */
  text: string | null;
  /** Where the object or the Bundle's entry being captured begins. */
  captureFrom: number;
  captureLine: number;
  keepFrom: number;
  /** The object turned out to be a Bundle: its entries are captured, not itself. */
  bundle: boolean;
}

export function startScan(at: number, line: number): Scan {
  return {
    at,
    line,
    startAt: at,
    startLine: line,
    nesting: [],
    last: 0,
    text: null,
    captureFrom: at,
    captureLine: line,
    keepFrom: at,
    bundle: false,
  };
}

/** The first `by` characters of the text are gone. */
export function shift(scan: Scan, by: number): void {
  scan.at -= by;
  scan.startAt -= by;
  scan.captureFrom -= by;
  scan.keepFrom -= by;
}

/** Reads on to the end of the object, of the text, or to the first thing that is no JSON. */
export function advance(scan: Scan, text: string, sink: JsonSink): 'done' | 'more' | 'broken' {
  while (scan.at < text.length) {
    const char = text.charCodeAt(scan.at);
    if (char === QUOTE) {
      const end = stringEnd(text, scan.at);
      if (end === 0) return finishKeep(scan);
      if (end < 0) return 'broken';
      scan.text = end - scan.at < 20 ? text.slice(scan.at + 1, end) : null;
      if (scan.last === QUOTE) return 'broken';
      scan.last = QUOTE;
      scan.at = end + 1;
      continue;
    }
    if (char === FEED) scan.line++;
    else if (char === OPEN || char === OPEN_LIST) {
      if (!mayOpen(scan)) return 'broken';
      open(scan, char);
    } else if (char === CLOSE || char === CLOSE_LIST) {
      if (scan.nesting.pop() !== (char === CLOSE)) return 'broken';
      scan.last = char;
      scan.at++;
      if (!handedOver(scan, text, sink)) return 'broken';
      if (scan.nesting.length === 0) return 'done';
      continue;
    } else if (char > 32) {
      if (!mayFollow(scan, char)) return 'broken';
      scan.last = char;
    }
    scan.at++;
  }
  return finishKeep(scan);
}

function finishKeep(scan: Scan): 'more' {
  const capturing = !scan.bundle || scan.nesting.length >= 3;
  scan.keepFrom = capturing ? scan.captureFrom : scan.at;
  return 'more';
}

/** An object or list opens after a colon, or in a list after its bracket or a comma. */
function mayOpen(scan: Scan): boolean {
  if (scan.nesting.length === 0) return scan.last === 0;
  if (scan.nesting[scan.nesting.length - 1]) return scan.last === COLON;
  return scan.last === OPEN_LIST || scan.last === COMMA;
}

/** Outside strings JSON knows only punctuation, numbers and three words. */
function mayFollow(scan: Scan, char: number): boolean {
  if (char === COMMA) return scan.last !== COMMA && scan.last !== COLON;
  if (char === COLON) return scan.last === QUOTE;
  const inObject = scan.nesting[scan.nesting.length - 1];
  return !(inObject && (scan.last === COMMA || scan.last === OPEN)) && scan.last !== QUOTE;
}

function open(scan: Scan, char: number): void {
  const depth = scan.nesting.length;
  if (depth === 1 && char === OPEN_LIST && scan.text === 'entry') scan.bundle = true;
  if (scan.bundle && depth === 2 && char === OPEN) {
    scan.captureFrom = scan.at;
    scan.captureLine = scan.line;
  }
  scan.nesting.push(char === OPEN);
  scan.last = char;
}

/** A bracket has closed: hands over the entry or object that ends here. False if it is broken. */
function handedOver(scan: Scan, text: string, sink: JsonSink): boolean {
  const depth = scan.nesting.length;
  const ends = scan.bundle ? depth === 2 && scan.last === CLOSE : depth === 0;
  return !ends || sink.object(text.slice(scan.captureFrom, scan.at), scan.captureLine, true);
}

/** The closing quote of the string opening at `at`; 0 when more is needed, -1 when broken. */
function stringEnd(text: string, at: number): number {
  let end = at;
  for (;;) {
    end = text.indexOf('"', end + 1);
    if (end < 0) return text.indexOf('\n', at) >= 0 ? -1 : 0;
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) break;
  }
  // JSON strings hold no raw line break: a missing quote is noticed on its own line.
  const feed = end - at > 64 ? text.slice(at, end).indexOf('\n') : feedWithin(text, at, end);
  return feed >= 0 ? -1 : end;
}

function feedWithin(text: string, from: number, to: number): number {
  for (let at = from; at < to; at++) if (text.charCodeAt(at) === FEED) return at;
  return -1;
}
