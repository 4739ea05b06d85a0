/** The sandbox's own books: what was really charged, for comparison with anyone else's. */
import type { Charge } from '../resources/objects.ts';
import type { World } from './world.ts';

/** A succeeded charge in the books. */
interface BookedCharge {
  charge: string;
  payment_intent: string | null;
  customer: string | null;
  amount: number;
  amount_refunded: number;
  disputed: boolean;
  created: number;
  metadata: Record<string, string>;
}

/** The books. All amounts in cents. */
export interface Books {
  /** Payment intents by status. */
  intents: Record<string, number>;
  /** Charges by status: every confirmation that reached the network. */
  charges: Record<string, number>;
  succeeded: BookedCharge[];
  refunds: { id: string; charge: string | null; amount: number; status: string | null }[];
  totals: {
    charged: number;
    refunded: number;
    disputed: number;
    /** By the balance transactions, which come some time after the charges. */
    settled: number;
    fees: number;
    net: number;
  };
  /** Several succeeded charges for one thing: an intent, or the same metadata. Has to be empty. */
  doubleCharges: { for: string; charges: string[]; amount: number }[];
}

/**
 * Draws up the books. Two payments count as double when they share an intent, or all of their
 * metadata; with `by`, when they share that one metadata value (e.g. the fee's id).
 */
export function drawUpBooks(world: World, by?: string): Books {
  const charges = [...world.store.charges.values()];
  const paid = charges.filter((charge) => charge.status === 'succeeded');
  const refunds = [...world.store.refunds.values()];
  const movements = [...world.store.balance.values()].filter(({ type }) => type !== 'payout');
  const lost = [...world.store.disputes.values()].filter((dispute) => dispute.status !== 'won');
  return {
    intents: countBy([...world.store.paymentIntents.values()]),
    charges: countBy(charges),
    succeeded: paid.map(bookedCharge),
    refunds: refunds.map(({ id, charge, amount, status }) => ({ id, charge, amount, status })),
    totals: {
      charged: sum(paid.map((charge) => charge.amount)),
      refunded: sum(
        refunds.filter(({ status }) => status !== 'failed').map(({ amount }) => amount),
      ),
      disputed: sum(lost.map(({ amount }) => amount)),
      settled: sum(movements.map(({ amount }) => amount)),
      fees: sum(movements.map(({ fee }) => fee)),
      net: sum(movements.map(({ net }) => net)),
    },
    doubleCharges: doubleCharges(paid, by),
  };
}

function bookedCharge(charge: Charge): BookedCharge {
  const { id, payment_intent, customer, amount, amount_refunded, disputed, created } = charge;
  const { metadata } = charge;
  return {
    charge: id,
    payment_intent,
    customer,
    amount,
    amount_refunded,
    disputed,
    created,
    metadata,
  };
}

function doubleCharges(paid: Charge[], by: string | undefined): Books['doubleCharges'] {
  const groups = new Map<string, Set<Charge>>();
  for (const charge of paid) {
    for (const subject of subjectsOf(charge, by)) {
      groups.set(subject, (groups.get(subject) ?? new Set()).add(charge));
    }
  }
  return [...groups]
    .filter(([, charges]) => charges.size > 1)
    .map(([subject, charges]) => ({
      for: subject,
      charges: [...charges].map(({ id }) => id),
      amount: sum([...charges].map(({ amount }) => amount)),
    }));
}

function subjectsOf(charge: Charge, by: string | undefined): string[] {
  const subjects = charge.payment_intent === null ? [] : [charge.payment_intent];
  const names = by === undefined ? Object.keys(charge.metadata).sort() : [by];
  const values = names.filter((name) => charge.metadata[name] !== undefined);
  if (values.length > 0) {
    subjects.push(values.map((name) => `${name}=${charge.metadata[name]}`).join(' '));
  }
  return subjects;
}

function countBy(records: { status: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of records) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

function sum(amounts: number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
