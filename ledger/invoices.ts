import type pg from 'pg';
import { inTransaction } from './transaction.ts';
import { invoiceIsNews } from './invariants.ts';

/** A line of an invoice: one charge, or with a negative amount one credit, for one person. */
export interface InvoiceLine {
  line: number;
  /** As the vendor wrote them; null where the invoice does not say. */
  name: string | null;
  ref: string | null;
  npi: string | null;
  amountCents: number;
  /** Who on the roster is meant; null when nobody is known. */
  clinicianId: string | null;
  matchedBy: 'npi' | 'ref' | 'name' | 'person' | null;
}

/** A line with the person it means, for a page. */
export interface ShownLine extends InvoiceLine {
  clinicianRef: string | null;
  clinicianName: string | null;
  /** How many lines of the same invoice mean the same person. */
  times: number;
}

/** What an invoice says of itself. */
export interface InvoiceHead {
  vendor: string;
  year: number;
  /** The vendor's number, as it is written. */
  number: string;
  /** YYYY-MM-DD */
  dated: string;
  totalCents: number;
  /** The invoice whose place it takes; null for none. */
  replaces: string | null;
}

export interface Invoice extends InvoiceHead {
  invoiceId: string;
  vendorName: string;
  fileName: string | null;
  enteredBy: string;
  enteredAt: Date;
  confirmedAt: Date | null;
  confirmedBy: string | null;
  voidedAt: Date | null;
  voidedBy: string | null;
  voidWhy: string | null;
  /** The number of lines, their sum, and the lines that mean nobody known. */
  lines: number;
  linesCents: number;
  unknown: number;
}

export type RefusedInvoice =
  | 'unknown_vendor'
  | 'not_found'
  | 'duplicate_invoice'
  | 'same_invoice'
  | 'not_replaceable'
  | 'already_confirmed'
  | 'total_differs';

/** An act on an invoice that was done, or why it was not. `other`: the invoice in its way. */
export type InvoiceActed =
  { invoiceId: string } | { refused: RefusedInvoice; other: string | null };

const INVOICE = `select i.invoice_id as "invoiceId", i.vendor, v.name as "vendorName", i.year,
    i.number, to_char(i.dated, 'YYYY-MM-DD') as dated, i.total_cents::float8 as "totalCents",
    i.replaces, i.file_name as "fileName", i.entered_by as "enteredBy",
    i.entered_at as "enteredAt", i.confirmed_at as "confirmedAt",
    i.confirmed_by as "confirmedBy", i.voided_at as "voidedAt", i.voided_by as "voidedBy",
    i.void_why as "voidWhy", l.lines, l.cents as "linesCents", l.unknown
  from vendor_invoices i join vendors v using (vendor)
  cross join lateral (select count(*)::integer as lines,
      coalesce(sum(amount_cents), 0)::float8 as cents,
      count(*) filter (where clinician_id is null)::integer as unknown
    from vendor_invoice_lines where invoice_id = i.invoice_id) l`;

/** Standing documents of the vendor with this number, drafts included, but for these two. */
const SAME_NUMBER = `select invoice_id from vendor_invoices
  where vendor = $1 and lower(number) = lower($2) and voided_at is null
    and invoice_id is distinct from $3::uuid and invoice_id is distinct from $4::uuid limit 1`;

