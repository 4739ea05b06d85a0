import { describe, expect, it } from 'vitest';
import type { PaymentEvent } from '../../gateways/payments.ts';
import { feeLife, type Circumstances, type FeeLife } from '../support/fee-life.ts';

/** A fee that was lived until nothing more happens by itself, with all news of it heard. */
async function lived(circumstances: Circumstances = {}): Promise<FeeLife> {
  const fee = await feeLife(circumstances);
  await fee.live();
  await fee.hearAll();
  return fee;
}

const intentOf = async (fee: FeeLife) => (await fee.last('intent_opened'))?.data.intent as string;
const countOf = async (fee: FeeLife, kind: string) =>
  (await fee.kinds()).filter((one) => one === kind).length;

/** An event as Stripe might send it, about nothing in particular. */
const event = (id: string, changes: Partial<PaymentEvent> = {}): PaymentEvent => ({
  id,
  type: 'payment_intent.succeeded',
  livemode: false,
  objectId: 'pi_1',
  intent: null,
  customer: null,
  paymentMethod: null,
  feeId: null,
  createdAt: new Date(0),
  ...changes,
});

describe('a hint about a payment', () => {
  it('records what the answer to the charge had already recorded, once', async () => {
    const fee = await lived();
    expect(await countOf(fee, 'paid')).toBe(1);
    expect(fee.charged()).toBe(1);
  });

  it('that comes before our own answer is the record, and the answer adds nothing', async () => {
    const fee = await feeLife();
    await fee.live('charge');
    const { payments } = fee.testApp.deps;
    fee.testApp.deps.payments = {
      ...payments,
      async confirmIntent(args) {
        const answer = await payments.confirmIntent(args);
        await fee.hearAll();
        return answer;
      },
    };
    await expect(fee.run('charge')).rejects.toThrow('moved on');
    expect(await fee.run('charge')).toEqual({ done: 'nothing to do: paid' });
    await fee.live();
    expect(await countOf(fee, 'paid')).toBe(1);
    expect(await fee.last('paid')).toMatchObject({ actor: 'Stripe', data: { attempt: 1 } });
    expect(fee.charged()).toBe(1);
  });

  it('settles an unknown outcome before the next look would have', async () => {
    const fee = await feeLife();
    await fee.live('charge');
    await fee.fault('confirm', 'truncate');
    await fee.run('charge');
    expect(await fee.state()).toBe('unknown');
    await fee.hearAll();
    expect(await fee.state()).toBe('paid');
  });

  it('counts by what the object says now, whatever order the events come in', async () => {
    const fee = await feeLife({ card: 'pm_card_levy_insufficientFunds_once' });
    await fee.live();
    const news = await fee.news();
    expect(news.map(({ type }) => type)).toContain('payment_intent.payment_failed');
    const before = await fee.kinds();
    for (const one of [...news].reverse()) await fee.hear(one);
    for (const one of news) expect(await fee.hear(one)).toBe('handled before');
    expect(await fee.kinds()).toEqual(before);
  });

  it('is stored and followed once, however often it is sent', async () => {
    const fee = await lived();
    const hint = event('evt_1', { feeId: fee.feeId });
    expect(await fee.ledger.events.receive(hint)).toBe(true);
    expect(await fee.ledger.events.receive(hint)).toBe(false);
    expect(await fee.hear(hint)).toBe('0 new entries');
    expect(await fee.hear(hint)).toBe('handled before');
  });

  it('finds the fee by its intent when the object does not name it', async () => {
    const fee = await lived();
    expect(await fee.hear(event('evt_1', { intent: await intentOf(fee) }))).toBe('0 new entries');
  });

  it('belongs to the fee whose intent it names, whatever else it says', async () => {
    const fee = await lived();
    await fee.testApp.clinician('A2', 'pm_card_visa');
    await fee.ledger.clinicians.enrollLatecomers();
    const [other] = await fee.ledger.reports.fees({ ref: 'A2', limit: 1 });
    const about = { intent: await intentOf(fee), feeId: other?.feeId as string };
    expect(await fee.hear(event('evt_1', about))).toBe('0 new entries');
    expect((await fee.ledger.events.get('evt_1'))?.feeId).toBe(fee.feeId);
    await fee.ledger.events.receive(event('evt_2', about));
    expect(await fee.ledger.events.open(10)).toMatchObject([{ feeId: fee.feeId }]);
  });

  it('about a fee nobody has charged, a fee of others, or no fee changes nothing', async () => {
    const fee = await feeLife();
    const before = await fee.kinds();
    const stranger = '00000000-0000-4000-8000-000000000000';
    expect(await fee.hear(event('evt_1', { feeId: fee.feeId }))).toBe('no intent');
    expect(await fee.hear(event('evt_2', { feeId: stranger }))).toBe('not about a fee');
    expect(await fee.hear(event('evt_3', { customer: 'cus_other' }))).toBe('not about a fee');
    expect(await fee.kinds()).toEqual(before);
    expect(await fee.ledger.events.open(10)).toEqual([]);
  });

  it('is kept open while Stripe cannot be asked, and followed afterwards', async () => {
    const fee = await lived();
    await fee.testApp.stripe.refunds.create({ payment_intent: await intentOf(fee) });
    const [news] = (await fee.news()) as [PaymentEvent];
    await fee.fault('retrieve', 'status_500');
    await expect(fee.hear(news)).rejects.toThrow('no usable answer');
    expect((await fee.ledger.events.open(10)).map(({ id }) => id)).toEqual([news.id]);
    expect(await fee.hear(news)).toBe('1 new entries');
    expect(await fee.ledger.events.open(10)).toEqual([]);
  });
});

