import net from 'node:net';
import { simpleParser } from 'mailparser';
import { afterEach, describe, expect, test } from 'vitest';
import { createMail, MailUnavailable, type OutgoingMail } from '../../gateways/mail/mail.ts';
import { openSmtpTestServer, refusal, type SmtpTestServer } from './smtp-test-server.ts';

const putAway: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of putAway.splice(0).reverse()) await close();
});

async function testApp(...how: Parameters<typeof openSmtpTestServer>): Promise<SmtpTestServer> {
  const opened = await openSmtpTestServer(...how);
  putAway.push(opened.close);
  return opened;
}

function mailTo(smtpUrl: string, more: { timeoutMs?: number } = {}) {
  const mail = createMail({
    smtpUrl,
    from: 'Sunrise Practice <office@sunrise.example>',
    replyTo: 'billing@sunrise.example',
    timeoutMs: 5000,
    ...more,
  });
  putAway.push(mail.close);
  return mail;
}

const EMAIL_STEP: OutgoingMail = {
  to: { name: 'Dana Example', address: 'dana@clinic.example' },
  messageId: '<fee-f1-notice-1@sunrise.example>',
  subject: 'Your fee',
  text: 'In words.',
  html: '<p>In words.</p>',
};

/** Options of smtp-server that answer a recipient with a code. */
const toRecipient = (code: number) => ({
  onRcptTo: (_to: unknown, _session: unknown, done: (error: Error) => void) => done(refusal(code)),
});

async function unavailable(sending: Promise<unknown>): Promise<string> {
  const error: unknown = await sending.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MailUnavailable);
  expect(String(error)).not.toContain('@');
  return (error as MailUnavailable).why;
}

describe('a mail that is accepted', () => {
  test('arrives as written, and its receipt is the code and the queue id', async () => {
    const server = await testApp();
    const sent = await mailTo(server.url).send({
      ...EMAIL_STEP,
      headers: { 'X-Levy-Kind': 'notice' },
    });
    expect(sent).toEqual({ outcome: 'accepted', response: '250 4F3D2A' });
    const got = await simpleParser(server.mails[0] ?? '');
    expect(got.messageId).toBe(EMAIL_STEP.messageId);
    expect(got.from?.text).toBe('"Sunrise Practice" <office@sunrise.example>');
    expect(got.replyTo?.text).toBe('billing@sunrise.example');
    expect(got.text?.trim()).toBe('In words.');
    expect(got.html).toContain('<p>In words.</p>');
    expect(got.headers.get('auto-submitted')).toBe('auto-generated');
    expect(got.headers.get('x-levy-kind')).toBe('notice');
    expect(got.headers.has('x-mailer')).toBe(false);
  });

  test('keeps nothing of the address a server repeats in its answer', async () => {
    const server = await testApp({}, (_testApp, done) =>
      done(null, 'Ok 7 for dana@clinic.example'),
    );
    expect(await mailTo(server.url).send(EMAIL_STEP)).toEqual({
      outcome: 'accepted',
      response: '250',
    });
  });

  test('is one of many over a few kept connections', async () => {
    const server = await testApp();
    const mail = mailTo(`${server.url}?connections=3`);
    const all = Array.from({ length: 30 }, () => mail.send(EMAIL_STEP));
    for (const sent of await Promise.all(all)) expect(sent.outcome).toBe('accepted');
    expect(server.mails).toHaveLength(30);
    expect(server.connections).toEqual({ made: 3, most: 3 });
  });

  test('has a Message-ID that is the same for the same mail', async () => {
    const mail = mailTo('smtp://127.0.0.1:9');
    expect(mail.messageId('f1', 'receipt', 9)).toBe('<fee-f1-receipt-9@sunrise.example>');
  });
});

