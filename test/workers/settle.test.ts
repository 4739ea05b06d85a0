import { describe, expect, it } from 'vitest';
import { createReconcile } from '../../workers/maintenance/reconcile.ts';
import { feeLife, type FeeLife } from '../support/fee-life.ts';

const WAIVE = { act: 'waive', why: 'kindness' } as const;
const CHECK = { act: 'pay_otherwise', how: 'check', on: '2026-01-20', reference: '1042' } as const;
const REFUND = { act: 'refund', why: 'a mistake' } as const;

/** A fee whose charge is due now. */
async function due(card = 'pm_card_visa'): Promise<FeeLife> {
  const fee = await feeLife({ card });
  await fee.live('charge');
  return fee;
}

/** A fee that has been paid, and the receipt sent. */
async function paid(card = 'pm_card_visa'): Promise<FeeLife> {
  const fee = await due(card);
  await fee.live();
  expect(await fee.state()).toBe('paid');
  return fee;
}

const after = (kinds: string[], kind: string) => kinds.slice(kinds.lastIndexOf(kind) + 1);
const intentOf = async (fee: FeeLife) => (await fee.last('intent_opened'))?.data.intent as string;
const statusOf = async (fee: FeeLife) =>
  (await fee.testApp.stripe.paymentIntents.retrieve(await intentOf(fee))).status;

/** Has something happen right after Stripe took the confirmation, before its answer arrives. */
function atConfirmation(fee: FeeLife, what: () => Promise<unknown>): void {
  const { payments } = fee.testApp.deps;
  fee.testApp.deps.payments = {
    ...payments,
    async confirmIntent(args) {
      const answer = await payments.confirmIntent(args);
      await what();
      return answer;
    },
  };
}

