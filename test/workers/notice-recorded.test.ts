import { describe, expect, it } from 'vitest';
import { createReconcile } from '../../workers/maintenance/reconcile.ts';
import { elsewhere } from '../support/elsewhere.ts';
import { feeLife, type Circumstances, type FeeLife } from '../support/fee-life.ts';

const BOUNCE = { act: 'bounce', why: 'bounced 5.1.1' } as const;

/** A fee whose notice is due now, and the one intent that Stripe has for it. */
async function due(circumstances: Circumstances = {}) {
  const fee = await feeLife(circumstances);
  await fee.live('notice');
  const intent = async () => (await elsewhere(fee).all())[0];
  return { fee, intent };
}

const since = async (fee: FeeLife) => (await fee.kinds()).slice(2);
const idOf = (fee: FeeLife, n: number) => `<fee-${fee.feeId}-notice-${n}@sunrise.example>`;
const STRUCK = { notice: undefined, noticed_at: undefined, charge_from: undefined };

describe('a notice that was accepted', () => {
  it('is told of in the intent, which is made for it, under the key of person and year', async () => {
    const { fee, intent } = await due();
    await fee.run('notice');
    expect(await since(fee)).toEqual(['noticed', 'intent_opened']);
    const noticed = await fee.last('noticed');
    const made = await intent();
    expect(made?.metadata).toEqual({
      ...{ fee: fee.feeId, year: '2026', vendor: 'theranest' },
      notice: idOf(fee, 1),
      noticed_at: noticed?.at.toISOString(),
      charge_from: noticed?.data.chargeFrom,
    });
    const customer = await fee.customer();
    expect(await fee.last('intent_opened')).toMatchObject({
      data: { intent: made?.id, customer, notice: 1 },
    });
    expect(made).toMatchObject({ customer, amount: 1950, status: 'requires_payment_method' });
    const again = fee.testApp.stripe.paymentIntents.create(
      { amount: 5, currency: 'usd' },
      { idempotencyKey: `levy-intent-2026-${customer}` },
    );
    await expect(again).rejects.toMatchObject({ type: 'StripeIdempotencyError' });
  });

  it.each(['status_500', 'rate_limit', 'lock_timeout'])(
    'stands though Stripe did not hear of it (%s): the charge tells it',
    async (kind) => {
      const { fee, intent } = await due();
      await fee.fault('create', kind);
      expect(await fee.run('notice')).toEqual({ done: 'noticed' });
      expect(await since(fee)).toEqual(['noticed']);
      await fee.live();
      expect(await fee.state()).toBe('paid');
      expect((await intent())?.metadata.notice).toBe(idOf(fee, 1));
      expect(fee.testApp.sandbox.books('fee').intents).toEqual({ succeeded: 1 });
    },
  );

  it('whose intent was made and not written down has it found, not made again', async () => {
    const { fee, intent } = await due();
    await fee.fault('create', 'truncate');
    await fee.run('notice');
    expect(await since(fee)).toEqual(['noticed']);
    const made = await intent();
    await fee.live();
    expect(await fee.last('paid')).toMatchObject({ data: { intent: made?.id } });
    expect(fee.testApp.sandbox.books('fee').intents).toEqual({ succeeded: 1 });
  });

  it.each([
    ['waive', 'waived'],
    ['hold', 'held'],
  ] as const)(
    'while a person says %s has an intent only if it may be charged',
    async (act, state) => {
      const { fee, intent } = await due();
      fee.whileSending(() => fee.ask({ act, why: 'a look' }));
      await fee.run('notice');
      expect(await fee.state()).toBe(state);
      expect(await intent()).toEqual(act === 'waive' ? undefined : expect.anything());
    },
  );

  it('long after its mail was handed over is dated when it is written', async () => {
    const { fee } = await due();
    const sent = await fee.ledger.fees.now();
    // The worker stood still for ten minutes: its own idea of the time is too old by now.
    fee.whileSending(() => fee.pass(600_000));
    expect(await fee.run('notice')).toEqual({ done: 'noticed' });
    const noticed = await fee.last('noticed');
    expect(noticed?.at.getTime()).toBe(sent.getTime() + 600_000);
    expect(fee.mails()).toHaveLength(1);
    await fee.live();
    expect(await fee.state()).toBe('paid');
  });
});