describe('a hint about money that went back', () => {
  it('records refunds made in Stripe’s dashboard, in part and in full, and tells', async () => {
    const fee = await lived();
    const payment_intent = await intentOf(fee);
    await fee.testApp.stripe.refunds.create({ payment_intent, amount: 500 });
    await fee.hearAll();
    await fee.live();
    expect(await fee.state()).toBe('paid');
    await fee.testApp.stripe.refunds.create({ payment_intent });
    await fee.hearAll();
    await fee.live();
    expect(await fee.state()).toBe('refunded');
    expect(fee.mails().slice(2)).toEqual([
      'Refund: $5.00 of your 2026 CPT license fee',
      'Refund: $14.50 of your 2026 CPT license fee',
    ]);
  });

  it('takes back a refund that failed after it succeeded, and leaves it to a person', async () => {
    const fee = await lived();
    const made = await fee.testApp.stripe.refunds.create({ payment_intent: await intentOf(fee) });
    await fee.hearAll();
    await fee.control(`refunds/${made.id}/fail`, {});
    await fee.hearAll();
    expect(await fee.state()).toBe('held');
    const stripe = (await fee.ledger.reports.balances()).find((one) => one.account === 'stripe');
    expect(stripe?.balanceCents).toBe(1950);
    // The e-mail about the refund had not gone out: now it must not.
    await fee.ask({ act: 'release' });
    await fee.live();
    expect(fee.mails()).toHaveLength(2);
  });

  it('finds the fee of a dispute by its intent, as a dispute names no fee', async () => {
    const fee = await lived();
    await fee.control('disputes', { payment_intent: await intentOf(fee) });
    const news = (await fee.news()).filter(({ type }) => type === 'charge.dispute.created');
    expect(news).toMatchObject([{ intent: await intentOf(fee), feeId: null }]);
    expect(await fee.hear(news[0]!)).toBe('1 new entries');
    expect(await fee.state()).toBe('disputed');
  });

  it.each([
    ['won', 'paid', 1950],
    ['lost', 'disputed', 0],
  ])('follows a dispute until it is %s', async (status, state, cents) => {
    const fee = await lived();
    const dispute = (await fee.control('disputes', {
      payment_intent: await intentOf(fee),
    })) as { id: string };
    await fee.hearAll();
    expect(await fee.state()).toBe('disputed');
    await fee.control(`disputes/${dispute.id}/close`, { status });
    await fee.hearAll();
    await fee.live();
    expect(await fee.state()).toBe(state);
    const stripe = (await fee.ledger.reports.balances()).find((one) => one.account === 'stripe');
    expect(stripe?.balanceCents).toBe(cents);
    expect(fee.mails()).toHaveLength(2);
  });
});
