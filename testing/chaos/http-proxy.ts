import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request on its way through. */
export interface Passing {
  /** Whose way it is: the program that sends, or is sent to. */
  who: string;
  method: string;
  path: string;
}

/** What happens to one request: nothing, unless something is said here. */
export interface Trick {
  /** Before it is sent on. `drop`: it never is, and the caller's connection is cut. */
  before?: () => Promise<'go' | 'drop'>;
  /** When the work is done and its answer is here. `drop` cuts; `half` cuts within the body. */
  after?: (status: number) => Promise<'go' | 'drop' | 'half'>;
}

export interface HttpProxy {
  url: string;
  close(): Promise<void>;
}

/** A way to a server on which requests get lost, wait, and lose their answers as injected. */
export async function startHttpProxy(args: {
  who: string;
  target: string;
  faultInjector: (passing: Passing) => Trick;
}): Promise<HttpProxy> {
  const { who, faultInjector } = args;
  const target = new URL(args.target);
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((request, response) => {
    const { method = 'GET', url: path = '/' } = request;
    const cut = () => void request.socket.destroy();
    pass({ agent, target, request, response, trick: faultInjector({ who, method, path }) }).catch(
      cut,
    );
  });
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function pass(args: {
  agent: http.Agent;
  target: URL;
  request: http.IncomingMessage;
  response: http.ServerResponse;
  trick: Trick;
}): Promise<void> {
  const { request, response, trick } = args;
  const body = await bodyOf(request);
  if ((await trick.before?.()) === 'drop') return void request.socket.destroy();
  const answer = await forward(args, body);
  const end = (await trick.after?.(answer.status)) ?? 'go';
  if (end === 'drop') return void request.socket.destroy();
  response.writeHead(answer.status, answer.headers);
  if (end === 'go') return void response.end(answer.body);
  // The head promised the whole of it.
  response.write(answer.body.subarray(0, Math.floor(answer.body.length / 2)), () =>
    request.socket.destroy(),
  );
}

function forward(
  { agent, target, request }: { agent: http.Agent; target: URL; request: http.IncomingMessage },
  body: Buffer,
): Promise<{ status: number; headers: http.OutgoingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const { method, url: path } = request;
    const headers = { ...request.headers, host: target.host };
    const { hostname: host, port } = target;
    const onward = http.request({ agent, host, port, method, path, headers }, (answer) => {
      bodyOf(answer).then((content) => {
        const headers: http.OutgoingHttpHeaders = { ...answer.headers };
        // What was sent in pieces goes on as a whole, on a connection of our own.
        for (const name of ['transfer-encoding', 'connection']) delete headers[name];
        headers['content-length'] = content.length;
        resolve({ status: answer.statusCode ?? 502, headers, body: content });
      }, reject);
    });
    onward.on('error', reject);
    onward.end(body);
  });
}

async function bodyOf(stream: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
