import { simpleParser, type Attachment, type ParsedMail } from 'mailparser';
import type { EmailKind } from '../../core/fee/fee.ts';

/** One of levy's mails, as its Message-ID names it. */
export interface SentMail {
  feeId: string;
  kind: 'notice' | EmailKind;
  /** Which notice, from 1; null for an e-mail, which is named by what it is about. */
  number: number | null;
}

/**
 * What a mail server reports about one of levy's mails. `failed`: it was not delivered and will not
 * be, with the status of RFC 3463 (`5.1.1`) where one was given. `complaint`: whoever got it says
 * it was not wanted.
 */
export type MailReport =
  | { report: 'failed'; about: SentMail; status: string | null }
  | { report: 'complaint'; about: SentMail }
  | { report: 'none'; why: 'no_report' | 'not_final' | 'not_ours' };

/**
 * Reads a mail as a report: a delivery status notification (RFC 3464) or a complaint (RFC 5965),
 * which carry the mail they are about, or its headers. Never throws: whatever else lies in an
 * inbox, answers by people and by machines, is no report.
 */
export async function readMailReport(raw: Buffer): Promise<MailReport> {
  const mail = await simpleParser(raw, PLAINLY).catch(() => null);
  const kind = mail ? reportType(mail) : null;
  if (!mail || !kind) return { report: 'none', why: 'no_report' };
  const status = textOf(mail, /^message\/(global-)?delivery-status$/);
  if (kind === 'delivery-status' && !/^action:\s*failed\b/im.test(status))
    return { report: 'none', why: 'not_final' };
  const about = sentMail(textOf(mail, /^(message\/(rfc822|global)|text\/rfc822-headers)$/));
  if (!about) return { report: 'none', why: 'not_ours' };
  if (kind === 'feedback-report') return { report: 'complaint', about };
  const code = /^status:\s*([245]\.\d{1,3}\.\d{1,3})\b/im.exec(status)?.[1] ?? null;
  return { report: 'failed', about, status: code };
}

/** Parts as they are: nothing is turned into text or HTML. */
const PLAINLY = {
  keepDeliveryStatus: true,
  skipHtmlToText: true,
  skipTextToHtml: true,
  skipTextLinks: true,
  skipImageLinks: true,
};

function reportType({ headers }: ParsedMail): 'delivery-status' | 'feedback-report' | null {
  const type = headers.get('content-type') as
    { value?: string; params?: Record<string, string> } | undefined;
  if (type?.value?.toLowerCase() !== 'multipart/report') return null;
  const report = type.params?.['report-type']?.toLowerCase();
  return report === 'delivery-status' || report === 'feedback-report' ? report : null;
}

function textOf({ attachments }: ParsedMail, type: RegExp): string {
  const part = attachments.find((one: Attachment) => type.test(one.contentType.toLowerCase()));
  return part?.content.toString('latin1') ?? '';
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** The kinds of mail levy sends. */
export const EMAILS_SENT = Object.keys({
  notice: true,
  receipt: true,
  card_needed: true,
  final: true,
  waived: true,
  refunded: true,
} satisfies Record<SentMail['kind'], true>) as SentMail['kind'][];

/** As `messageId` in mail.ts makes it; in the header, which a mail server may have folded. */
const OURS = new RegExp(
  `^message-id:\\s*<fee-(${UUID})-(${EMAILS_SENT.join('|')})-(\\w{1,100})@[\\w.-]+>`,
  'im',
);

function sentMail(original: string): SentMail | null {
  const headers = original.split(/\r?\n\r?\n/, 1)[0] ?? '';
  const [, feeId, kind, which] = OURS.exec(headers) ?? [];
  if (!feeId || !kind) return null;
  if (kind !== 'notice') return { feeId, kind: kind as EmailKind, number: null };
  return /^\d{1,6}$/.test(which ?? '') ? { feeId, kind, number: Number(which) } : null;
}
