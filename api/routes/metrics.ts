import { errorFacts } from '../../core/error-facts.ts';
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { FEE_STATUSES } from '../../core/fee/fee.ts';
import { JOB_NAMES } from '../../jobs/jobs.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import type { Api } from '../http/schemas.ts';

/** The sums over the ledger are asked for at most this often, however many scrape. */
const FRESH_MS = 2_000;

/**
 * Prometheus metrics: what is due by the ledger, what the queue holds, fees by state, attempts by
 * outcome, and how long requests take. Numbers and names of our own only.
 */
export function metricsRoutes(app: Api, deps: ApiDeps): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const durations = new Histogram({
    name: 'levy_http_request_duration_seconds',
    help: 'Time to answer HTTP requests',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [registry],
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    const status = String(reply.statusCode);
    durations.observe({ method: request.method, route, status }, reply.elapsedTime / 1_000);
  });

  const refresh = atMostEvery(FRESH_MS, createLedgerMetrics(registry, deps));
  app.get(
    '/metrics',
    {
      config: { anonymous: true },
      schema: { summary: 'Prometheus metrics', tags: ['health'] },
    },
    async (request, reply) => {
      if (!maySee(request, deps.access.metrics)) throw problem('no_token');
      await refresh();
      return reply.type(registry.contentType).send(await registry.metrics());
    },
  );
}

/** Whether a request carries the token for metrics, compared in constant time, or needs none. */
function maySee({ headers }: FastifyRequest, rule: ApiDeps['access']['metrics']): boolean {
  if (rule === 'open') return true;
  const given = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (rule.token === null || given === undefined) return false;
  const hashOf = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hashOf(given), hashOf(rule.token));
}

/** The gauges that are set from the ledger and the queue. Gives what sets them. */
function createLedgerMetrics(registry: Registry, deps: ApiDeps): () => Promise<void> {
  const gauge = (name: string, help: string, label: string) =>
    new Gauge({ name, help, labelNames: [label], registers: [registry] });
  const up = gauge('levy_up', 'Whether a part answers', 'part');
  const due = gauge('levy_due_fees', 'Fees whose step is due, by the ledger', 'step');
  const oldest = gauge('levy_due_oldest_seconds', 'How long the longest has been due', 'step');
  const fees = gauge('levy_fees', 'Fees by state', 'state');
  const attempts = gauge('levy_attempts', 'Attempts to charge by outcome', 'outcome');
  const jobs = gauge('levy_queue_jobs', 'Jobs waiting, delayed or in hand', 'queue');
  const errors = new Gauge({
    name: 'levy_job_errors',
    help: 'Jobs whose processor threw, by job and type of error, of all workers',
    labelNames: ['job', 'type'],
    registers: [registry],
  });
  const failed = gauge('levy_queue_failed_jobs', 'Failed jobs kept on the queue', 'queue');

  const attempt = async (part: string, work: () => Promise<void>) => {
    try {
      await work();
      up.set({ part }, 1);
    } catch (error) {
      up.set({ part }, 0);
      deps.log.warn(errorFacts(error), `no metrics of the ${part}`);
    }
  };
  const fromLedger = async () => {
    const { reports } = deps.ledger;
    const steps = await reports.due();
    const states = await reports.byState();
    const outcomes = await reports.attempts();
    for (const one of [due, oldest, fees, attempts]) one.reset();
    for (const state of FEE_STATUSES) fees.set({ state }, 0);
    for (const { step, fees: count, oldestSeconds } of steps) {
      due.set({ step }, count);
      oldest.set({ step }, oldestSeconds ?? 0);
    }
    for (const { state, fees: count } of states) fees.set({ state }, count);
    for (const { outcome, attempts: count } of outcomes) attempts.set({ outcome }, count);
    for (const { job, type, errors: count } of await deps.ledger.jobErrors.list())
      errors.set({ job, type }, count);
  };
  const fromQueue = async () => {
    for (const queue of JOB_NAMES) {
      const counts = await deps.queues.queues[queue].getJobCounts(
        'waiting',
        'active',
        'delayed',
        'prioritized',
        'failed',
      );
      const { failed: lost = 0, ...open } = counts;
      jobs.set(
        { queue },
        Object.values(open).reduce((sum, count) => sum + count, 0),
      );
      failed.set({ queue }, lost);
    }
  };
  return async () => {
    await Promise.all([attempt('ledger', fromLedger), attempt('queue', fromQueue)]);
  };
}

/** One run at a time, shared by all who ask meanwhile, and none sooner than `ms` after the last. */
function atMostEvery(ms: number, work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let freshUntil = -Infinity;
  return async () => {
    if (performance.now() < freshUntil) return;
    running ??= work().finally(() => {
      running = null;
      freshUntil = performance.now() + ms;
    });
    await running;
  };
}
