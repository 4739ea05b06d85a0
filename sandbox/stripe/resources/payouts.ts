/** Payouts of the balance: whatever is in no payout yet, together, as Stripe pays out by itself. */
import { noSuch } from '../http/errors.ts';
import { listRecords } from '../http/lists.ts';
import { paging, text, timeRange } from '../http/params.ts';
import type { Params } from '../http/params.ts';
import type { World } from '../engine/world.ts';
import { book } from './balance.ts';
import type { Payout } from './objects.ts';

/** Parameters by endpoint. */
export const payoutParams = { list: { ...paging, created: timeRange, status: text() } };

/** From a payout to its arrival at the bank. */
const ARRIVES_AFTER_SECONDS = 2 * 86_400;

/** Pays out all that is in no payout yet; gives null when that is nothing, or less. */
export function payOut(world: World): Payout | null {
  const paid = new Set([...world.store.payouts.values()].flatMap(({ movements }) => movements));
  const open = [...world.store.balance.values()].filter(({ id }) => !paid.has(id));
  const amount = open.reduce((sum, { net }) => sum + net, 0);
  if (amount <= 0) return null;
  const id = world.newId('po_', 24);
  const [{ currency = 'usd' } = {}] = open;
  const own = book(world, {
    ...{ amount: -amount, currency, source: id, type: 'payout', reporting_category: 'payout' },
    description: 'STRIPE PAYOUT',
  });
  const created = world.now();
  return world.store.payouts.put({
    ...{ id, object: 'payout', amount, currency, created, automatic: true, status: 'paid' },
    ...{ arrival_date: created + ARRIVES_AFTER_SECONDS, livemode: false, metadata: {} },
    ...{ balance_transaction: own.id, method: 'standard', type: 'bank_account' },
    movements: [...open.map((one) => one.id), own.id],
  });
}

/** GET /v1/payouts/:id */
export function retrievePayout(world: World, _params: unknown, id: string): object {
  const found = world.store.payouts.get(id);
  if (!found) throw noSuch('payout', id, 'payout', 404);
  return shown(found);
}

/** GET /v1/payouts, newest first. */
export function listPayouts(world: World, params: Params<typeof payoutParams.list>) {
  const page = listRecords(world.store.payouts, params, {
    url: '/v1/payouts',
    kind: 'payout',
    keep: ({ status }) => params.status === undefined || params.status === status,
  });
  return { ...page, data: page.data.map(shown) };
}

/** Stripe does not list what a payout is made of on the payout itself. */
function shown(payout: Payout): object {
  return { ...payout, movements: undefined };
}
