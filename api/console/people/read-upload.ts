import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import type { Vendor } from '../../../ledger/rates.ts';
import { ERRORS, Problem } from '../../http/errors.ts';
import { readFormParts, shownFileName } from '../../http/form-parts.ts';
import type { RawRow } from '../../roster/columns.ts';
import { openRoster } from '../../roster/file.ts';
import { UPLOAD_LIMITS } from './upload.ts';

/** What was read of an uploaded file, to be kept until it is confirmed. */
export interface ReadFile {
  fileName: string;
  vendor: string | null;
  /** Headings that do not say what the columns are; null when all that is kept has a name. */
  headings: string[] | null;
  ignored: string[];
  rows: RawRow[];
}

/**
 * Reads the form with the file. A file that is no roster gives sentences about it.
 * @param checkToken  throws when the form is not of this session; the file is not read then
 */
export async function readUpload(
  request: FastifyRequest,
  vendors: readonly Vendor[],
  checkToken: (token: unknown) => void,
): Promise<ReadFile | { refusal: string[] }> {
  let read: ReadFile | { refusal: string[] } = { refusal: ['Choose a file.'] };
  await readFormParts(request, checkToken, async (part, fields) => {
    const chosen = fields.get('vendor');
    const vendor = vendors.find((one) => one.vendor === chosen)?.vendor ?? null;
    read = await readFile(part, vendor);
  });
  return read;
}

async function readFile(
  { file, filename }: MultipartFile,
  vendor: string | null,
): Promise<ReadFile | { refusal: string[] }> {
  let headings: string[] | null = null;
  const bytes = file.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  const roster = openRoster(bytes, UPLOAD_LIMITS, (unknown) => {
    headings = unknown;
  });
  const rows: RawRow[] = [];
  try {
    for await (const batch of roster.rows()) rows.push(...batch);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { refusal: refusalOf(error) };
  }
  return {
    fileName: shownFileName(filename),
    vendor,
    headings,
    ignored: roster.ignoredColumns(),
    rows,
  };
}

/** The sentences of the API, but where they speak of its requests. */
function refusalOf({ code, message, said }: Problem): string[] {
  const rows = UPLOAD_LIMITS.rows.toLocaleString('en-US');
  if (code === 'too_many_rows') return [`The file has more than ${rows} rows.`, IN_PARTS];
  if (code === 'too_large') return ['The file is larger than 10 MB.', IN_PARTS];
  if (code === 'empty_body') return ['Choose a file: there is nothing in this one.'];
  return [message, said.help ?? ERRORS[code][2]];
}

const IN_PARTS = 'Send it in parts, or with PUT /v1/clinicians.';
