import { pino } from 'pino';
import { createApi } from '../app/api.ts';
import { connect } from '../app/connect.ts';
import { parseConfig } from '../config/config.ts';
import { namedServices } from '../config/services.ts';
import { firstToken } from './http/access-key.ts';
import { answerNotReady } from './http/not-ready.ts';
import { reachable } from './http/reachable.ts';

const STRIPE = 'https://api.stripe.com';

/** Starts an API process. Any number of API processes may run at the same time. */
async function main(): Promise<void> {
  const config = parseConfig(process.env);
  const services = namedServices(config);
  const log = pino({ level: config.logLevel });
  const freePort = await answerNotReady(config);
  const connections = await connect({ config, services, connections: 12, log });
  const checks = { stripe: reachable(services.stripe.apiBase ?? STRIPE) };
  const app = await createApi(config, services, connections, checks);
  const token = await firstToken(connections.ledger, log);
  if (token) console.log(`\nYour access token, shown this once: ${token}\n`);
  await freePort();
  await app.listen({ host: config.host, port: config.port });
  const { host, port } = config;
  log.info({ host, port, queue: connections.queues.backend }, 'listening');

  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, 'finishing the requests in hand');
    await app.close();
    await connections.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'])
    process.once(signal, (name: string) => void stop(name));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
  // Connections opened before the failure must not keep the process alive.
  setTimeout(() => process.exit(), 1_000).unref();
});
