import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLimiter, type Limits } from '../../sandbox/stripe/http/limits.ts';
import { startSandboxStripe } from '../../sandbox/stripe/server.ts';

/** A sandbox Stripe behind limits, which counts what it lets in and what it turns away. */
export interface LimitedStripe {
  /** By here the limits hold. */
  url: string;
  /** By here they do not: for what has to be there before the measuring begins. */
  freeUrl: string;
  counts: { answered: number; turnedAway: number };
  close(): Promise<void>;
}

export async function startLimitedStripe(limits: Limits): Promise<LimitedStripe> {
  const sandbox = await startSandboxStripe();
  const agent = new http.Agent({ keepAlive: true });
  const counts = { answered: 0, turnedAway: 0 };
  const admit = createLimiter(limits, () => performance.now());
  const server = http.createServer((request, response) => {
    const { method = 'GET', url = '', headers } = request;
    try {
      admit(endpointOf(method, url));
      counts.answered += 1;
    } catch {
      counts.turnedAway += 1;
      request.resume();
      response.writeHead(429, { 'content-type': 'application/json' });
      return void response.end(TOO_FAST);
    }
    const onward = http.request(
      { agent, host: '127.0.0.1', port: sandbox.port, method, path: url, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    freeUrl: sandbox.url,
    counts,
    async close() {
      server.closeAllConnections();
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
      await sandbox.close();
    },
  };
}

const TOO_FAST = JSON.stringify({
  error: { type: 'invalid_request_error', code: 'rate_limit', message: 'Too many requests.' },
});

/** Method and path with ids made alike: Stripe's limits are by endpoint, not by object. */
function endpointOf(method: string, url: string): string {
  const path = (url.split('?')[0] ?? '').replace(/\/[a-z]+_\w+(?=\/|$)/g, (part) =>
    /^\/[a-z]+_(?=\w*[0-9A-Z])/.test(part) ? '/:id' : part,
  );
  return `${method} ${path}`;
}
