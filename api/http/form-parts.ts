import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { Problem, problem } from './errors.ts';

/** The fields of a form by their names, as far as they have come. */
export type FormFields = ReadonlyMap<string, string>;

/**
 * Reads a form with files part by part and gives its fields. The fields come before the files, the
 * token first: no file is read without it. The rest of a refused file is read and dropped: a
 * browser shows no answer before it has sent everything. Throws `unsupported_type` for another
 * kind of form, `truncated_upload` for one that ends too early or cannot be taken apart, and what
 * `checkToken` or `takeFile` threw first.
 * @param checkToken  throws when the form is not of this session
 * @param takeFile  reads one file; a file that nobody chose has neither a name nor content
 */
export async function readFormParts(
  request: FastifyRequest,
  checkToken: (token: unknown) => void,
  takeFile: (part: MultipartFile, fields: FormFields) => Promise<void>,
): Promise<FormFields> {
  if (!request.isMultipart()) throw problem('unsupported_type');
  const fields = new Map<string, string>();
  let failure: unknown;
  try {
    for await (const part of request.parts()) {
      if (part.type === 'field') {
        if (typeof part.value === 'string') fields.set(part.fieldname, part.value);
        continue;
      }
      try {
        checkToken(fields.get('token'));
        await takeFile(part, fields);
      } catch (error) {
        failure ??= asTruncated(error);
      }
      part.file.resume();
    }
  } catch (error) {
    throw asTruncated(error);
  }
  if (failure instanceof Error) throw failure;
  checkToken(fields.get('token'));
  return fields;
}

/** The library's own errors about a form would count as ours. */
function asTruncated(error: unknown): unknown {
  const { statusCode = 500 } = error as { statusCode?: number };
  return error instanceof Problem || statusCode < 500 ? error : problem('truncated_upload');
}

/** The name of a file as a page shows it: without what is no text, at most 200 characters. */
export function shownFileName(name: string): string {
  const text = name.replace(/\p{C}/gu, '').trim().slice(0, 200);
  return text === '' ? 'a file without a name' : text;
}
