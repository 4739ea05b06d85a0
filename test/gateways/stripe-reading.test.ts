import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { readingOf, refundStatus, refusalOfCharge } from '../../gateways/stripe/reading.ts';

/** Only what a reading looks at. */
function intent(more: object = {}): Stripe.PaymentIntent {
  const plain = { id: 'pi_1', status: 'succeeded', amount: 1950, amount_received: 1950 };
  const known = { customer: 'cus_1', metadata: { fee: 'fee_1' }, cancellation_reason: null };
  return { ...plain, ...known, latest_charge: 'ch_1', last_payment_error: null, ...more } as never;
}

function dispute(id: string, status: string, moved: object[] = [{}]): Stripe.Dispute {
  return { id, amount: 1950, status, reason: 'general', balance_transactions: moved } as never;
}

describe('an intent', () => {
  test.each([
    ['requires_payment_method', 'waiting'],
    ['requires_confirmation', 'waiting'],
    ['requires_action', 'waiting'],
    ['processing', 'processing'],
    ['requires_capture', 'processing'],
    ['a_state_of_next_year', 'processing'],
    ['succeeded', 'succeeded'],
    ['canceled', 'canceled'],
  ])('that Stripe calls %s is %s', (status, ours) => {
    expect(readingOf(intent({ status }), [], []).status).toBe(ours);
  });

  test('that succeeded counts what was received, and has no refusal left', () => {
    const late = { amount_received: 1900, last_payment_error: { code: 'card_declined' } };
    expect(readingOf(intent(late), [], [])).toMatchObject({ amountCents: 1900, refusal: null });
  });

  test('says whose it is, of which fee, and why it was canceled', () => {
    expect(readingOf(intent(), [], [])).toMatchObject({
      ...{ customer: 'cus_1', feeId: 'fee_1', canceledFor: null },
    });
    const canceled = {
      status: 'canceled',
      cancellation_reason: 'abandoned',
      customer: { id: 'cus_2' },
    };
    expect(readingOf(intent(canceled), [], [])).toMatchObject({
      ...{ customer: 'cus_2', canceledFor: 'abandoned' },
    });
    const strange = { metadata: {}, customer: null };
    expect(readingOf(intent(strange), [], [])).toMatchObject({ customer: null, feeId: null });
  });

  describe('the notice that its metadata tells of', () => {
    const whole = {
      notice: '<fee-1-notice-2@x>',
      noticed_at: '2026-01-15T14:00:00.000Z',
      charge_from: '2026-01-29T15:00:00.000Z',
    };
    const read = (metadata: object) =>
      readingOf(intent({ metadata: { fee: 'fee_1', ...metadata } }), [], []).notice;

    test('is read when all of it is there', () => {
      expect(read(whole)).toEqual({
        messageId: whole.notice,
        at: whole.noticed_at,
        chargeFrom: whole.charge_from,
      });
    });

    test.each<[string, object]>([
      ['there is none', {}],
      ['it was struck', { notice: '', noticed_at: '', charge_from: '' }],
      ['its name is missing', { ...whole, notice: '' }],
      ['nobody knows when it was accepted', { ...whole, noticed_at: 'soon' }],
      ['it names no day', { ...whole, charge_from: undefined }],
    ])('is none when %s', (_what, metadata) => {
      expect(read(metadata)).toBeNull();
    });
  });

  test('whose latest charge is not the one that failed does not borrow its outcome', () => {
    const failed = { code: 'card_declined', decline_code: 'do_not_honor', charge: 'ch_old' };
    const outcome = { type: 'blocked', reason: 'rule', network_status: 'not_sent_to_network' };
    const reading = readingOf(
      intent({
        status: 'requires_payment_method',
        last_payment_error: failed,
        latest_charge: { id: 'ch_new', outcome },
      }),
      [],
      [],
    );
    expect(reading).toMatchObject({
      charge: 'ch_new',
      refusal: { code: 'do_not_honor', sentToNetwork: true, charge: 'ch_old' },
    });
  });

  test('refused without any charge was never sent to the network', () => {
    const last_payment_error = { code: 'payment_intent_authentication_failure' };
    const waiting = { status: 'requires_payment_method', latest_charge: null, last_payment_error };
    expect(readingOf(intent(waiting), [], []).refusal).toMatchObject({
      code: 'payment_intent_authentication_failure',
      sentToNetwork: false,
      charge: null,
    });
  });
});

describe('a dispute', () => {
  const read = (...disputes: Stripe.Dispute[]) => readingOf(intent(), [], disputes).dispute;

  test.each([
    ['needs_response', 'open'],
    ['under_review', 'open'],
    ['appeal_under_review', 'open'],
    ['won', 'won'],
    ['lost', 'lost'],
    ['prevented', 'lost'],
  ])('that is %s at Stripe is %s', (status, ours) => {
    expect(read(dispute('du_1', status))).toMatchObject({ dispute: 'du_1', status: ours });
  });

  test('that took no money is none: an inquiry, or one prevented in time', () => {
    expect(read(dispute('du_1', 'warning_needs_response'))).toBeNull();
    expect(read(dispute('du_1', 'warning_closed'))).toBeNull();
    expect(read(dispute('du_1', 'prevented', []))).toBeNull();
  });

  test('is the newest one that took money', () => {
    const all = [dispute('du_3', 'warning_needs_response'), dispute('du_2', 'lost')];
    expect(read(...all, dispute('du_1', 'won'))).toMatchObject({ dispute: 'du_2' });
  });
});

test.each([
  ['succeeded', 'succeeded'],
  ['pending', 'pending'],
  ['requires_action', 'pending'],
  [null, 'pending'],
  ['failed', 'failed'],
  ['canceled', 'failed'],
])('a refund that is %s at Stripe is %s', (status, ours) => {
  expect(refundStatus(status)).toBe(ours);
});

describe('a charge that failed', () => {
  const charge = (more: object): Stripe.Charge =>
    ({
      ...{ id: 'ch_1', status: 'failed', created: 1_770_000_000, payment_method: 'pm_1' },
      ...{
        failure_code: 'card_declined',
        outcome: { reason: 'lost_card', type: 'issuer_declined' },
      },
      ...more,
    }) as never;

  test('says which card was refused, when, and why', () => {
    expect(refusalOfCharge(charge({}))).toMatchObject([
      {
        ...{ charge: 'ch_1', code: 'lost_card', paymentMethod: 'pm_1' },
        at: new Date('2026-02-02T02:40:00Z'),
      },
    ]);
  });

  test.each(['succeeded', 'pending'])('is none when it is %s', (status) => {
    expect(refusalOfCharge(charge({ status }))).toEqual([]);
  });
});
