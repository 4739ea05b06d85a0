import { describe, expect, it } from 'vitest';
import type { Clinician } from '../../ledger/clinicians.ts';
import { applyMissedChanges } from '../../workers/maintenance/missed-changes.ts';
import { feeLife, type Circumstances, type FeeLife } from '../support/fee-life.ts';

const LOST = 'pm_card_chargeDeclinedLostCard';
const SHORT = 'pm_card_chargeDeclinedInsufficientFunds';

/** A fee that was lived until it waits for somebody. */
async function waiting(circumstances: Circumstances): Promise<FeeLife> {
  const fee = await feeLife(circumstances);
  await fee.live();
  return fee;
}

/** Writes it on the roster as an upload does, and ends before any fee hears of it. */
async function write(fee: FeeLife, row: Partial<Clinician>, card: string | null = null) {
  const known = (await fee.ledger.clinicians.get(fee.clinicianId))!;
  const wanted = { ...known, ...row };
  expect((await fee.ledger.clinicians.upsert(wanted, card)).outcome).toBe('updated');
  // Whoever sends the row again is told that nothing is new.
  expect((await fee.ledger.clinicians.upsert(wanted, card)).outcome).toBe('unchanged');
}

const heard = (fee: FeeLife) => applyMissedChanges({ ledger: fee.ledger });
const countOf = async (fee: FeeLife, kind: string) =>
  (await fee.kinds()).filter((one) => one === kind).length;

describe('an address that was written on the roster, unheard', () => {
  it('gets the notice that another one refused, once', async () => {
    const fee = await waiting({ email: 'refuse@people.example' });
    expect(await heard(fee)).toBe(0);
    await write(fee, { email: 'right@people.example' });
    expect(await heard(fee)).toBe(1);
    expect(await heard(fee)).toBe(0);
    await fee.live('charge');
    expect(fee.testApp.mailbox.messages().map(({ to }) => to)).toEqual([['right@people.example']]);
    expect(await countOf(fee, 'retry_asked')).toBe(1);
  });

  it('gets the notice of somebody who had none', async () => {
    const fee = await waiting({ email: null });
    await write(fee, { email: 'right@people.example' });
    expect(await heard(fee)).toBe(1);
    await fee.live('charge');
    expect(await fee.state()).toBe('noticed');
  });

  it('is tried once when it refuses, too', async () => {
    const fee = await waiting({ email: 'refuse@people.example' });
    await write(fee, { email: 'full@people.example' });
    expect(await heard(fee)).toBe(1);
    await fee.live();
    expect(await fee.state()).toBe('notice_failed');
    expect(await heard(fee)).toBe(0);
    expect(await countOf(fee, 'notice_failed')).toBe(2);
  });

  it('gets the notice also when it came while the other one was refusing', async () => {
    const fee = await feeLife({ email: 'refuse@people.example' });
    await fee.live('notice');
    fee.whileSending(() => write(fee, { email: 'right@people.example' }));
    await fee.run('notice');
    expect(await fee.state()).toBe('notice_failed');
    expect(await heard(fee)).toBe(1);
    await fee.live('charge');
    expect(await fee.state()).toBe('noticed');
  });

  it('that was taken away again is nothing to write to', async () => {
    const fee = await waiting({ email: 'refuse@people.example' });
    await write(fee, { email: null });
    expect(await heard(fee)).toBe(0);
  });

  it('brings no mail to somebody whose fee was waived', async () => {
    const fee = await waiting({ email: 'refuse@people.example' });
    await fee.ask({ act: 'waive', why: 'kindness' });
    await write(fee, { email: 'right@people.example' });
    expect(await heard(fee)).toBe(0);
    await fee.live();
    expect(fee.mails()).toEqual([]);
  });
});

