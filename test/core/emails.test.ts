import { describe, expect, test } from 'vitest';
import { UNSPOKEN } from '../../core/fee/declines.ts';
import type { EmailKind } from '../../core/fee/fee.ts';
import { writeEmail, type EmailFacts } from '../../core/mail/emails.ts';
import { FACTS, wordsOfHtml, wordsOfText } from './mail-said.ts';

const EMAIL_STEP: EmailFacts = {
  ...FACTS,
  card: { brand: 'visa', last4: '4242' },
  on: '2027-02-03',
  announced: true,
  declineCode: null,
  otherPayment: null,
  answer: null,
  refundedCents: null,
};

/** The text and the HTML of an e-mail as words. */
function said(email: EmailKind, more: Partial<EmailFacts> = {}): string[] {
  const mail = writeEmail(email, { ...EMAIL_STEP, ...more });
  return [wordsOfText(mail), wordsOfHtml(mail.html)];
}

const ALL: [EmailKind, Partial<EmailFacts>][] = [
  ['receipt', {}],
  ['card_needed', { declineCode: 'generic_decline' }],
  ['card_needed', { card: null, announced: false }],
  ['final', {}],
  ['waived', {}],
  ['refunded', { refundedCents: 1950 }],
  ['answer', { answer: 'Your first use was on February 3.' }],
];

test.each(ALL)(
  'an e-mail "%s" %j greets, gives a way to answer, and names the year',
  (email, more) => {
    for (const words of said(email, more)) {
      expect(words).toContain('Hello Dana Example,');
      expect(words).toContain('reply to this e-mail (office@sunrise.example)');
      expect(words).toContain('2026');
      expect(words).toContain('CPT is a registered trademark');
      expect(words).not.toMatch(/undefined|null|NaN|\[object/);
    }
  },
);

test('the receipt says what was paid, when, with which card, and how it is made up', () => {
  for (const words of said('receipt')) {
    expect(words).toContain('We received $19.50 from your Visa ending in 4242 on February 3, 2027');
    expect(words).toContain('Total $19.50');
    expect(words).toContain('nothing more is due');
  }
  for (const words of said('receipt', { card: null }))
    expect(words).toContain('We received $19.50 on February 3, 2027');
});

test('the receipt of another payment says how it was paid, and that the card is left alone', () => {
  const otherPayment = { how: 'check', on: '2027-01-20', reference: '1042' } as const;
  for (const words of said('receipt', { otherPayment })) {
    expect(words).toContain('We received $19.50 by check on January 20, 2027');
    expect(words).toContain('Your card will not be charged for it.');
    expect(words).not.toContain('Visa');
  }
});

describe('the e-mail that asks for a card', () => {
  test('says that the charge was declined, and what happens with a new card', () => {
    for (const words of said('card_needed', { declineCode: 'do_not_honor' })) {
      expect(words).toContain('to your Visa ending in 4242, and the charge was declined');
      expect(words).toContain('We will then charge the $19.50 to it');
      expect(words).toContain('Give a card');
    }
  });

  test('to somebody without a card explains the fee and promises the date beforehand', () => {
    for (const words of said('card_needed', { card: null, announced: false })) {
      expect(words).toContain('we have no card of yours on file');
      expect(words).toContain('TheraNest collects it');
      expect(words).toContain('Before anything is charged, we will write to you with the date');
      expect(words).not.toMatch(/declined|We will then charge/);
    }
  });

  test('says nothing of a decline when an announced card has gone', () => {
    for (const words of said('card_needed', { declineCode: null }))
      expect(words).not.toMatch(/declined|4242/);
  });

  test('asks for an answer where there is no page for cards', () => {
    for (const words of said('card_needed', { declineCode: 'do_not_honor', pageLink: null }))
      expect(words).toContain('Please reply to this e-mail to give us a card');
  });

  test.each([
    ['expired_card', 'has expired'],
    ['incorrect_cvc', 'details do not match'],
    ['invalid_expiry_year', 'details do not match'],
    ['authentication_required', 'wants you to approve the payment'],
  ])('says the reason %s, which helps', (declineCode, words) => {
    for (const text of said('card_needed', { declineCode })) expect(text).toContain(words);
  });

  test.each([...UNSPOKEN, 'insufficient_funds', 'some_new_code', 'revocation_of_authorization'])(
    'says of %s no more than of any decline',
    (declineCode) => {
      const plain = said('card_needed', { declineCode: 'generic_decline' });
      expect(said('card_needed', { declineCode })).toEqual(plain);
      for (const words of plain) expect(words).not.toMatch(/lost|stolen|fraud|risk|pick|funds/i);
    },
  );
});

test('the last e-mail says that we stop, and how to settle all the same', () => {
  for (const words of said('final')) {
    expect(words).toContain('Our last try, with your Visa ending in 4242, was on February 3, 2027');
    expect(words).toContain('we will not try again by ourselves');
    expect(words).toContain('settle it in another way');
  }
  for (const declineCode of UNSPOKEN)
    for (const words of said('final', { declineCode }))
      expect(words).not.toMatch(/lost|stolen|fraud|risk/i);
});

test('a waiver is good news and nothing to do', () => {
  for (const words of said('waived'))
    expect(words).toContain('we have waived your CPT license fee');
});

describe('the e-mail about a refund', () => {
  test('says how much went back, where to, and how long it takes', () => {
    for (const words of said('refunded', { refundedCents: 1950 })) {
      expect(words).toContain('We have refunded $19.50 for your CPT license fee');
      expect(words).toContain('to your Visa ending in 4242');
      expect(words).toContain('5 to 10 business days');
    }
  });

  test('says of a part that it is a part', () => {
    for (const words of said('refunded', { refundedCents: 500 }))
      expect(words).toContain('We have refunded $5.00 of the $19.50 you paid');
  });

  test('is not written without an amount, or for more than was paid', () => {
    expect(() => said('refunded', { refundedCents: null })).toThrow(/amount/);
    expect(() => said('refunded', { refundedCents: 1951 })).toThrow(/amount/);
  });
});
