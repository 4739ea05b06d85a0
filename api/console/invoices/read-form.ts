import type { FastifyRequest } from 'fastify';
import type { InvoiceHead } from '../../../ledger/invoices.ts';
import type { Vendor } from '../../../ledger/rates.ts';
import { readFormParts, shownFileName } from '../../http/form-parts.ts';
import { isDay } from '../../http/is-day.ts';
import { isUuid } from '../../http/schemas.ts';
import { centsOf } from '../../invoices/cents.ts';
import { INVOICE_LIMITS } from '../../invoices/read-file.ts';
import type { TypedHead } from './enter.ts';

/** The form as it came: what was typed, and the file; null without one. */
export interface SentForm {
  typed: TypedHead;
  file: { name: string; bytes: Buffer } | 'too_large' | null;
}

const FIELDS = ['vendor', 'year', 'number', 'dated', 'total', 'replaces'] as const;

/**
 * Reads the form with or without a file.
 * @param checkToken  throws when the form is not of this session; the file is not read then
 */
export async function readForm(
  request: FastifyRequest,
  checkToken: (token: unknown) => void,
): Promise<SentForm> {
  let file: SentForm['file'] = null;
  const fields = await readFormParts(request, checkToken, async (part) => {
    const bytes = await part.toBuffer();
    const isTooLarge = part.file.truncated || bytes.length > INVOICE_LIMITS.bytes;
    if (part.filename !== '' || bytes.length > 0)
      file = isTooLarge ? 'too_large' : { name: shownFileName(part.filename), bytes };
  });
  const typed = Object.fromEntries(FIELDS.map((name) => [name, (fields.get(name) ?? '').trim()]));
  return { typed, file };
}

/** What an invoice says of itself; its total is null when the file is to state it. */
export type ReadHead = Omit<InvoiceHead, 'totalCents'> & { totalCents: number | null };

/** Checks what was typed. Gives the head, or a sentence about each field that is not right. */
export function headOf(
  typed: TypedHead,
  vendors: readonly Vendor[],
): { head: ReadHead } | { refusal: string[] } {
  const { vendor = '', dated = '', replaces = '' } = typed;
  const year = /^2[01]\d\d$/.test(typed.year ?? '') ? Number(typed.year) : null;
  const number = (typed.number ?? '').replace(/\p{C}+/gu, '').trim();
  const totalCents = typed.total ? totalOf(typed.total) : null;
  const refusal = [
    !vendors.some((one) => one.vendor === vendor) && 'Choose the vendor.',
    year === null && 'The year has four digits, like 2026.',
    (number === '' || number.length > 100) && 'The number of the document is needed.',
    !isDay(dated) && 'The date on it is needed, as a day of the calendar.',
    Boolean(typed.total) &&
      totalCents === null &&
      'The total cannot be read: write it like 1,850.00.',
  ].filter((one) => typeof one === 'string');
  if (refusal.length > 0 || year === null) return { refusal };
  const replaced = isUuid(replaces) ? replaces : null;
  return { head: { vendor, year, number, dated, totalCents, replaces: replaced } };
}

/** The cents of a total, which may be larger than one line's amount. */
export const totalOf = (text: string): number | null => centsOf(text, { most: TOTAL_MOST });

/** A billion dollars. */
const TOTAL_MOST = 100_000_000_000;