describe('a mail that is refused for good', () => {
  test.each([550, 551, 553, 554])('by %d to the recipient', async (code) => {
    const server = await testApp(toRecipient(code));
    const sent = await mailTo(server.url).send(EMAIL_STEP);
    expect(sent).toEqual({ outcome: 'refused', code: `smtp_${code}` });
  });

  test('by 552 after its content', async () => {
    const server = await testApp({}, (_testApp, done) => done(refusal(552)));
    const sent = await mailTo(server.url).send(EMAIL_STEP);
    expect(sent).toEqual({ outcome: 'refused', code: 'smtp_552' });
  });

  test.each([
    'no-at.example',
    'two@at@signs.example',
    'dana@clinic.example, eve@evil.example',
    'dana@clinic.example\r\nRCPT TO:<eve@evil.example>',
    'dana @clinic.example',
    '"dana"@clinic.example',
    'dana@clinic.example\u0000',
    `${'d'.repeat(250)}@clinic.example`,
    '',
  ])('for its address %j, before any server is asked', async (address) => {
    const server = await testApp();
    const sent = await mailTo(server.url).send({ ...EMAIL_STEP, to: { name: 'Dana', address } });
    expect(sent).toEqual({ outcome: 'refused', code: 'bad_address' });
    expect(server.connections.made).toBe(0);
  });
});

describe('a mail that must wait', () => {
  test.each([421, 450, 451, 452, 503])('for %d to the recipient', async (code) => {
    const server = await testApp(toRecipient(code));
    const sent = await mailTo(server.url).send(EMAIL_STEP);
    expect(sent).toEqual({ outcome: 'later', code: `smtp_${code}` });
  });

  test.each([421, 451])('for %d after its content', async (code) => {
    const server = await testApp({}, (_testApp, done) => done(refusal(code)));
    const sent = await mailTo(server.url).send(EMAIL_STEP);
    expect(sent).toEqual({ outcome: 'later', code: `smtp_${code}` });
    expect(server.mails).toHaveLength(1);
  });

  test('for a server that never answers to the recipient', async () => {
    const server = await testApp({ onRcptTo: () => undefined });
    const sent = await mailTo(server.url, { timeoutMs: 200 }).send(EMAIL_STEP);
    expect(sent).toEqual({ outcome: 'later', code: 'timeout' });
  });

  test('for a connection cut twice before its content was sent', async () => {
    const server: SmtpTestServer = await testApp({ onRcptTo: () => server.cut() });
    const sent = await mailTo(server.url).send(EMAIL_STEP);
    expect(sent).toEqual({ outcome: 'later', code: 'connection' });
    expect(server.connections.made).toBe(2);
  });
});

describe('a mail whose fate is unknown', () => {
  test('was handed over when the connection was cut, and is not sent again by itself', async () => {
    const server = await testApp({}, (opened) => opened.cut());
    const sent = await mailTo(server.url).send(EMAIL_STEP);
    expect(sent).toEqual({ outcome: 'unknown', code: 'connection' });
    expect(server.mails).toHaveLength(1);
  });

  test('was handed over and never answered', async () => {
    const server = await testApp({}, () => undefined);
    const sent = await mailTo(server.url, { timeoutMs: 200 }).send(EMAIL_STEP);
    expect(sent).toEqual({ outcome: 'unknown', code: 'timeout' });
    expect(server.mails).toHaveLength(1);
  });
});

test('a kept connection that has died in the meantime costs the next mail nothing', async () => {
  let mails = 0;
  const server: SmtpTestServer = await testApp({
    onMailFrom(_from, _session, done) {
      mails += 1;
      if (mails === 2) server.cut();
      else done();
    },
  });
  const mail = mailTo(`${server.url}?connections=1`);
  expect((await mail.send(EMAIL_STEP)).outcome).toBe('accepted');
  expect((await mail.send(EMAIL_STEP)).outcome).toBe('accepted');
  expect(server.mails).toHaveLength(2);
  expect(server.connections.made).toBe(2);
});

