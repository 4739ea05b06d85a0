import { Readable, type PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ZipFile } from 'yazl';

/** A file of an archive, with its content as it comes. */
export interface ZipPart {
  name: string;
  content: AsyncIterable<string> | Iterable<string>;
}

/** The earliest date of the format: no file is dated. */
const UNDATED = new Date(1980, 0, 1);

/**
 * An archive, piece by piece: one part is read after the other, and none is held. When the reader
 * goes away, reading stops. An error of a part is an error of the archive.
 */
export function zipOf(parts: AsyncIterable<ZipPart>): Readable {
  const zip = new ZipFile();
  const archive = zip.outputStream as PassThrough;
  let part: Readable | null = null;
  const addAll = async () => {
    for await (const { name, content } of parts) {
      part = Readable.from(content);
      zip.addReadStream(part, name, { mtime: UNDATED });
      await finished(part);
    }
    zip.end();
  };
  zip.on('error', (error) => archive.destroy(error as Error));
  archive.once('close', () => part?.destroy());
  addAll().catch((error: unknown) => archive.destroy(error as Error));
  return archive;
}