describe('a card that was written on the roster, unheard', () => {
  it('of another customer, as Stripe had it, is announced and charged', async () => {
    const fee = await waiting({ card: null });
    const customer = await fee.testApp.stripe.customers.create();
    const { id } = await fee.testApp.stripe.paymentMethods.attach('pm_card_visa', {
      customer: customer.id,
    });
    await write(fee, { stripeCustomer: customer.id }, id);
    expect(await heard(fee)).toBe(1);
    await fee.live();
    expect(await fee.state()).toBe('paid');
  });

  it('of another customer without one is looked up once, and asked for again', async () => {
    const fee = await waiting({ card: null });
    const customer = await fee.testApp.stripe.customers.create();
    await write(fee, { stripeCustomer: customer.id });
    expect(await heard(fee)).toBe(1);
    await fee.live();
    expect(await fee.state()).toBe('needs_card');
    expect(await heard(fee)).toBe(0);
  });

  it('of another customer who has one already is found, though the roster names none', async () => {
    const fee = await waiting({ card: null });
    const { stripe } = fee.testApp;
    const customer = await stripe.customers.create();
    await stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id });
    await write(fee, { stripeCustomer: customer.id });
    expect(await heard(fee)).toBe(1);
    await fee.live();
    expect(await fee.state()).toBe('paid');
  });

  it('takes up a fee whose card was refused, and never the card that was', async () => {
    const fee = await waiting({ card: LOST });
    const lost = (await fee.last('attempted'))!.data.paymentMethod;
    await write(fee, { paymentMethod: lost });
    expect(await heard(fee)).toBe(0);
    await write(fee, { paymentMethod: await fee.attach('pm_card_visa') });
    expect(await heard(fee)).toBe(1);
    await fee.live();
    expect(await fee.state()).toBe('paid');
  });

  it('takes up a fee whose last try it was too late for', async () => {
    const fee = await feeLife({ card: LOST });
    await fee.live('charge');
    await fee.run('charge', {
      ...fee.ledger,
      fees: {
        ...fee.ledger.fees,
        async append(feeRecord, entries, actor, at) {
          const after = await fee.ledger.fees.append(feeRecord, entries, actor, at);
          if (entries.some(({ kind }) => kind === 'attempted'))
            await write(fee, { paymentMethod: await fee.attach('pm_card_visa') });
          return after;
        },
      },
    });
    await fee.live();
    expect(await fee.state()).toBe('needs_card');
    expect(await heard(fee)).toBe(1);
    await fee.live();
    expect(await fee.state()).toBe('paid');
  });

  it('leaves a fee that was given up as it is, until a person asks', async () => {
    const fee = await waiting({ card: SHORT });
    expect(await fee.state()).toBe('gave_up');
    await write(fee, { paymentMethod: await fee.attach('pm_card_visa') });
    expect(await heard(fee)).toBe(0);
    await fee.live();
    expect(await fee.state()).toBe('gave_up');
    expect(await countOf(fee, 'attempted')).toBe(4);
    await fee.ask({ act: 'retry' });
    await fee.live();
    expect(await fee.state()).toBe('paid');
  });

  it('takes up a fee as often as news comes, and not oftener', async () => {
    const fee = await feeLife({ card: SHORT });
    await fee.live('charge');
    await fee.run('charge');
    // Stripe has no such card with this customer, so the one that is tried is the one of before.
    await write(fee, { paymentMethod: 'pm_of_nobody' });
    expect(await heard(fee)).toBe(1);
    expect(await heard(fee)).toBe(0);
    await fee.live();
    expect(await fee.state()).toBe('gave_up');
    expect(await countOf(fee, 'card_updated')).toBe(1);
    // The ladder of the card of before went on; it did not begin again.
    expect(await countOf(fee, 'attempted')).toBe(4);
    expect(await heard(fee)).toBe(0);
  });

  it('is taken up by the next try itself, which is at once and not in days', async () => {
    const fee = await feeLife({ card: SHORT });
    await fee.live('charge');
    await fee.run('charge');
    await write(fee, { paymentMethod: await fee.attach('pm_card_visa') });
    await fee.pass(10 * 86_400_000);
    expect(await fee.run('charge')).toEqual({ done: 'card_updated' });
    expect(await fee.run('charge')).toEqual({ done: 'paid' });
    expect(await countOf(fee, 'card_updated')).toBe(1);
  });

  it('waits while a person holds the fee', async () => {
    const fee = await waiting({ card: LOST });
    await fee.ask({ act: 'hold', why: 'a look' });
    await write(fee, { paymentMethod: await fee.attach('pm_card_visa') });
    expect(await heard(fee)).toBe(0);
    await fee.ask({ act: 'release' });
    expect(await heard(fee)).toBe(1);
    expect(await fee.standing()).toMatchObject({ state: 'retrying', step: 'charge' });
  });
});
