import { describe, expect, test } from 'vitest';
import { writeNotice, type NoticeFacts } from '../../core/mail/notice.ts';
import { FACTS, wordsOfHtml, wordsOfText } from './mail-said.ts';

const NOTICE: NoticeFacts = {
  ...FACTS,
  card: { brand: 'visa', last4: '4242' },
  evidence: { kind: 'progress_note', firstUsedOn: '2026-01-12' },
  chargeOn: '2027-02-03',
  freeVendors: ['TherapyNotes'],
};

const bothParts = (facts: NoticeFacts) => {
  const mail = writeNotice(facts);
  return [wordsOfText(mail), wordsOfHtml(mail.html)] as const;
};

describe('the notice', () => {
  test.each([
    ['whom it is for', 'Dana Example'],
    ['what it is and who asks for it', 'American Medical Association (AMA) owns the CPT® codes'],
    ['who collects it', 'TheraNest collects it from Sunrise Counseling Group'],
    ['the royalty', 'AMA royalty for 2026 $18.50'],
    ['the processing', 'TheraNest processing $1.00'],
    ['our part', 'Added by Sunrise Counseling Group $0.00'],
    ['the amount', 'Total $19.50'],
    ['which card', 'Visa ending in 4242'],
    ['when', 'Wednesday, February 3, 2027'],
    ['that nothing has to be done', 'What to do Nothing'],
    ['why this clinician', 'on January 12, 2026, in a progress note'],
    ['that private pay counts too', 'pays privately'],
    ['how to object', 'Reply to this e-mail (office@sunrise.example) before February 3, 2027'],
    ['how to use another card', 'See your fee'],
    ['how to avoid it', 'TherapyNotes'],
    ['that moving waives it', 'If you move to one of them, we waive the fee'],
    ['help with the move', 'help with the move'],
    ['whose trademark CPT is', 'CPT is a registered trademark of the American Medical Association'],
  ])('says %s, in both parts', (_what, words) => {
    for (const said of bothParts(NOTICE)) expect(said).toContain(words);
  });

  test('says the same in both parts', () => {
    const [text, html] = bothParts(NOTICE);
    const inText = text.replace('See your fee: https://levy.example/card/f1?a=1&b=2', '');
    const inHtml = html.replace(FACTS.practice, '').replace(' See your fee How', ' How');
    expect(inText.replace(/\s+/g, ' ').trim()).toBe(inHtml.replace(/\s+/g, ' ').trim());
  });

  test('has the year, the amount and the day in its subject', () => {
    expect(writeNotice(NOTICE).subject).toBe('Your 2026 CPT license fee: $19.50 on February 3');
  });

  test.each([
    ['billing', 'in a billing record'],
    ['progress_note', 'in a progress note'],
    ['diagnosis', 'in a diagnosis record'],
    ['vendor_invoice', 'TheraNest lists you as using CPT codes in 2026, from January 12, 2026 on'],
  ] as const)('names evidence of the kind %s', (kind, words) => {
    const evidence = { kind, firstUsedOn: '2026-01-12' };
    for (const said of bothParts({ ...NOTICE, evidence })) expect(said).toContain(words);
  });

  test.each([
    [{ brand: 'amex', last4: '0005' }, 'American Express ending in 0005'],
    [{ brand: 'something_new', last4: '0001' }, 'Card ending in 0001'],
  ])('calls the card %j as people do', (card, words) => {
    for (const said of bothParts({ ...NOTICE, card })) expect(said).toContain(words);
  });

  test('does without a page for cards and without examples of other vendors', () => {
    for (const said of bothParts({ ...NOTICE, pageLink: null, freeVendors: [] })) {
      expect(said).not.toMatch(/another card|TherapyNotes|for example/);
      expect(said).toContain('Some EHRs do not pass this fee on. If you move');
    }
  });

  test('lists several other vendors as people write them', () => {
    const freeVendors = ['TherapyNotes', 'Another EHR'];
    for (const said of bothParts({ ...NOTICE, freeVendors }))
      expect(said).toContain('(TherapyNotes and Another EHR, for example)');
  });

  test('is not written when its parts do not add up to what will be charged', () => {
    expect(() => writeNotice({ ...NOTICE, amountCents: 1951 })).toThrow(/do not add up/);
  });

  test.each(['2027-2-3', '03.02.2027', 'soon', '2027-13-01'])('is not written for %s', (day) => {
    expect(() => writeNotice({ ...NOTICE, chargeOn: day })).toThrow(/YYYY-MM-DD/);
  });
});

describe('what comes from outside', () => {
  const hostile = `<img src=x onerror="alert('1')">&amp; & "Dana" 'E'`;

  test.each(['clinician', 'practice', 'vendor', 'replyTo'] as const)(
    'stays text in the HTML: %s',
    (field) => {
      const mail = writeNotice({ ...NOTICE, [field]: hostile });
      expect(mail.html).not.toMatch(/<img|onerror="/);
      expect(wordsOfHtml(mail.html)).toContain(hostile);
      expect(wordsOfText(mail)).toContain(hostile);
    },
  );

  test('cannot break a line anywhere', () => {
    const breaking = 'Dana\r\nBcc: eve@evil.example\u2028\u0000\u001b[2J\u202ereversed';
    const mail = writeNotice({
      ...NOTICE,
      clinician: breaking,
      practice: breaking,
      vendor: breaking,
      replyTo: breaking,
    });

    const hidden = /[\u0000-\u0009\u000b-\u001f\u007f\u2028\u2029\u202a-\u202e]/;
    expect(mail.text).not.toMatch(hidden);
    expect(mail.html).not.toMatch(hidden);
    expect(mail.text).toContain('Hello Dana Bcc: eve@evil.example [2J reversed,');
    expect(mail.subject).not.toMatch(/[\r\n]/);
  });

  test('cannot put a script behind the button', () => {
    for (const pageLink of ['javascript:alert(1)', 'levy.example/card', 'data:text/html,x'])
      expect(() => writeNotice({ ...NOTICE, pageLink })).toThrow(/web address/);
    const pageLink = 'https://levy.example/"><script>alert(1)</script>';
    expect(writeNotice({ ...NOTICE, pageLink }).html).not.toContain('<script');
  });

  test('is all there is to fetch: no image, no script, no style sheet, no tracking', () => {
    const { html } = writeNotice(NOTICE);
    expect(html).not.toMatch(/<img|<script|<link|src=|url\(|@import|@font-face/i);
    const addresses = html.match(/https?:\/\/[^"<\s]+/g);
    expect(addresses).toEqual(['https://levy.example/card/f1?a=1&amp;b=2']);
  });
});
