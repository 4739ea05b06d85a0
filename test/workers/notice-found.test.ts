import { describe, expect, it } from 'vitest';
import { elsewhere, OTHER_NOTICE } from '../support/elsewhere.ts';
import { feeLife, type Circumstances, type FeeLife } from '../support/fee-life.ts';

const LOST = 'pm_card_chargeDeclinedLostCard';
const SHORT = 'pm_card_chargeDeclinedInsufficientFunds';

/** A fee whose notice is due now, and what others may do with it. */
async function due(circumstances: Circumstances = {}) {
  const fee = await feeLife(circumstances);
  await fee.live('notice');
  return { fee, others: elsewhere(fee) };
}

const since = async (fee: FeeLife) => (await fee.kinds()).slice(2);
const intentsOf = (fee: FeeLife) => fee.testApp.sandbox.books('fee').intents;
const notices = (fee: FeeLife) => fee.mails().filter((subject) => subject.includes(': $19.50 on'));

describe('before anybody is written to, a notice finds at Stripe', () => {
  it('a payment of another ledger, which settles the fee', async () => {
    const { fee, others } = await due();
    const intent = await others.intent();
    await others.confirmOnFile(intent);
    expect(await fee.run('notice')).toEqual({ done: 'intent_opened, paid' });
    expect(await fee.last('intent_opened')).toMatchObject({ data: { intent, notice: null } });
    expect(await fee.last('paid')).toMatchObject({ data: { intent, attempt: null } });
    await fee.live();
    expect(await fee.state()).toBe('paid');
    expect(notices(fee)).toEqual([]);
    expect(fee.charged()).toBe(1);
  });

  it('a payment also for somebody who has no address or no card here', async () => {
    for (const circumstances of [{ email: null }, { card: null }]) {
      const { fee, others } = await due(circumstances);
      await others.confirm(await others.intent(), 'pm_card_visa');
      expect(await fee.run('notice')).toEqual({ done: 'intent_opened, paid' });
      expect(notices(fee)).toEqual([]);
    }
  });

  it('a payment after declines, a refund and all', async () => {
    const { fee, others } = await due();
    const intent = await others.intent();
    await others.confirm(intent, LOST);
    await others.confirm(intent, 'pm_card_visa');
    await fee.testApp.stripe.refunds.create({ payment_intent: intent, amount: 500 });
    expect(await fee.run('notice')).toEqual({ done: 'intent_opened, declined, paid, refunded' });
  });

  it('an intent with a notice, which stands: its period begins anew', async () => {
    const { fee, others } = await due();
    const intent = await others.intent({ notice: OTHER_NOTICE });
    expect(await fee.run('notice')).toEqual({ done: 'intent_opened, noticed' });
    expect(await fee.last('intent_opened')).toMatchObject({ data: { intent, notice: 1 } });
    expect(await fee.last('noticed')).toMatchObject({
      at: new Date('2026-01-15T14:00:00Z'),
      data: {
        amountCents: 1950,
        chargeFrom: '2026-01-29T15:00:00.000Z',
        messageId: OTHER_NOTICE.messageId,
        customer: await fee.customer(),
        card: { brand: 'visa', last4: '4242' },
        adopted: OTHER_NOTICE.at,
      },
    });
    await fee.live();
    expect(notices(fee)).toEqual([]);
    expect(await fee.last('paid')).toMatchObject({ data: { intent, attempt: 1 } });
    expect(intentsOf(fee)).toEqual({ succeeded: 1 });
  });

  it('a notice that promised a later day, which is kept', async () => {
    const { fee, others } = await due();
    const chargeFrom = '2026-03-01T15:00:00.000Z';
    await others.intent({ notice: { ...OTHER_NOTICE, chargeFrom } });
    await fee.run('notice');
    expect(await fee.last('noticed')).toMatchObject({ data: { chargeFrom } });
    await fee.live('charge');
    expect((await fee.ledger.fees.now()).toISOString()).toBe(chargeFrom);
  });

  it('an intent without a notice: one is sent, and told of there', async () => {
    const { fee, others } = await due();
    const intent = await others.intent();
    expect(await fee.run('notice')).toEqual({ done: 'intent_opened' });
    expect(await fee.run('notice')).toEqual({ done: 'noticed' });
    expect(await since(fee)).toEqual(['intent_opened', 'noticed', 'notice_recorded']);
    expect(notices(fee)).toHaveLength(1);
    const noticed = await fee.last('noticed');
    expect((await others.read(intent)).metadata).toMatchObject({
      notice: noticed?.data.messageId,
      charge_from: noticed?.data.chargeFrom,
    });
    await fee.live();
    expect(intentsOf(fee)).toEqual({ succeeded: 1 });
  });

  it('declines, which the ladder of this ledger goes on from', async () => {
    const { fee, others } = await due({ card: SHORT });
    const intent = await others.intent({ notice: OTHER_NOTICE });
    await others.confirmOnFile(intent);
    await others.confirmOnFile(intent);
    expect(await fee.run('notice')).toEqual({ done: 'intent_opened, noticed, declined, declined' });
    await fee.live();
    expect(await fee.state()).toBe('gave_up');
    const tried = (await fee.load()).entries.filter(({ kind }) => kind === 'attempted');
    expect(tried).toMatchObject([{ data: { attempt: 3 } }, { data: { attempt: 4 } }]);
  });

  it('a fee that another ledger gave up, whose clinician is told once and not charged', async () => {
    const { fee, others } = await due({ card: SHORT });
    const intent = await others.intent({ notice: OTHER_NOTICE });
    for (let n = 0; n < 4; n += 1) await others.confirmOnFile(intent);
    await fee.run('notice');
    expect(await fee.last('gave_up')).toBeDefined();
    await fee.live();
    expect(await fee.kinds()).not.toContain('attempted');
    expect(fee.mails()).toEqual(['Your 2026 CPT license fee is still unpaid']);
  });

  it('a card refused for good, which is neither announced nor tried', async () => {
    for (const notice of [undefined, OTHER_NOTICE]) {
      const { fee, others } = await due({ card: LOST });
      await others.confirmOnFile(await others.intent({ notice }));
      await fee.live();
      expect(await fee.state()).toBe('needs_card');
      expect(await fee.kinds()).not.toContain('attempted');
      expect(fee.mails()).toHaveLength(1);
      expect(notices(fee)).toEqual([]);
      // Another card is charged, after a notice of its own where there has been none.
      const card = await fee.attach('pm_card_mastercard');
      await fee.hearAll();
      await fee.live();
      expect(await fee.last('attempted')).toMatchObject({ data: { paymentMethod: card } });
      expect(await fee.state()).toBe('paid');
      expect(notices(fee)).toHaveLength(notice ? 0 : 1);
    }
  });

  it('another card refused for good: the one on file is announced and charged', async () => {
    const { fee, others } = await due();
    const intent = await others.intent();
    const { data } = await fee.testApp.stripe.paymentMethods.list({
      customer: await fee.customer(),
    });
    const refused = await others.confirm(intent, LOST);
    await fee.testApp.stripe.paymentMethods.detach(refused);
    expect(await fee.run('notice')).toEqual({ done: 'intent_opened, declined, card_updated' });
    await fee.live();
    expect(await fee.last('attempted')).toMatchObject({ data: { paymentMethod: data[0]?.id } });
    expect(await fee.state()).toBe('paid');
  });

  it.each(['requested_by_customer', undefined] as const)(
    'a canceled intent (%s), which a person looks at before anything is sent',
    async (reason) => {
      const { fee, others } = await due();
      const intent = await others.intent({ notice: OTHER_NOTICE });
      await others.cancel(intent, reason);
      expect(await fee.run('notice')).toEqual({
        failed:
          `held for a person: ${intent} was canceled at Stripe for this year: ` +
          'a waiver, perhaps',
      });
      expect(await since(fee)).toEqual(['intent_closed', 'held']);
      await fee.live();
      expect(fee.mails()).toEqual([]);
      // A person who releases the fee means it to be charged, by an intent of its own.
      await fee.ask({ act: 'release' });
      await fee.live();
      expect(await fee.state()).toBe('paid');
      expect(intentsOf(fee)).toEqual({ canceled: 1, succeeded: 1 });
    },
  );

  it.each(['duplicate', 'abandoned'] as const)(
    'a canceled intent (%s) that made room: the notice goes out, and another is made',
    async (reason) => {
      const { fee, others } = await due();
      // Under the very key that the first intent of the customer and year gets.
      const key = `levy-intent-2026-${await fee.customer()}`;
      await others.cancel(await others.intent({ key }), reason);
      expect(await fee.run('notice')).toEqual({ done: 'noticed' });
      expect(await since(fee)).toEqual(['noticed', 'intent_opened']);
      await fee.live();
      expect(intentsOf(fee)).toEqual({ canceled: 1, succeeded: 1 });
    },
  );

  it('an intent of another amount, which a person looks at', async () => {
    const { fee, others } = await due();
    const intent = await others.intent({ amount: 1900 });
    expect(await fee.run('notice')).toEqual({
      failed: `held for a person: Stripe has ${intent} of another amount for this year`,
    });
    await fee.live();
    expect(fee.mails()).toEqual([]);
    expect(fee.charged()).toBe(0);
  });

  it('nothing it could ask, and waits: nobody is written to while Stripe does not answer', async () => {
    const { fee } = await due();
    await fee.fault('list', 'status_500');
    await expect(fee.run('notice')).rejects.toThrow('no usable answer');
    expect(fee.mails()).toEqual([]);
    await fee.run('notice');
    expect(await fee.state()).toBe('noticed');
  });
});

