import { afterAll, describe, expect, it } from 'vitest';
import { createMail } from '../../gateways/mail/mail.ts';
import { readMailReport } from '../../gateways/mail/bounce-report.ts';
import { MAIL_KINDS } from '../../gateways/mail/message-id.ts';

const FEE = '4b1f3c52-9d0e-4c8a-9a11-0f2b8c7d6e5f';
const ID = `<fee-${FEE}-notice-1@sunrise.example>`;
const ABOUT = { feeId: FEE, kind: 'notice', number: 1 };

const apiClient = 'office@sunrise.example';
const mail = createMail({ smtpUrl: 'smtp://127.0.0.1:9', from: apiClient, replyTo: apiClient });
afterAll(() => mail.close());

const FAILED = ['Final-Recipient: rfc822; ada@people.example', 'Action: failed', 'Status: 5.1.1'];
const HEADERS = [`Message-ID: ${ID}`, 'From: office@sunrise.example', 'Subject: Your fee'];

/** A report as mail servers write them, from its parts. */
function report(parts: {
  type?: string;
  status?: string[];
  original?: string[];
  carries?: string;
  statusType?: string;
}): Buffer {
  const {
    type = 'delivery-status',
    status = FAILED,
    original = [...HEADERS, '', 'body'],
    carries = 'message/rfc822',
    statusType = `message/${type}`,
  } = parts;
  const lines = [
    'From: Mail Delivery System <MAILER-DAEMON@mx.example>',
    'To: office@sunrise.example',
    'Subject: Undelivered Mail Returned to Sender',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=${type};`,
    '\tboundary="=_b"',
    '',
    'This is a MIME-encapsulated message.',
    ...['--=_b', 'Content-Type: text/plain; charset=us-ascii', '', 'Action: failed, we fear.'],
    ...['--=_b', `Content-Type: ${statusType}`, '', 'Reporting-MTA: dns; mx.example', ''],
    ...status,
    ...['', '--=_b', `Content-Type: ${carries}`, '', ...original, '--=_b--', ''],
  ];
  return Buffer.from(lines.join('\r\n'));
}

describe('a report that a mail was not delivered', () => {
  it.each([
    ['with the mail', {}],
    ['with its headers alone', { carries: 'text/rfc822-headers', original: HEADERS }],
    ['with the mail as an attachment', { carries: 'message/rfc822; name="Your fee.eml"' }],
    ['of an internationalised mail server', { statusType: 'message/global-delivery-status' }],
    ['with folded headers', { original: ['Subject: Your', ' fee', 'Message-ID:', ` ${ID}`] }],
    ['with headers in capitals', { original: [`MESSAGE-ID: ${ID}`] }],
  ])('%s', async (_what, parts) => {
    expect(await readMailReport(report(parts))).toEqual({
      report: 'failed',
      about: ABOUT,
      status: '5.1.1',
    });
  });

  it('may come after days of trying, and without a status', async () => {
    const late = { status: ['Action: failed', 'Status: 4.4.7 (delivery time expired)'] };
    expect(await readMailReport(report(late))).toMatchObject({ status: '4.4.7' });
    const bare = { status: ['action: FAILED', 'Status: unknown'] };
    expect(await readMailReport(report(bare))).toMatchObject({ report: 'failed', status: null });
  });

  it.each(MAIL_KINDS)('knows the %s', async (kind) => {
    const original = [`Message-ID: <fee-${FEE}-${kind}-3@sunrise.example>`];
    expect(await readMailReport(report({ original }))).toMatchObject({ about: { kind } });
  });

  it.each(['ch_3QxYz0AbCdEf', 're_3QxYz0AbCdEf', 'attempt2', 'card0', 'waived'])(
    'knows an e-mail by what it is about (%s), and of no notice',
    async (which) => {
      const original = [`Message-ID: ${mail.messageId(FEE, 'card_needed', which)}`];
      expect(await readMailReport(report({ original }))).toMatchObject({
        about: { feeId: FEE, kind: 'card_needed', number: null },
      });
    },
  );

  it.each(['ch_1', '1234567', '1-2', ''])('knows no notice by such a number: %s', async (which) => {
    const original = [`Message-ID: <fee-${FEE}-notice-${which}@sunrise.example>`];
    expect(await readMailReport(report({ original }))).toMatchObject({ why: 'not_ours' });
  });
});

it('a complaint names the mail it is about', async () => {
  const parts = { type: 'feedback-report', status: ['Feedback-Type: abuse', 'Version: 1'] };
  expect(await readMailReport(report(parts))).toEqual({ report: 'complaint', about: ABOUT });
});

describe('what is no report', () => {
  it.each([
    ['a delay', { status: ['Action: delayed', 'Status: 4.4.1'] }, 'not_final'],
    ['a receipt', { status: ['Action: delivered', 'Status: 2.0.0'] }, 'not_final'],
    ['that it was read', { type: 'disposition-notification' }, 'no_report'],
    ['about somebody else’s mail', { original: ['Message-ID: <1@other.example>'] }, 'not_ours'],
    ['about no mail', { original: [] }, 'not_ours'],
    ['that quotes us further down', { original: ['Subject: x', '', ...HEADERS] }, 'not_ours'],
  ])('%s', async (_what, parts, why) => {
    expect(await readMailReport(report(parts))).toEqual({ report: 'none', why });
  });

  it.each([
    ['an absence note', `Subject: Out of office\r\nIn-Reply-To: ${ID}\r\n\r\nAction: failed\r\n`],
    ['a quotation', `Content-Type: text/plain\r\n\r\n> Message-ID: ${ID}\r\n> Action: failed\r\n`],
    ['nothing', ''],
    ['no mail at all', '\u0000\u0001\u0002'],
    ['one endless line', 'x'.repeat(1_000_000)],
    ['a type without a value', 'Content-Type:\r\n\r\nx'],
    ['a part without an end', report({}).toString().slice(0, 400)],
  ])('%s', async (_what, raw) => {
    const report = await readMailReport(Buffer.from(raw, 'latin1'));
    expect(report).toMatchObject({ report: 'none' });
  });
});
