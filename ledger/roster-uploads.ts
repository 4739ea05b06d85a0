import type pg from 'pg';
import { inTransaction } from './transaction.ts';

/** A roster that was uploaded and waits for a confirmation. */
export interface RosterUpload {
  uploadId: string;
  fileName: string;
  uploadedBy: string;
  uploadedAt: Date;
  expiresAt: Date;
  vendor: string | null;
  /** Headings whose columns nobody has named yet; null when all that is kept has a name. */
  headings: string[] | null;
  ignored: string[];
  /** The rows as they were read; null when they were written. */
  rows: object[] | null;
  writtenAt: Date | null;
  writtenBy: string | null;
  outcome: Record<string, unknown> | null;
}

/** Whether an upload may be written now, or why not. */
export type Claim = 'claimed' | 'written' | 'busy' | 'gone';

/** Uploads that are kept at a time; the oldest give way. */
const KEPT = 20;
/** How long one process may write an upload: ten times what the largest one takes. */
const WRITING = `interval '20 minutes'`;

const UPLOAD = `upload_id as "uploadId", file_name as "fileName", uploaded_by as "uploadedBy",
  uploaded_at as "uploadedAt", expires_at as "expiresAt", vendor, headings, ignored, rows,
  written_at as "writtenAt", written_by as "writtenBy", outcome`;

/** Uploaded rosters between their preview and their confirmation. */
export function createRosterUploads(pool: pg.Pool) {
  return {
    /** Keeps an upload for a day, and gives its id. Expired uploads are removed meanwhile. */
    async keep(
      upload: Pick<RosterUpload, 'fileName' | 'uploadedBy' | 'vendor' | 'headings' | 'ignored'> & {
        rows: readonly object[];
      },
    ): Promise<string> {
      return inTransaction(pool, async (client) => {
        await client.query(
          `delete from roster_uploads where (writing_until is null or writing_until < levy_now())
             and (expires_at < levy_now() or upload_id in (select upload_id from roster_uploads
               order by uploaded_at desc, upload_id offset $1))`,
          [KEPT - 1],
        );
        const { rows } = await client.query<{ upload_id: string }>(
          `insert into roster_uploads (file_name, uploaded_by, vendor, headings, ignored, rows)
           values ($1, $2, $3, $4, $5, $6) returning upload_id`,
          [
            upload.fileName,
            upload.uploadedBy,
            upload.vendor,
            upload.headings && JSON.stringify(upload.headings),
            JSON.stringify(upload.ignored),
            JSON.stringify(upload.rows),
          ],
        );
        return rows[0]?.upload_id as string;
      });
    },

    /** An upload; null when it has expired, was discarded or never was. */
    async get(uploadId: string): Promise<RosterUpload | null> {
      const { rows } = await pool.query<RosterUpload>(
        `select ${UPLOAD} from roster_uploads where upload_id = $1 and expires_at > levy_now()`,
        [uploadId],
      );
      return rows[0] ?? null;
    },

    /** Replaces the rows of unnamed columns by rows with names; nothing when that was done. */
    async nameColumns(
      uploadId: string,
      named: { rows: readonly object[]; ignored: readonly string[] },
    ): Promise<void> {
      await pool.query(
        `update roster_uploads set rows = $2, ignored = $3, headings = null
         where upload_id = $1 and headings is not null and written_at is null`,
        [uploadId, JSON.stringify(named.rows), JSON.stringify(named.ignored)],
      );
    },

    /** Takes an upload for writing; one upload at a time is written, so that none meets another. */
    async claim(uploadId: string): Promise<Claim> {
      return inTransaction(pool, async (client) => {
        await client.query(`select pg_advisory_xact_lock(hashtext('roster_uploads'))`);
        const { rows } = await client.query<{ written: boolean; busy: boolean }>(
          `select written_at is not null as written, exists (select from roster_uploads
             where writing_until > levy_now()) as busy
           from roster_uploads where upload_id = $1 and expires_at > levy_now()`,
          [uploadId],
        );
        const found = rows[0];
        if (!found) return 'gone';
        if (found.written) return 'written';
        if (found.busy) return 'busy';
        await client.query(
          `update roster_uploads set writing_until = levy_now() + ${WRITING} where upload_id = $1`,
          [uploadId],
        );
        return 'claimed';
      });
    },

    /** Gives a claimed upload back, not written or not to its end. */
    async release(uploadId: string): Promise<void> {
      await pool.query('update roster_uploads set writing_until = null where upload_id = $1', [
        uploadId,
      ]);
    },

    /** Records that a claimed upload was written. Its rows are removed: the roster has them. */
    async finish(uploadId: string, by: string, outcome: Record<string, unknown>): Promise<void> {
      await pool.query(
        `update roster_uploads set writing_until = null, rows = null, headings = null,
           written_at = levy_now(), written_by = $2, outcome = $3 where upload_id = $1`,
        [uploadId, by, JSON.stringify(outcome)],
      );
    },

    /** Removes an upload that is not being written. */
    async discard(uploadId: string): Promise<void> {
      await pool.query(
        `delete from roster_uploads where upload_id = $1
           and (writing_until is null or writing_until < levy_now())`,
        [uploadId],
      );
    },
  };
}
