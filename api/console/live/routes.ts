import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { errorFacts } from '../../../core/error-facts.ts';
import type { ApiDeps } from '../../deps.ts';
import { callerOf, mayStillRead } from '../../http/auth.ts';
import { problem } from '../../http/errors.ts';
import { standingOf } from '../desk/standing.ts';
import { homeRegion } from '../home.ts';
import { render, type Html } from '../html.ts';
import { overview } from '../overview.ts';
import { queuesRegion } from '../queues/queues.ts';
import { readQueues } from '../queues/read.ts';
import { createLiveHub, type Listener } from './hub.ts';

/** Streams of one process, and of one caller: a browser opens a few at most. */
const STREAMS = 200;
const STREAMS_PER_CALLER = 12;
/** Whether the session still stands is asked this often, in ms. */
const CHECK_MS = 60_000;
/** A comment keeps the connection from looking idle to proxies, in ms. */
const PING_MS = 20_000;
/** More than this unsent, in bytes, and the browser does not keep up. */
const BEHIND_BYTES = 1_000_000;

const Topic = Type.Object({
  topic: Type.String({
    pattern: '^(overview|queues|act-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$',
  }),
});

/**
 * Regions of pages that change by themselves, as server-sent events: each event is the region's
 * markup, rendered by the page's own function. A page marks a region with
 * `data-live="/console/live/<topic>"`; script/live.js shows what comes.
 */
export function liveRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const hub = createLiveHub((error) => deps.log.warn(errorFacts(error), 'a live region failed'));
  const ofCaller = new Map<string, number>();
  const sockets = new Set<Socket>();
  app.addHook('preClose', async () => {
    hub.close();
    for (const socket of sockets) socket.destroySoon();
  });

  app.get<{ Params: Static<typeof Topic> }>(
    '/live/:topic',
    { schema: { params: Topic, hide: true } },
    async (request, reply) => {
      const { id } = callerOf(request);
      const open = ofCaller.get(id) ?? 0;
      if (hub.listeners() >= STREAMS || open >= STREAMS_PER_CALLER)
        throw problem('too_busy', { retryAfterSeconds: 30 });
      ofCaller.set(id, open + 1);
      const stream = new PassThrough();
      const { socket } = request.raw;
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      const { topic } = request.params;
      const leave = hub.listen(topic, regionOf(deps, topic), listenerOf(stream));
      const ping = setInterval(() => stream.writable && stream.write(':\n\n'), PING_MS);
      const check = setInterval(() => void endIfSignedOut(request, deps, stream), CHECK_MS);
      stream.once('close', () => {
        clearInterval(ping);
        clearInterval(check);
        leave();
        const left = (ofCaller.get(id) ?? 1) - 1;
        if (left > 0) ofCaller.set(id, left);
        else ofCaller.delete(id);
      });
      reply.raw.once('close', () => stream.destroy());
      // The connection ends with the stream: the server waits for connections when it closes.
      reply.header('connection', 'close');
      // Proxies that collect an answer before they pass it on would hold the events back.
      reply.header('x-accel-buffering', 'no');
      return reply.type('text/event-stream; charset=utf-8').send(stream);
    },
  );
}

async function endIfSignedOut(
  request: FastifyRequest,
  deps: ApiDeps,
  stream: PassThrough,
): Promise<void> {
  const may = await mayStillRead(request, deps).catch(() => true);
  if (!may) stream.end();
}

function listenerOf(stream: PassThrough): Listener {
  return {
    send(markup) {
      if (!stream.writable) return false;
      stream.write(`data: ${JSON.stringify(markup)}\n\n`);
      return stream.writableLength + stream.readableLength < BEHIND_BYTES;
    },
    close: () => stream.end(),
  };
}

/** What renders a topic. */
function regionOf(deps: ApiDeps, topic: string): () => Promise<string | null> {
  const shown = (region: Html | null) => region && render(region);
  if (topic === 'overview') return async () => shown(homeRegion(await overview(deps)));
  if (topic === 'queues') return async () => shown(queuesRegion(await readQueues(deps)));
  return async () => shown(await standingOf(deps, topic.slice('act-'.length)));
}
