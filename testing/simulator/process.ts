import type { Payments } from '../../gateways/payments.ts';
import { createPayments } from '../../gateways/stripe/client.ts';
import type { JobName } from '../../jobs/jobs.ts';
import { checkPayload } from '../../jobs/jobs.ts';
import type { Done, Processor } from '../../jobs/queues.ts';
import { createLedger, type Ledger } from '../../ledger/ledger.ts';
import type { Annual } from '../../workers/maintenance/annual.ts';
import type { Practice, WorkerDeps } from '../../workers/deps.ts';
import { createPump } from '../../workers/maintenance/pump.ts';
import { createRestore } from '../../workers/maintenance/restore.ts';
import { createProcessors } from '../../workers/worker.ts';
import { createLifecycle, type ProcessLifecycle } from './process-lifecycle.ts';
import type { MailPort } from './mailbox.ts';
import { createPool } from './sql.ts';
import type { Step } from '../../core/fee/fee.ts';
import type { PendingWork } from './pending-work.ts';
import type { Environment } from './environment.ts';

/** A process of levy: its parts are the production's own, only the world around them is not. */
export interface Process {
  lifecycle: ProcessLifecycle;
  ledger: Ledger;
  deps: WorkerDeps;
  /** What a worker does when it starts: a ledger that is behind Stripe is brought up to it. */
  begin(): Promise<void>;
  /** Works on one job, as a worker does. Never resolves when the process is killed meanwhile. */
  work(name: JobName, payload: unknown): Promise<Done>;
  /** One round of the pump, after a look at what waits. */
  pump(pending: PendingWork): Promise<number>;
}

export const PRACTICE: Practice = {
  name: 'Sunrise Practice',
  replyTo: 'office@sunrise.example',
  freeVendors: ['TherapyNotes'],
  pageLink: () => null,
};

/** Starts a process. It runs until it is killed by chance; `die` is told. */
export function startProcess(environment: Environment, name: string, die: () => void): Process {
  const { timeline, faults, note, mutation } = environment;
  const random = environment.random.fork(`${name} ${timeline.now()}`);
  const lifecycle = createLifecycle({ name, timeline, faults, random, note, die });
  const pool = createPool({
    lifecycle,
    faults,
    random,
    database: environment.database,
    outage: environment.databaseOutage,
    now: timeline.now,
    splitBefore: mutation.splitBefore,
  });
  const real = createLedger(pool, lifecycle.elapsedMs);
  const ledger = watched(mutation.ledger ? mutation.ledger(real) : real, environment);
  const port = environment.queue.port(lifecycle);
  const log = { info: environment.say, warn: environment.say, error: environment.say };

  function depsAt(decidedAt: number): WorkerDeps {
    const payments = paymentsOf(environment, lifecycle, random, decidedAt);
    const mail = mailOf(environment, lifecycle, random, decidedAt);
    const deps = {
      ledger,
      log,
      practice: PRACTICE,
      payments: mutation.payments ? mutation.payments(payments) : payments,
      mail: mutation.mail ? mutation.mail(mail) : mail,
      // The checker's second look is a look at once: its patience would pass in real time.
      patienceMs: 0,
    };
    return deps as unknown as WorkerDeps;
  }

  let isUpToDate = false;

  async function begin(): Promise<void> {
    while (lifecycle.alive && !isUpToDate)
      try {
        await createRestore(depsAt(timeline.now())).ifBehind();
        isUpToDate = true;
      } catch (error) {
        note(`${name} does not know whether the ledger is behind: ${String(error)}`);
        await timeline.sleep(60_000);
      }
  }

  const glance: { pending: PendingWork | null } = { pending: null };
  const pumping = createPump({
    log,
    ledger: spared(ledger, glance, timeline.now),
    queues: port,
    elapsedMs: lifecycle.elapsedMs,
    isUpToDate: () => isUpToDate,
  });
  return {
    lifecycle,
    ledger,
    deps: depsAt(timeline.now()),
    begin,
    async work(job, payload) {
      const deps = watchedWaves(depsAt(timeline.now()), environment, lifecycle);
      const processors = createProcessors(deps, port, annualOf(environment));
      const used = { ...processors, ...mutation.processors?.(deps) };
      const process = used[job] as Processor<JobName>;
      return process(checkPayload(job, payload));
    },
    pump(pending) {
      glance.pending = pending;
      return pumping.once();
    },
  };
}

