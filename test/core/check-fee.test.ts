import { describe, expect, it } from 'vitest';
import type { NewEntry } from '../../core/fee/fee.ts';
import type { CheckName } from '../../core/reconcile/checks.ts';
import { checkFee } from '../../core/reconcile/check-fee.ts';
import { sample, story, testPolicy } from '../support/fees.ts';

const stolen = sample('declined', { verdict: 'needs_card', retryAt: null, code: 'stolen_card' });
const tried = (attempt: number, paymentMethod: string): NewEntry =>
  sample('attempted', { attempt, paymentMethod });
const came = (paymentMethod: string): NewEntry => sample('card_updated', { paymentMethod });
const renewed = (paymentMethod: string): NewEntry =>
  sample('card_updated', { paymentMethod, renewed: true });

/** What one check says about a fee with these entries after its notice. */
function said(name: CheckName, ...entries: NewEntry[]): string[] {
  const before = [
    sample('assessed'),
    sample('approved'),
    sample('noticed'),
    sample('intent_opened'),
  ];
  const stored = story([...before, ...entries]).map((one) => {
    return { ...one, debit: null, credit: null, amountCents: null };
  });
  const index = { seq: stored.length, state: 'noticed' as const, step: null, at: null };
  const fee = { feeId: 'f', policy: testPolicy(), intent: 'pi_1', entries: stored, ...index };
  return checkFee(fee).flatMap(({ check, detail }) => (check === name ? [detail] : []));
}
const amiss = (...entries: NewEntry[]) => said('refused_cards', ...entries);

describe('after a bank has said never again, the checker', () => {
  it('lets another card be tried, and the same one with new data', () => {
    expect(amiss(tried(1, 'pm_1'), stolen, came('pm_2'), tried(2, 'pm_2'))).toEqual([]);
    expect(amiss(tried(1, 'pm_1'), stolen, renewed('pm_1'), tried(2, 'pm_1'))).toEqual([]);
  });

  it('lets a card be tried that another ledger has tried after the refusal', () => {
    const others = sample('declined', { paymentMethod: 'pm_2', verdict: 'retry', adopted: true });
    expect(amiss(tried(1, 'pm_1'), stolen, others, tried(3, 'pm_2'))).toEqual([]);
  });

  it('names a try on the refused card when it was merely put on file again', () => {
    expect(amiss(tried(1, 'pm_1'), stolen, came('pm_1'), tried(2, 'pm_1'))).toHaveLength(1);
  });

  it('names an attempt for which no other card came', () => {
    const wrong = ['attempt 2 came after stolen_card of the same card'];
    expect(amiss(tried(1, 'pm_1'), stolen, tried(2, 'pm_1'))).toEqual(wrong);
  });

  it('names an attempt that went back to the refused card after another had come', () => {
    const wrong = ['attempt 3 came after stolen_card of the same card'];
    const declined = sample('declined', { attempt: 2 });
    expect(
      amiss(tried(1, 'pm_1'), stolen, came('pm_2'), tried(2, 'pm_2'), declined, tried(3, 'pm_1')),
    ).toEqual(wrong);
  });

  it('names one that another ledger’s attempt had refused', () => {
    const adopted = sample('declined', {
      ...{ verdict: 'needs_card', retryAt: null, code: 'stolen_card', adopted: true },
    });
    expect(amiss(adopted, tried(2, 'pm_1'))).toEqual([
      'attempt 2 came after stolen_card of the same card',
    ]);
    expect(amiss(adopted, came('pm_2'), tried(2, 'pm_2'))).toEqual([]);
  });

  it('holds it against no other customer’s card, and against the card for ever', () => {
    const other = sample('customer_changed');
    expect(amiss(tried(1, 'pm_1'), stolen, other, tried(2, 'pm_2'))).toEqual([]);
    expect(amiss(tried(1, 'pm_1'), stolen, other, tried(2, 'pm_1'))).toEqual([
      'attempt 2 came after stolen_card of the same card',
    ]);
  });
});

describe('the checker counts declines', () => {
  const LIMIT = 4;
  const declined = (n: number, paymentMethod: string, changes = {}) =>
    sample('declined', { attempt: n, paymentMethod, retryAt: null, ...changes });
  const adopted = (n: number, card: string) => declined(n, card, { adopted: true });
  const many = (count: number, card: string, from = 1) =>
    Array.from({ length: count }, (_, n) => adopted(from + n, card));
  const over = 'attempt 9 came after 4 declines of the same card';

  it('of other ledgers like our own', () => {
    expect(said('card_limits', ...many(LIMIT, 'pm_1'), tried(9, 'pm_1'))).toEqual([over]);
    expect(said('card_limits', ...many(LIMIT - 1, 'pm_1'), tried(9, 'pm_1'))).toEqual([]);
  });

  it('of other ledgers card by card', () => {
    const two = [...many(3, 'pm_1'), ...many(3, 'pm_2', 4)];
    expect(said('card_limits', ...two, tried(9, 'pm_2'))).toEqual([]);
    expect(said('card_limits', ...two, adopted(7, 'pm_2'), tried(9, 'pm_2'))).toEqual([over]);
  });

  it('anew for another customer', () => {
    const other = sample('customer_changed');
    expect(said('card_limits', ...many(LIMIT, 'pm_1'), other, tried(9, 'pm_2'))).toEqual([]);
  });
});

it('names an attempt on another customer than the notice was about', () => {
  const own = sample('attempted');
  const wrong = sample('attempted', { customer: 'cus_2' });
  const about = 'attempt 1 is on another customer than the notice';
  expect(said('announced', wrong)).toContain(about);
  expect(said('announced', own)).not.toContain(about);
});

describe('the checker of e-mails', () => {
  const sent = (email: 'card_needed' | 'receipt', about: number) =>
    sample('email_sent', { email, about });

  it('knows every occasion of the e-mail that asks for a card', () => {
    const asked = sample('card_link_asked');
    expect(said('emails', sample('card_missing'), sent('card_needed', 5))).toEqual([]);
    expect(said('emails', tried(1, 'pm_1'), stolen, sent('card_needed', 6))).toEqual([]);
    // A person may send the link after a decline that asks for no other card.
    const again = sample('declined', { verdict: 'retry' });
    expect(said('emails', tried(1, 'pm_1'), again, asked, sent('card_needed', 7))).toEqual([]);
  });

  it('names one without its occasion, and one that was sent before', () => {
    const again = sample('declined', { verdict: 'retry' });
    expect(said('emails', tried(1, 'pm_1'), again, sent('card_needed', 6))).toHaveLength(1);
    const asked = sample('card_link_asked');
    const twice = [sent('card_needed', 5), sent('card_needed', 5)];
    expect(said('emails', asked, ...twice)).toHaveLength(1);
  });
});
