import { createHmac, timingSafeEqual } from 'node:crypto';

const DAY_MS = 86_400_000;
/** Days a link is valid: longer than a notice period and the retries of a declined card. */
const VALID_DAYS = 30;

/** The content of a link to a clinician's own page about a fee. */
export interface PageLink {
  feeId: string;
  /** The moment from which the link is not valid any more. */
  until: Date;
}

/**
 * Creates links to a clinician's own page about a fee, without a login. A link holds the fee and
 * the last valid day, and is signed, so that nobody can guess or extend it. All links of one day to
 * one fee are equal, so that an e-mail that is sent again has the same text.
 * @param publicUrl  where people reach the API, without a slash at the end
 * @param secret  the installation's own secret
 */
export function createPageLinks(args: { publicUrl: string; secret: string; now: () => Date }) {
  const { publicUrl, secret, now } = args;
  return {
    linkFor(feeId: string): string {
      const last = new Date(now().getTime() + VALID_DAYS * DAY_MS);
      const day = last.toISOString().slice(0, 10).replaceAll('-', '');
      return `${publicUrl}/fee/${feeId}.${day}.${sign(secret, feeId, day)}`;
    },
  };
}

/** Reads a link's last part; null when it was not signed with this secret. */
export function readPageLink(token: string, secret: string): PageLink | null {
  const [feeId = '', day = '', signature = ''] = token.split('.');
  const given = Buffer.from(signature);
  const right = Buffer.from(sign(secret, feeId, day));
  if (given.length !== right.length || !timingSafeEqual(given, right)) return null;
  const [, year, month, date] = /^(\d{4})(\d\d)(\d\d)$/.exec(day) ?? [];
  const until = new Date(Date.UTC(Number(year), Number(month) - 1, Number(date)) + DAY_MS);
  return { feeId, until };
}

function sign(secret: string, feeId: string, day: string): string {
  return createHmac('sha256', secret).update(`card-link ${feeId} ${day}`).digest('base64url');
}
