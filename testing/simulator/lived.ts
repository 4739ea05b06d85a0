import { carriedCents } from './expected-invoice.ts';
import type { Scenario } from './scenario.ts';

/** What a seed's people lived to see of what only some seeds have, for the report. */
export const LIVED = {
  acts_begun: 'acts on many fees were begun',
  acts_finished: 'of them were seen to finish',
  fees_acted_on: 'fees they were done to',
  acts_stopped: 'of them were paused or aborted by a person',
  acts_braked: 'times an act stood still by itself, as no card of a wave was paid',
  invoices: 'invoices of the vendor counted at some time',
  invoices_ended: 'of them were voided or replaced',
  tries_invoiced: 'times a bank was asked where only what was invoiced is passed on',
  not_invoiced: 'people were never charged, as no invoice carried them in full',
} as const;

export type Lived = Record<keyof typeof LIVED, number>;

/** Counts it, when the year is over. */
export function livedOf(scenario: Scenario): Lived {
  const { expected, environment, stripe } = scenario;
  const { bulkActs, invoices, people } = expected;
  const began = bulkActs.filter(({ begunAt }) => begunAt < Infinity);
  const counted = invoices.filter(({ standing }) => standing.some(({ must }) => must));
  const isByInvoice = environment.plan.policy.passOn === 'invoice';
  const now = { from: environment.timeline.now(), until: environment.timeline.now() };
  const notCarried = people.filter(
    ({ plan, joined }) => joined && carriedCents(invoices, plan.index, 'most', now) <= 0,
  );
  return {
    acts_begun: began.length,
    acts_finished: began.filter(({ finishedAt }) => finishedAt < Infinity).length,
    fees_acted_on: began.reduce((sum, { toldDone }) => sum + toldDone.length, 0),
    acts_stopped: began.filter(({ stops, abortedAt }) => stops.length > 0 || abortedAt < Infinity)
      .length,
    acts_braked: began.reduce((sum, { braked }) => sum + braked, 0),
    invoices: counted.length,
    invoices_ended: counted.filter(({ standing }) => !standing.at(-1)?.may).length,
    tries_invoiced: isByInvoice ? stripe.books.tries.filter(({ by }) => by === 'levy').length : 0,
    not_invoiced: isByInvoice ? notCarried.length : 0,
  };
}

/** Both together. */
export function addLived(a: Lived | null, b: Lived): Lived {
  if (!a) return b;
  const names = Object.keys(b) as (keyof Lived)[];
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as Lived;
}
