import { describe, expect, it } from 'vitest';
import { inWords, plainWords } from '../../core/fee/code-words.ts';
import { KNOWN_CODES } from '../../core/fee/declines.ts';
import { describeEntry } from '../../core/fee/describe.ts';
import { nextOf } from '../../core/fee/next.ts';
import { fold } from '../../core/fee/fold.ts';
import { KINDS, sample, story, testPolicy } from '../support/fees.ts';

/** What a person should not have to read: words joined by low lines, and a code's bare number. */
const MACHINE = /[a-z]+_[a-z0-9_]+|\bsmtp\b|schema|undefined|null/i;
/** Ids that a person needs to find something at Stripe. */
const IDS = /\b(pi|pm|cus|ch|re|dp)_\w+/g;

const CARDS = ['no_customer', 'customer_deleted', 'no_card', 'card_detached', 'card_refused'];
const MAIL = ['bad_address', 'no_email', 'timeout', 'connection', 'protocol', 'dns', 'tls', 'auth'];
const SMTP = ['421', '450', '451', '452', '499', '550', '551', '552', '553', '554', '571', '250'];
const UNKNOWN = ['server_error', 'unreadable_answer', 'processing', 'waiting', 'conflict'];

describe('every code', () => {
  it.each([...KNOWN_CODES, ...CARDS, ...MAIL, ...UNKNOWN])('%s has words of its own', (code) => {
    expect(inWords(code)).not.toMatch(MACHINE);
    expect(inWords(code)).not.toBe(code.replaceAll('_', ' '));
  });

  it.each(SMTP)('of a mail server, such as %s, has words', (answer) => {
    expect(inWords(`smtp_${answer}`)).not.toMatch(/smtp|\d/i);
  });

  it('that nobody knows is given as its words', () => {
    expect(inWords('some_new_code')).toBe('some new code');
    expect(inWords('constructor')).toBe('constructor');
  });

  it('is found in a sentence, and an id of Stripe is left alone', () => {
    expect(plainWords('decline code lost_card of pi_12_a, by hand_made')).toBe(
      'decline code the card was reported lost of pi_12_a, by hand made',
    );
  });
});

describe('no machine word', () => {
  it.each(KINDS)('is in the sentence of an entry of the kind %s', (kind) => {
    const [entry] = story([sample(kind)]);
    for (const audience of ['operator', 'clinician'] as const)
      expect(describeEntry(entry!, { audience }).replace(IDS, '')).not.toMatch(MACHINE);
  });

  it.each(KNOWN_CODES)('is in the sentence of the decline %s', (code) => {
    const adviceCode = 'confirm_card_data';
    const [entry] = story([sample('declined', { code, adviceCode })]);
    expect(describeEntry(entry!)).not.toMatch(MACHINE);
  });

  it.each([...SMTP.map((one) => `smtp_${one}`), ...MAIL])('is left of the mail code %s', (why) => {
    const failures = [
      sample('deferred', { why }),
      sample('notice_failed', { why }),
      sample('email_failed', { why }),
    ];
    for (const entry of story(failures)) expect(describeEntry(entry)).not.toMatch(MACHINE);
  });

  it.each([
    ['no customer', [sample('assessed'), sample('approved'), sample('card_missing')]],
    [
      'a notice that failed',
      [sample('assessed'), sample('approved'), sample('notice_failed', { why: 'smtp_550' })],
    ],
    ['another EHR', [sample('exempted')]],
    [
      'a waiver to be told',
      [sample('assessed'), sample('approved'), sample('noticed'), sample('waived')],
    ],
  ])('says what is next after %s', (_, entries) => {
    expect(nextOf(fold(story(entries)), testPolicy()).why).not.toMatch(MACHINE);
  });
});
