import { setTimeout as sleep } from 'node:timers/promises';
import type { Passing, Trick } from '../http-proxy.ts';
import type { Member } from '../processes.ts';
import type { Harness } from '../harness.ts';
import type { Fault } from './fault.ts';

const CONFIRM = /^\/v1\/payment_intents\/\w+\/confirm/;
const CREATE = /^\/v1\/payment_intents(\?|$)/;
const CANCEL = /^\/v1\/payment_intents\/\w+\/cancel/;
const REFUND = /^\/v1\/refunds(\?|$)/;

/** Programs that die or stand still: at any moment, and at the moments that matter most. */
export const PROGRAM_FAULTS: Fault[] = [
  {
    name: 'worker killed',
    weight: 2,
    async strike(harness) {
      if (harness.random.pick(harness.workers).kill())
        harness.counter('worker killed, at any moment');
    },
  },
  {
    name: 'API killed',
    weight: 1,
    async strike(harness) {
      if (harness.api.kill()) harness.counter('API killed');
    },
  },
  {
    name: 'worker stands still',
    weight: 1,
    async strike(harness) {
      harness.counter('worker stopped for seconds, then continued');
      await harness.random.pick(harness.workers).freeze(harness.random.between(1_500, 6_000));
    },
  },
  {
    name: 'API stands still',
    weight: 1,
    async strike(harness) {
      harness.counter('API stopped for seconds, then continued');
      await harness.api.freeze(harness.random.between(500, 3_000));
    },
  },
  {
    name: 'worker with a wrong clock',
    weight: 1,
    async strike(harness) {
      const skewMs = harness.random.pick([60_000, 86_400_000, -3_600_000]);
      harness.counter(`worker restarted with its clock ${skewMs / 1000} s off`);
      await harness.random.pick(harness.workers).restart(skewMs);
    },
  },
  killedAt('confirmation done, worker killed before it hears of it', CONFIRM, 'after', 3),
  killedAt('attempt written, worker killed before it is sent', CONFIRM, 'before', 1),
  killedAt('intent created, worker killed before it hears of it', CREATE, 'after', 2),
  killedAt('intent canceled, worker killed before it hears of it', CANCEL, 'after', 1),
  killedAt('refund made, worker killed before it hears of it', REFUND, 'after', 1),
  {
    name: 'zombie with an answer',
    weight: 2,
    strike: (harness) => frozenAfterConfirm(harness),
  },
  {
    name: 'worker killed with a mail taken',
    weight: 1,
    async strike(harness) {
      harness.faultInjector.setMail({
        trick: (who) => ({
          async taken() {
            const killed = memberOf(harness, who)?.kill();
            if (killed) harness.counter('mail taken, worker killed before it hears of it');
            return 'drop';
          },
        }),
      });
    },
  },
];

/** The answer is held back for ever: by the time it would come, nobody is there to take it. */
function killedAt(name: string, path: RegExp, when: 'before' | 'after', weight: number): Fault {
  return {
    name,
    weight,
    async strike(harness) {
      const strike = ({ who }: Passing) => {
        if (memberOf(harness, who)?.kill()) harness.counter(name);
        return Promise.resolve('drop' as const);
      };
      const trick = (passing: Passing): Trick =>
        when === 'before' ? { before: () => strike(passing) } : { after: () => strike(passing) };
      harness.faultInjector.set({
        matches: (one) => one.method === 'POST' && path.test(one.path),
        trick,
      });
    },
  };
}

/**
 * The worker stands still with the answer to its confirmation on the way. Meanwhile others find the
 * attempt open and settle it; then the sleeper wakes, and takes up its work where it left it.
 */
async function frozenAfterConfirm(harness: Harness): Promise<void> {
  const ms = harness.random.between(3_000, 7_000);
  const trick = ({ who }: Passing): Trick => ({
    async after() {
      harness.counter('confirmation done, worker stopped until others have settled it');
      void memberOf(harness, who)?.freeze(ms);
      await sleep(50);
      return 'go';
    },
  });
  harness.faultInjector.set({ matches: ({ path }) => CONFIRM.test(path), trick });
}

function memberOf({ processes }: Harness, who: string): Member | undefined {
  return processes.members.find(({ name }) => name === who);
}
