import { expect, it } from 'vitest';
import { csvOf } from '../../api/lists/csv.ts';
import { sheetsOf } from '../../api/lists/lists.ts';
import { queueBackends } from '../support/queues.ts';
import { createTestApp, type TestApp } from '../support/test-app.ts';
import { liveYear, payers } from '../support/year.ts';
import { parse } from 'csv-parse/sync';

async function payoutsOf(testApp: TestApp, id: string): Promise<Record<string, string>[]> {
  const assessment = await testApp.ledger.assessments.get(id);
  if (!assessment) throw new Error('no assessment');
  const [sheet] = sheetsOf(testApp.deps, assessment, 'payouts');
  if (!sheet) throw new Error('no sheet');
  let text = '';
  for await (const piece of csvOf(sheet)) text += piece;
  return parse(text, { columns: true, bom: true });
}

it('names gross, Stripe’s fee, net and the payout of every charge, once', async () => {
  const testApp = await createTestApp(queueBackends[0]!);
  const id = await liveYear(testApp, payers(3));
  // A charge of somebody else on the account is none of the year’s.
  const other = await testApp.stripe.customers.create({});
  await testApp.stripe.paymentIntents.create({
    ...{ amount: 9_900, currency: 'usd', customer: other.id, confirm: true, off_session: true },
    payment_method: 'pm_card_visa',
    allowed_payment_method_types: ['card'],
  });
  const before = await payoutsOf(testApp, id);
  expect(before).toHaveLength(3);
  expect(new Set(before.map((row) => row['Payout state']))).toEqual(new Set(['not paid out yet']));

  const paid = await fetch(`${testApp.sandbox.url}/_sandbox/payouts`, { method: 'POST' });
  const { payout } = (await paid.json()) as { payout: string };
  const [refunded] = before;
  const charge = refunded?.['Stripe object'] ?? '';
  const { id: refund } = await testApp.stripe.refunds.create({ charge });
  const after = await payoutsOf(testApp, id);
  // The refund is not in the ledger yet: the list has what belongs to a fee of the ledger’s.
  expect(after.map(({ Payout }) => Payout)).toEqual([payout, payout, payout]);
  expect(after.map((row) => row['Stripe object'])).not.toContain(refund);
  for (const row of after) {
    // 2.9 % and 30 cents of $19.50.
    expect(row).toMatchObject({
      ...{ What: 'Charge', 'Gross (USD)': '19.50', 'Stripe fee (USD)': '0.87' },
      ...{ 'Net (USD)': '18.63', 'Payout state': 'paid out' },
    });
    expect(row['Payout arrives on']).toMatch(/^\d{4}-\d\d-\d\d$/);
  }
  const ids = after.map((row) => row['Balance transaction']);
  expect(new Set(ids).size).toBe(3);
});
