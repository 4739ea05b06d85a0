import { simpleParser, type Attachment, type ParsedMail } from 'mailparser';
import { sentMailOf, type SentMail } from './message-id.ts';

/**
 * What a mail server reports about an e-mail of levy's. `failed`: it was not delivered and will not
 * be, with the status of RFC 3463 (`5.1.1`) if given. `complaint`: the recipient reported it as
 * unwanted.
 */
export type MailReport =
  | { report: 'failed'; about: SentMail; status: string | null }
  | { report: 'complaint'; about: SentMail }
  | { report: 'none'; why: 'no_report' | 'not_final' | 'not_ours' };

/**
 * Reads an e-mail as a report: a delivery status notification (RFC 3464) or a complaint (RFC 5965),
 * which contain the original e-mail or its headers. Never throws: any other e-mail, such as an
 * answer by a person or a machine, is no report.
 */
export async function readMailReport(raw: Buffer): Promise<MailReport> {
  const mail = await simpleParser(raw, PLAINLY).catch(() => null);
  const kind = mail ? reportType(mail) : null;
  if (!mail || !kind) return { report: 'none', why: 'no_report' };
  const status = textOf(mail, /^message\/(global-)?delivery-status$/);
  if (kind === 'delivery-status' && !/^action:\s*failed\b/im.test(status))
    return { report: 'none', why: 'not_final' };
  const original = textOf(mail, /^(message\/(rfc822|global)|text\/rfc822-headers)$/);
  const about = sentMailOf(original.split(/\r?\n\r?\n/, 1)[0] ?? '');
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
