import type { SMTPPoolOptions } from 'nodemailer';

type Server = Pick<
  SMTPPoolOptions,
  'host' | 'port' | 'secure' | 'auth' | 'requireTLS' | 'ignoreTLS' | 'maxConnections'
>;

/** Connections at the same time, at most; some servers allow fewer and say 421 or 432 to more. */
const CONNECTIONS = '10';

/**
 * Connection settings from an address. `smtps://` encrypts from the first byte. With `smtp://`
 * the connection is upgraded (STARTTLS) where the server offers it; it must be upgraded when a
 * password would travel to another machine, or with `?tls=required`; `?tls=optional` waives that.
 * On the machine itself nothing is upgraded. `?connections=3` allows that many at the same time,
 * 10 unless given. Throws, without repeating the address (it holds the password), when it cannot be
 * used.
 */
export function serverOf(smtpUrl: string): Server {
  const url = URL.canParse(smtpUrl) ? new URL(smtpUrl) : null;
  const tls = url?.searchParams.get('tls') ?? null;
  const connections = url?.searchParams.get('connections') ?? CONNECTIONS;
  const known =
    (tls === null || tls === 'required' || tls === 'optional') && /^[1-9]\d?$/.test(connections);
  const others = [...(url?.searchParams.keys() ?? [])].some(
    (key) => key !== 'tls' && key !== 'connections',
  );
  if (!url?.hostname || !/^smtps?:$/.test(url.protocol) || !known || others)
    throw new Error(
      'The SMTP address is not usable. Write it like smtp://user:password@mail.example:587, ' +
        'with smtps:// for a server that encrypts from the start; the only options are ' +
        '?tls=required or ?tls=optional, and ?connections=1 to 99.',
    );
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const local = host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
  const password = decodeURIComponent(url.password);
  const requireTLS = tls === 'required' || (tls === null && password !== '' && !local);
  return {
    host,
    ...(url.port && { port: Number(url.port) }),
    secure: url.protocol === 'smtps:',
    ...(url.username && { auth: { user: decodeURIComponent(url.username), pass: password } }),
    requireTLS,
    ignoreTLS: local && !requireTLS,
    maxConnections: Number(connections),
  };
}