describe('a server that cannot be used', () => {
  test('because nobody listens', async () => {
    const server = await testApp();
    await server.close();
    const mail = mailTo(server.url);
    expect(await unavailable(mail.send(EMAIL_STEP))).toBe('connection');
    expect(await unavailable(mail.verify())).toBe('connection');
  });

  test('because it never greets', async () => {
    const silent = net.createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    putAway.push(() => silent.close());
    const { port } = silent.address() as { port: number };
    const mail = mailTo(`smtp://127.0.0.1:${port}`, { timeoutMs: 200 });
    expect(await unavailable(mail.send(EMAIL_STEP))).toBe('timeout');
  });

  test('because it hangs up before it greets, which is tried once', async () => {
    let connections = 0;
    const rude = net.createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve));
    putAway.push(() => rude.close());
    const { port } = rude.address() as { port: number };
    expect(await unavailable(mailTo(`smtp://127.0.0.1:${port}`).send(EMAIL_STEP))).toBe(
      'connection',
    );
    expect(connections).toBe(1);
  });

  test('because it is closing: 421 as its greeting', async () => {
    const server = await testApp({ onConnect: (_session, done) => done(refusal(421)) });
    expect(await unavailable(mailTo(server.url).send(EMAIL_STEP))).toBe('smtp_421');
  });

  test('because it does not know our password', async () => {
    const server = await testApp({
      authOptional: false,
      allowInsecureAuth: true,
      disabledCommands: ['STARTTLS'],
      onAuth: (_auth, _session, done) => done(refusal(535)),
    });
    const mail = mailTo(`smtp://office:wrong@127.0.0.1:${server.port}`);
    expect(await unavailable(mail.send(EMAIL_STEP))).toBe('smtp_535');
    expect(await unavailable(mail.verify())).toBe('smtp_535');
  });

  test.each([
    ['our sender', 553, { onMailFrom: 'from' }],
    ['that we did not log in', 530, { onRcptTo: 'to' }],
  ])('because it refuses %s (%d)', async (_what, code, where) => {
    const refuse = (_who: unknown, _session: unknown, done: (error: Error) => void) =>
      done(refusal(code));
    const server = await testApp(
      'onMailFrom' in where ? { onMailFrom: refuse } : { onRcptTo: refuse },
    );
    expect(await unavailable(mailTo(server.url).send(EMAIL_STEP))).toBe(`smtp_${code}`);
  });

  test('because it offers no encryption where that is required', async () => {
    const server = await testApp();
    const mail = mailTo(`${server.url}?tls=required`);
    expect(await unavailable(mail.send(EMAIL_STEP))).toBe('tls');
  });

  test('is not a server that answers', async () => {
    const server = await testApp();
    await expect(mailTo(server.url).verify()).resolves.toBeUndefined();
  });
});

describe('what is written into a mail', () => {
  test('cannot add a header or a recipient, whatever a name or a subject says', async () => {
    const server = await testApp();
    await mailTo(server.url).send({
      ...EMAIL_STEP,
      to: { name: 'Dana\r\nBcc: eve@evil.example\u202e\u0000', address: 'dana@clinic.example' },
      subject: 'Fee\r\nBcc: eve@evil.example\r\n\r\n<b>hi</b>',
    });
    const got = await simpleParser(server.mails[0] ?? '');
    expect(got.headers.has('bcc')).toBe(false);
    expect(got.subject).toBe('Fee Bcc: eve@evil.example <b>hi</b>');
    expect([got.to].flat()[0]?.value).toEqual([
      { name: 'Dana Bcc: eve@evil.example', address: 'dana@clinic.example' },
    ]);
  });

  test('is refused as our own mistake where it is ours', async () => {
    const mail = mailTo('smtp://127.0.0.1:9');
    const wrong: Partial<OutgoingMail>[] = [
      { messageId: 'no brackets' },
      { messageId: '<a@b>\r\nBcc: eve@evil.example' },
      { headers: { 'X-A': 'one\r\nBcc: eve@evil.example' } },
      { headers: { 'X A:': 'one' } },
    ];
    for (const part of wrong)
      await expect(mail.send({ ...EMAIL_STEP, ...part })).rejects.toThrow(/^Bug!/);
  });
});