describe('a notice that came back', () => {
  /** It came back, and nothing more can be done. */
  async function returned() {
    const { fee, intent } = await due();
    await fee.live('charge');
    await fee.ask(BOUNCE);
    return { fee, intent };
  }

  it('is struck from the intent', async () => {
    const { fee, intent } = await returned();
    expect(await fee.standing()).toMatchObject({ state: 'notice_failed', step: 'settle' });
    expect(await fee.run('settle')).toEqual({ done: 'notice_recorded' });
    expect(await fee.last('notice_recorded')).toMatchObject({ data: { notice: null } });
    const metadata: Record<string, string> = (await intent())!.metadata;
    expect({ ...STRUCK, ...metadata }).toEqual({
      ...{ ...STRUCK, fee: fee.feeId, year: '2026', vendor: 'theranest' },
    });
    expect(await fee.standing()).toMatchObject({ state: 'notice_failed', step: null });
  });

  it('is struck once when the answer was lost', async () => {
    const { fee, intent } = await returned();
    await fee.fault('update', 'truncate');
    await expect(fee.run('settle')).rejects.toThrow('no usable answer');
    await fee.live();
    expect((await fee.kinds()).filter((kind) => kind === 'notice_recorded')).toHaveLength(1);
    expect((await intent())?.metadata.notice ?? '').toBe('');
  });

  it.each([true, false])(
    'is followed by another that is told of there (struck: %s)',
    async (struck) => {
      const { fee, intent } = await returned();
      if (struck) await fee.live();
      await fee.ask({ act: 'retry' });
      await fee.live('charge');
      const noticed = await fee.last('noticed');
      expect(noticed?.data.messageId).toBe(idOf(fee, 2));
      expect(await fee.last('notice_recorded')).toMatchObject({ data: { notice: 2 } });
      expect((await intent())?.metadata).toMatchObject({
        notice: idOf(fee, 2),
        noticed_at: noticed?.at.toISOString(),
        charge_from: noticed?.data.chargeFrom,
      });
      await fee.live();
      expect(await fee.state()).toBe('paid');
      expect(fee.testApp.sandbox.books('fee').intents).toEqual({ succeeded: 1 });
      const { checks } = await createReconcile({ ...fee.testApp.deps, patienceMs: 0 }).once();
      expect(checks.filter(({ breaches }) => breaches.length > 0)).toEqual([]);
    },
  );

  it('is never taken for one that stands, though the intent still tells of it', async () => {
    const { fee } = await returned();
    // Taken up again before anybody has struck it.
    await fee.ask({ act: 'retry' });
    expect(await fee.run('notice')).toEqual({ done: 'noticed' });
    expect((await fee.last('noticed'))?.data.adopted).toBeUndefined();
    expect(fee.mails()).toHaveLength(2);
  });

  it('before it was written down is taken for none that an intent tells of', async () => {
    const { fee } = await due();
    const notice = { messageId: idOf(fee, 1), at: '2026-01-10T14:00:00.000Z' };
    fee.whileSending(async () => {
      await fee.ask({ ...BOUNCE, notice: 1 });
      // A worker that was faster had it told of at Stripe.
      await elsewhere(fee).intent({
        ...{ fee: fee.feeId, notice: { ...notice, chargeFrom: '2026-01-24T15:00:00.000Z' } },
      });
    });
    await fee.run('notice');
    await fee.ask({ act: 'retry' });
    await fee.live('charge');
    expect((await fee.last('noticed'))?.data).toMatchObject({ messageId: idOf(fee, 2) });
    expect(fee.mails()).toHaveLength(2);
  });

  it('while Stripe does not answer has the next one sent and told of by the charge', async () => {
    const { fee } = await returned();
    await fee.live();
    await fee.ask({ act: 'retry' });
    await fee.fault('update', 'status_500');
    expect(await fee.run('notice')).toEqual({ done: 'noticed' });
    await fee.live();
    expect(await fee.state()).toBe('paid');
  });
});
