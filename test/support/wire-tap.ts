import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';

/** Everything that was sent to a server, with the server behind it. */
export interface WireTap {
  url: string;
  /** Every request as it came: method, address, headers and body. */
  heard(): string;
  close(): Promise<void>;
}

/** Stands in front of an HTTP server on the loopback, hands everything on, and writes it down. */
export async function tapWire(target: string): Promise<WireTap> {
  const { hostname, port } = new URL(target);
  const said: string[] = [];
  const tap = http.createServer((request, response) => {
    const { method, url, headers } = request;
    said.push(`${method} ${url}`, JSON.stringify(headers));
    const onward = http.request({ hostname, port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      // Also an answer that breaks off in the middle must break off here.
      pipeline(answer, response, () => response.destroy());
    });
    // A line that breaks behind the tap breaks in front of it, too.
    onward.on('error', () => response.destroy());
    request.on('data', (chunk: Buffer) => said.push(chunk.toString('utf8')));
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => tap.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(tap.address() as AddressInfo).port}`,
    // Forms are sent encoded; what is searched for stands in plain words.
    heard: () => `${said.join('\n')}\n${said.map(decoded).join('\n')}`,
    async close() {
      tap.closeAllConnections();
      await new Promise((resolve) => tap.close(resolve));
    },
  };
}

function decoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' ').replace(/%(?![0-9a-fA-F]{2})/g, '%25'));
}
