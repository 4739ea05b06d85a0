import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import nodemailer from 'nodemailer';
import { expect, onTestFinished, test } from 'vitest';
import { startMailbox } from '../../sandbox/mailbox/mailbox.ts';
import type { MailboxOptions } from '../../sandbox/mailbox/mailbox.ts';

async function openMailbox(options: MailboxOptions = {}) {
  const mailbox = await startMailbox(options);
  const transport = nodemailer.createTransport(mailbox.smtpUrl);
  onTestFinished(async () => {
    transport.close();
    await mailbox.close();
  });
  const mail = (to: string, more: object = {}) =>
    transport.sendMail({
      from: 'fees@example.org',
      to,
      subject: 'A notice',
      text: 'Dear clinician,',
      ...more,
    });
  return { mailbox, mail };
}

interface Refusal {
  responseCode?: number;
  permanent?: boolean;
  code?: string;
}

async function refusalOf(sending: Promise<unknown>): Promise<Refusal> {
  return sending.then(
    () => expect.fail('The mail was accepted.'),
    (error: Refusal) => error,
  );
}

test('mail for anybody is accepted with a queue id and kept as it was', async () => {
  const { mailbox, mail } = await openMailbox({ clock: () => Date.UTC(2026, 0, 15) });
  const info = await mail('dana@example.org', {
    html: '<p>Dear <b>clinician</b></p>',
    messageId: '<fee-1@example.org>',
    headers: { 'X-Fee': 'f1' },
  });
  const [message] = mailbox.messages();
  expect(info.response).toBe(`250 2.0.0 Ok: queued as ${message!.id}`);
  expect(message).toMatchObject({
    receivedAt: '2026-01-15T00:00:00.000Z',
    envelope: { from: 'fees@example.org', to: ['dana@example.org'] },
    subject: 'A notice',
    messageId: '<fee-1@example.org>',
    html: '<p>Dear <b>clinician</b></p>',
  });
  expect(message!.text.trim()).toBe('Dear clinician,');
  expect(message!.headers).toContainEqual({ name: 'X-Fee', value: 'f1' });
  expect(message!.raw).toContain('X-Fee: f1');
});

test.each([
  ['refuse.me@example.org', 550],
  ['Refuse@EXAMPLE.org', 550],
  ['full@example.org', 552],
])('%s is refused for good with %i', async (to, responseCode) => {
  const { mailbox, mail } = await openMailbox();
  for (let n = 0; n < 2; n += 1) {
    expect(await refusalOf(mail(to))).toMatchObject({ responseCode, permanent: true });
  }
  expect(mailbox.received()).toBe(0);
});

test.each([
  ['greylist.ab@example.org', 450, 1],
  ['later@example.org', 451, 2],
  ['busy@example.org', 421, 1],
])('%s is put off with %i, %i times, and then accepted', async (to, responseCode, times) => {
  const { mailbox, mail } = await openMailbox();
  for (let n = 0; n < times; n += 1) {
    const refusal = await refusalOf(mail(to));
    expect(refusal.responseCode).toBe(responseCode);
    expect(refusal.permanent).not.toBe(true);
  }
  await mail(to);
  expect(mailbox.messages().map(({ to: recipients }) => recipients)).toEqual([[to]]);
});

test('each greylisted address is put off once for itself', async () => {
  const { mail } = await openMailbox();
  await refusalOf(mail('greylist.a@example.org'));
  await refusalOf(mail('greylist.b@example.org'));
  await mail('greylist.a@example.org');
});

test('a slow address answers, late', async () => {
  const { mailbox, mail } = await openMailbox({ slowMs: 200 });
  let answered = false;
  const sending = mail('slow@example.org').then(() => (answered = true));
  await mailbox.arrived(1);
  expect(answered).toBe(false);
  await sending;
});

test('a dropped line: the mail was taken, and the sender, unaware, sends it again', async () => {
  const { mailbox, mail } = await openMailbox();
  const letter = { messageId: '<fee-1@example.org>' };
  const error = await refusalOf(mail('drop@example.org', letter));
  expect(error.responseCode).toBeUndefined();
  await mail('drop@example.org', letter);
  expect(mailbox.messages().map(({ messageId }) => messageId)).toEqual([
    '<fee-1@example.org>',
    '<fee-1@example.org>',
  ]);
});

