import { describe, expect, it } from 'vitest';
import { applyExternalChange } from '../../core/fee/actions.ts';
import { fold } from '../../core/fee/fold.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { TestApp } from '../support/test-app.ts';
import { reconcileFee } from '../../workers/webhook-event.ts';
import { live, oneFee, run, standing, waitUntilDue } from '../support/one-fee.ts';

/** A fee that has been noticed and whose charge is due now. */
async function dueFee(card = 'pm_card_visa') {
  const one = await oneFee(card);
  await live(one.testApp, one.ledger, one.feeId, 'charge');
  return one;
}

/** The same, but Stripe did not create the intent after the notice, so that the charge must. */
async function unpreparedFee(kind = 'status_500') {
  const one = await oneFee('pm_card_visa');
  await live(one.testApp, one.ledger, one.feeId, 'notice');
  await fault(one.testApp, 'create', kind);
  await live(one.testApp, one.ledger, one.feeId, 'charge');
  expect(await kinds(one.ledger, one.feeId)).toEqual([]);
  return one;
}

async function control(testApp: TestApp, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${testApp.sandbox.url}/_sandbox/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

const fault = (testApp: TestApp, route: string, kind: string, times = 1) =>
  control(testApp, 'faults', { route: `payment_intents.${route}`, kind, times });

async function kinds(ledger: Ledger, feeId: string): Promise<string[]> {
  return ((await ledger.fees.load(feeId)) as FeeRecord).entries.map(({ kind }) => kind).slice(3);
}

/** Somebody pays the only fee's intent in Stripe's dashboard, with another card. */
async function payElsewhere({ stripe }: TestApp, ledger: Ledger): Promise<void> {
  const [fee] = await ledger.reports.fees({ limit: 1 });
  const { id, customer } = await stripe.paymentIntents.retrieve(fee?.intent ?? '');
  const visa = await stripe.paymentMethods.attach('pm_card_visa', { customer: customer as string });
  await stripe.paymentIntents.confirm(id, { payment_method: visa.id });
}

const succeeded = (testApp: TestApp) => testApp.sandbox.books('fee').succeeded.length;

describe('charge', () => {
  it.each(['drop_after_commit', 'truncate', 'status_500_after_commit'])(
    'leaves the outcome open when the answer is lost (%s), then finds the payment',
    async (kind) => {
      const { testApp, ledger, feeId } = await dueFee();
      await fault(testApp, 'confirm', kind);
      const done = await run(testApp, ledger, 'charge', feeId);
      // The library repeats a dropped connection once under the same key, and then knows.
      if (kind !== 'drop_after_commit') {
        expect(done).toHaveProperty('failed', expect.stringContaining('unknown'));
        expect((await standing(ledger, feeId)).state).toBe('unknown');
      }
      const end = await live(testApp, ledger, feeId);
      expect((await standing(ledger, feeId)).state).toBe('paid');
      expect(end.entries.filter((one) => one.kind === 'attempted')).toHaveLength(1);
      expect(succeeded(testApp)).toBe(1);
    },
  );

  it('sends the same attempt again when Stripe shows no trace of it', async () => {
    const { testApp, ledger, feeId } = await dueFee();
    await fault(testApp, 'confirm', 'drop_before', 2);
    await run(testApp, ledger, 'charge', feeId);
    await live(testApp, ledger, feeId);
    const found = await kinds(ledger, feeId);
    expect(found.slice(0, 4)).toEqual(['intent_opened', 'attempted', 'unknown', 'paid']);
    expect(succeeded(testApp)).toBe(1);
  });

  it('starts no second attempt and writes no e-mail while the outcome is open', async () => {
    const { testApp, ledger, feeId } = await dueFee();
    await fault(testApp, 'confirm', 'truncate');
    await run(testApp, ledger, 'charge', feeId);
    expect(await run(testApp, ledger, 'charge', feeId)).toHaveProperty(
      'done',
      expect.stringContaining('not due'),
    );
    expect(testApp.mailbox.messages()).toHaveLength(1);
  });

  it('costs no attempt to be told to slow down', async () => {
    const { testApp, ledger, feeId } = await dueFee();
    await fault(testApp, 'confirm', 'rate_limit');
    expect(await run(testApp, ledger, 'charge', feeId)).toHaveProperty('failed');
    await live(testApp, ledger, feeId);
    expect((await kinds(ledger, feeId)).slice(0, 3)).toEqual([
      'intent_opened',
      'attempted',
      'paid',
    ]);
  });

  it('begins another attempt when Stripe has ended one with an error', async () => {
    const { testApp, ledger, feeId } = await dueFee();
    await fault(testApp, 'confirm', 'status_500');
    expect(await run(testApp, ledger, 'charge', feeId)).toHaveProperty(
      'failed',
      expect.stringContaining('unknown (server_error)'),
    );
    await live(testApp, ledger, feeId);
    expect((await kinds(ledger, feeId)).slice(0, 6)).toEqual([
      ...['intent_opened', 'attempted', 'unknown', 'lapsed', 'attempted', 'paid'],
    ]);
    expect(succeeded(testApp)).toBe(1);
    // Nothing of it took a day, for which Stripe would have given the same error to the same key.
    const { entries } = (await ledger.fees.load(feeId)) as FeeRecord;
    const [first, last] = [entries[4], entries.at(-1)].map((one) => one!.at.getTime());
    expect(last! - first!).toBeLessThan(3_600_000);
  });

  it('creates the intent where the notice could not, and tells of the notice in it', async () => {
    const { testApp, ledger, feeId } = await unpreparedFee('rate_limit');
    expect(await run(testApp, ledger, 'charge', feeId)).toEqual({ done: 'paid' });
    const { entries } = (await ledger.fees.load(feeId)) as FeeRecord;
    const noticed = entries.find((one) => one.kind === 'noticed');
    expect(entries.find(({ kind }) => kind === 'intent_opened')).toMatchObject({
      data: { notice: 1 },
    });
    const [intent] = (await testApp.stripe.paymentIntents.list()).data;
    expect(intent?.metadata).toEqual({
      ...{ fee: feeId, year: '2026', vendor: 'theranest' },
      notice: noticed?.data.messageId,
      noticed_at: noticed?.at.toISOString(),
      charge_from: noticed?.data.chargeFrom,
    });
  });

  it('creates the intent under another key when the first has met an error', async () => {
    const { testApp, ledger, feeId } = await unpreparedFee();
    // The error is given again to the key, and so is known to be final.
    expect(await run(testApp, ledger, 'charge', feeId)).toEqual({ done: 'paid' });
    expect(testApp.sandbox.books('fee').intents).toEqual({ succeeded: 1 });
  });

  it('asks again when the creation has met an error that may not be final', async () => {
    const { testApp, ledger, feeId } = await unpreparedFee('rate_limit');
    await fault(testApp, 'create', 'status_500');
    // A new error is a question: only when it is given again is it known to be final.
    await expect(run(testApp, ledger, 'charge', feeId)).rejects.toThrow('server_error');
    expect(await run(testApp, ledger, 'charge', feeId)).toEqual({ done: 'paid' });
    expect(testApp.sandbox.books('fee').intents).toEqual({ succeeded: 1 });
  });

  it('finds an intent whose creation was lost by listing, however long ago', async () => {
    const { testApp, ledger, feeId } = await unpreparedFee('truncate');
    await control(testApp, 'clock', { advanceMs: 25 * 3_600_000 });
    expect(await run(testApp, ledger, 'charge', feeId)).toEqual({ done: 'paid' });
    expect(testApp.sandbox.books('fee').intents).toEqual({ succeeded: 1 });
  });

  it('finds an intent that was made though Stripe answered with an error', async () => {
    const { testApp, ledger, feeId } = await unpreparedFee('rate_limit');
    await fault(testApp, 'create', 'status_500_after_commit');
    expect(await run(testApp, ledger, 'charge', feeId)).toEqual({ done: 'paid' });
    expect(testApp.sandbox.books('fee').intents).toEqual({ succeeded: 1 });
  });

  it('finds a payment of which the database has lost every word', async () => {
    const { testApp, ledger, feeId } = await dueFee();
    await run(testApp, ledger, 'charge', feeId);
    expect(succeeded(testApp)).toBe(1);
    // What a replica did not have when it took over: everything after the notice.
    await testApp.db.pool.query(`
      alter table entries disable trigger entries_append_only;
      delete from entries where kind in ('intent_opened', 'attempted', 'paid');
      alter table entries enable trigger entries_append_only;
      update fees set intent = null, state = 'noticed', next_step = 'charge',
        seq = (select max(seq) from entries)`);
    await live(testApp, ledger, feeId);
    expect((await standing(ledger, feeId)).state).toBe('paid');
    expect(succeeded(testApp)).toBe(1);
    expect(testApp.sandbox.books('fee').intents).toEqual({ succeeded: 1 });
  });

  it('leaves a fee alone of which a newer version has written what it does not know', async () => {
    const { testApp, ledger, feeId } = await dueFee();
    await testApp.db.pool.query('alter table entries drop constraint entries_kind_check');
    await testApp.db.pool.query(
      `insert into entries (fee_id, seq, kind, at, actor, data)
       select fee_id, seq + 1, 'foreseen', levy_now(), 'newer', '{}' from fees`,
    );
    await testApp.db.pool.query('update fees set seq = seq + 1');
    await expect(run(testApp, ledger, 'charge', feeId)).rejects.toThrow('foreseen');
    const { rows } = await testApp.db.pool.query(
      'select kind from entries order by seq desc limit 1',
    );
    expect(rows).toEqual([{ kind: 'foreseen' }]);
    expect(testApp.sandbox.books('fee').charges).toEqual({});
  });

  it('records a payment made elsewhere instead of taking it again', async () => {
    const { testApp, ledger, feeId } = await dueFee('pm_card_levy_insufficientFunds_once');
    await run(testApp, ledger, 'charge', feeId);
    await payElsewhere(testApp, ledger);
    await waitUntilDue(testApp, ledger, feeId);
    expect(await run(testApp, ledger, 'charge', feeId)).toEqual({ done: 'paid' });
    expect(succeeded(testApp)).toBe(1);
  });

  it.each(['the next look', 'an event'])(
    'tells its refused attempt, whose answer was lost, from a payment elsewhere, by %s',
    async (by) => {
      const { testApp, ledger, feeId } = await dueFee('pm_card_levy_insufficientFunds_once');
      await fault(testApp, 'confirm', 'truncate');
      await run(testApp, ledger, 'charge', feeId);
      expect((await standing(ledger, feeId)).state).toBe('unknown');
      await payElsewhere(testApp, ledger);
      if (by === 'an event') await reconcileFee(testApp.deps, feeId);
      else await live(testApp, ledger, feeId);
      const after = (await ledger.fees.load(feeId)) as FeeRecord;
      const found = after.entries.filter(({ kind }) => kind === 'declined' || kind === 'paid');
      expect(found).toMatchObject([
        { kind: 'declined', data: { attempt: 1, code: 'insufficient_funds', verdict: 'retry' } },
        { kind: 'paid', data: { attempt: null } },
      ]);
      expect(succeeded(testApp)).toBe(1);
    },
  );

  it('holds a fee whose intent somebody canceled at Stripe', async () => {
    const { testApp, ledger, feeId } = await dueFee('pm_card_levy_insufficientFunds_once');
    await run(testApp, ledger, 'charge', feeId);
    const [fee] = await ledger.reports.fees({ limit: 1 });
    await testApp.stripe.paymentIntents.cancel(fee?.intent ?? '');
    await waitUntilDue(testApp, ledger, feeId);
    await run(testApp, ledger, 'charge', feeId);
    expect((await standing(ledger, feeId)).state).toBe('held');
  });

  it('says in the failed job what was declined and when it is tried again', async () => {
    const { testApp, ledger, feeId } = await dueFee('pm_card_chargeDeclinedInsufficientFunds');
    expect(await run(testApp, ledger, 'charge', feeId)).toEqual({
      failed: 'declined: insufficient_funds; next try 2026-02-01T15:00:00.000Z',
    });
  });

  it('gives up after four attempts over fifteen days', async () => {
    const { testApp, ledger, feeId } = await dueFee('pm_card_chargeDeclinedInsufficientFunds');
    const end = await live(testApp, ledger, feeId);
    const attempts = end.entries.filter(({ kind }) => kind === 'attempted').map(({ at }) => at);
    const days = attempts.map((at) => (at.getTime() - (attempts[0]?.getTime() ?? 0)) / 86_400_000);
    expect(days).toEqual([0, 3, 8, 15]);
    expect((await standing(ledger, feeId)).state).toBe('gave_up');
  });

  it.each([
    ['pm_card_chargeDeclinedLostCard', 'needs_card'],
    ['pm_card_chargeDeclinedExpiredCard', 'needs_card'],
    ['pm_card_authenticationRequired', 'needs_card'],
    ['pm_card_levy_doNotTryAgain', 'needs_card'],
    ['pm_card_levy_unknownDecline', 'held'],
  ])('tries %s once and then rests as %s', async (card, state) => {
    const { testApp, ledger, feeId } = await dueFee(card);
    const end = await live(testApp, ledger, feeId);
    expect((await standing(ledger, feeId)).state).toBe(state);
    expect(end.entries.filter(({ kind }) => kind === 'attempted')).toHaveLength(1);
  });

  it('never goes back to a card that its bank has refused for good', async () => {
    const { testApp, ledger, feeId } = await dueFee('pm_card_levy_doNotTryAgain');
    const refused =
      fold((await live(testApp, ledger, feeId)).entries).lastAttempt?.paymentMethod ?? '';
    const given = (paymentMethod: string) =>
      ledger.fees.change(feeId, 'test', (fee) => ({
        entries: applyExternalChange(fee, { change: 'card', paymentMethod }),
      }));
    // Another card comes and is gone again before it is charged: the first one is what is left.
    expect(await given('pm_gone_again')).toMatchObject({ added: 1 });
    const end = await live(testApp, ledger, feeId);
    expect(end.entries.filter(({ kind }) => kind === 'attempted')).toHaveLength(1);
    expect(end.entries.at(-1)).toMatchObject({ kind: 'email_sent' });
    expect((await standing(ledger, feeId)).state).toBe('needs_card');
    expect(await given(refused)).toMatchObject({ added: 0 });
    expect(await given('pm_a_third')).toMatchObject({ added: 1 });
  });

  it('asks for a card when the one announced is gone', async () => {
    const { testApp, ledger, feeId } = await dueFee();
    const [clinician] = await ledger.clinicians.list({ limit: 1 });
    const cards = await testApp.stripe.paymentMethods.list({
      customer: clinician?.stripeCustomer ?? '',
    });
    await testApp.stripe.paymentMethods.detach(cards.data[0]?.id ?? '');
    await run(testApp, ledger, 'charge', feeId);
    expect((await standing(ledger, feeId)).state).toBe('needs_card');
    expect(testApp.sandbox.books('fee').charges).toEqual({});
  });

  it('confirms nothing while the assessment is paused', async () => {
    const { testApp, ledger, feeId } = await dueFee();
    const assessmentId = (await ledger.assessments.list())[0]?.assessmentId ?? '';
    await ledger.assessments.pause(assessmentId, 'test', 'a look');
    expect(await run(testApp, ledger, 'charge', feeId)).toEqual({ done: 'paused' });
    await ledger.assessments.resume(assessmentId);
    expect(await run(testApp, ledger, 'charge', feeId)).toEqual({ done: 'paid' });
  });

  it('does nothing for a job that comes too early, twice, or for no fee at all', async () => {
    const { testApp, ledger, feeId } = await oneFee('pm_card_visa');
    expect(await run(testApp, ledger, 'charge', feeId)).toEqual({
      done: 'nothing to do: detecting',
    });
    await live(testApp, ledger, feeId);
    expect(await run(testApp, ledger, 'charge', feeId)).toEqual({ done: 'nothing to do: paid' });
    const nobody = '00000000-0000-4000-8000-000000000000';
    expect(await run(testApp, ledger, 'charge', nobody)).toEqual({ done: 'no such fee' });
    expect(succeeded(testApp)).toBe(1);
  });
});
