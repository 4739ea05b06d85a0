import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** An error of the API, with its own message. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Streams a body to the API and gives its answer. Memory does not grow with the length; `onBytes`
 * is called with the number of bytes sent so far. Throws `Refused`, and network errors unchanged.
 */
export async function upload(args: {
  url: URL;
  token: string;
  body: Readable;
  /** Length of the body in bytes; null when it is not known. */
  length: number | null;
  onBytes: (sent: number) => void;
}): Promise<unknown> {
  const { url, body, length } = args;
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const request = send(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${args.token}`,
      'content-type': 'application/octet-stream',
      ...(length === null ? {} : { 'content-length': length }),
    },
  });
  // After an early answer, the rest of the body may fail to send; that error does not matter.
  request.on('error', () => undefined);
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  const sent = pipeline(body, counting(args.onBytes), request);
  // The API may refuse a file long before its end; a file may break off before the API answers.
  const [response] = await Promise.race([answered, sent.then(() => answered)]);
  sent.catch(() => undefined);
  const text = await textOf(response);
  body.destroy();
  return read(response, text);
}

function counting(onBytes: (sent: number) => void) {
  return async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let sent = 0;
    for await (const chunk of chunks) {
      yield chunk;
      sent += chunk.length;
      onBytes(sent);
    }
  };
}

async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  for await (const piece of response) text += piece as string;
  return text;
}

function read(response: IncomingMessage, text: string): unknown {
  const answer = parsed(text);
  const { statusCode = 0 } = response;
  if (statusCode < 300 && answer) return answer;
  const { code, message, help } = (answer?.error ?? {}) as Record<string, string | undefined>;
  if (!code) throw new Refused(`http_${statusCode}`, 'This is not a levy: check --url.');
  throw new Refused(code, [message, help].filter(Boolean).join(' '));
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}
