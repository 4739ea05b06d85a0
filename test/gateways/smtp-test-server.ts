import type net from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** What a mail server received and how it behaves, for one test. */
export interface SmtpTestServer {
  url: string;
  port: number;
  /** Every mail handed over completely, as sent, whatever was answered. */
  mails: string[];
  /** Connections made so far, and the most that were open at once. */
  connections: { made: number; most: number };
  /** Cuts every connection now. */
  cut: () => void;
  close: () => Promise<void>;
}

/**
 * A real SMTP server on the loopback, without TLS or login unless the options say otherwise.
 * `answer` may end a mail with an error, cut the connection, or never answer.
 */
export async function openSmtpTestServer(
  options: SMTPServerOptions = {},
  answer: (
    testApp: SmtpTestServer,
    done: (error?: Error | null, message?: string) => void,
  ) => void = (_testApp, done) => done(null, '2.0.0 Ok: queued as 4F3D2A'),
): Promise<SmtpTestServer> {
  const sockets = new Set<net.Socket>();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        testApp.mails.push(Buffer.concat(chunks).toString('utf8'));
        answer(testApp, done);
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  server.server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    testApp.connections.made += 1;
    testApp.connections.most = Math.max(testApp.connections.most, sockets.size);
    socket.on('close', () => sockets.delete(socket));
  });
  const testApp: SmtpTestServer = {
    url: '',
    port: 0,
    mails: [],
    connections: { made: 0, most: 0 },
    cut: () => sockets.forEach((socket) => socket.destroy()),
    close: () => {
      testApp.cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  testApp.port = (server.server.address() as { port: number }).port;
  testApp.url = `smtp://127.0.0.1:${testApp.port}`;
  return testApp;
}

/** An SMTP refusal with its code, for smtp-server's callbacks. */
export function refusal(responseCode: number, text = 'no'): Error {
  return Object.assign(new Error(text), { responseCode });
}
