import { setTimeout as sleep } from 'node:timers/promises';
import { PaymentsUnavailable, type CardReading, type Payments } from '../../gateways/payments.ts';
import { eachOf } from '../routes/actions.ts';
import type { Wanted } from './plan.ts';
import { problem } from '../http/errors.ts';
import type { Notes, RowNote } from './validate-row.ts';

/** Waits before Stripe is asked again, in ms. */
const AGAIN_MS = [500, 2_000];

/** Fewer rows with another e-mail are mistakes of their own, and are only warned about. */
const SHIFTED_ROWS = 3;

/**
 * Asks Stripe whether customers and cards are there, and remembers each card. Gives the rows that
 * can be written; those Stripe does not know are refused. Throws `PaymentsUnavailable` when Stripe
 * does not answer, and `roster_looks_shifted`: nothing has been written then.
 *
 * @param compare  whether the e-mails of rows and customers are compared, too
 */
export async function checkAtStripe(
  payments: Pick<Payments, 'readCard' | 'readEmail'>,
  wanted: Wanted[],
  refused: Notes,
  compare: boolean,
): Promise<Wanted[]> {
  const good: Wanted[] = [];
  const compared = { rows: 0, differing: [] as Wanted[] };
  await eachOf(wanted, async (row) => {
    const { stripeCustomer, paymentMethod, email } = row.clinician;
    if (!stripeCustomer || !isNews(row)) {
      good.push(row);
      return;
    }
    const reading = await patiently(() => payments.readCard(stripeCustomer, paymentMethod));
    const why = refusal(reading, paymentMethod);
    if (why) {
      refused.add({ line: row.line, ref: row.clinician.ref, ...why });
      return;
    }
    const asked = { ...row, card: cardOf(reading), noCard: !reading.found };
    good.push(asked);
    const known = compare && email ? await patiently(() => payments.readEmail(stripeCustomer)) : '';
    if (!known || !email) return;
    compared.rows += 1;
    asked.otherEmail = known.trim().toLowerCase() !== email.toLowerCase();
    if (asked.otherEmail) compared.differing.push(asked);
  });
  refuseShifted(compared);
  return good;
}

/**
 * One customer with another e-mail is worth a warning. If most have one, a column of the
 * spreadsheet has shifted, and every clinician would pay for another.
 */
function refuseShifted({ rows, differing }: { rows: number; differing: Wanted[] }): void {
  if (differing.length < SHIFTED_ROWS || differing.length * 2 <= rows) return;
  const lines = differing.map(({ line }) => line).sort((a, b) => a - b);
  throw problem('roster_looks_shifted', {
    details: { compared: rows, differing: lines.length, lines: lines.slice(0, 20) },
  });
}

function cardOf(reading: CardReading): string | null {
  return reading.found ? reading.paymentMethod : null;
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
