import type pg from 'pg';
import { inTransaction } from './transaction.ts';
import type { InvoiceHead } from './invoices.ts';

/** An uploaded invoice of which nobody has said yet which column is which. */
export interface InvoiceUpload {
  uploadId: string;
  fileName: string;
  /** What was typed beside the file; the total is null when the file is to state it. */
  head: Omit<InvoiceHead, 'totalCents'> & { totalCents: number | null };
  rows: { line: number; cells: string[] }[];
  computed: boolean;
}

/** Uploads that are kept at a time; the oldest give way. */
const KEPT = 20;

/** Uploaded invoices between their file and their columns. Each expires after a day. */
export function createInvoiceUploads(pool: pg.Pool) {
  return {
    /** Keeps an upload and gives its id. */
    async keep(upload: Omit<InvoiceUpload, 'uploadId'>, by: string): Promise<string> {
      return inTransaction(pool, async (client) => {
        await client.query(
          `delete from invoice_uploads where expires_at < levy_now() or upload_id in
             (select upload_id from invoice_uploads order by expires_at desc, upload_id offset $1)`,
          [KEPT - 1],
        );
        const { fileName, head, rows: table, computed } = upload;
        const { rows } = await client.query<{ upload_id: string }>(
          `insert into invoice_uploads (file_name, uploaded_by, head, rows)
           values ($1, $2, $3, $4) returning upload_id`,
          [fileName, by, JSON.stringify({ head, computed }), JSON.stringify(table)],
        );
        return rows[0]?.upload_id as string;
      });
    },

    /** An upload; null when it has expired, or became an invoice. */
    async get(uploadId: string): Promise<InvoiceUpload | null> {
      const { rows } = await pool.query<InvoiceUpload>(
        `select upload_id as "uploadId", file_name as "fileName", head -> 'head' as head,
           (head ->> 'computed')::boolean as computed, rows
         from invoice_uploads where upload_id = $1 and expires_at > levy_now()`,
        [uploadId],
      );
      return rows[0] ?? null;
    },

    /** Removes an upload. */
    async discard(uploadId: string): Promise<void> {
      await pool.query('delete from invoice_uploads where upload_id = $1', [uploadId]);
    },
  };
}
