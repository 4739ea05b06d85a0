import type pg from 'pg';
import type { RecordKind } from '../core/fee/fee.ts';
import { lockKnownNames, settleUnmatched } from './known-names.ts';
import { inTransaction } from './transaction.ts';

/** A clinician's first use in one file, year and kind of record. */
export interface FirstUse {
  clinicianId: string;
  year: number;
  kind: RecordKind;
  /** YYYY-MM-DD */
  firstUsedOn: string;
  line: number;
  rule: string;
  certainty: 'sure' | 'weak';
}

/** A record that no clinician could be matched to, or a refused row, for a person to look at. */
export interface ImportProblem {
  line: number;
  /** A stable code: unmatched, ambiguous, no_date, bad_row, ... */
  reason: string;
  field: string | null;
  message: string;
  clinicianNpi: string | null;
  clinicianName: string | null;
  times: number;
  /** The person in comparable form; none when the problem is about no person. Only written. */
  person?: { name: string; npi: string } | null;
}

/** The first use of a person who could not be matched, and how many uses there were like it. */
export interface UnmatchedUse extends Omit<FirstUse, 'clinicianId'> {
  person: { name: string; npi: string };
  times: number;
}

export interface ImportResult {
  importId: string;
  fileName: string;
  sha256: string;
  format: string;
  bytes: number;
  records: number;
  findings: number;
  matched: number;
  importedAt: Date;
  importedBy: string;
  /** The EHR it was exported from, as the sender said; null for none. */
  vendor: string | null;
}

export interface ReadImport extends Omit<ImportResult, 'importId' | 'importedAt'> {
  periodFrom: string | null;
  periodTo: string | null;
  uses: FirstUse[];
  /** What evidence of people needs who are matched later; none when absent. */
  unmatched?: UnmatchedUse[];
  problems: ImportProblem[];
}

export interface WeakEvidence {
  evidenceId: string;
  importId: string | null;
  clinicianId: string;
  ref: string;
  name: string;
  year: number;
  kind: RecordKind;
  firstUsedOn: string;
  fileName: string;
  line: number;
  rule: string;
}

/** Weak evidence of one file that waits for a person. */
export interface WeakFile {
  importId: string;
  fileName: string;
  pieces: number;
  clinicians: number;
}

export type Verdict = 'accepted' | 'refused';

const IMPORT = `import_id as "importId", file_name as "fileName", sha256, format,
  bytes::float8 as bytes, records::float8 as records, findings::float8 as findings,
  matched::float8 as matched, imported_at as "importedAt", imported_by as "importedBy",
  vendor`;

const PROBLEM = `line::float8 as line, reason, field, message, clinician_npi as "clinicianNpi",
  clinician_name as "clinicianName", times`;

