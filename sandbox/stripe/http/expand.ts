/** `expand[]`: puts whole objects in the place of their ids, on the way out. */
import { invalidRequest } from './errors.ts';
import { listRecords } from './lists.ts';
import type { World } from '../engine/world.ts';

/** Refuses what cannot be expanded, before anything is done. At most four levels, as at Stripe. */
export function refuseExpand(paths: string[] | undefined): void {
  for (const [at, path] of (paths ?? []).entries()) {
    const steps = path.split('.').filter((step) => step !== 'data');
    if (steps.length > 4) {
      throw invalidRequest('You cannot expand more than 4 levels of a property.', {
        param: `expand[${at}]`,
      });
    }
    const unknown = steps.find((step) => !EXPANDABLE.has(step));
    if (unknown === undefined) continue;
    throw invalidRequest(`This property cannot be expanded (${unknown}).`, {
      param: `expand[${at}]`,
    });
  }
}

/** A copy of the answer with those properties expanded; the stored objects stay as they are. */
export function expand(world: World, answer: object, paths: string[] | undefined): object {
  if (!paths || paths.length === 0) return answer;
  const copy = structuredClone(answer) as Level;
  for (const path of paths) expandPath(world, copy, path.split('.'));
  return copy;
}

type Level = Record<string, unknown>;

const EXPANDABLE = new Set([
  'balance_transaction',
  'charge',
  'customer',
  'default_payment_method',
  'failure_balance_transaction',
  'invoice_settings',
  'latest_charge',
  'payment_intent',
  'payment_method',
  'refunds',
  'setup_intent',
  'source',
]);

function expandPath(world: World, level: Level, [step, ...rest]: string[]): void {
  if (step === undefined) return;
  if (step === 'data' && Array.isArray(level.data)) {
    for (const element of level.data as Level[]) expandPath(world, element, rest);
    return;
  }
  const value = step === 'refunds' ? refundsOf(world, level) : level[step];
  const whole = typeof value === 'string' ? structuredClone(findAny(world, value)) : value;
  if (typeof whole !== 'object' || whole === null) return;
  level[step] = whole;
  expandPath(world, whole as Level, rest);
}

function refundsOf(world: World, charge: Level): object {
  const id = String(charge.id);
  const url = `/v1/charges/${id}/refunds`;
  return listRecords(world.store.refunds, {}, { url, kind: 'refund', index: ['charge', id] });
}

function findAny(world: World, id: string): object | undefined {
  const { store } = world;
  const tables = {
    ch: store.charges,
    cus: store.customers,
    du: store.disputes,
    pi: store.paymentIntents,
    pm: store.paymentMethods,
    po: store.payouts,
    re: store.refunds,
    seti: store.setupIntents,
    txn: store.balance,
  };
  const prefix = id.slice(0, id.indexOf('_'));
  return Object.hasOwn(tables, prefix) ? tables[prefix as keyof typeof tables].get(id) : undefined;
}
