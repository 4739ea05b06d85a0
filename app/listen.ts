import { createServer } from 'node:net';
import type { Config } from '../config/config.ts';
import { UserError } from './user-error.ts';

type Address = Pick<Config, 'host' | 'port'>;

/** Throws when nothing can listen there: said before anything is started that takes time. */
export async function needFreePort({ host, port }: Address): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((done, fail) => probe.once('error', fail).listen(port, host, done));
  } catch (error) {
    throw listenError(error, { host, port });
  }
  await new Promise((done) => probe.close(done));
}

/** Why nothing can listen there, and what to do; any other error unchanged. */
export function listenError(error: unknown, { host, port }: Address): unknown {
  const { code } = error as { code?: string };
  if (code === 'EADDRINUSE')
    return new UserError(
      `Port ${port} on ${host} is in use. Stop what listens there, or set PORT to a free one.`,
    );
  if (code === 'EACCES')
    return new UserError(`Port ${port} is not for this user. Set PORT to one above 1023.`);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new UserError(
      `This machine has no address ${host}. Set HOST to one it has, like 127.0.0.1.`,
    );
  return error;
}