/** Evidence of use, and the imports it came from. */
export function createEvidence(pool: pg.Pool) {
  const find = async (sha256: string): Promise<ImportResult | null> => {
    const { rows } = await pool.query<ImportResult>(
      `select ${IMPORT} from imports where sha256 = $1`,
      [sha256],
    );
    return rows[0] ?? null;
  };
  return {
    /** The import of exactly this content, or null. */
    find,

    /**
     * Records a file that was read to its end, in one transaction. The same content again changes
     * nothing and gives the earlier import.
     */
    async record(read: ReadImport): Promise<{ created: boolean; import: ImportResult }> {
      const created = await inTransaction(pool, async (client) => {
        const { rows } = await client.query<ImportResult>(
          `insert into imports (sha256, file_name, vendor, period_from, period_to, format, bytes,
             records, findings, matched, imported_by)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           on conflict (sha256) do nothing returning ${IMPORT}`,
          [
            read.sha256,
            read.fileName,
            read.vendor,
            read.periodFrom,
            read.periodTo,
            read.format,
            read.bytes,
            read.records,
            read.findings,
            read.matched,
            read.importedBy,
          ],
        );
        if (!rows[0]) return null;
        await writeParts(client, rows[0].importId, read);
        return rows[0];
      });
      if (created) return { created: true, import: created };
      return { created: false, import: (await find(read.sha256)) as ImportResult };
    },

    /**
     * Records what the same content yields with today's roster: evidence of people who could not be
     * matched before, and the records that still cannot be. Existing evidence stays. Gives the
     * number of new pieces of evidence.
     */
    async recordAgain(importId: string, read: ReadImport): Promise<number> {
      return inTransaction(pool, async (client) => {
        await client.query('update imports set findings = $2, matched = $3 where import_id = $1', [
          importId,
          read.findings,
          read.matched,
        ]);
        await client.query('delete from import_problems where import_id = $1', [importId]);
        await client.query('delete from unmatched_uses where import_id = $1', [importId]);
        return writeParts(client, importId, read);
      });
    },

    async imports(): Promise<ImportResult[]> {
      const { rows } = await pool.query<ImportResult>(
        `select ${IMPORT} from imports order by imported_at desc limit 1000`,
      );
      return rows;
    },

    /** One import by its id, or null. */
    async importOf(importId: string): Promise<ImportResult | null> {
      const { rows } = await pool.query<ImportResult>(
        `select ${IMPORT} from imports where import_id = $1`,
        [importId],
      );
      return rows[0] ?? null;
    },

    /** What still needs a person in an import. */
    async problems(importId: string, limit: number): Promise<ImportProblem[]> {
      const { rows } = await pool.query<ImportProblem>(
        `select ${PROBLEM}
         from open_import_problems where import_id = $1 order by line, reason limit $2`,
        [importId, limit],
      );
      return rows;
    },

    /** The same, without the problems of people who wait for a match. */
    async rowProblems(importId: string, limit: number): Promise<ImportProblem[]> {
      const { rows } = await pool.query<ImportProblem>(
        `select ${PROBLEM} from open_import_problems
         where import_id = $1 and person_name = '' and person_npi = ''
         order by line, reason limit $2`,
        [importId, limit],
      );
      return rows;
    },

    /**
     * Lets the rows of an import be that could not be read, as a person has said. Gives false when
     * somebody did so before, or there is no such import.
     */
    async dismiss(importId: string, why: string, actor: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        `update imports set dismissed_at = levy_now(), dismissed_by = $2, dismissed_why = $3
         where import_id = $1 and dismissed_at is null`,
        [importId, actor, why],
      );
      return rowCount === 1;
    },

    /** The result of an import: problems by reason, weak evidence, clinicians with evidence. */
    async summary(importId: string): Promise<{
      problems: { reason: string; times: number }[];
      weak: number;
      clinicians: number;
    }> {
      const { rows: problems } = await pool.query<{ reason: string; times: number }>(
        `select reason, sum(times)::float8 as times from open_import_problems
         where import_id = $1 group by reason order by reason`,
        [importId],
      );
      const { rows } = await pool.query<{ weak: number; clinicians: number }>(
        `select count(*) filter (where certainty = 'weak')::integer as weak,
           count(distinct clinician_id)::integer as clinicians
         from evidence where import_id = $1`,
        [importId],
      );
      return { problems, weak: rows[0]?.weak ?? 0, clinicians: rows[0]?.clinicians ?? 0 };
    },

    /** Weak evidence that no person has decided on yet. */
    async weak(limit: number): Promise<WeakEvidence[]> {
      const { rows } = await pool.query<WeakEvidence>(
        `select evidence_id as "evidenceId", import_id as "importId", clinician_id as "clinicianId",
           c.ref, c.name, year, kind, to_char(first_used_on, 'YYYY-MM-DD') as "firstUsedOn",
           file_name as "fileName",
           line::float8 as line, rule
         from evidence join clinicians c using (clinician_id)
         where certainty = 'weak' and verdict is null
         order by year, c.ref, first_used_on limit $1`,
        [limit],
      );
      return rows;
    },

    /** The files with weak evidence that no person has decided on, those with the most first. */
    async weakFiles(limit: number): Promise<WeakFile[]> {
      const { rows } = await pool.query<WeakFile>(
        `select import_id as "importId", file_name as "fileName", count(*)::integer as pieces,
           count(distinct clinician_id)::integer as clinicians
         from evidence where certainty = 'weak' and verdict is null and import_id is not null
         group by import_id, file_name order by count(*) desc, import_id limit $1`,
        [limit],
      );
      return rows;
    },

    /**
     * Records one decision on all weak evidence of a file that waits for one. Gives clinicians and
     * years; null, and writes nothing, when other than `pieces` of it wait.
     */
    async decideAll(
      importId: string,
      { verdict, pieces, actor }: { verdict: Verdict; pieces: number; actor: string },
    ): Promise<{ clinicianId: string; year: number }[] | null> {
      const { rows } = await pool.query<{ clinicianId: string; year: number }>(
        `with waiting as materialized (select evidence_id from evidence
           where import_id = $1 and certainty = 'weak' and verdict is null for update)
         update evidence set verdict = $2, decided_by = $3, decided_at = levy_now()
         where evidence_id in (select evidence_id from waiting)
           and (select count(*) from waiting) = $4
         returning clinician_id as "clinicianId", year`,
        [importId, verdict, actor, pieces],
      );
      return rows.length === 0 ? null : rows;
    },

    /**
     * Records a person's decision on a piece of evidence; refusing sure evidence withdraws it.
     * Gives clinician and year, or null when there is no such evidence or the decision is the same.
     */
    async decide(
      evidenceId: string,
      verdict: Verdict,
      actor: string,
    ): Promise<{ clinicianId: string; year: number } | null> {
      const { rows } = await pool.query<{ clinicianId: string; year: number }>(
        `update evidence set verdict = $2, decided_by = $3, decided_at = levy_now()
         where evidence_id = $1 and verdict is distinct from $2
         returning clinician_id as "clinicianId", year`,
        [evidenceId, verdict, actor],
      );
      return rows[0] ?? null;
    },

    /** The pieces of evidence about a clinician and year, for the fee's history. */
    async of(
      clinicianId: string,
      year: number,
    ): Promise<(FirstUse & { evidenceId: string; fileName: string; verdict: string | null })[]> {
      const { rows } = await pool.query<
        FirstUse & { evidenceId: string; fileName: string; verdict: string | null }
      >(
        `select evidence_id as "evidenceId", clinician_id as "clinicianId", year, kind,
           to_char(first_used_on, 'YYYY-MM-DD') as "firstUsedOn", file_name as "fileName",
           line::float8 as line, rule, certainty, verdict
         from evidence where clinician_id = $1 and year = $2
         order by first_used_on, kind, evidence_id`,
        [clinicianId, year],
      );
      return rows;
    },

    /** The ids of the fees that evidence of these clinicians and years may change. */
    async feesOf(pairs: { clinicianId: string; year: number }[]): Promise<string[]> {
      const { rows } = await pool.query<{ fee_id: string }>(
        `select f.fee_id
         from jsonb_to_recordset($1) as p ("clinicianId" uuid, year integer)
         join assessments a using (year)
         join fees f on f.assessment_id = a.assessment_id and f.clinician_id = p."clinicianId"`,
        [JSON.stringify(pairs)],
      );
      return rows.map((row) => row.fee_id);
    },
  };
}