/** The vendor's invoices: drafts, and what was confirmed, which never changes. */
export function createInvoices(pool: pg.Pool) {
  const get = async (invoiceId: string): Promise<Invoice | null> => {
    const { rows } = await pool.query<Invoice>(`${INVOICE} where i.invoice_id = $1`, [invoiceId]);
    return rows[0] ?? null;
  };
  return {
    /** An invoice with the sum of its lines, or null. */
    get,

    /** A page of invoices, the latest entered first; `after` is the last one seen. */
    async list(page: { after?: string | undefined; limit: number }): Promise<Invoice[]> {
      const { rows } = await pool.query<Invoice>(
        `${INVOICE} where $1::uuid is null or (i.entered_at, i.invoice_id)
           < (select entered_at, invoice_id from vendor_invoices where invoice_id = $1)
         order by i.entered_at desc, i.invoice_id desc limit $2`,
        [page.after ?? null, page.limit],
      );
      return rows;
    },

    /** A page of an invoice's lines; `after` is the number of the last line seen. */
    async lines(
      invoiceId: string,
      page: { after?: number | undefined; limit: number; unknown?: boolean | undefined },
    ): Promise<ShownLine[]> {
      const { rows } = await pool.query<ShownLine>(
        `select l.line, l.name, l.ref, l.npi, l.amount_cents as "amountCents",
           l.clinician_id as "clinicianId", l.matched_by as "matchedBy",
           c.ref as "clinicianRef", c.name as "clinicianName",
           (select count(*)::integer from vendor_invoice_lines o
             where o.clinician_id = l.clinician_id and o.invoice_id = l.invoice_id) as times
         from vendor_invoice_lines l left join clinicians c using (clinician_id)
         where l.invoice_id = $1 and l.line > $2 and (not $3 or l.clinician_id is null)
         order by l.line limit $4`,
        [invoiceId, page.after ?? 0, page.unknown ?? false, page.limit],
      );
      return rows;
    },

    /** Enters a draft with its lines. Nothing counts before it is confirmed. */
    async draft(
      head: InvoiceHead & { fileName: string | null; enteredBy: string },
      lines: readonly InvoiceLine[],
    ): Promise<InvoiceActed> {
      return inTransaction(pool, async (client) => {
        const refused = await mayEnter(client, head);
        if (refused) return refused;
        const { rows } = await client.query<{ invoiceId: string }>(
          `insert into vendor_invoices (vendor, year, number, dated, total_cents, file_name,
             replaces, entered_by)
           values ($1, $2, btrim($3), $4, $5, $6, $7, $8)
           on conflict do nothing returning invoice_id as "invoiceId"`,
          [
            ...[head.vendor, head.year, head.number, head.dated, head.totalCents],
            ...[head.fileName, head.replaces, head.enteredBy],
          ],
        );
        // Somebody else entered the same number at the same moment.
        if (!rows[0]) return { refused: 'duplicate_invoice', other: null };
        await writeLines(client, rows[0].invoiceId, lines);
        return rows[0];
      });
    },

    /** Adds a line to a draft, after its last. False when there is no such draft. */
    async addLine(invoiceId: string, line: Omit<InvoiceLine, 'line'>): Promise<boolean> {
      return ofDraft(pool, invoiceId, async (client) => {
        const { rows } = await client.query<{ next: number }>(
          `select coalesce(max(line), 0) + 1 as next from vendor_invoice_lines
           where invoice_id = $1`,
          [invoiceId],
        );
        await writeLines(client, invoiceId, [{ ...line, line: rows[0]?.next ?? 1 }]);
      });
    },

    /** Removes a line of a draft. False when there is no such draft. */
    async removeLine(invoiceId: string, line: number): Promise<boolean> {
      return ofDraft(pool, invoiceId, async (client) => {
        await client.query('delete from vendor_invoice_lines where invoice_id = $1 and line = $2', [
          invoiceId,
          line,
        ]);
      });
    },

    /** Corrects what a draft says of its date and total. False when there is no such draft. */
    async setTotal(invoiceId: string, said: { dated: string; totalCents: number }) {
      return ofDraft(pool, invoiceId, async (client) => {
        await client.query(
          'update vendor_invoices set dated = $2, total_cents = $3 where invoice_id = $1',
          [invoiceId, said.dated, said.totalCents],
        );
      });
    },

    /** Removes a draft. False when it was confirmed, or is not there. */
    async discard(invoiceId: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        'delete from vendor_invoices where invoice_id = $1 and confirmed_at is null',
        [invoiceId],
      );
      return (rowCount ?? 0) > 0;
    },

    /**
     * Says who is meant by a line. In a draft the person may be changed; in a confirmed invoice
     * only a line that meant nobody known gets one. False when that is not so.
     */
    async matchLine(
      invoiceId: string,
      line: number,
      clinicianId: string,
      who: string,
    ): Promise<boolean> {
      return inTransaction(pool, async (client) => {
        await client.query('select lock_invoices(true)');
        const { rowCount } = await client.query(
          `update vendor_invoice_lines l
           set clinician_id = $3, matched_by = 'person', matched_who = $4, matched_at = levy_now()
           from vendor_invoices i
           where l.invoice_id = $1 and l.line = $2 and i.invoice_id = l.invoice_id
             and i.voided_at is null and (i.confirmed_at is null or l.clinician_id is null)`,
          [invoiceId, line, clinicianId, who],
        );
        return (rowCount ?? 0) > 0;
      });
    },

    /**
     * Confirms a draft: from now on it counts, and what it replaces does not. `anyway`: although
     * another standing invoice has the same lines.
     */
    async confirm(invoiceId: string, by: string, anyway: boolean): Promise<InvoiceActed> {
      return inTransaction(pool, async (client) => {
        await client.query('select lock_invoices(true)');
        const { rows } = await client.query<Standing>(STANDING, [invoiceId]);
        const draft = rows[0];
        if (!draft) return { refused: 'not_found', other: null };
        if (draft.confirmed) return { refused: 'already_confirmed', other: null };
        if (!draft.whole) return { refused: 'total_differs', other: null };
        const { rows: same } = await client.query<{ invoice_id: string }>(SAME_NUMBER, [
          ...[draft.vendor, draft.number, invoiceId, draft.replaces],
        ]);
        if (same[0]) return { refused: 'duplicate_invoice', other: same[0].invoice_id };
        if (draft.same && !anyway) return { refused: 'same_invoice', other: draft.same };
        if (draft.replaces && !(await voidOne(client, draft.replaces, by, REPLACED)))
          return { refused: 'not_replaceable', other: draft.replaces };
        await client.query(
          `update vendor_invoices set confirmed_at = levy_now(), confirmed_by = $2
           where invoice_id = $1`,
          [invoiceId, by],
        );
        return { invoiceId };
      });
    },

    /** The standing invoice with the same lines as this one, besides the one it replaces. */
    async sameContent(invoiceId: string): Promise<string | null> {
      const { rows } = await pool.query<Standing>(STANDING.replace('for update', ''), [invoiceId]);
      return rows[0]?.same ?? null;
    },

    /** Ends a confirmed invoice that was entered wrongly. False when it does not stand. */
    async voidInvoice(invoiceId: string, by: string, why: string): Promise<boolean> {
      return inTransaction(pool, (client) => voidOne(client, invoiceId, by, why));
    },

    /** Fees of a vendor and year that do not know yet what the invoices carry; at most `limit`. */
    async unfollowed(vendor: string, year: number, limit: number): Promise<string[]> {
      const { rows } = await pool.query<{ fee_id: string }>(
        `select f.fee_id from fees f join assessments a using (assessment_id)
         where a.vendor = $1 and a.year = $2 and ${invoiceIsNews('f', 'a')}
         order by f.fee_id limit $3`,
        [vendor, year, limit],
      );
      return rows.map(({ fee_id }) => fee_id);
    },
  };
}

