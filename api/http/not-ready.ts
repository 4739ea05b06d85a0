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
    const isPage = !alive && request.headers.accept?.includes('text/html') === true;
    response.writeHead(alive ? 200 : status, {
      'content-type': `${isPage ? 'text/html' : 'application/json'}; charset=utf-8`,
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'retry-after': '5',
      connection: 'close',
    });
    response.end(isPage ? PAGE : JSON.stringify(body));
  });
  server.listen(at.port, at.host);
  await once(server, 'listening');
  return async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
}

/** A page that asks again by itself. It has no stylesheet: nothing else is served yet. */
const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta http-equiv="refresh" content="5" />
    <title>Starting · levy</title>
  </head>
  <body>
    <h1>levy is starting</h1>
    <p>It waits for its database. This page looks again every five seconds.</p>
  </body>
</html>`;
