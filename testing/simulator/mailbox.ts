import type { Mail, MailOutcome, OutgoingMail } from '../../gateways/mail/mail.ts';
import { MailUnavailable } from '../../gateways/mail/mail.ts';
import type { Faults } from './faults.ts';
import type { Random } from './random.ts';

/** A mail the server has taken responsibility for, whether or not the sender knows. */
export interface Received {
  at: number;
  to: string;
  messageId: string;
  subject: string;
  text: string;
  /** When the job that sent it had loaded the fee. */
  decidedAt: number;
  /** Which installation sent it. */
  site: string;
  /** False when the sender never got the acceptance: it must not count on it. */
  answered: boolean;
}

/** The mail server and everybody's mailbox, with books of their own. */
export interface Mailbox {
  received: Received[];
  /** Addresses to which the server was ever asked to bring something, whether or not it did. */
  known: ReadonlySet<string>;
  /** What arrives at the server with one mail, as the sender learns it. */
  take(mail: OutgoingMail, by: Pick<Received, 'decidedAt' | 'site'>): MailOutcome;
}

/** The part of the gateway that the processors use. */
export type MailPort = Pick<Mail, 'send' | 'messageId'>;

export function createMailbox(faults: Faults, random: Random, now: () => number): Mailbox {
  const received: Received[] = [];
  /** Addresses that do not exist, found out at the first mail to them. */
  const refused = new Set<string>();
  const known = new Set<string>();

  function take(mail: OutgoingMail, by: Pick<Received, 'decidedAt' | 'site'>): MailOutcome {
    const to = mail.to.address;
    if (faults.strikes('mail_away')) throw new MailUnavailable('connection');
    if (!known.has(to) && faults.strikes('mail_refused')) refused.add(to);
    known.add(to);
    if (refused.has(to)) return { outcome: 'refused', code: 'smtp_550' };
    if (faults.strikes('mail_later'))
      return { outcome: 'later', code: random.pick(['smtp_421', 'smtp_450', 'smtp_451']) };
    const lost = faults.strikes('mail_unknown');
    if (!lost || random.chance(0.6)) {
      const { messageId, subject, text } = mail;
      received.push({ at: now(), to, messageId, subject, text, ...by, answered: !lost });
    }
    if (lost) return { outcome: 'unknown', code: 'timeout' };
    return { outcome: 'accepted', response: '250 sim1' };
  }

  return { received, known, take };
}
