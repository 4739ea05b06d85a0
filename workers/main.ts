import { pino } from 'pino';
import { connect } from '../app/connect.ts';
import { startWorker } from '../app/worker.ts';
import { parseConfig } from '../config/config.ts';
import { namedServices } from '../config/services.ts';

/** Starts a worker process. Any number of worker processes may run at the same time. */
async function main(): Promise<void> {
  const config = parseConfig(process.env);
  const services = namedServices(config);
  const log = pino({ level: config.logLevel });
  const connections = await connect({ config, services, connections: 8, log });
  const worker = await startWorker(config, services, connections);
  log.info({ queue: connections.queues.backend }, 'working');

  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, 'finishing the jobs in hand');
    await worker.close();
    await connections.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'])
    process.once(signal, (name: string) => void stop(name));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
