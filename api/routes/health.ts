import { Type } from 'typebox';
import type { ApiDeps } from '../deps.ts';
import type { Api } from '../http/schemas.ts';

/** A part that has not answered in this time is reported as down. */
const PATIENCE_MS = 2_000;

const UpOrDown = Type.Enum(['up', 'down']);
const Readiness = Type.Object({
  status: Type.Enum(['ready', 'not_ready']),
  checks: Type.Record(Type.String(), UpOrDown),
});

/** Whether the process lives, and whether it can do its work. Nothing here is secret. */
export function healthRoutes(app: Api, deps: ApiDeps): void {
  app.get(
    '/healthz',
    {
      config: { counted: 'never', anonymous: true },
      schema: {
        summary: 'Whether the process answers',
        tags: ['health'],
        response: { 200: Type.Object({ status: Type.Literal('ok') }) },
      },
    },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    {
      config: { anonymous: true },
      schema: {
        summary: 'Whether database and queue answer',
        description: 'Other parts, such as Stripe, are told, but do not make the API unready.',
        tags: ['health'],
        response: { 200: Readiness, 503: Readiness },
      },
    },
    async (_request, reply) => {
      const needed = { database: () => deps.ledger.ping(), queue: () => deps.queues.ping() };
      const [vital, told] = await Promise.all([stateOf(needed), stateOf(deps.checks)]);
      const checks = { ...told, ...vital };
      if (Object.values(vital).every((state) => state === 'up'))
        return { status: 'ready' as const, checks };
      return reply
        .code(503)
        .header('retry-after', '5')
        .send({ status: 'not_ready' as const, checks });
    },
  );
}

async function stateOf(
  checks: Record<string, () => Promise<void>>,
): Promise<Record<string, 'up' | 'down'>> {
  const states = Object.entries(checks).map(async ([name, check]) => {
    const up = await Promise.race([check().then(isUp, isDown), patience()]);
    return [name, up ? 'up' : 'down'] as const;
  });
  return Object.fromEntries(await Promise.all(states));
}

const isUp = (): boolean => true;
const isDown = (): boolean => false;

function patience(): Promise<false> {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, false as const).unref());
}
