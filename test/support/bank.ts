import type { IntentReading, Refusal } from '../../core/fee/intent.ts';
import { AMOUNT } from './fees.ts';

/** A refusal with this decline code and nothing else to say. */
export function refusal(code: string, changes: Partial<Refusal> = {}): Refusal {
  return {
    code,
    adviceCode: null,
    networkAdviceCode: null,
    sentToNetwork: true,
    charge: 'ch_1',
    ...changes,
  };
}

/** A reading of an intent nothing has happened to, but for what is given. */
export function reading(changes: Partial<IntentReading> = {}): IntentReading {
  return {
    intent: 'pi_1',
    status: 'waiting',
    customer: 'cus_1',
    amountCents: AMOUNT,
    feeId: 'fee_1',
    notice: null,
    canceledFor: null,
    charge: null,
    refusal: null,
    refusedCard: null,
    refusedBefore: [],
    refunds: [],
    dispute: null,
    ...changes,
  };
}

/** What may befall an intent at Stripe, whoever causes it. */
export const HAPPENINGS = [
  'confirm_declined',
  'confirm_paid',
  'refund_part',
  'refund_pending',
  'refund_done',
  'refund_fails',
  'dispute',
  'dispute_won',
  'dispute_lost',
  'cancel',
] as const;
export type Happening = (typeof HAPPENINGS)[number];

/** One intent at Stripe, as its books would have it: each happening that makes sense changes it. */
export function createBank() {
  let now = reading();
  let charges = 0;
  let refunds = 0;
  const change = (changes: Partial<IntentReading>) => void (now = { ...now, ...changes });
  const paid = () => now.status === 'succeeded';

  function refund(amountCents: number, status: 'pending' | 'succeeded'): void {
    const given = now.refunds
      .filter((one) => one.status !== 'failed')
      .reduce((sum, one) => sum + one.amountCents, 0);
    if (!paid() || given + amountCents > AMOUNT) return;
    refunds += 1;
    change({ refunds: [{ refund: `re_${refunds}`, amountCents, status }, ...now.refunds] });
  }

  function newest(from: string[], to: 'succeeded' | 'failed'): void {
    const which = now.refunds.find(({ status }) => from.includes(status));
    const moved = now.refunds.map((one) => (one === which ? { ...one, status: to } : one));
    change({ refunds: moved });
  }

  function dispute(status: 'open' | 'won' | 'lost'): void {
    const opens = status === 'open' && !now.dispute;
    if (!paid() || (!opens && now.dispute?.status !== 'open')) return;
    change({ dispute: { dispute: 'dp_1', amountCents: AMOUNT, status, why: 'fraudulent' } });
  }

  const acts: Record<Happening, () => void> = {
    confirm_declined() {
      if (now.status !== 'waiting') return;
      const charge = `ch_${(charges += 1)}`;
      change({ charge, refusal: refusal('insufficient_funds', { charge }) });
    },
    confirm_paid() {
      if (now.status !== 'waiting') return;
      change({ charge: `ch_${(charges += 1)}`, refusal: null, status: 'succeeded' });
    },
    refund_part: () => refund(500, 'succeeded'),
    refund_pending: () => refund(500, 'pending'),
    refund_done: () => newest(['pending'], 'succeeded'),
    refund_fails: () => newest(['pending', 'succeeded'], 'failed'),
    dispute: () => dispute('open'),
    dispute_won: () => dispute('won'),
    dispute_lost: () => dispute('lost'),
    cancel: () => now.status === 'waiting' && change({ status: 'canceled' }),
  };

  return {
    happens: (what: Happening) => acts[what](),
    read: (): IntentReading => structuredClone(now),
  };
}
