import { createInflateRaw } from 'node:zlib';

/** One file inside a zip archive. `size` is that of its compressed bytes, or null if unknown. */
export interface ZipEntry {
  name: string;
  method: number;
  dataFrom: number;
  size: number | null;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_BYTES = 22;
const COMMENT_MAX = 65_535;
const STORED = 0;
const DEFLATED = 8;
const UNKNOWN = 0xffffffff;

/**
 * The files of a zip archive held in memory, from its directory; if the directory is missing
 * (`whole` is false: the archive was cut off) from the headers of the files themselves.
 */
export function zipEntries(zip: Buffer): { entries: ZipEntry[]; whole: boolean } {
  const listed = fromDirectory(zip);
  return listed ? { entries: listed, whole: true } : { entries: fromHeaders(zip), whole: false };
}

/** The content of one entry, piece by piece. Throws where its compressed data is broken. */
export async function* unzip(zip: Buffer, entry: ZipEntry): AsyncGenerator<Buffer> {
  const end = entry.size === null ? zip.length : entry.dataFrom + entry.size;
  const data = zip.subarray(entry.dataFrom, end);
  if (entry.method === STORED) {
    yield data;
    return;
  }
  if (entry.method !== DEFLATED) throw new Error('zip: unknown compression method');
  const inflate = createInflateRaw();
  inflate.end(data);
  for await (const chunk of inflate) yield chunk as Buffer;
}

function fromDirectory(zip: Buffer): ZipEntry[] | null {
  const lowest = Math.max(0, zip.length - END_BYTES - COMMENT_MAX);
  for (let at = zip.length - END_BYTES; at >= lowest; at--) {
    if (zip.readUInt32LE(at) !== END) continue;
    return directory(zip, zip.readUInt32LE(at + 16), zip.readUInt16LE(at + 10));
  }
  return null;
}

function directory(zip: Buffer, from: number, count: number): ZipEntry[] | null {
  const entries: ZipEntry[] = [];
  let at = from;
  for (let i = 0; i < count; i++) {
    if (at + 46 > zip.length || zip.readUInt32LE(at) !== CENTRAL) return null;
    const nameBytes = zip.readUInt16LE(at + 28);
    const size = zip.readUInt32LE(at + 20);
    const header = zip.readUInt32LE(at + 42);
    const dataFrom = dataAfter(zip, header);
    if (dataFrom === null) return null;
    entries.push({
      name: zip.toString('utf8', at + 46, at + 46 + nameBytes),
      method: zip.readUInt16LE(at + 10),
      dataFrom,
      size: size === UNKNOWN ? null : size,
    });
    at += 46 + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return entries;
}

/** Without a directory: every local header there is. Compressed data knows its own end. */
function fromHeaders(zip: Buffer): ZipEntry[] {
  const entries: ZipEntry[] = [];
  const mark = Buffer.from('PK\x03\x04', 'latin1');
  for (let at = zip.indexOf(mark); at >= 0; at = zip.indexOf(mark, at + 4)) {
    const dataFrom = dataAfter(zip, at);
    if (dataFrom === null) break;
    const nameBytes = zip.readUInt16LE(at + 26);
    const name = zip.toString('utf8', at + 30, at + 30 + nameBytes);
    const method = zip.readUInt16LE(at + 8);
    if (method === DEFLATED) entries.push({ name, method, dataFrom, size: null });
  }
  return entries;
}

function dataAfter(zip: Buffer, header: number): number | null {
  if (header + 30 > zip.length || zip.readUInt32LE(header) !== LOCAL) return null;
  return header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
}