/** Why an invoice ended whose replacement was confirmed. */
const REPLACED = 'replaced by another document';

interface Standing {
  vendor: string;
  number: string;
  replaces: string | null;
  confirmed: boolean;
  whole: boolean;
  same: string | null;
}

const STANDING = `
  select i.vendor, i.number, i.replaces, i.confirmed_at is not null as confirmed,
    i.total_cents is not distinct from (select sum(amount_cents) from vendor_invoice_lines l
      where l.invoice_id = i.invoice_id) as whole,
    (select o.invoice_id from vendor_invoices o
      where o.vendor = i.vendor and o.year = i.year and o.invoice_id <> i.invoice_id
        and o.invoice_id is distinct from i.replaces and o.confirmed_at is not null
        and o.voided_at is null and o.content = invoice_content(i.invoice_id) limit 1) as same
  from vendor_invoices i where i.invoice_id = $1 for update`;

async function mayEnter(
  client: pg.PoolClient,
  head: InvoiceHead,
): Promise<Extract<InvoiceActed, { refused: string }> | null> {
  const { rows: known } = await client.query('select from vendors where vendor = $1', [
    head.vendor,
  ]);
  if (known.length === 0) return { refused: 'unknown_vendor', other: null };
  const { rows: same } = await client.query<{ invoice_id: string }>(SAME_NUMBER, [
    ...[head.vendor, head.number.trim(), null, head.replaces],
  ]);
  if (same[0]) return { refused: 'duplicate_invoice', other: same[0].invoice_id };
  if (!head.replaces) return null;
  const { rows: old } = await client.query(
    `select from vendor_invoices where invoice_id = $1 and vendor = $2 and year = $3
       and confirmed_at is not null and voided_at is null`,
    [head.replaces, head.vendor, head.year],
  );
  return old.length > 0 ? null : { refused: 'not_replaceable', other: head.replaces };
}

async function writeLines(
  client: pg.PoolClient,
  invoiceId: string,
  lines: readonly InvoiceLine[],
): Promise<void> {
  await client.query(
    `insert into vendor_invoice_lines (invoice_id, line, name, ref, npi, amount_cents,
       clinician_id, matched_by)
     select $1, line, name, ref, npi, "amountCents", "clinicianId", "matchedBy"
     from jsonb_to_recordset($2) as l (line integer, name text, ref text, npi text,
       "amountCents" integer, "clinicianId" uuid, "matchedBy" text)`,
    [invoiceId, JSON.stringify(lines)],
  );
}

async function ofDraft(
  pool: pg.Pool,
  invoiceId: string,
  work: (client: pg.PoolClient) => Promise<void>,
): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query(
      'select from vendor_invoices where invoice_id = $1 and confirmed_at is null for update',
      [invoiceId],
    );
    if (rows.length === 0) return false;
    await work(client);
    return true;
  });
}

async function voidOne(
  client: pg.PoolClient,
  invoiceId: string,
  by: string,
  why: string,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update vendor_invoices set voided_at = levy_now(), voided_by = $2, void_why = $3
     where invoice_id = $1 and confirmed_at is not null and voided_at is null`,
    [invoiceId, by, why],
  );
  return (rowCount ?? 0) > 0;
}