describe('a waiver', () => {
  it('before anything was sent to Stripe asks nothing of Stripe', async () => {
    const fee = await feeLife();
    await fee.live('notice');
    await fee.ask(WAIVE);
    expect(await fee.state()).toBe('waived');
    await fee.live();
    expect(fee.testApp.sandbox.books('fee').intents).toEqual({});
    expect(fee.mails()).toEqual([]);
  });

  it('after the notice cancels the intent first, says why to whoever finds it, and is told', async () => {
    const fee = await due();
    expect(await fee.ask(WAIVE)).toBe('1 entries');
    expect(await fee.standing()).toMatchObject({ state: 'held', step: 'settle' });
    await fee.live();
    expect(await fee.state()).toBe('waived');
    expect(fee.testApp.sandbox.books('fee').intents).toEqual({ canceled: 1 });
    const { cancellation_reason } = await fee.testApp.stripe.paymentIntents.retrieve(
      await intentOf(fee),
    );
    expect(cancellation_reason).toBe('requested_by_customer');
    expect(fee.mails().at(-1)).toBe('Your 2026 CPT license fee is waived');
  });

  it('cancels the intent first, so that it can never be paid', async () => {
    const fee = await due('pm_card_levy_insufficientFunds_once');
    await fee.run('charge');
    await fee.ask(WAIVE);
    expect(await fee.run('charge')).toEqual({ done: 'nothing to do: held' });
    await fee.live();
    expect(await fee.state()).toBe('waived');
    expect(await statusOf(fee)).toBe('canceled');
  });

  it('is finished when the answer to the cancellation is lost', async () => {
    const fee = await due('pm_card_levy_insufficientFunds_once');
    await fee.run('charge');
    await fee.ask(WAIVE);
    await fee.fault('cancel', 'truncate');
    await expect(fee.run('settle')).rejects.toThrow('no usable answer');
    expect(await fee.state()).toBe('held');
    await fee.run('settle');
    expect(await fee.state()).toBe('waived');
    expect(await statusOf(fee)).toBe('canceled');
  });

  it('that comes while Stripe takes the money gives it back', async () => {
    const fee = await due();
    atConfirmation(fee, () => fee.ask(WAIVE));
    await expect(fee.run('charge')).rejects.toThrow('moved on');
    await fee.live();
    expect(await fee.state()).toBe('refunded');
    expect(fee.charged()).toBe(1);
    expect(fee.kept()).toBe(0);
    // Neither a receipt nor "nothing will be charged" to somebody who was charged.
    expect(fee.mails().slice(1)).toEqual(['Refund: $19.50 of your 2026 CPT license fee']);
  });

  it('of an attempt whose outcome is unknown gives back what was taken after all', async () => {
    const fee = await due();
    await fee.fault('confirm', 'truncate');
    await fee.run('charge');
    expect(await fee.state()).toBe('unknown');
    await fee.ask(WAIVE);
    await fee.live();
    expect(after(await fee.kinds(), 'waive_asked')).toEqual(['paid', 'refunded', 'email_sent']);
    expect(fee.kept()).toBe(0);
  });

  it('of an attempt that never arrived cancels and takes nothing', async () => {
    const fee = await due();
    await fee.fault('confirm', 'drop_before', 2);
    await fee.run('charge');
    await fee.ask(WAIVE);
    await fee.live();
    expect(after(await fee.kinds(), 'waive_asked')).toEqual(['lapsed', 'waived', 'email_sent']);
    expect(fee.charged()).toBe(0);
    expect(await statusOf(fee)).toBe('canceled');
  });

  it('of a payment Stripe is still processing waits for its end, then gives it back', async () => {
    const fee = await due('pm_card_levy_processing');
    await fee.run('charge');
    await fee.ask(WAIVE);
    await fee.live('settle');
    await fee.run('settle');
    expect(await fee.last('unknown')).toMatchObject({ data: { about: 'cancel', look: 1 } });
    expect(await fee.run('settle')).toHaveProperty('done', expect.stringContaining('not due'));
    await fee.control('clock', { advanceMs: 86_400_000 });
    await fee.live();
    expect(await fee.state()).toBe('refunded');
    expect(fee.kept()).toBe(0);
  });

  it('of a fee that was given up owes nothing twice', async () => {
    const fee = await due('pm_card_chargeDeclinedInsufficientFunds');
    await fee.live();
    expect(await fee.state()).toBe('gave_up');
    await fee.ask(WAIVE);
    await fee.live();
    expect(await fee.state()).toBe('waived');
    const balances = await fee.ledger.reports.balances();
    expect(balances.filter(({ balanceCents }) => balanceCents !== 0)).toEqual([
      { account: 'passed_on', balanceCents: -1950 },
      { account: 'waived', balanceCents: 1950 },
    ]);
  });

  it('of a fee whose last decline comes by a hint meanwhile owes nothing twice', async () => {
    const fee = await due('pm_card_chargeDeclinedInsufficientFunds');
    for (let n = 0; n < 3; n += 1) {
      await fee.live('charge');
      await fee.run('charge');
    }
    await fee.live('charge');
    atConfirmation(fee, () => fee.ask(WAIVE));
    await expect(fee.run('charge')).rejects.toThrow('moved on');
    await fee.hearAll();
    expect(await fee.last('gave_up')).toBeDefined();
    await fee.live();
    expect(await fee.state()).toBe('waived');
    const owed = (await fee.ledger.reports.balances()).find((one) => one.account === 'receivable');
    expect(owed?.balanceCents).toBe(0);
  });
});

