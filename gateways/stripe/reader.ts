import type Stripe from 'stripe';
import type { IntentReading, RefusedCharge } from '../../core/fee/intent.ts';
import { isReplay, pages, type Call } from './calls.ts';
import { chargeOf, EXPAND_INTENT, readingOf, refusalOfCharge } from './reading.ts';

/** Reading intents, with everything that belongs to them. */
export type Reader = ReturnType<typeof createReader>;

/** The ways an intent is read. All throw `PaymentsUnavailable` and `PaymentsRefused`. */
export function createReader(stripe: Stripe, call: Call) {
  /** The intent as Stripe has it now. */
  async function readIntent(intent: string): Promise<IntentReading> {
    return complete(
      await call('GET /v1/payment_intents/:id', () =>
        stripe.paymentIntents.retrieve(intent, { expand: EXPAND_INTENT }),
      ),
    );
  }

  /** Every refused charge of an intent, the oldest first. */
  async function refusedCharges(intent: string): Promise<RefusedCharge[]> {
    const charges = pages(call, 'GET /v1/charges', (page) =>
      stripe.charges.list({ payment_intent: intent, ...page }),
    );
    const newestFirst: RefusedCharge[] = [];
    for await (const charge of charges) newestFirst.push(...refusalOfCharge(charge));
    return newestFirst.reverse();
  }

  /** The intent as Stripe has it now, with every refused charge. */
  async function readOutcome(intent: string): Promise<IntentReading> {
    const reading = await readIntent(intent);
    if (reading.charge === null) return reading;
    return { ...reading, refusedBefore: await refusedCharges(intent) };
  }

  /**
   * Levy's intents of a customer and year, newest first, whichever ledger made them. By list: a
   * search lags behind. Intents without a year in their metadata count, too: they are older.
   */
  async function findIntents(args: { customer: string; year: number }): Promise<IntentReading[]> {
    const year = String(args.year);
    // Nobody owes a year's fee before the year; a day is room for clocks and zones.
    const gte = Date.UTC(args.year, 0, 1) / 1000 - 86_400;
    const found: IntentReading[] = [];
    const all = pages(call, 'GET /v1/payment_intents', (page) =>
      stripe.paymentIntents.list({
        customer: args.customer,
        created: { gte },
        expand: EXPAND_INTENT.map((path) => `data.${path}`),
        ...page,
      }),
    );
    for await (const intent of all)
      if (intent.metadata.fee && (intent.metadata.year ?? year) === year)
        found.push(await complete(intent));
    return found;
  }

  /** A repeated key is answered with the state of then: ask for the state of now. */
  async function current(intent: Stripe.Response<Stripe.PaymentIntent>): Promise<IntentReading> {
    return isReplay(intent) ? readIntent(intent.id) : complete(intent);
  }

  /** Fetches what the charge says there is more of; most intents need no further call. */
  async function complete(intent: Stripe.PaymentIntent): Promise<IntentReading> {
    const charge = chargeOf(intent);
    const enclosed = charge?.refunds;
    const missing = enclosed ? enclosed.has_more : (charge?.amount_refunded ?? 0) > 0;
    const refunds = missing ? await refundsOf(intent.id) : (enclosed?.data ?? []);
    const disputes = charge?.disputed
      ? await call('GET /v1/disputes', () => stripe.disputes.list({ charge: charge.id }))
      : null;
    return readingOf(intent, refunds, disputes?.data ?? []);
  }

  /** All refunds of an intent, newest first. */
  async function refundsOf(intent: string): Promise<Stripe.Refund[]> {
    const found: Stripe.Refund[] = [];
    for await (const refund of pages(call, 'GET /v1/refunds', (page) =>
      stripe.refunds.list({ payment_intent: intent, ...page }),
    ))
      found.push(refund);
    return found;
  }

  return { readIntent, readOutcome, refusedCharges, findIntents, current, refundsOf };
}
