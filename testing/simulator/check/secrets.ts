import { CANARY } from '../events/roster.ts';
import type { Scenario } from '../scenario.ts';
import type { FeeFacts } from './facts.ts';
import type { Violation } from './violation.ts';

/** No name and no address where they must not be; they all hold the same strange word. */
export function checkSecrets(scenario: Scenario, fees: FeeFacts[]): Violation[] {
  const { books } = scenario.stripe;
  const places: Record<string, Iterable<string>> = {
    'the queue': scenario.environment.queue.texts,
    "levy's log": scenario.expected.logged,
    Stripe: [...books.intents.values(), ...books.refunds.values()].map((one) =>
      JSON.stringify(one),
    ),
    'the ledger': fees.map(({ entries }) => JSON.stringify(entries)),
  };
  return Object.entries(places).flatMap(([place, texts]) => {
    const found = [...texts].find((text) => text.includes(CANARY));
    return found
      ? [{ invariant: '15 secrets', feeId: null, what: `a name in ${place}: ${found}` }]
      : [];
  });
}

const TIMELY = new Set(['LV006', 'LV011', 'LV015']);

/** Errors that are nobody's fault but the program's. */
export function checkErrors({ expected }: Scenario): Violation[] {
  return expected.errors.flatMap((error) => {
    const { message = '', name = '', code = '' } = error as Error & { code?: string };
    const isBug = message.startsWith('Bug!') || /^(Type|Range|Reference)Error$/.test(name);
    // Refusals of the database that the program should not have run into. A pause (LV006) may
    // always come in between, and a clock that runs ahead is what two of them are for.
    const isRefused = /^(LV|23|42|22)/.test(code) && !TIMELY.has(code);
    if (!isBug && !isRefused) return [];
    return [{ invariant: 'bug', feeId: null, what: `${name} ${code} ${message}` }];
  });
}
