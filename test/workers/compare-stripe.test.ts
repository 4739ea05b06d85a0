import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  openVerifiedYear,
  payBehind,
  stripeSideOf,
  type VerifiedYear,
} from '../support/verified-year.ts';
import { EVERYBODY, feeOf, payers } from '../support/year.ts';

let year: VerifiedYear;
beforeAll(async () => {
  year = await openVerifiedYear([...EVERYBODY, ...payers(8)]);
});
afterAll(() => year.close());

const STRANGER = '00000000-0000-4000-8000-00000000dead';
/** A card that nobody of the year has, and the one that A2 alone has. */
const UNUSED = 'pm_card_amex';
const OF_A2 = 'pm_card_mastercard';

/** Asks Stripe to charge a fee's intent, without telling the ledger. */
async function confirmBehind(fee: string, card: string): Promise<void> {
  const { intent } = await stripeSideOf(year.testApp, fee);
  const confirmed = year.testApp.stripe.paymentIntents.confirm(intent, { payment_method: card });
  await confirmed.catch(() => undefined);
}

describe('by Stripe’s books, the checker names the fee', () => {
  it('that was charged twice', async () => {
    const found = await year.named('P1', (fee) => payBehind(year.testApp, fee));
    expect(found).toEqual(['announced', 'cents', 'objects', 'one_charge']);
  });

  it('that was charged without an attempt of ours', async () => {
    const found = await year.named('C1', (fee) =>
      confirmBehind(fee, 'pm_card_chargeDeclinedLostCard'),
    );
    expect(found).toEqual(['announced']);
  });

  it('that was charged by another ledger and is not owed here', async () => {
    const found = await year.named('E1', (fee) => payBehind(year.testApp, fee));
    expect(found).toEqual(['orphan_objects']);
  });

  it('that was refunded in the dashboard', async () => {
    const found = await year.named('P2', async (fee) => {
      const { intent } = await stripeSideOf(year.testApp, fee);
      await year.testApp.stripe.refunds.create({ payment_intent: intent });
    });
    expect(found).toEqual(['cents', 'objects']);
  });

  it('that is disputed', async () => {
    const found = await year.named('P3', async (fee) => {
      const { intent } = await stripeSideOf(year.testApp, fee);
      await fetch(`${year.testApp.sandbox.url}/_sandbox/disputes`, {
        method: 'POST',
        body: JSON.stringify({ payment_intent: intent }),
      });
    });
    expect(found).toEqual(['cents', 'objects']);
  });

  it('whose charge, intent or refund only the ledger has', async () => {
    const charge = await year.named('P4', (fee) =>
      year.tamper.rewrite(fee, 'paid', { charge: 'ch_none' }),
    );
    expect(charge).toEqual(['objects']);
    const intent = await year.named('P5', (fee) => year.tamper.renameIntent(fee, 'pi_none'));
    expect(intent).toEqual(['objects']);
    expect(await year.named('P6', year.tamper.inventRefund)).toEqual(['cents', 'objects']);
  });

  it('that has an intent more than it should, though nothing was taken by it', async () => {
    const found = await year.named('P7', (fee) =>
      year.testApp.stripe.paymentIntents.create({
        ...{ amount: 1950, currency: 'usd', metadata: { fee, year: '2026' } },
        automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      }),
    );
    expect(found).toEqual(['objects']);
  });

  it('that only Stripe knows, as nobody’s', async () => {
    const found = await year.newly(() => payBehind(year.testApp, STRANGER, { card: UNUSED }));
    expect(found).toEqual(['orphan_objects nobody']);
  });

  it('whose person was charged a second time, as that of a fee nobody knows', async () => {
    const found = await year.named('P8', async (fee) => {
      const { customer } = await stripeSideOf(year.testApp, fee);
      await payBehind(year.testApp, STRANGER, { customer, card: 'pm_card_discover' });
    });
    expect(found).toEqual(['one_charge', 'orphan_objects nobody']);
  });

  it('whose card was charged a second time, for a customer nobody knows', async () => {
    const found = await year.newly(() => payBehind(year.testApp, STRANGER, { card: OF_A2 }));
    const a2 = await feeOf(year.testApp, 'A2');
    expect(found).toEqual([`one_charge ${a2}`, 'orphan_objects nobody']);
  });

  it('of no second charge where the first was given back', async () => {
    const found = await year.named('A1', async (fee) => {
      const { customer } = await stripeSideOf(year.testApp, fee);
      const paid = await payBehind(year.testApp, STRANGER, { customer, card: 'pm_card_jcb' });
      await year.testApp.stripe.refunds.create({ payment_intent: paid });
    });
    expect(found).toEqual(['orphan_objects nobody']);
  });

  it('of none where the other charge is of another year', async () => {
    const found = await year.named('D2', async (fee) => {
      const { customer } = await stripeSideOf(year.testApp, fee);
      await payBehind(year.testApp, STRANGER, { customer, card: 'pm_card_jcb', year: '2025' });
    });
    expect(found).toEqual(['orphan_objects nobody']);
  });

  it('whose card was tried more often than its network allows', async () => {
    const found = await year.named('C1', async (fee) => {
      for (let n = 0; n < 21; n += 1)
        await confirmBehind(fee, 'pm_card_chargeDeclinedInsufficientFunds');
    });
    expect(found).toContain('card_limits');
  });

  it('of every test charge when the assessment is live', async () => {
    const found = await year.newly(() => year.tamper.livemode(true));
    for (const ref of ['A1', 'B2', 'P8'])
      expect(found).toContain(`mode ${await feeOf(year.testApp, ref)}`);
    expect(found.filter((one) => !one.startsWith('mode '))).toEqual([]);
    expect(found).not.toContain(`mode ${await feeOf(year.testApp, 'F1')}`);
  });
});