describe('a payment without the card on file', () => {
  const balancesOf = async (fee: FeeLife) => {
    const balances = await fee.ledger.reports.balances();
    return Object.fromEntries(balances.map(({ account, balanceCents }) => [account, balanceCents]));
  };

  it('before anything was sent to Stripe settles the fee, and is receipted', async () => {
    const fee = await feeLife();
    await fee.live('notice');
    await fee.ask(CHECK);
    await fee.live();
    expect(await fee.state()).toBe('paid_otherwise');
    expect(fee.testApp.sandbox.books('fee').intents).toEqual({});
    expect(fee.mails()).toEqual(['Receipt: $19.50 for your 2026 CPT license fee']);
  });

  it('after the notice cancels the intent first: the card can never be charged', async () => {
    const fee = await due();
    expect(await fee.ask(CHECK)).toBe('1 entries');
    expect(await fee.standing()).toMatchObject({ state: 'held', step: 'settle' });
    expect(await fee.run('charge')).toEqual({ done: 'nothing to do: held' });
    await fee.live();
    expect(await fee.state()).toBe('paid_otherwise');
    expect(await statusOf(fee)).toBe('canceled');
    expect(fee.charged()).toBe(0);
    expect(await fee.last('paid_otherwise')).toMatchObject({
      data: { amountCents: 1950, how: 'check', on: '2026-01-20', reference: '1042' },
    });
    expect(await balancesOf(fee)).toMatchObject({ other_payments: 1950, receivable: 0 });
  });

  it('that is recorded while Stripe takes the money gives the card back, and stands', async () => {
    const fee = await due();
    atConfirmation(fee, () => fee.ask(CHECK));
    await expect(fee.run('charge')).rejects.toThrow('moved on');
    await fee.live();
    expect(await fee.state()).toBe('paid_otherwise');
    expect(fee.charged()).toBe(1);
    expect(fee.kept()).toBe(0);
    expect(after(await fee.kinds(), 'paid_otherwise_asked')).toEqual([
      ...['paid', 'refunded', 'paid_otherwise', 'email_sent', 'email_sent'],
    ]);
    expect(fee.mails().slice(1)).toEqual([
      'Refund: $19.50 of your 2026 CPT license fee',
      'Receipt: $19.50 for your 2026 CPT license fee',
    ]);
    expect(await balancesOf(fee)).toMatchObject({ other_payments: 1950, stripe: 0 });
  });

  it('of an attempt whose outcome is unknown gives back what was taken after all', async () => {
    const fee = await due();
    await fee.fault('confirm', 'truncate');
    await fee.run('charge');
    await fee.ask(CHECK);
    await fee.live();
    expect(await fee.state()).toBe('paid_otherwise');
    expect(fee.kept()).toBe(0);
  });

  it('of a fee that was given up owes nothing any more', async () => {
    const fee = await due('pm_card_chargeDeclinedInsufficientFunds');
    await fee.live();
    expect(await fee.state()).toBe('gave_up');
    await fee.ask(CHECK);
    await fee.live();
    expect(await fee.state()).toBe('paid_otherwise');
    expect(await balancesOf(fee)).toMatchObject({
      ...{ other_payments: 1950, receivable: 0, written_off: 0, passed_on: -1950 },
    });
  });

  it('is recorded once, and not beside a waiver or a charge', async () => {
    const fee = await due();
    await fee.ask(CHECK);
    expect(await fee.ask(CHECK)).toBe('already_settled');
    expect(await fee.ask(WAIVE)).toBe('already_settled');
    expect(await (await paid()).ask(CHECK)).toBe('already_settled');
  });

  it('agrees with Stripe’s books', async () => {
    const fee = await due();
    atConfirmation(fee, () => fee.ask(CHECK));
    await expect(fee.run('charge')).rejects.toThrow('moved on');
    await fee.live();
    const { checks } = await createReconcile({ ...fee.testApp.deps, patienceMs: 0 }).once();
    expect(checks.filter(({ breaches }) => breaches.length > 0)).toEqual([]);
  });
});

