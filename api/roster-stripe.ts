import { setTimeout as sleep } from 'node:timers/promises';
import { PaymentsUnavailable, type CardReading, type Payments } from '../gateways/payments.ts';
import { eachOf } from './acts.ts';
import type { Wanted } from './roster-plan.ts';
import type { RowNote } from './roster-row.ts';

/** Waits before a question to Stripe is asked again, in ms. */
const AGAIN_MS = [500, 2_000];

/**
 * Asks Stripe whether customers and cards are there, and remembers each card. Gives the rows that
 * can be written and those Stripe does not know. Throws `PaymentsUnavailable` when Stripe does not
 * answer: nothing has been written then.
 */
export async function checkAtStripe(
  payments: Pick<Payments, 'readCard'>,
  wanted: Wanted[],
): Promise<{ wanted: Wanted[]; refused: RowNote[] }> {
  const refused: RowNote[] = [];
  const good: Wanted[] = [];
  await eachOf(wanted, async (row) => {
    const { stripeCustomer, paymentMethod } = row.clinician;
    if (!stripeCustomer || !isNews(row)) {
      good.push(row);
      return;
    }
    const reading = await patiently(() => payments.readCard(stripeCustomer, paymentMethod));
    const why = refusal(reading, paymentMethod);
    if (why) refused.push({ line: row.line, ref: row.clinician.ref, ...why });
    else
      good.push({
        ...row,
        card: reading.found ? reading.paymentMethod : null,
        noCard: !reading.found,
      });
  });
  return { wanted: good.sort((a, b) => a.line - b.line), refused };
}

/** Whether the row says something about customer or card that the roster does not say yet. */
export function isNews({ clinician, before }: Wanted): boolean {
  return (
    clinician.stripeCustomer !== (before?.stripeCustomer ?? null) ||
    clinician.paymentMethod !== (before?.paymentMethod ?? null)
  );
}

function refusal(
  reading: CardReading,
  paymentMethod: string | null,
): Pick<RowNote, 'field' | 'reason' | 'message'> | null {
  if (reading.found)
    return paymentMethod && reading.paymentMethod !== paymentMethod ? NOT_THEIRS : null;
  if (reading.why === 'no_card') return null;
  return reading.why === 'card_detached' ? NOT_THEIRS : CUSTOMER[reading.why];
}

const NOT_THEIRS = {
  field: 'paymentMethod',
  reason: 'unknown_payment_method',
  message: 'Stripe has no such card with this customer.',
} as const;

const CUSTOMER = {
  no_customer: {
    field: 'stripeCustomer',
    reason: 'unknown_customer',
    message: 'Stripe knows no such customer.',
  },
  customer_deleted: {
    field: 'stripeCustomer',
    reason: 'customer_deleted',
    message: 'The customer was deleted at Stripe.',
  },
} as const;

async function patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (const waitMs of AGAIN_MS)
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof PaymentsUnavailable)) throw error;
      await sleep(Math.max(waitMs, Math.min(error.afterMs ?? 0, 10_000)));
    }
  return ask();
}
