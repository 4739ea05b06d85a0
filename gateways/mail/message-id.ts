import type { EmailKind } from '../../core/fee/fee.ts';

/** One of levy's mails, as its Message-ID names it. */
export interface SentMail {
  feeId: string;
  kind: 'notice' | EmailKind;
  /** Which notice, from 1; null for an e-mail, which is named by what it is about. */
  number: number | null;
}

/** The kinds of mail that levy sends. */
export const MAIL_KINDS = Object.keys({
  notice: true,
  receipt: true,
  card_needed: true,
  final: true,
  waived: true,
  refunded: true,
  answer: true,
} satisfies Record<SentMail['kind'], true>) as SentMail['kind'][];

/**
 * The Message-ID of a mail about a fee: the same for every try of the same mail.
 *
 * @param which  of a notice its number, of an e-mail what it is about; a word
 * @param domain  the sender's
 */
export function messageIdOf(
  feeId: string,
  kind: SentMail['kind'],
  which: number | string,
  domain: string,
): string {
  return `<fee-${feeId}-${kind}-${which}@${domain}>`;
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** In a header, which a mail server may have folded. */
const HEADER = new RegExp(
  `^message-id:\\s*<fee-(${UUID})-(${MAIL_KINDS.join('|')})-(\\w{1,100})@[\\w.-]+>`,
  'im',
);

/** Which of levy's mails these headers belong to; null when the mail is not levy's. */
export function sentMailOf(headers: string): SentMail | null {
  const [, feeId, kind, which] = HEADER.exec(headers) ?? [];
  if (!feeId || !kind) return null;
  if (kind !== 'notice') return { feeId, kind: kind as EmailKind, number: null };
  return /^\d{1,6}$/.test(which ?? '') ? { feeId, kind, number: Number(which) } : null;
}
