import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What becomes of a connection when a client has said something. */
export type Fate = 'goes on' | 'is cut' | 'is cut after the answer';

/** A line to a server that breaks when it is told to. */
export interface CutLine {
  /** The server's URL, by way of this line. */
  url: string;
  /** Connections that are open. */
  open(): number;
  close(): Promise<void>;
}

/** Stands in front of the server at `target`; `decide` hears each piece a client sends to it. */
export async function cutLine(target: string, decide: (said: string) => Fate): Promise<CutLine> {
  const to = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const onward = connect(Number(to.port), to.hostname);
    let isOver = false;
    const end = () => {
      client.destroy();
      onward.destroy();
    };
    sockets.add(client);
    client.on('close', () => sockets.delete(client));
    for (const socket of [client, onward]) socket.on('error', end).on('close', end);
    client.on('data', (piece: Buffer) => {
      const fate = decide(piece.toString('latin1'));
      if (fate === 'is cut') return end();
      isOver ||= fate === 'is cut after the answer';
      onward.write(piece);
    });
    onward.on('data', (piece: Buffer) => {
      if (isOver) return end();
      client.write(piece);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: target.replace(to.host, `127.0.0.1:${port}`),
    open: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