/** The real gateway over the sandbox Stripe; time passes and crashes strike on both ways. */
function paymentsOf(
  environment: Environment,
  lifecycle: ProcessLifecycle,
  random: Environment['random'],
  decidedAt: number,
): Payments {
  const gate = async <T>(route: string, call: () => Promise<T>): Promise<T> => {
    await lifecycle.pass(random.between(50, 400), `before ${route}`, 3);
    try {
      return await call();
    } finally {
      const slow = random.chance(0.03) ? 20_000 : 0;
      await lifecycle.pass(random.between(50, 400) + slow, `after ${route}`, 3);
    }
  };
  const isAlive = () => lifecycle.alive;
  return createPayments(environment.stripe({ decidedAt, site: environment.site, isAlive }), {
    gate,
  });
}

function mailOf(
  environment: Environment,
  lifecycle: ProcessLifecycle,
  random: Environment['random'],
  decidedAt: number,
): MailPort {
  return {
    messageId: (feeId, kind, n) => `<fee-${feeId}-${kind}-${n}@sunrise.example>`,
    async send(mail) {
      await lifecycle.pass(random.between(50, 3_000), 'before a mail', 3);
      try {
        return environment.mailbox.take(mail, { decidedAt, site: environment.site });
      } finally {
        await lifecycle.pass(random.between(50, 3_000), 'after a mail', 3);
      }
    },
  };
}

/**
 * Spares the pump the questions to which the look just now has shown that the answer is nothing:
 * most of a year's statements would be these.
 */
function spared(
  ledger: Ledger,
  glance: { pending: PendingWork | null },
  now: () => number,
): Ledger {
  const { fees, events, assessments, circuitBreaker } = ledger;
  const nothingDue = (step: Step) => (glance.pending?.due[step] ?? Infinity) > now();
  return {
    ...ledger,
    fees: {
      ...fees,
      due: async (step, ...rest) => (nothingDue(step) ? [] : fees.due(step, ...rest)),
    },
    events: {
      ...events,
      open: async (limit) => (glance.pending?.events === 0 ? [] : events.open(limit)),
    },
    assessments: {
      ...assessments,
      list: async () => (glance.pending?.unenrolled === 0 ? [] : assessments.list()),
    },
    circuitBreaker: {
      ...circuitBreaker,
      standings: async () => (nothingDue('charge') ? [] : circuitBreaker.standings()),
    },
  };
}

/** Tells the environment what was written to which fee, so that events can follow on it. */
function watched(ledger: Ledger, environment: Environment): Ledger {
  const append: Ledger['fees']['append'] = async (feeRecord, entries, actor, at) => {
    const after = await ledger.fees.append(feeRecord, entries, actor, at);
    if (after) environment.wrote(feeRecord, entries);
    return after;
  };
  return { ...ledger, fees: { ...ledger.fees, append } };
}

/** Members of an act on many fees that are decided at once: fewer than a wave has. */
const PAGE = 2;

/**
 * Tells the environment which wave of an act on many fees was begun, and on what look. Within a
 * wave, of which a page is small here, a program may end or stand still more often than elsewhere.
 */
function watchedWaves(
  deps: WorkerDeps,
  { timeline, beganWave }: Environment,
  lifecycle: ProcessLifecycle,
): WorkerDeps {
  const { bulkActs } = deps.ledger;
  const decideNext: typeof bulkActs.decideNext = async (bulkId, limit) => {
    const looked = await bulkActs.decideNext(bulkId, Math.min(limit, PAGE));
    if (looked > 0) await lifecycle.pass(20, 'within a wave', 10);
    return looked;
  };
  let lookedAt = timeline.now();
  const wave: typeof bulkActs.wave = (act) => {
    lookedAt = timeline.now();
    return bulkActs.wave(act);
  };
  const beginWave: typeof bulkActs.beginWave = (bulkId, after, fees) => {
    beganWave(bulkId, { after, lookedAt });
    return bulkActs.beginWave(bulkId, after, fees);
  };
  const watched = { ...bulkActs, wave, beginWave, decideNext };
  return { ...deps, ledger: { ...deps.ledger, bulkActs: watched } };
}

function annualOf({ plan }: Environment): Annual {
  const { policy, autoApprove } = plan;
  return {
    cron: '0 9 15 1 *',
    timeZone: 'America/New_York',
    vendors: ['theranest'],
    autoApprove,
    policy,
    livemode: false,
  };
}
