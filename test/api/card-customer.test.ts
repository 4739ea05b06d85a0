import { expect, it } from 'vitest';
import { customerOf } from '../../api/clinician/open-card-page.ts';
import { feeLife, type FeeLife } from '../support/fee-life.ts';

const by = { actor: 'clinician', requestId: 'r' };

/** A fee of somebody of whom the roster names no Stripe customer. */
async function withoutCustomer(): Promise<FeeLife> {
  const fee = await feeLife({ card: null });
  await forget(fee);
  return fee;
}

/** The roster of a ledger that was built again from the practice's file. */
function forget({ testApp }: FeeLife) {
  return testApp.db.pool.query(
    'update clinicians set stripe_customer = null, customer_made = false',
  );
}

const customer = async (fee: FeeLife) =>
  customerOf({ ledger: fee.ledger, payments: fee.testApp.deps.payments }, by, await fee.load());

const madeCustomers = async ({ testApp }: FeeLife) =>
  (await testApp.stripe.customers.list({ limit: 100 })).data.filter(
    ({ metadata }) => metadata.levy_ref,
  );

it('a clinician without a customer is asked for a card, gives one and pays', async () => {
  const fee = await withoutCustomer();
  await fee.live();
  expect(await fee.state()).toBe('needs_card');
  const made = await customer(fee);
  expect(await madeCustomers(fee)).toMatchObject([
    { id: made, email: 'a1@people.example', metadata: { levy_ref: 'A1' } },
  ]);
  await fee.testApp.stripe.paymentMethods.attach('pm_card_visa', { customer: made! });
  await fee.hearAll();
  await fee.live();
  expect(await fee.state()).toBe('paid');
});

it('pressed by two at once or once more, one customer is created', async () => {
  const fee = await withoutCustomer();
  const both = await Promise.all([customer(fee), customer(fee)]);
  expect(new Set([...both, await customer(fee)]).size).toBe(1);
  expect(await madeCustomers(fee)).toHaveLength(1);
});

it('a ledger built again finds the customer and its card, and asks for none', async () => {
  const fee = await withoutCustomer();
  const made = await customer(fee);
  await fee.testApp.stripe.paymentMethods.attach('pm_card_visa', { customer: made! });
  await forget(fee);
  await fee.live();
  expect(await fee.kinds()).not.toContain('card_missing');
  expect(await fee.state()).toBe('paid');
  expect((await fee.load()).clinician.stripeCustomer).toBe(made);
});

it('never takes the customer of another person with the same e-mail', async () => {
  const fee = await withoutCustomer();
  const email = 'a1@people.example';
  await fee.testApp.stripe.customers.create({ email, metadata: { levy_ref: 'A2' } });
  await fee.testApp.stripe.customers.create({ email });
  const made = await customer(fee);
  expect(await madeCustomers(fee)).toHaveLength(2);
  expect((await fee.testApp.stripe.customers.retrieve(made!)).id).toBe(made);
  expect(await fee.testApp.deps.payments.findMadeCustomer({ ref: 'A1', email })).toBe(made);
});

it('the roster’s own customer stays, and without an e-mail there is none', async () => {
  const own = await feeLife();
  const { stripeCustomer } = (await own.load()).clinician;
  expect(await customer(own)).toBe(stripeCustomer);
  expect(await madeCustomers(own)).toEqual([]);
  await own.testApp.db.pool.query('update clinicians set stripe_customer = null, email = null');
  expect(await customer(own)).toBeNull();
});
