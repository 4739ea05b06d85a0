import type Stripe from 'stripe';
import { POLICY } from '../../config/policy.ts';
import type { Policy } from '../../core/policy.ts';
import { createStripe } from '../../gateways/stripe/client.ts';
import type { Random } from '../simulator/random.ts';
import type { Person } from './population.ts';
import { createProcesses } from './processes.ts';
import { createFaultInjector } from './fault-injector.ts';
import { createHistory } from './history.ts';
import { control, openInstallation, SECRET_KEY } from './installation.ts';
import type { Installation, World } from './installation.ts';
import { startServices } from './services.ts';
import type { Counter } from './counter.ts';

/** An installation in a world that can be made to fail, and everybody in it. */
export interface Harness extends World, Installation {
  queue: 'redis' | 'postgres';
  /** Stripe without anything in between. */
  stripe: Stripe;
  people: Person[];
  /** Whom a person or a bank has done something about: their fee may end anywhere. */
  touched: Set<string>;
  random: Random;
  counter: Counter;
  /** What must not have happened, as it is found. */
  violations: string[];
  /** Told to end: nobody waits for anything any more. */
  stop: AbortSignal;
  /** Tells the sandbox to do something on its own account; see its README. */
  control(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
  close(keep: boolean): Promise<void>;
}

export const YEAR = 2026;
/** What everybody owes, in cents. */
export const FEE_CENTS = 1950;

/** How people are treated in this year, of which a day lasts `dayMs`. */
function policyOf(dayMs: number): Policy {
  return {
    ...POLICY,
    dayMs,
    retrySoonMs: 2 * dayMs,
    mailRetryMs: [300, 500, 500, 1_000, 1_000, 1_000, 2_000, 2_000, 2_000, 4_000],
    attemptGraceMs: 2_500,
    unknownLookMs: [300, 1_000, 2_000],
    canaryFees: 3,
  };
}

/** Starts everything. What fails here was no fault of the run's making. */
export async function openHarness(args: {
  queue: 'redis' | 'postgres';
  workers: number;
  dayMs: number;
  random: Random;
  counter: Counter;
  stop: AbortSignal;
}): Promise<Harness> {
  const { queue, random, counter, stop } = args;
  const services = await startServices(queue);
  const closers: World['closers'] = [];
  const close = async (keep: boolean) => {
    for (const end of closers.splice(0).reverse()) await end();
    await services.close(keep);
  };
  try {
    const faultInjector = createFaultInjector(random.fork('faults'), counter);
    const processes = createProcesses(services.folder);
    const history = createHistory();
    const policy = policyOf(args.dayMs);
    const world = { services, faultInjector, processes, history, policy, stop, closers };
    const installation = await openInstallation(world, 'first', {
      databaseUrl: services.postgres.appUrl,
      ownerUrl: services.postgres.url,
      redisUrl: services.redis?.url ?? null,
      port: services.apiPort,
      workers: args.workers,
      refOf: (ref) => ref,
    });
    // Ended before their ways to the outside world are.
    closers.push(() => processes.disband());
    return {
      ...world,
      ...installation,
      ...{ queue, random, counter, close },
      stripe: createStripe({ secretKey: SECRET_KEY, apiBase: services.sandbox.url }),
      people: [],
      touched: new Set(),
      violations: [],
      control: (method, path, body) => control(services.sandbox.url, method, path, body),
    };
  } catch (error) {
    await close(false);
    throw error;
  }
}
