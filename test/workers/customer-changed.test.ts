import { describe, expect, it } from 'vitest';
import { fold } from '../../core/fee/fold.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { applyMissedChanges } from '../../workers/maintenance/missed-changes.ts';
import { createReconcile } from '../../workers/maintenance/reconcile.ts';
import { recordUse } from '../support/assessment.ts';
import { feeLife, type FeeLife } from '../support/fee-life.ts';
import { live, run } from '../support/one-fee.ts';

/** A fee whose charge is due now, announced for the card of the customer on the roster. */
async function due(card = 'pm_card_visa'): Promise<FeeLife> {
  const fee = await feeLife({ card });
  await fee.live('charge');
  return fee;
}

/** Another customer of Stripe's, with a card or none. */
async function other(fee: FeeLife, card: string | null = 'pm_card_mastercard'): Promise<string> {
  const { stripe } = fee.testApp;
  const { id } = await stripe.customers.create();
  if (card) await stripe.paymentMethods.attach(card, { customer: id });
  return id;
}

/** Writes another customer on the roster, and ends before the fee hears of it. */
async function write(fee: FeeLife, stripeCustomer: string | null): Promise<void> {
  const known = (await fee.ledger.clinicians.get(fee.clinicianId))!;
  const written = await fee.ledger.clinicians.upsert({ ...known, stripeCustomer });
  expect(written).toMatchObject({ outcome: 'updated', changed: ['stripeCustomer'] });
}

/** The same, and the fee hears of it as it does after an upload. */
async function move(fee: FeeLife, customer: string | null): Promise<void> {
  await write(fee, customer);
  expect(await fee.follow({ change: 'customer', customer })).toBe('1 entries');
}

const notices = (fee: FeeLife) => fee.mails().filter((subject) => subject.includes(': $19.50 on'));
const intentsOf = async (fee: FeeLife) =>
  (await fee.testApp.stripe.paymentIntents.list()).data.map((one) => ({
    ...{ customer: one.customer, status: one.status, why: one.cancellation_reason },
  }));
const later = (kinds: string[], kind: string) => kinds.slice(kinds.lastIndexOf(kind) + 1);