describe('a refund', () => {
  it('gives everything back once, however often it is asked for, and is told', async () => {
    const fee = await paid();
    expect(await fee.ask(REFUND)).toBe('1 entries');
    expect(await fee.ask(REFUND)).toBe('under_way');
    await fee.live();
    expect(await fee.ask(REFUND)).toBe('not_paid');
    expect(await fee.state()).toBe('refunded');
    expect(fee.testApp.sandbox.books('fee').refunds).toHaveLength(1);
    expect(fee.mails().at(-1)).toBe('Refund: $19.50 of your 2026 CPT license fee');
  });

  it('is made once when the answer to it is lost', async () => {
    const fee = await paid();
    await fee.ask(REFUND);
    await fee.control('faults', { route: 'refunds.create', kind: 'truncate' });
    await expect(fee.run('settle')).rejects.toThrow('no usable answer');
    await fee.live();
    expect(await fee.state()).toBe('refunded');
    expect(fee.testApp.sandbox.books('fee').refunds).toHaveLength(1);
  });

  it('is followed until Stripe says that it is done, and told only then', async () => {
    const fee = await paid('pm_card_pendingRefund');
    await fee.ask(REFUND);
    await fee.run('settle');
    expect(await fee.last('refund_opened')).toBeDefined();
    await fee.live('settle');
    await fee.run('settle');
    expect(await fee.last('unknown')).toMatchObject({ data: { about: 'refund', look: 0 } });
    expect(fee.mails()).toHaveLength(2);
    await fee.control('clock', { advanceMs: 10 * 86_400_000 });
    await fee.live();
    expect(await fee.state()).toBe('refunded');
    expect(fee.mails()).toHaveLength(3);
  });

  it('that fails at the end is left to a person, and the money counted as ours again', async () => {
    const fee = await paid('pm_card_pendingRefund');
    await fee.ask(REFUND);
    await fee.run('settle');
    const refund = (await fee.last('refund_opened'))?.data.refund;
    await fee.control(`refunds/${refund}/fail`, {});
    await fee.live();
    expect(await fee.state()).toBe('held');
    expect(after(await fee.kinds(), 'refund_opened')).toEqual(['refund_failed', 'held']);
    expect(fee.kept()).toBe(1950);
    expect(fee.mails()).toHaveLength(2);
    // A person may ask once more: that is another refund.
    await fee.ask({ act: 'release' });
    await fee.ask(REFUND);
    await fee.run('settle');
    expect(fee.testApp.sandbox.books('fee').refunds).toHaveLength(2);
  });

  it('goes on with what is left when a part was given back in the dashboard', async () => {
    const fee = await paid();
    const payment_intent = await intentOf(fee);
    await fee.ask(REFUND);
    await fee.testApp.stripe.refunds.create({ payment_intent, amount: 500 });
    await fee.hearAll();
    expect(await fee.standing()).toMatchObject({ state: 'paid', step: 'settle' });
    await fee.live();
    expect(await fee.state()).toBe('refunded');
    expect(fee.kept()).toBe(0);
    const balances = await fee.ledger.reports.balances();
    expect(balances.find(({ account }) => account === 'stripe')?.balanceCents).toBe(0);
  });

  it('of what the dashboard has given back already writes all of it down, unheard', async () => {
    const fee = await paid();
    const payment_intent = await intentOf(fee);
    await fee.testApp.stripe.refunds.create({ payment_intent, amount: 500 });
    await fee.testApp.stripe.refunds.create({ payment_intent, amount: 1450 });
    await fee.ask(REFUND);
    await fee.live();
    expect(await fee.state()).toBe('refunded');
    expect((await fee.load()).entries.filter(({ kind }) => kind === 'refunded')).toHaveLength(2);
    expect(fee.testApp.sandbox.books('fee').refunds).toHaveLength(2);
  });

  it('of a disputed charge is refused by Stripe and left to a person', async () => {
    const fee = await paid();
    await fee.control('disputes', { payment_intent: await intentOf(fee) });
    await fee.ask(REFUND);
    await fee.live();
    expect(await fee.last('disputed')).toBeDefined();
    expect(await fee.last('held')).toMatchObject({
      data: { why: 'Stripe refuses the refund: charge_disputed' },
    });
    expect((await fee.standing()).step).toBeNull();
    // Nothing was opened at Stripe, so nothing is missed there.
    const { checks } = await createReconcile({ ...fee.testApp.deps, patienceMs: 0 }).once();
    expect(checks.filter(({ breaches }) => breaches.length > 0)).toEqual([]);
  });
});

describe('a settle job', () => {
  it('that comes for a fee with nothing to settle does nothing', async () => {
    const fee = await paid();
    expect(await fee.run('settle')).toEqual({ done: 'nothing to do: paid' });
    expect(fee.kept()).toBe(1950);
  });

  it('goes on while the assessment is paused: it takes no money', async () => {
    const fee = await paid();
    await fee.ledger.assessments.pause(fee.assessmentId, 'test', 'a look');
    await fee.ask(REFUND);
    await fee.run('settle');
    expect(fee.kept()).toBe(0);
    expect(await fee.ledger.fees.due('settle', 10, [])).toEqual([]);
  });
});
