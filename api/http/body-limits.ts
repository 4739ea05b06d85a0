import type { FastifyRequest } from 'fastify';
import type { ApiDeps } from '../deps.ts';
import { problem } from './errors.ts';
import type { Api } from './schemas.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Ends a request whose body does not arrive in time; null for a request without a body. */
    bodyTimer: NodeJS.Timeout | null;
  }
  interface FastifyContextConfig {
    /** Takes a file, whose body may be long on its way once its sender is known. */
    upload?: boolean;
  }
}

/** The longest silence on the connection of a known caller: an import is worked on meanwhile. */
const SILENCE_MS = 600_000;

/**
 * Ends every request whose body is late, whether or not it was answered before: an answer alone
 * leaves the connection open until the rest has come. To be installed before all other hooks.
 */
export function installBodyTimer(app: Api, { limits }: ApiDeps): void {
  app.decorateRequest('bodyTimer', null);
  app.addHook('onRequest', async (request, reply) => {
    if (!hasBody(request)) return;
    const { raw } = request;
    const timer = setTimeout(() => {
      if (raw.complete) return;
      if (reply.sent) raw.destroy();
      else if (raw.listenerCount('error') > 0) raw.emit('error', problem('too_slow'));
      // Nobody reads yet: the time that was lost is ours, as when the database is slow.
      else timer.refresh();
    }, limits.bodyMs);
    const stop = () => clearTimeout(timer);
    raw.once('end', stop).once('close', stop);
    request.bodyTimer = timer;
  });
  // Scope and token are checked before this hook: who gets here may upload.
  app.addHook('preParsing', async (request) => {
    if (request.bodyTimer && request.routeOptions.config.upload) clearTimeout(request.bodyTimer);
  });
}

/**
 * Bounds what strangers can make this process hold: so many bodies at once, in all and of one
 * address. To be installed after the hook that finds out who asks.
 */
export function installBodyCap(app: Api, { limits }: ApiDeps): void {
  const byAddress = new Map<string, number>();
  let open = 0;
  app.addHook('onRequest', async (request, reply) => {
    if (request.caller) {
      if (typeof request.raw.socket.setTimeout === 'function')
        request.raw.socket.setTimeout(SILENCE_MS);
      return;
    }
    if (!hasBody(request)) return;
    const { ip } = request;
    const ofAddress = byAddress.get(ip) ?? 0;
    if (open >= limits.openBodies || ofAddress >= limits.openBodiesPerAddress)
      throw problem('too_busy', { retryAfterSeconds: 2 });
    open += 1;
    byAddress.set(ip, ofAddress + 1);
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      open -= 1;
      const left = (byAddress.get(ip) ?? 1) - 1;
      if (left > 0) byAddress.set(ip, left);
      else byAddress.delete(ip);
    };
    reply.raw.once('finish', release).once('close', release);
  });
}

/** Whether a body is announced; what is not announced is not read either. */
export function hasBody({ headers }: FastifyRequest): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