test('a mail to several people reaches those who are not refused', async () => {
  const { mailbox, mail } = await openMailbox();
  const info = await mail('dana@example.org, refuse@example.org');
  expect(info.rejected).toEqual(['refuse@example.org']);
  expect(mailbox.messages()[0]!.to).toEqual(['dana@example.org']);
});

test('messages and their numbers outlive a restart, the last ones as before', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'levy-mailbox-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const kept = { journal: join(folder, 'mailbox.journal'), keep: 2 };
  const first = await startMailbox(kept);
  const transport = nodemailer.createTransport(first.smtpUrl);
  for (const to of ['a@example.org', 'b@example.org', 'c@example.org'])
    await transport.sendMail({ from: 'fees@example.org', to, subject: to, text: 'Hello' });
  transport.close();
  const before = first.messages();
  await first.close();

  const { mailbox, mail } = await openMailbox(kept);
  expect(mailbox.messages()).toEqual(before);
  expect(before.map(({ subject }) => subject)).toEqual(['b@example.org', 'c@example.org']);
  await mail('d@example.org');
  const ids = mailbox.messages().map(({ id }) => id);
  expect(ids[0]).toBe(before[1]!.id);
  expect(new Set([...ids, ...before.map(({ id }) => id)]).size).toBe(3);
});

test('only the last messages are kept, but all are counted', async () => {
  const { mailbox, mail } = await openMailbox({ keep: 2 });
  for (const n of [1, 2, 3]) await mail('dana@example.org', { subject: `Notice ${n}` });
  expect(mailbox.messages().map(({ subject }) => subject)).toEqual(['Notice 2', 'Notice 3']);
  expect(mailbox.received()).toBe(3);
});

test('a mailbox that discards counts and keeps nothing', async () => {
  const { mailbox, mail } = await openMailbox({ discard: true });
  await mail('dana@example.org');
  await mailbox.arrived(1);
  expect(mailbox.messages()).toEqual([]);
});

test('the pages list the mail, show one, and give it as JSON and as it came', async () => {
  const { mailbox, mail } = await openMailbox();
  await mail('dana@example.org', { subject: 'Your fee', html: '<p>Hello</p>' });
  const { id } = mailbox.messages()[0]!;
  const list = await (await fetch(mailbox.url)).text();
  expect(list).toContain(`<a href="/messages/${id}">Your fee</a>`);
  expect(list).toContain('dana@example.org');
  const one = await (await fetch(`${mailbox.url}/messages/${id}`)).text();
  expect(one).toContain('Dear clinician,');
  expect(one).toContain('srcdoc="&lt;base target=&quot;_blank&quot;&gt;&lt;p&gt;Hello&lt;/p&gt;"');
  const json = (await (await fetch(`${mailbox.url}/messages.json`)).json()) as object;
  expect(json).toMatchObject({ total: 1, messages: [{ id, subject: 'Your fee' }] });
  const raw = await (await fetch(`${mailbox.url}/messages/${id}.eml`)).text();
  expect(raw).toContain('Subject: Your fee');
  expect((await fetch(`${mailbox.url}/messages/nothing`)).status).toBe(404);
});

test('nothing in a mail can run on the pages or add to them', async () => {
  const { mailbox, mail } = await openMailbox();
  const evil = `"><script>alert(1)</script>`;
  await mail('dana@example.org', {
    subject: evil,
    text: evil,
    html: evil,
    headers: { 'X-A': evil },
  });
  for (const page of ['', `/messages/${mailbox.messages()[0]!.id}`]) {
    const response = await fetch(`${mailbox.url}${page}`);
    expect(await response.text()).not.toContain('<script');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('script-src');
  }
});

test('mails that arrive at the same time have ids of their own', async () => {
  const { mailbox, mail } = await openMailbox();
  const names = Array.from({ length: 30 }, (_, n) => `person${n}@example.org`);
  await Promise.all(names.map((name) => mail(name, { text: `For ${name}.` })));
  const mails = mailbox.messages();
  expect(new Set(mails.map(({ id }) => id)).size).toBe(names.length);
  for (const { id, to } of mails) {
    const page = await (await fetch(`${mailbox.url}/messages/${id}`)).text();
    expect(page).toContain(to[0]);
  }
});
