import { errorFacts } from '../../../core/error-facts.ts';
import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import type { ApiDeps } from '../../deps.ts';
import { asProblem, ERRORS, Problem, problem } from '../../http/errors.ts';
import { importFile, importInput } from '../../imports/import-file.ts';
import { byOf } from '../../routes/actions.ts';
import { checkFormToken } from '../form-token.ts';
import type { FileOutcome } from './upload.ts';

/**
 * Reads the files of a form one after the other, each as an import of its own. The form's token
 * stands before the files, and no file is read without it. A file that is refused does not stop the
 * others. Throws `other_site`, and what the broken line of the request throws.
 */
export async function readFiles(request: FastifyRequest, deps: ApiDeps): Promise<FileOutcome[]> {
  if (!request.isMultipart()) throw problem('unsupported_type');
  const fields = new Map<string, unknown>();
  const outcomes: FileOutcome[] = [];
  let failure: unknown;
  for await (const part of request.parts()) {
    if (part.type === 'field') {
      fields.set(part.fieldname, part.value);
      continue;
    }
    try {
      checkFormToken(request, deps, fields.get('token'));
      const outcome = await readOne(request, deps, part, fields);
      if (outcome) outcomes.push(outcome);
    } catch (error) {
      failure ??= error;
    }
    // A browser shows no answer before it has sent everything.
    part.file.resume();
  }
  if (failure instanceof Error) throw failure;
  checkFormToken(request, deps, fields.get('token'));
  return outcomes;
}

/** Gives null for the empty part that a browser sends when no file was chosen. */
async function readOne(
  request: FastifyRequest,
  deps: ApiDeps,
  { file, filename }: MultipartFile,
  fields: Map<string, unknown>,
): Promise<FileOutcome | null> {
  const chosen = (name: string) => {
    const value = fields.get(name);
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const fileName = shownName(filename);
  try {
    const [vendor, from, to] = [chosen('vendor'), chosen('from'), chosen('to')];
    const input = importInput({ fileName, vendor, from, to });
    return { fileName, imported: await importFile(deps, byOf(request), file, input) };
  } catch (error) {
    if (error instanceof Problem && error.code === 'empty_body' && filename === '') return null;
    if (error instanceof Problem) return { fileName, refused: refusalOf(error) };
    request.log.error(errorFacts(error), 'an export could not be read');
    const { code } = asProblem(error);
    if (code !== 'internal' && code !== 'ledger_refused') throw error;
    return { fileName, refused: { message: ERRORS.internal[1], help: 'Nothing was kept of it.' } };
  }
}

/** The sentences of the API, but where they speak of its requests. */
function refusalOf({ code, message, said }: Problem): { message: string; help: string } {
  const ours = WORDS[code];
  if (ours) return { message: ours[0], help: ours[1] };
  return { message, help: said.help ?? ERRORS[code][2] };
}

const WORDS: Partial<Record<Problem['code'], [string, string]>> = {
  empty_body: ['There is nothing in this file.', 'Export it once more.'],
  not_a_usage_file: [
    'This is no file of usage records.',
    'Nothing of it was kept. Export X12, FHIR, CSV, Excel or text from the EHR.',
  ],
  too_large: ['The file is larger than 4 GB.', 'Export a shorter period.'],
  truncated_upload: ['The file ended too early.', 'Nothing of it was kept: send it again.'],
  unknown_vendor: ['This EHR is not known here.', 'Choose one from the list.'],
  invalid_request: [
    'The period is not two days of the calendar in their order.',
    'Give both days, or none.',
  ],
};

/** The name of a file, without its folders and without what is no text. */
function shownName(name: string): string {
  const base = name.split(/[/\\]/).at(-1) ?? '';
  const text = base.replace(/\p{C}/gu, '').trim().slice(0, 200);
  return text === '' ? 'a file without a name' : text;
}
