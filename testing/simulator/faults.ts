import type { Random } from './random.ts';

/** Every fault the simulator can inject, in words for the report. */
export const FAULTS = {
  crash: 'a process is killed between two steps and started again later',
  stall: 'a process stands still for minutes or hours and goes on as if nothing had been',
  clock_fast: "a process's own clock runs ahead of the database's",
  db_lost_answer: 'a statement was carried out, and the connection broke before the answer',
  db_conflict: 'a deadlock or a serialization failure',
  db_down: 'the database is away for a while',
  queue_dropped: 'a job was accepted by the queue and lost',
  queue_doubled: 'a job is worked on twice at the same time',
  queue_late: 'a job is given out long after its turn, others before it',
  queue_refused: 'the queue does not take jobs',
  queue_flushed: 'everything on the queue is lost',
  queue_stale: 'jobs of long ago are run again',
  queue_forged: 'jobs that nobody put there: wrong fee, wrong number, wrong step',
  stripe_lost_request: 'a request never arrived at Stripe',
  stripe_lost_answer: 'Stripe acted, and its answer was lost',
  stripe_cut_answer: 'Stripe acted, and half of its answer arrived',
  stripe_500: 'Stripe failed with a 500, having acted or not, and says so again to the same key',
  stripe_in_use: 'Stripe is still at work on the same key, or on the same object',
  stripe_429: 'Stripe asks to slow down',
  stripe_outage: 'Stripe is away for hours',
  webhook_late: 'a webhook arrives up to three days later, others before it',
  webhook_doubled: 'a webhook arrives several times',
  webhook_missing: 'a webhook about our own doing never arrives',
  webhook_forged: 'an event that tells of something that did not happen',
  mail_later: 'the mail server takes a mail only at a later try',
  mail_refused: 'the mail server refuses an address for good',
  mail_unknown: 'the mail was handed over and no answer came',
  mail_away: 'the mail server is away',
  two_at_once: 'two operators do the same thing at the same time',
} as const;

export type Fault = keyof typeof FAULTS;

/** How often each fault strikes where it could; a fault that is not named never does. */
export type Rates = Partial<Record<Fault, number>>;

export interface Faults {
  /** Decides whether a fault strikes now, and counts it when it does. */
  strikes(fault: Fault): boolean;
  /** Counts a fault that was decided elsewhere. */
  struck(fault: Fault): void;
  /** From now on nothing strikes any more. */
  stop(): void;
  stopped(): boolean;
  counts(): Partial<Record<Fault, number>>;
}

/**
 * Chances per occasion when a fault is on; a seed multiplies them with its own strength. Faults
 * with 0 strike by the seed's plan, not by occasion.
 */
const RATES: Record<Fault, number> = {
  crash: 0.004,
  stall: 0.004,
  clock_fast: 0.5,
  db_lost_answer: 0.006,
  db_conflict: 0.006,
  db_down: 0,
  queue_dropped: 0.1,
  queue_doubled: 0.15,
  queue_late: 0.1,
  queue_refused: 0.015,
  queue_flushed: 0,
  queue_stale: 0,
  queue_forged: 0,
  stripe_lost_request: 0.04,
  stripe_lost_answer: 0.08,
  stripe_cut_answer: 0.03,
  stripe_500: 0.05,
  stripe_in_use: 0.03,
  stripe_429: 0.05,
  stripe_outage: 0,
  webhook_late: 0.3,
  webhook_doubled: 0.2,
  webhook_missing: 0.3,
  webhook_forged: 0,
  mail_later: 0.2,
  mail_refused: 0.06,
  mail_unknown: 0.1,
  mail_away: 0.05,
  two_at_once: 0.4,
};

/** Swarm testing: each seed has some faults and not others, each seldom or often. */
export function swarm(random: Random): Rates {
  const share = random.pick([0.15, 0.4, 0.7, 1]);
  const chosen: Rates = {};
  for (const fault of Object.keys(FAULTS) as Fault[])
    if (random.chance(share))
      chosen[fault] = Math.min(0.6, RATES[fault] * random.pick([0.5, 1, 1, 3]));
  return chosen;
}

/** Most strikes of one fault in one day: faults that never end let nothing else be seen. */
const A_DAY = 8;
const DAY_MS = 86_400_000;

/** Decides by the rates, each fault by chance of its own: leaving one out changes no other. */
export function createFaults(args: {
  rates: Rates;
  random: Random;
  now: () => number;
  note: (fault: Fault) => void;
}): Faults {
  const { rates, random, now, note } = args;
  const sources = new Map<Fault, Random>();
  const today = new Map<Fault, { day: number; times: number }>();
  const counts: Partial<Record<Fault, number>> = {};
  let over = false;
  const struck = (fault: Fault) => {
    counts[fault] = (counts[fault] ?? 0) + 1;
    note(fault);
  };
  function isEnough(fault: Fault): boolean {
    const day = Math.floor(now() / DAY_MS);
    const spent = today.get(fault);
    const times = spent?.day === day ? spent.times : 0;
    if (times < A_DAY) today.set(fault, { day, times: times + 1 });
    return times >= A_DAY;
  }

  return {
    strikes(fault) {
      const rate = rates[fault];
      if (over || !rate) return false;
      let source = sources.get(fault);
      if (!source) sources.set(fault, (source = random.fork(fault)));
      if (!source.chance(rate) || isEnough(fault)) return false;
      struck(fault);
      return true;
    },
    struck,
    stop: () => {
      over = true;
    },
    stopped: () => over,
    counts: () => counts,
  };
}
