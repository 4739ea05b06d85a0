/** The account's balance: one transaction for each movement of money, with Stripe's fee. */
import type { BalanceTransaction } from './objects.ts';
import type { World } from '../engine/world.ts';

/** What a movement is made of. Amounts in cents, negative when money leaves the account. */
export interface Movement {
  amount: number;
  fee?: number;
  currency: string;
  source: string;
  type: BalanceTransaction['type'];
  reporting_category: string;
  description?: string | null;
}

/** Stripe's list price for a domestic card: 2.9 % and 30 cents, rounded to the cent. */
export function cardFee(amount: number): number {
  return Math.round(amount * 0.029) + 30;
}

/** What a dispute costs on top of the amount, in cents. */
export const DISPUTE_FEE = 1500;

/** Money becomes available two days after it moved. */
const AVAILABLE_AFTER_SECONDS = 2 * 86_400;

/** Books a movement and gives its balance transaction. */
export function book(world: World, movement: Movement): BalanceTransaction {
  const { amount, fee = 0, currency } = movement;
  const created = world.now();
  return world.store.balance.put({
    id: world.newId('txn_', 24),
    object: 'balance_transaction',
    amount,
    available_on: created + AVAILABLE_AFTER_SECONDS,
    balance_type: 'payments',
    created,
    currency,
    description: movement.description ?? null,
    exchange_rate: null,
    fee,
    fee_details: fee === 0 ? [] : [feeDetail(fee, currency, movement.type)],
    net: amount - fee,
    reporting_category: movement.reporting_category,
    source: movement.source,
    status: 'pending',
    type: movement.type,
  });
}

function feeDetail(amount: number, currency: string, type: BalanceTransaction['type']) {
  const description = type === 'adjustment' ? 'Dispute fee' : 'Stripe processing fees';
  return { amount, application: null, currency, description, type: 'stripe_fee' };
}
