import { connect } from 'node:net';

const PATIENCE_MS = 1_500;
const DEFAULT_PORTS: Record<string, number> = { 'http:': 80, 'https:': 443 };

/** A check that a server listens at this address. Nothing is sent to it. */
export function reachable(address: string): () => Promise<void> {
  const { hostname, port, protocol } = new URL(address);
  const where = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (DEFAULT_PORTS[protocol] ?? 443),
  };
  return () =>
    new Promise((resolve, reject) => {
      const socket = connect({ ...where, timeout: PATIENCE_MS });
      socket.once('connect', () => {
        socket.destroy();
        resolve();
      });
      socket.once('timeout', () => socket.destroy(new Error('no answer')));
      socket.once('error', reject);
    });
}
