import net from 'node:net';

/** What happens to one connection to the mail server, or to one mail on it. */
export interface MailTrick {
  /** `drop`: the connection is cut before the first word. */
  greeting?: () => Promise<'go' | 'drop'>;
  /** The mail server has taken a mail and its answer is here. `drop`: nobody hears it. */
  taken?: () => Promise<'go' | 'drop'>;
}

export interface SmtpProxy {
  url: string;
  close(): Promise<void>;
}

/**
 * A way to a mail server whose connections break, in particular right after a mail was taken.
 *
 * @param handed  told of the Message-ID of every mail that passes
 */
export async function startSmtpProxy(
  target: string,
  faultInjector: () => MailTrick,
  handed: (messageId: string) => void,
): Promise<SmtpProxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<net.Socket>();
  const keep = (socket: net.Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => undefined);
  };
  const server = net.createServer((client) => {
    keep(client);
    const trick = faultInjector();
    void (trick.greeting?.() ?? Promise.resolve('go')).then((word) => {
      if (word === 'drop' || client.destroyed) return void client.destroy();
      const upstream = net.connect(Number(port), hostname);
      keep(upstream);
      join(client, upstream, trick, handed);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `smtp://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** As much of a mail is kept as its header may be long. */
const HEADER_BYTES = 16_384;

function join(
  client: net.Socket,
  upstream: net.Socket,
  { taken }: MailTrick,
  handed: (messageId: string) => void,
): void {
  let said = '';
  let ended = false;
  client.on('data', (data) => {
    said = (said + data.toString('latin1')).slice(-HEADER_BYTES);
    const messageId = /^Message-ID:\s*(<[^>]+>)/im.exec(said)?.[1];
    if (messageId) {
      handed(messageId);
      said = said.slice(-5);
    }
    if (said.endsWith('\r\n.\r\n')) ended = true;
    upstream.write(data);
  });
  upstream.on('data', (data) => {
    const isAnswer = ended && taken !== undefined;
    ended = false;
    if (!isAnswer) return void client.write(data);
    void taken?.().then((word) => (word === 'drop' ? client.destroy() : client.write(data)));
  });
  client.on('close', () => upstream.destroy());
  upstream.on('close', () => client.destroy());
}
