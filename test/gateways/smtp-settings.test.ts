import { describe, expect, test } from 'vitest';
import { createMail } from '../../gateways/mail/mail.ts';
import { mailboxOf } from '../../gateways/mail/address.ts';
import { receiptOf } from '../../gateways/mail/smtp-outcome.ts';
import { serverOf } from '../../gateways/mail/smtp-url.ts';

describe('an SMTP address', () => {
  test('smtps:// encrypts from the first byte', () => {
    expect(serverOf('smtps://mail.example')).toMatchObject({ secure: true, host: 'mail.example' });
  });

  test('a password never travels to another machine in the clear, unless that is asked for', () => {
    const requireTLS = (url: string) => serverOf(url).requireTLS;
    expect(requireTLS('smtp://office:pass@mail.example:587')).toBe(true);
    expect(requireTLS('smtp://office:pass@mail.example:587?tls=optional')).toBe(false);
    expect(requireTLS('smtp://mailpit:1025')).toBe(false);
    expect(requireTLS('smtp://mailpit:1025?tls=required')).toBe(true);
    expect(requireTLS('smtp://office:pass@localhost')).toBe(false);
    expect(requireTLS('smtp://office:pass@127.0.0.1')).toBe(false);
    expect(requireTLS('smtp://office:pass@[::1]')).toBe(false);
    expect(requireTLS('smtp://office:pass@127.evil.example')).toBe(true);
  });

  test('on the machine itself no upgrade is tried', () => {
    expect(serverOf('smtp://127.0.0.1:2525').ignoreTLS).toBe(true);
    expect(serverOf('smtp://mail.example').ignoreTLS).toBe(false);
  });

  test('may say how many connections its server allows at the same time', () => {
    expect(serverOf('smtp://mail.example').maxConnections).toBe(10);
    expect(serverOf('smtp://mail.example?connections=3').maxConnections).toBe(3);
    expect(serverOf('smtp://mail.example?tls=required&connections=99').maxConnections).toBe(99);
  });

  test('user and password may hold any characters, percent-encoded', () => {
    expect(serverOf('smtp://of%40fice:p%2Fa%3Ass@mail.example').auth).toEqual({
      user: 'of@fice',
      pass: 'p/a:ss',
    });
  });

  test.each([
    'http://office:hush@mail.example',
    'smtp://',
    'hush',
    'smtp://office:hush@mail.example?tls=none',
    'smtp://office:hush@mail.example?secure=false',
    'smtp://office:hush@mail.example?connections=0',
    'smtp://office:hush@mail.example?connections=many',
  ])('%s is refused without repeating it', (url) => {
    expect(() => serverOf(url)).toThrow(/smtp:\/\/user:password@mail\.example/);
    expect(() => serverOf(url)).not.toThrow(/hush/);
  });
});

describe('our own mailboxes', () => {
  test('may have a name', () => {
    const address = 'office@sunrise.example';
    expect(mailboxOf(`Sunrise Practice <${address}>`, 'sender')).toEqual({
      name: 'Sunrise Practice',
      address,
    });
    expect(mailboxOf(address, 'sender')).toEqual({ name: '', address });
  });

  test.each(['', 'Sunrise Practice', 'a@b.example, c@d.example', 'Sunrise <nobody>'])(
    '%j is refused at the start, saying which one is meant',
    (from) => {
      const args = { smtpUrl: 'smtp://127.0.0.1', from, replyTo: 'office@sunrise.example' };
      expect(() => createMail(args)).toThrow(/sender address/);
    },
  );
});

test.each([
  ['250 2.0.0 Ok: queued as 4F3D2A', '250 4F3D2A'],
  ['250 2.0.0 OK  1790000000 d9443c01a7336-2f8si1234.56 - gsmtp', '250 d9443c01a7336-2f8si1234.56'],
  ['250 OK: message queued', '250'],
  ['250 2.1.5 <dana2@clinic.example> accepted', '250'],
])('of the answer %j is kept %j', (response, kept) => {
  expect(receiptOf({ response })).toBe(kept);
});
