import type { FastifyInstance } from 'fastify';
import type { ApiDeps } from '../../deps.ts';
import { sendPage } from '../page.ts';
import { queuesBody } from './queues.ts';
import { readQueues } from './read.ts';

/** The page that shows how far the present work is. */
export function queuesPage(app: FastifyInstance, deps: ApiDeps): void {
  app.get('/queues', { schema: { hide: true } }, async (request, reply) =>
    sendPage(request, reply, deps, {
      title: 'Queues',
      section: 'queues',
      body: queuesBody(await readQueues(deps)),
    }),
  );
}