describe('another customer on the roster after the notice', () => {
  it('ends the intent of the first, is announced anew, and alone is charged', async () => {
    const fee = await due();
    const first = await fee.customer();
    const promised = (await fee.last('noticed'))?.data.chargeFrom;
    const second = await other(fee);
    await move(fee, second);
    expect(await fee.standing()).toMatchObject({ state: 'approved', step: 'settle' });
    expect(await fee.run('charge')).toEqual({ done: 'nothing to do: approved' });
    expect(await fee.run('settle')).toEqual({ done: 'intent_closed' });
    await fee.live('charge');
    expect(await fee.last('noticed')).toMatchObject({
      data: { customer: second, card: { brand: 'mastercard' } },
    });
    expect((await fee.last('noticed'))?.data.chargeFrom).not.toBe(promised);
    await fee.live();
    expect(await fee.state()).toBe('paid');
    expect(await fee.last('attempted')).toMatchObject({ data: { customer: second } });
    expect(await intentsOf(fee)).toEqual([
      { customer: second, status: 'succeeded', why: null },
      { customer: first, status: 'canceled', why: 'abandoned' },
    ]);
    expect(notices(fee)).toHaveLength(2);
    const { checks } = await createReconcile({ ...fee.testApp.deps, patienceMs: 0 }).once();
    expect(checks.filter(({ breaches }) => breaches.length > 0)).toEqual([]);
  });

  it.each(['at the hour', 'by the charge itself'])(
    'that no fee heard of is found %s, before anything is charged',
    async (by) => {
      const fee = await due();
      await write(fee, await other(fee));
      if (by === 'at the hour') expect(await applyMissedChanges({ ledger: fee.ledger })).toBe(1);
      else expect(await fee.run('charge')).toEqual({ done: 'customer_changed' });
      expect(await applyMissedChanges({ ledger: fee.ledger })).toBe(0);
      expect(fee.charged()).toBe(0);
      await fee.live('charge');
      expect(notices(fee)).toHaveLength(2);
    },
  );

  it('is found by the database where a worker had looked just before', async () => {
    const fee = await due();
    const second = await other(fee);
    const { fees } = fee.ledger;
    // The roster is changed after the fee was loaded and before the attempt is written.
    const view: Ledger = {
      ...fee.ledger,
      fees: {
        ...fees,
        async append(...args) {
          if (args[1].some(({ kind }) => kind === 'attempted')) await write(fee, second);
          return fees.append(...args);
        },
      },
    };
    await expect(fee.run('charge', view)).rejects.toMatchObject({ code: 'LV018' });
    expect(await fee.kinds()).not.toContain('attempted');
    expect(fee.testApp.sandbox.books('fee').charges).toEqual({});
    expect(await fee.run('charge')).toEqual({ done: 'customer_changed' });
    await fee.live();
    expect(await fee.last('attempted')).toMatchObject({ data: { customer: second } });
    expect(fee.charged()).toBe(1);
  });

  it('without a card is asked for one, and not charged to the first', async () => {
    const fee = await due();
    await move(fee, await other(fee, null));
    await fee.live();
    expect(await fee.state()).toBe('needs_card');
    expect(fee.mails().at(-1)).toBe('Your 2026 CPT license fee: we have no card on file');
    expect(await intentsOf(fee)).toMatchObject([{ status: 'canceled' }]);
    await fee.attach('pm_card_visa');
    await fee.hearAll();
    await fee.live();
    expect(await fee.state()).toBe('paid');
    expect(notices(fee)).toHaveLength(2);
  });

  it('and none any more ends the intent, too', async () => {
    const fee = await due();
    await move(fee, null);
    await fee.live();
    expect(await fee.last('card_missing')).toMatchObject({ data: { why: 'no_customer' } });
    expect(await intentsOf(fee)).toMatchObject([{ status: 'canceled', why: 'abandoned' }]);
  });

  it('and back again before anybody looked keeps the intent and its notice', async () => {
    const fee = await due();
    const first = await fee.customer();
    await move(fee, await other(fee));
    await move(fee, first);
    await fee.live();
    expect(await fee.state()).toBe('paid');
    expect(await intentsOf(fee)).toEqual([{ customer: first, status: 'succeeded', why: null }]);
    // Nothing else was announced in between; only its period has begun anew.
    expect(notices(fee)).toHaveLength(1);
    expect((await fee.kinds()).filter((kind) => kind === 'noticed')).toHaveLength(2);
    const [intent] = (await fee.testApp.stripe.paymentIntents.list()).data;
    expect(intent?.metadata.notice).toBe(`<fee-${fee.feeId}-notice-1@sunrise.example>`);
  });

  it('and back again after the intent was canceled gets another one', async () => {
    const fee = await due();
    const first = await fee.customer();
    const second = await other(fee);
    await move(fee, second);
    await fee.live('charge');
    await move(fee, first);
    await fee.live();
    expect(await fee.state()).toBe('paid');
    expect(await intentsOf(fee)).toEqual([
      { customer: first, status: 'succeeded', why: null },
      { customer: second, status: 'canceled', why: 'abandoned' },
      { customer: first, status: 'canceled', why: 'abandoned' },
    ]);
    expect(notices(fee)).toHaveLength(3);
  });

  it('has nothing of what the first one’s card came to held against it', async () => {
    const fee = await due('pm_card_chargeDeclinedLostCard');
    await fee.live();
    expect(await fee.state()).toBe('needs_card');
    const second = await other(fee);
    await move(fee, second);
    await fee.live();
    expect(await fee.state()).toBe('paid');
    expect(await fee.last('attempted')).toMatchObject({ data: { attempt: 2, customer: second } });
  });

  it('while an attempt has no answer waits for it: what was paid stays paid', async () => {
    const fee = await due();
    await fee.fault('confirm', 'truncate');
    await fee.run('charge');
    await move(fee, await other(fee));
    expect(await fee.standing()).toMatchObject({ state: 'unknown', step: 'settle' });
    await fee.live();
    expect(await fee.state()).toBe('paid');
    expect(fee.charged()).toBe(1);
    expect(notices(fee)).toHaveLength(1);
  });

  it('while an attempt never arrived sends it no more', async () => {
    const fee = await due();
    await fee.fault('confirm', 'drop_before', 2);
    await fee.run('charge');
    const second = await other(fee);
    await move(fee, second);
    await fee.live();
    expect(later(await fee.kinds(), 'customer_changed')).toEqual([
      ...['unknown', 'unknown', 'lapsed', 'intent_closed', 'noticed', 'intent_opened'],
      ...['attempted', 'paid', 'email_sent'],
    ]);
    expect(await intentsOf(fee)).toMatchObject([{ customer: second }, { status: 'canceled' }]);
  });

  it('is closed once when the answer to the cancellation is lost', async () => {
    const fee = await due();
    await move(fee, await other(fee));
    await fee.fault('cancel', 'truncate');
    await expect(fee.run('settle')).rejects.toThrow('no usable answer');
    await fee.live();
    expect((await fee.kinds()).filter((kind) => kind === 'intent_closed')).toHaveLength(1);
    expect(await fee.state()).toBe('paid');
  });

  it('after the first one was charged elsewhere finds the payment', async () => {
    const fee = await due();
    const intent = (await fee.last('intent_opened'))?.data.intent as string;
    const { data } = await fee.testApp.stripe.paymentMethods.list({
      customer: await fee.customer(),
    });
    await fee.testApp.stripe.paymentIntents.confirm(intent, { payment_method: data[0]!.id });
    await move(fee, await other(fee));
    expect(await fee.run('settle')).toEqual({ done: 'paid' });
    await fee.live();
    expect(notices(fee)).toHaveLength(1);
    expect(fee.charged()).toBe(1);
  });
});

