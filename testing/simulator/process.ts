import { createPayments, type Payments } from '../../gateways/stripe/payments.ts';
import type { JobName } from '../../jobs/jobs.ts';
import { checkPayload } from '../../jobs/jobs.ts';
import type { Done, Processor } from '../../jobs/queues.ts';
import { createLedger, type Ledger } from '../../ledger/ledger.ts';
import type { Annual } from '../../workers/maintenance/annual.ts';
import type { Practice, WorkerDeps } from '../../workers/deps.ts';
import { createPump } from '../../workers/maintenance/pump.ts';
import { createRestore } from '../../workers/maintenance/restore.ts';
import { createProcessors } from '../../workers/worker.ts';
import { createLife, type Life } from './life.ts';
import type { MailPort } from './mailbox.ts';
import { createPool } from './sql.ts';
import type { Step } from '../../core/fee/fee.ts';
import type { Outlook } from './pumping.ts';
import type { Setting } from './setting.ts';

/** A process of levy: its parts are the production's own, only the world around them is not. */
export interface Process {
  life: Life;
  ledger: Ledger;
  deps: WorkerDeps;
  /** What a worker does when it starts: a ledger that is behind Stripe is brought up to it. */
  begin(): Promise<void>;
  /** Works on one job, as a worker does. Never resolves when the process is killed meanwhile. */
  work(name: JobName, payload: unknown): Promise<Done>;
  /** One round of the pump, after a look at what waits. */
  pump(outlook: Outlook): Promise<number>;
}

export type Processors = { [Name in JobName]: Processor<Name> };

export const PRACTICE: Practice = {
  name: 'Sunrise Practice',
  replyTo: 'office@sunrise.example',
  freeVendors: ['TherapyNotes'],
  cardLink: () => null,
};

/** Starts a process. It lives until it is killed by chance; `die` is told. */
export function startProcess(setting: Setting, name: string, die: () => void): Process {
  const { timeline, faults, note, plant } = setting;
  const random = setting.random.fork(`${name} ${timeline.now()}`);
  const life = createLife({ name, timeline, faults, random, note, die });
  const pool = createPool({
    life,
    faults,
    random,
    database: setting.database,
    weather: setting.databaseWeather,
    now: timeline.now,
  });
  const real = createLedger(pool, life.elapsedMs);
  const ledger = watched(plant.ledger ? plant.ledger(real, setting) : real, setting);
  const port = setting.queue.port(life);
  const log = { info: setting.say, warn: setting.say, error: setting.say };

  function depsAt(decidedAt: number): WorkerDeps {
    const payments = paymentsOf(setting, life, random, decidedAt);
    const mail = mailOf(setting, life, random, decidedAt);
    const deps = {
      ledger,
      log,
      practice: PRACTICE,
      payments: plant.payments ? plant.payments(payments, setting) : payments,
      mail: plant.mail ? plant.mail(mail, setting) : mail,
      // The checker's second look is a look at once: its patience would pass in real time.
      patienceMs: 0,
    };
    return deps as unknown as WorkerDeps;
  }

  let isUpToDate = false;

  async function begin(): Promise<void> {
    while (life.alive && !isUpToDate)
      try {
        await createRestore(depsAt(timeline.now())).ifBehind();
        isUpToDate = true;
      } catch (error) {
        note(`${name} does not know whether the ledger is behind: ${String(error)}`);
        await timeline.sleep(60_000);
      }
  }

  const glance: { outlook: Outlook | null } = { outlook: null };
  const pumping = createPump({
    log,
    ledger: spared(ledger, glance, timeline.now),
    queues: port,
    elapsedMs: life.elapsedMs,
    isUpToDate: () => isUpToDate,
  });
  return {
    life,
    ledger,
    deps: depsAt(timeline.now()),
    begin,
    async work(job, payload) {
      const deps = depsAt(timeline.now());
      const processors = createProcessors(deps, port, annualOf(setting));
      const used = { ...processors, ...plant.processors?.(deps, setting) };
      const process = used[job] as Processor<JobName>;
      return process(checkPayload(job, payload));
    },
    pump(outlook) {
      glance.outlook = outlook;
      return pumping.once();
    },
  };
}

/** The real gateway over the double, with time and death on the way there and back. */
function paymentsOf(
  setting: Setting,
  life: Life,
  random: Setting['random'],
  decidedAt: number,
): Payments {
  const gate = async <T>(route: string, call: () => Promise<T>): Promise<T> => {
    await life.pass(random.between(50, 400), `before ${route}`, 3);
    try {
      return await call();
    } finally {
      const slow = random.chance(0.03) ? 20_000 : 0;
      await life.pass(random.between(50, 400) + slow, `after ${route}`, 3);
    }
  };
  return createPayments(setting.stripe({ decidedAt, site: setting.site }), { gate });
}

function mailOf(
  setting: Setting,
  life: Life,
  random: Setting['random'],
  decidedAt: number,
): MailPort {
  return {
    messageId: (feeId, kind, n) => `<fee-${feeId}-${kind}-${n}@sunrise.example>`,
    async send(mail) {
      await life.pass(random.between(50, 3_000), 'before a mail', 3);
      try {
        return setting.mailbox.take(mail, { decidedAt, site: setting.site });
      } finally {
        await life.pass(random.between(50, 3_000), 'after a mail', 3);
      }
    },
  };
}

/**
 * Spares the pump the questions to which the look just now has shown that the answer is nothing:
 * most of a year's statements would be these.
 */
function spared(ledger: Ledger, glance: { outlook: Outlook | null }, now: () => number): Ledger {
  const { fees, events, assessments, circuitBreaker } = ledger;
  const nothingDue = (step: Step) => (glance.outlook?.due[step] ?? Infinity) > now();
  return {
    ...ledger,
    fees: {
      ...fees,
      due: async (step, ...rest) => (nothingDue(step) ? [] : fees.due(step, ...rest)),
    },
    events: {
      ...events,
      open: async (limit) => (glance.outlook?.events === 0 ? [] : events.open(limit)),
    },
    assessments: {
      ...assessments,
      list: async () => (glance.outlook?.unenrolled === 0 ? [] : assessments.list()),
    },
    circuitBreaker: {
      ...circuitBreaker,
      standings: async () => (nothingDue('charge') ? [] : circuitBreaker.standings()),
    },
  };
}

/** Tells the setting what was written to which fee, so that happenings can follow on it. */
function watched(ledger: Ledger, setting: Setting): Ledger {
  const append: Ledger['fees']['append'] = async (feeCase, entries, actor, at) => {
    const after = await ledger.fees.append(feeCase, entries, actor, at);
    if (after) setting.wrote(feeCase, entries);
    return after;
  };
  return { ...ledger, fees: { ...ledger.fees, append } };
}

function annualOf({ plan }: Setting): Annual {
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
