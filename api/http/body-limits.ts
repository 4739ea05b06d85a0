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
    /** Takes a file, whose body may take longer once its sender is known. */
    upload?: boolean;
  }
}

/** The longest silence on the connection of a known caller: an import is worked on meanwhile. */
const SILENCE_MS = 600_000;

/**
 * Ends every request whose body is late, answered or not: after an answer alone, the connection
 * would stay open until the rest of the body has come. To be installed before all other hooks.
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
      // The body is not read yet: the delay is ours, as when the database is slow.
      else timer.refresh();
    }, limits.bodyMs);
    const stop = () => clearTimeout(timer);
    raw.once('end', stop).once('close', stop);
    request.bodyTimer = timer;
  });
  // Scope and token were checked before this hook, so this caller may upload.
  app.addHook('preParsing', async (request) => {
    if (request.bodyTimer && request.routeOptions.config.upload) clearTimeout(request.bodyTimer);
  });
}

/**
 * Limits the memory that unknown callers can use: the number of bodies at once, in total and per
 * address. To be installed after the hook that identifies the caller.
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

/** Whether a body is announced; without that no body is read. */
export function hasBody({ headers }: FastifyRequest): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
