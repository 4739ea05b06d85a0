import nodemailer, { type SendMailOptions, type SMTPPoolOptions } from 'nodemailer';
import { Transform, type Readable } from 'node:stream';
import { oneLine } from '../../core/mail/layout.ts';
import { checkedMailbox, mailboxOf, type Mailbox } from './address.ts';
import { outcomeOf, receiptOf, type MailOutcome } from './smtp-outcome.ts';
import { messageIdOf, type SentMail } from './message-id.ts';
import { serverOf } from './smtp-url.ts';

export type { Mailbox } from './address.ts';
export { MailUnavailable, type MailOutcome } from './smtp-outcome.ts';

/** An e-mail to one person; text and HTML have the same content. */
export interface OutgoingMail {
  to: Mailbox;
  /** The same for the same e-mail to the same person, so that a repetition is recognised. */
  messageId: string;
  subject: string;
  text: string;
  html: string;
  headers?: Record<string, string>;
}

/** The connection to the practice's mail server. */
export type Mail = ReturnType<typeof createMail>;

/**
 * A pool of connections to a mail server. `smtpUrl` is `smtp://user:password@host:port` or
 * `smtps://...` (see smtp-url.ts for when TLS is demanded); `from` and `replyTo` read like
 * `Sunrise Practice <office@sunrise.example>`. `timeoutMs` is the longest one mail may take
 * (60 s unless given), of which connecting may take at most 15 s. Throws when an argument is
 * unusable.
 */
export function createMail(args: {
  smtpUrl: string;
  from: string;
  replyTo: string;
  timeoutMs?: number;
}) {
  const { timeoutMs = 60_000 } = args;
  const from = mailboxOf(args.from, 'sender');
  const replyTo = mailboxOf(args.replyTo, 'reply-to');
  const transport = nodemailer.createTransport(pool(args.smtpUrl, timeoutMs));
  transport.use('stream', (mail, done) => {
    watchStream(mail.message, (mail.data as Watched).onStream);
    done();
  });

  /**
   * Sends one e-mail and gives its outcome. A call delivers at most once. If a kept connection was
   * closed before the e-mail was offered, a second connection is opened at once. Throws
   * `MailUnavailable` when the server or our settings are at fault, not this e-mail; nothing was
   * sent then.
   */
  async function send(mail: OutgoingMail): Promise<MailOutcome> {
    const to = checkedMailbox(mail.to);
    if (!to) return { outcome: 'refused', code: 'bad_address' };
    const signal = AbortSignal.timeout(timeoutMs);
    const first = await attempt(mail, to, signal);
    const last = 'stale' in first ? await attempt(mail, to, signal) : first;
    return 'stale' in last ? outcomeOf(last.error, last.stage) : last;
  }

  async function attempt(mail: OutgoingMail, to: Mailbox, signal: AbortSignal) {
    let stream: Readable | null = null;
    const message: SendMailOptions & Watched = {
      ...messageOf(mail, to),
      from,
      replyTo,
      signal,
      onStream: (opened) => (stream = opened),
    };
    try {
      return {
        outcome: 'accepted' as const,
        response: receiptOf(await transport.sendMail(message)),
      };
    } catch (error) {
      const stage = stageOf(stream);
      return isStale(error, stage) ? { stale: true, error, stage } : outcomeOf(error, stage);
    }
  }

  /** Connects and logs in, to show that the settings work. Throws `MailUnavailable`. */
  async function verify(): Promise<void> {
    try {
      await transport.verify();
    } catch (error) {
      outcomeOf(error, 'before');
    }
  }

  return {
    send,
    verify,
    /** The Message-ID of a mail about a fee, in the sender's domain; see `messageIdOf`. */
    messageId: (feeId: string, kind: SentMail['kind'], which: number | string): string =>
      messageIdOf(feeId, kind, which, from.address.split('@')[1] ?? ''),
    /** Lets e-mails being sent finish, and closes the connections. Waiting e-mails fail. */
    close: (): void => transport.close(),
  };
}

/** The e-mail as nodemailer takes it. Throws on mistakes of our own. */
function messageOf({ subject, text, html, messageId, headers }: OutgoingMail, to: Mailbox) {
  return {
    to,
    subject: oneLine(subject),
    text,
    html,
    messageId: checkedId(messageId),
    // This encoding fits any text, so nodemailer need not choose one for each part.
    textEncoding: 'quoted-printable' as const,
    headers: { 'Auto-Submitted': 'auto-generated', ...checkedHeaders(headers) },
    xMailer: false as const,
  };
}

/** Hooks to learn whether the stream of an e-mail was opened, and read. */
interface Watched {
  onStream?: (stream: Readable) => void;
}

/**
 * Calls `onStream` with the stream of a message once a connection sends it. Nodemailer's errors do
 * not tell whether a lost connection had taken the e-mail; whether the stream was read does.
 */
function watchStream(
  message: { createReadStream: (options?: object) => Readable },
  onStream: Watched['onStream'],
): void {
  const open = message.createReadStream.bind(message);
  message.createReadStream = (options) => {
    const stream = inOnePiece(open(options));
    onStream?.(stream);
    return stream;
  };
}

/** An e-mail has many small pieces; each would be a network write of its own. */
function inOnePiece(pieces: Readable): Readable {
  const gathered: Buffer[] = [];
  const whole = new Transform({
    transform(piece: Buffer, _encoding, done) {
      gathered.push(piece);
      done();
    },
    flush: (done) => done(null, Buffer.concat(gathered)),
  });
  pieces.on('error', (error) => whole.destroy(error)).pipe(whole);
  return whole;
}

function stageOf(stream: Readable | null): 'before' | 'offered' | 'sent' {
  if (!stream) return 'before';
  return stream.readableDidRead ? 'sent' : 'offered';
}

/** A kept connection that the server had closed: the failure says nothing about this e-mail. */
function isStale(error: unknown, stage: string): boolean {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  return stage === 'offered' && !responseCode && (code === 'ECONNECTION' || code === 'ESOCKET');
}

function pool(smtpUrl: string, timeoutMs: number) {
  const connectMs = Math.min(timeoutMs, 15_000);
  return {
    ...serverOf(smtpUrl),
    pool: true,
    // By default the pool sends again when a connection closes; only the ledger may decide that.
    maxRequeues: 0,
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    dnsTimeout: connectMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  } satisfies SMTPPoolOptions & { pool: true };
}

function checkedId(messageId: string): string {
  if (/^<[\w.+-]+@[\w.-]+>$/.test(messageId)) return messageId;
  throw new Error('Bug! a Message-ID must look like <fee-...@host>');
}

function checkedHeaders(headers: Record<string, string> = {}): Record<string, string> {
  for (const [name, value] of Object.entries(headers))
    if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(name) || oneLine(value) !== value)
      throw new Error('Bug! a mail header must be one line with a plain name');
  return headers;
}