describe('another person’s customer on the roster', () => {
  /** Two people, and the second one's fee as it stands when the first one's is due. */
  async function two() {
    const fee = await feeLife();
    const second = await fee.testApp.clinician('A2', 'pm_card_mastercard');
    await recordUse(fee.ledger, second);
    await fee.ledger.clinicians.enrollLatecomers();
    const [theirs] = await fee.ledger.reports.fees({ ref: 'A2', limit: 1 });
    const known = (await fee.ledger.clinicians.get(second))!;
    return { fee, known, feeId: theirs?.feeId as string };
  }

  it('is refused while the other one has it', async () => {
    const { fee, known } = await two();
    const own = (await fee.ledger.clinicians.get(fee.clinicianId))!;
    const { stripeCustomer } = known;
    expect(await fee.ledger.clinicians.upsert({ ...own, stripeCustomer })).toMatchObject({
      ...{ outcome: 'duplicate', field: 'stripeCustomer', otherRef: 'A2' },
    });
  });

  it('whose own intent waits holds the fee for a person: nobody is charged for another', async () => {
    const { fee, known, feeId } = await two();
    const { runFor, liveFor } = stepsOf(fee, feeId);
    await liveFor('charge');
    const { stripeCustomer } = known;
    // A column of the spreadsheet has slipped: A2 has nobody's customer, and A1 has A2's.
    await fee.ledger.clinicians.upsert({ ...known, stripeCustomer: await other(fee) });
    await fee.live('notice');
    await write(fee, stripeCustomer);
    expect(await fee.run('notice')).toMatchObject({
      failed: expect.stringContaining('held for a person: another fee of the year'),
    });
    expect(await fee.state()).toBe('held');
    expect(notices(fee)).toHaveLength(1);
    expect(await runFor('charge')).toEqual({ done: 'customer_changed' });
    expect(fee.charged()).toBe(0);
    expect(fold((await fee.ledger.fees.load(feeId))!.entries).noticed).toBeNull();
  });
});

/** The same hands on another fee of the house. */
function stepsOf(fee: FeeLife, feeId: string) {
  return {
    runFor: (step: Parameters<typeof run>[2]) => run(fee.testApp, fee.ledger, step, feeId),
    liveFor: (until?: Parameters<typeof run>[2]) => live(fee.testApp, fee.ledger, feeId, until),
  };
}
