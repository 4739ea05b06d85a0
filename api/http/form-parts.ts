import type { Multipart } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { Problem, problem } from './errors.ts';

/**
 * The parts of a form with a file, one after the other. Throws `truncated_upload` for a form that
 * ends too early or cannot be taken apart: the library's own errors would count as ours.
 */
export async function* formParts(request: FastifyRequest): AsyncGenerator<Multipart> {
  try {
    yield* request.parts();
  } catch (error) {
    throw asTruncated(error);
  }
}

/** What to throw for an error while a part is read. */
export function asTruncated(error: unknown): unknown {
  const { statusCode = 500 } = error as { statusCode?: number };
  return error instanceof Problem || statusCode < 500 ? error : problem('truncated_upload');
}
