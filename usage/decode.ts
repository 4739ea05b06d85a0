import { isAscii, isUtf8 } from 'node:buffer';

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** Bytes to text, piece by piece. */
export interface Decoder {
  write(bytes: Uint8Array): string;
  end(): string;
  /** True once the bytes mixed valid UTF-8 characters with bytes that are none. */
  mixed(): boolean;
}

/** What the code points 0x80 to 0x9F mean in windows-1252, the encoding of most "Latin-1" files. */
const WINDOWS_1252 =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d' +
  '\u017d\u008f\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a' +
  '\u0153\u009d\u017e\u0178';

/** The encoding the first bytes of a file are written in, by byte order mark or by its zeros. */
export function encodingOf(first: Uint8Array): Encoding {
  if (first[0] === 0xff && first[1] === 0xfe) return 'utf-16le';
  if (first[0] === 0xfe && first[1] === 0xff) return 'utf-16be';
  let even = 0;
  let odd = 0;
  const length = Math.min(first.length, 1024);
  for (let i = 0; i + 1 < length; i += 2) {
    if (first[i] === 0) even++;
    if (first[i + 1] === 0) odd++;
  }
  const pairs = length >> 1;
  if (pairs >= 4 && odd > pairs * 0.6 && even < pairs * 0.1) return 'utf-16le';
  if (pairs >= 4 && even > pairs * 0.6 && odd < pairs * 0.1) return 'utf-16be';
  return 'utf-8';
}

/**
 * Decodes in the given encoding, without the byte order mark. Bytes that are not UTF-8 are read
 * one by one as windows-1252, so that a Latin-1 file needs no announcement and one bad byte costs
 * one character. How the bytes are cut into pieces never changes the text.
 */
export function createDecoder(encoding: Encoding): Decoder {
  const piece = encoding === 'utf-8' ? createUtf8() : createUtf16(encoding);
  let started = false;
  const withoutMark = (text: string) => {
    if (started || text === '') return text;
    started = true;
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  };
  return {
    write: (bytes) => withoutMark(piece.write(bytes)),
    end: () => withoutMark(piece.end()),
    mixed: piece.mixed,
  };
}

function createUtf16(encoding: 'utf-16le' | 'utf-16be'): Decoder {
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  return {
    write: (bytes) => decoder.decode(bytes, { stream: true }),
    end: () => decoder.decode(),
    mixed: () => false,
  };
}

function createUtf8(): Decoder {
  let rest: Buffer = Buffer.alloc(0);
  let wide = false;
  let invalid = false;

  function decode(bytes: Buffer): string {
    // Most records are plain ASCII, and copying is several times faster than decoding.
    if (isAscii(bytes)) return bytes.toString('latin1');
    if (isUtf8(bytes)) {
      const text = bytes.toString('utf8');
      if (text.length !== bytes.length) wide = true;
      return text;
    }
    const parts: string[] = [];
    let from = 0;
    for (let at = 0; at < bytes.length;) {
      const length = sequenceLength(bytes, at);
      if (length > 0) {
        if (length > 1) wide = true;
        at += length;
        continue;
      }
      invalid = true;
      if (at > from) parts.push(bytes.toString('utf8', from, at));
      parts.push(windows1252(bytes[at]!));
      from = ++at;
    }
    parts.push(bytes.toString('utf8', from));
    return parts.join('');
  }

  return {
    write(bytes) {
      let buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (rest.length > 0) buffer = Buffer.concat([rest, buffer]);
      const whole = buffer.length - unfinished(buffer);
      // The tail is copied: the caller may reuse its buffer.
      rest = Buffer.from(buffer.subarray(whole));
      return decode(buffer.subarray(0, whole));
    },
    end() {
      const text = decode(rest);
      rest = Buffer.alloc(0);
      return text;
    },
    mixed: () => wide && invalid,
  };
}

function windows1252(byte: number): string {
  return byte < 0xa0 ? WINDOWS_1252.charAt(byte - 0x80) : String.fromCharCode(byte);
}

/** Bytes at the end that may be the beginning of a character: 0 to 3. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return expected(byte) > back ? back : 0;
  }
  return 0;
}

function expected(lead: number): number {
  if (lead >= 0xf0) return lead <= 0xf4 ? 4 : 1;
  if (lead >= 0xe0) return 3;
  return lead >= 0xc2 ? 2 : 1;
}

/** Length of the UTF-8 character at `at`, 0 if the bytes there are none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  const length = expected(lead);
  if (length === 1 || at + length > bytes.length) return 0;
  return isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}