/** Gives how many pieces of evidence were new. */
async function writeParts(
  client: pg.PoolClient,
  importId: string,
  read: ReadImport,
): Promise<number> {
  const { rowCount } = await client.query(
    `insert into evidence (import_id, clinician_id, year, kind, first_used_on, file_name, line,
       rule, certainty)
     select $1, "clinicianId", year, kind, "firstUsedOn", $2, line, rule, certainty
     from jsonb_to_recordset($3) as u ("clinicianId" uuid, year integer, kind text,
       "firstUsedOn" date, line bigint, rule text, certainty text)
     on conflict do nothing`,
    [importId, read.fileName, JSON.stringify(read.uses)],
  );
  await client.query(
    `insert into import_problems (import_id, line, reason, field, message, clinician_npi,
       clinician_name, times, person_name, person_npi)
     select $1, line, reason, field, message, "clinicianNpi", "clinicianName", times,
       coalesce(person ->> 'name', ''), coalesce(person ->> 'npi', '')
     from jsonb_to_recordset($2) as p (line bigint, reason text, field text, message text,
       "clinicianNpi" text, "clinicianName" text, times integer, person jsonb)`,
    [importId, JSON.stringify(read.problems)],
  );
  await client.query(
    `insert into unmatched_uses (import_id, person_name, person_npi, year, kind, first_used_on,
       line, rule, certainty, times)
     select $1, person ->> 'name', person ->> 'npi', year, kind, "firstUsedOn", line, rule,
       certainty, times
     from jsonb_to_recordset($2) as u (person jsonb, year integer, kind text, "firstUsedOn" date,
       line bigint, rule text, certainty text, times integer)`,
    [importId, JSON.stringify(read.unmatched ?? [])],
  );
  // Names that somebody matched while this file was being read.
  await lockKnownNames(client);
  await settleUnmatched(client, { importId });
  return rowCount ?? 0;
}
