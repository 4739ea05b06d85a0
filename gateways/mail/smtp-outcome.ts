import type { SMTPSentMessageInfo } from 'nodemailer';

/** The outcome of an e-mail. Codes only: servers often repeat the address in their answers. */
export type MailOutcome =
  /** The server has taken responsibility. `response` is its code and its queue id, if any. */
  | { outcome: 'accepted'; response: string }
  /** This e-mail will never be accepted, e.g. `smtp_550`, `bad_address`. */
  | { outcome: 'refused'; code: string }
  /** Not now, e.g. `smtp_450`, `timeout`: send the same e-mail again later. */
  | { outcome: 'later'; code: string }
  /** The e-mail was sent and no answer came: it may arrive. Repeat with the same Message-ID. */
  | { outcome: 'unknown'; code: string };

/** The mail server cannot be used at the moment; this says nothing about a single e-mail. */
export class MailUnavailable extends Error {
  override readonly name = 'MailUnavailable';
  /** E.g. `connection`, `timeout`, `dns`, `tls`, `auth`, `smtp_535`. */
  readonly why: string;

  constructor(why: string) {
    super(`The mail server cannot be used (${why}). Nothing was sent; try again later.`);
    this.why = why;
  }
}

/**
 * How far an e-mail had come when it failed: no connection was ready, it was offered to the server,
 * or some or all of it was sent.
 */
export type Stage = 'before' | 'offered' | 'sent';

/** Answers about our credentials, to whatever command. RFC 4954, section 6. */
const ABOUT_US = new Set([530, 534, 535, 538]);

/**
 * The outcome of an e-mail from nodemailer's error. A server's answer to the recipient or to the
 * e-mail is about the e-mail. Any earlier answer is about us, and throws `MailUnavailable`.
 */
export function outcomeOf(error: unknown, stage: Stage): MailOutcome {
  const { code, command, responseCode } = error as SmtpError;
  if (code === 'ETLS') throw new MailUnavailable('tls');
  if (typeof responseCode === 'number') {
    const answer = `smtp_${responseCode}`;
    const early = stage === 'before' || command === 'MAIL FROM';
    if (early || ABOUT_US.has(responseCode)) throw new MailUnavailable(answer);
    // 503 means that the session is out of order, not that the e-mail is refused.
    const final = responseCode >= 500 && responseCode !== 503;
    return { outcome: final ? 'refused' : 'later', code: answer };
  }
  if (code === 'EENVELOPE') return { outcome: 'refused', code: 'bad_address' };
  const why = WHY[code ?? ''] ?? 'failed';
  if (stage === 'before' || why === 'failed') throw new MailUnavailable(why);
  return { outcome: stage === 'sent' ? 'unknown' : 'later', code: why };
}

/** The part of an acceptance to keep: the code, and the id by which the e-mail is found. */
export function receiptOf({ response }: Pick<SMTPSentMessageInfo, 'response'>): string {
  const [code = '', ...words] = response.split(/\s+/);
  const id = words.findLast((word) => QUEUE_ID.test(word) && !/^\d\.\d+\.\d+$/.test(word));
  return [code.slice(0, 3), ...(id ? [id] : [])].join(' ');
}

interface SmtpError {
  code?: string;
  command?: string;
  responseCode?: number;
}

const WHY: Record<string, string> = {
  ECONNECTION: 'connection',
  ESOCKET: 'connection',
  EPROXY: 'connection',
  EPROTOCOL: 'protocol',
  ETIMEDOUT: 'timeout',
  EABORT: 'timeout',
  EDNS: 'dns',
  ETLS: 'tls',
  EAUTH: 'auth',
  ENOAUTH: 'auth',
};

/** A word with a digit and without an `@`: an id and never an address. */
const QUEUE_ID = /^(?=.*\d)[A-Za-z0-9][A-Za-z0-9._-]{3,99}$/;
