import { createServer } from 'node:http';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { ERRORS } from './errors.ts';

/**
 * Listens in the API's place while the API cannot start yet: `/healthz` succeeds, everything else
 * is `not_ready`. Gives the function that frees the port.
 */
export async function answerNotReady(at: { host: string; port: number }) {
  const server = createServer((request, response) => {
    const [status, message, help] = ERRORS.not_ready;
    const alive = request.url === '/healthz';
    const requestId = randomUUID();
    const body = alive
      ? { status: 'ok' }
      : { error: { code: 'not_ready', message, help, requestId } };
    response.writeHead(alive ? 200 : status, {
      'content-type': 'application/json; charset=utf-8',
      'retry-after': '5',
      connection: 'close',
    });
    response.end(JSON.stringify(body));
  });
  server.listen(at.port, at.host);
  await once(server, 'listening');
  return async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
}