describe('a notice that was on its way when another ledger was faster', () => {
  it('takes over the intent that the other has made under the same key', async () => {
    const { fee, others } = await due();
    const { payments } = fee.testApp.deps;
    let intent = '';
    fee.testApp.deps.payments = {
      ...payments,
      async findIntents(args) {
        const found = await payments.findIntents(args);
        if (!intent) intent = await others.intent({ key: `levy-intent-2026-${args.customer}` });
        return found;
      },
    };
    expect(await fee.run('notice')).toEqual({ done: 'noticed' });
    expect(await fee.last('intent_opened')).toMatchObject({ data: { intent } });
    await fee.live();
    expect(await fee.last('paid')).toMatchObject({ data: { intent } });
    expect(intentsOf(fee)).toEqual({ succeeded: 1 });
  });

  it('takes over what the other has been paid since', async () => {
    const { fee, others } = await due();
    const { payments } = fee.testApp.deps;
    fee.testApp.deps.payments = {
      ...payments,
      async findIntents(args) {
        fee.testApp.deps.payments = payments;
        const found = await payments.findIntents(args);
        const intent = await others.intent({ key: `levy-intent-2026-${args.customer}` });
        await others.confirmOnFile(intent);
        return found;
      },
    };
    await fee.run('notice');
    expect(await since(fee)).toEqual(['noticed', 'intent_opened', 'paid']);
    await fee.live();
    expect(fee.charged()).toBe(1);
  });
});
