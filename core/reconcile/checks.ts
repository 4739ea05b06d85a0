import type { FeeStatus } from '../fee/fee.ts';

/**
 * The invariants, each as a sentence for people. `stops`: a breach pauses charging until a person
 * has looked. A late fee pauses nothing, because charging must continue to catch up.
 */
export const CHECKS = {
  one_charge: {
    sentence:
      'Nobody was charged twice: at most one charge per person and year has succeeded and was ' +
      'not given back, by Stripe’s own books, whichever ledger made it.',
    stops: true,
  },
  announced: {
    sentence:
      'Nobody was charged unannounced: every attempt follows an accepted notice of the same ' +
      'amount, at least the notice period later.',
    stops: true,
  },
  amount: {
    sentence:
      'Nobody was charged a wrong amount: what was noticed, what was charged and the rate of the ' +
      'assessment are the same.',
    stops: true,
  },
  evidence: {
    sentence: 'Nobody without evidence of use was ever written to or charged.',
    stops: true,
  },
  invoiced: {
    sentence:
      'Where only what the practice was charged is passed on, nobody was charged whom the ' +
      'vendor’s confirmed invoices did not carry with the amount.',
    stops: true,
  },
  nobody_forgotten: {
    sentence:
      'Nobody was forgotten: every fee with evidence is paid, rests in a state with a name, or ' +
      'is due and on time.',
    stops: false,
  },
  objects: {
    sentence:
      'For every fee the ledger and Stripe know the same intents, charges, refunds and disputes, ' +
      'in both directions.',
    stops: true,
  },
  orphan_objects: {
    sentence:
      'Stripe’s books hold no intent or charge of levy’s that this ledger has no fee for, or ' +
      'only one that nobody owes here.',
    stops: false,
  },
  cents: {
    sentence: 'The ledger and the movements of Stripe’s balance agree for every fee, to the cent.',
    stops: true,
  },
  balanced: {
    sentence:
      'Every movement of money in the ledger is whole and the one its entry stands for, and the ' +
      'accounts sum to zero.',
    stops: true,
  },
  index: {
    sentence:
      'The entries of every fee add up to what is stored of it: state, next step, due date, ' +
      'number of the last entry, intent.',
    stops: true,
  },
  numbers: {
    sentence: 'The entries of every fee are numbered from 1 without gaps.',
    stops: true,
  },
  mode: {
    sentence: 'No test object belongs to a live assessment, and no live object to a test.',
    stops: true,
  },
  card_limits: {
    sentence:
      'No card was tried more often, or sooner again, than the policy and the card networks allow.',
    stops: true,
  },
  refused_cards: {
    sentence: 'No card was tried again after its bank had said not to.',
    stops: true,
  },
  emails: {
    sentence: 'No e-mail was sent without its occasion, and none twice for the same.',
    stops: true,
  },
} as const;

export type CheckName = keyof typeof CHECKS;
export const CHECK_NAMES = Object.keys(CHECKS) as CheckName[];

/** One breach of an invariant. The detail holds ids, cents, dates and codes only. */
export interface Breach {
  check: CheckName;
  /** Null when the breach is not about one fee. */
  feeId: string | null;
  detail: string;
}

export interface CheckResult {
  name: CheckName;
  sentence: string;
  breaches: { feeId: string | null; detail: string }[];
  /** The number of breaches that are not listed. */
  more: number;
}

/** The result of a check, as of one moment. */
export interface Report {
  checkedAt: Date;
  fees: number;
  checks: CheckResult[];
  /** True when no check found a breach. */
  ok: boolean;
}

/** Breaches listed per check. Further ones are only counted, so that memory is bounded. */
export const LISTED = 1_000;

/** Collects breaches into a report. */
export function createTally() {
  const found = new Map(CHECK_NAMES.map((name) => [name, { breaches: [] as Breach[], more: 0 }]));

  /** Adds breaches; `more` counts those that the check has not listed. */
  function add(breaches: Breach[], more = 0): void {
    for (const breach of breaches) {
      const check = found.get(breach.check);
      if (!check) throw new Error(`Bug! no check is called ${breach.check}`);
      if (check.breaches.length < LISTED) check.breaches.push(breach);
      else check.more += 1;
    }
    const check = breaches[0] && found.get(breaches[0].check);
    if (check) check.more += more;
  }

  function report(checkedAt: Date, fees: number): Report {
    const checks = CHECK_NAMES.map((name): CheckResult => {
      const { breaches = [], more = 0 } = found.get(name) ?? {};
      const lines = breaches.map(({ feeId, detail }) => ({ feeId, detail }));
      return { name, sentence: CHECKS[name].sentence, breaches: lines, more };
    });
    return { checkedAt, fees, checks, ok: checks.every(({ breaches }) => breaches.length === 0) };
  }

  return { add, report };
}

/** True for the states in which nothing more happens by itself; every other state leads to one. */
const RESTS: Record<FeeStatus, boolean> = {
  detecting: false,
  no_use: true,
  exempt: true,
  // Waits for a person to approve the roster.
  ready: true,
  approved: false,
  noticed: false,
  charging: false,
  unknown: false,
  retrying: false,
  needs_card: true,
  paid: true,
  paid_otherwise: true,
  waived: true,
  held: true,
  refunded: true,
  disputed: true,
  gave_up: true,
  notice_failed: true,
};

export const REST_STATES = (Object.keys(RESTS) as FeeStatus[]).filter((state) => RESTS[state]);
