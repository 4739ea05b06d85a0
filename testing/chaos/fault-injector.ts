import type { Random } from '../simulator/random.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Passing, Trick } from './http-proxy.ts';
import type { MailTrick } from './smtp-proxy.ts';
import type { Counter } from './counter.ts';

/** Waits for one request of a kind, and strikes it once. */
export interface Trap {
  matches: (passing: Passing) => boolean;
  trick: (passing: Passing) => Trick;
}

/** Waits for one mail of any program, and strikes it once. */
export interface MailTrap {
  trick: (who: string) => MailTrick;
}

/** Decides what becomes of every request to Stripe, of every webhook and of every mail. */
export interface FaultInjector {
  http(passing: Passing): Trick;
  mail(who: string): MailTrick;
  /** Sets a trap. The latest one that fits strikes first. */
  set(trap: Trap): void;
  setMail(trap: MailTrap): void;
  /** Nothing gets to Stripe, or to the mail server, until told otherwise. */
  outage: { stripe: boolean; mail: boolean };
  /** From now on everything passes, and what waits does, too. */
  rest(): void;
}

/** Longest time a request is kept waiting by chance, in ms. */
const DELAY_MS = 1_200;

/** By chance something small happens to a few in a hundred; the traps do the rest. */
export function createFaultInjector(random: Random, counter: Counter): FaultInjector {
  let traps: Trap[] = [];
  let mailTraps: MailTrap[] = [];
  let resting = false;
  const outage = { stripe: false, mail: false };

  function byChance(passing: Passing): Trick {
    // The books are read in hundreds of pages; what breaks one of them breaks the whole check.
    const rarely = passing.method === 'GET' && passing.path.includes('limit=100');
    if (!random.chance(rarely ? 0.004 : 0.08)) return {};
    const kind = random.weighted({ drop_before: 2, drop_after: 2, half: 1, delay: 3 });
    const where = passing.path.startsWith('/webhooks') ? 'webhook' : 'stripe';
    counter(`${where} ${NAMES[kind]}`);
    switch (kind) {
      case 'drop_before':
        return { before: async () => 'drop' };
      case 'drop_after':
        return { after: async () => 'drop' };
      case 'half':
        return { after: async () => 'half' };
      case 'delay': {
        const ms = random.between(50, DELAY_MS);
        return random.chance(0.5)
          ? { before: () => sleep(ms, 'go' as const) }
          : { after: () => sleep(ms, 'go' as const) };
      }
    }
  }

  return {
    outage,
    http(passing) {
      if (resting) return {};
      if (outage.stripe && !passing.path.startsWith('/webhooks'))
        return { before: async () => 'drop' };
      const trap = traps.findLast((one) => one.matches(passing));
      if (!trap) return byChance(passing);
      traps = traps.filter((one) => one !== trap);
      return trap.trick(passing);
    },
    mail(who) {
      if (resting) return {};
      if (outage.mail) return { greeting: async () => 'drop' };
      const trap = mailTraps.pop();
      if (trap) return trap.trick(who);
      if (!random.chance(0.06)) return {};
      const kind = random.weighted({ refused: 1, unheard: 2, slow: 2 });
      counter(`mail ${kind === 'unheard' ? 'taken, answer lost' : kind}`);
      if (kind === 'refused') return { greeting: async () => 'drop' };
      if (kind === 'unheard') return { taken: async () => 'drop' };
      return { taken: () => sleep(random.between(50, DELAY_MS), 'go' as const) };
    },
    set: (trap) => void traps.push(trap),
    setMail: (trap) => void mailTraps.push(trap),
    rest() {
      resting = true;
      traps = [];
      mailTraps = [];
    },
  };
}

const NAMES = {
  drop_before: 'request lost',
  drop_after: 'answer lost after the work was done',
  half: 'answer cut in half',
  delay: 'request or answer late',
};
