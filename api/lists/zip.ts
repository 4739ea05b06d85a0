import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { crc32, createDeflateRaw } from 'node:zlib';

/** A file of an archive, with its content as it comes. */
export interface ZipPart {
  name: string;
  content: AsyncIterable<string> | Iterable<string>;
}

/** The sizes of a part stand behind its data (bit 3), and its name is UTF-8 (bit 11). */
const FLAGS = 0x0808;
const VERSION = 20;
const DEFLATED = 8;
/** January 1, 1980: the earliest date of the format. No file is dated. */
const DATE = 0x21;

interface Written {
  name: Buffer;
  crc: number;
  packed: number;
  size: number;
  at: number;
}

/**
 * An archive, piece by piece: nothing but the part being written is held. Each part is at most 4 GB
 * (the format's limit without its extension).
 */
export async function* zipOf(parts: AsyncIterable<ZipPart>): AsyncGenerator<Buffer> {
  const written: Written[] = [];
  let at = 0;
  for await (const { name, content } of parts) {
    const one: Written = { name: Buffer.from(name), crc: 0, packed: 0, size: 0, at };
    for await (const piece of partOf(one, content)) {
      at += piece.length;
      yield piece;
    }
    written.push(one);
  }
  const directory = Buffer.concat(written.map(directoryLine));
  yield directory;
  yield endOf(written.length, directory.length, at);
}

async function* partOf(one: Written, content: ZipPart['content']): AsyncGenerator<Buffer> {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(VERSION, 4);
  header.writeUInt16LE(FLAGS, 6);
  header.writeUInt16LE(DEFLATED, 8);
  header.writeUInt16LE(DATE, 12);
  header.writeUInt16LE(one.name.length, 26);
  yield Buffer.concat([header, one.name]);

  const deflate = createDeflateRaw();
  const feeding = pipeline(Readable.from(metered(one, content)), deflate);
  // An error reaches the reader of `deflate`, too.
  feeding.catch(() => undefined);
  for await (const piece of deflate as AsyncIterable<Buffer>) {
    one.packed += piece.length;
    yield piece;
  }
  await feeding;

  const sizes = Buffer.alloc(16);
  sizes.writeUInt32LE(0x08074b50, 0);
  sizes.writeUInt32LE(one.crc, 4);
  sizes.writeUInt32LE(one.packed, 8);
  sizes.writeUInt32LE(one.size, 12);
  yield sizes;
}

async function* metered(one: Written, content: ZipPart['content']): AsyncGenerator<Buffer> {
  for await (const text of content) {
    const piece = Buffer.from(text);
    one.crc = crc32(piece, one.crc);
    one.size += piece.length;
    yield piece;
  }
}

function directoryLine({ name, crc, packed, size, at }: Written): Buffer {
  const line = Buffer.alloc(46);
  line.writeUInt32LE(0x02014b50, 0);
  line.writeUInt16LE(VERSION, 4);
  line.writeUInt16LE(VERSION, 6);
  line.writeUInt16LE(FLAGS, 8);
  line.writeUInt16LE(DEFLATED, 10);
  line.writeUInt16LE(DATE, 14);
  line.writeUInt32LE(crc, 16);
  line.writeUInt32LE(packed, 20);
  line.writeUInt32LE(size, 24);
  line.writeUInt16LE(name.length, 28);
  line.writeUInt32LE(at, 42);
  return Buffer.concat([line, name]);
}

function endOf(parts: number, length: number, at: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(parts, 8);
  end.writeUInt16LE(parts, 10);
  end.writeUInt32LE(length, 12);
  end.writeUInt32LE(at, 16);
  return end;
}
