import type pg from 'pg';
import type { FeeStatus, RecordKind } from '../core/fee/fee.ts';
import { inTransaction } from './transaction.ts';

/** A person in comparable form; see usage/clinician-match.ts. Empty for what is not written. */
export interface PersonName {
  name: string;
  npi: string;
}

/** A person in an import whom nobody on the roster could be matched to. */
export interface UnmatchedPerson extends PersonName {
  /** As it stands in the file. */
  writtenName: string | null;
  writtenNpi: string | null;
  /** unmatched, ambiguous or organisation. */
  reason: string;
  /** The first line on which the person is named. */
  line: number;
  /** How many uses name this person. */
  times: number;
  /** The years and kinds of record for which a match would give evidence, in all such imports. */
  uses: { year: number; kind: RecordKind; certainty: 'sure' | 'weak'; firstUsedOn: string }[];
}

/** What a person has said of a name. */
export interface KnownName {
  knownId: string;
  /** The name of the EHR; null: of any. */
  vendorName: string | null;
  written: string;
  clinician: { clinicianId: string; ref: string; name: string } | null;
  why: string | null;
  decidedBy: string;
  decidedAt: Date;
}

/** What a person says of a name of an import; without a clinician nobody is meant. */
export interface NameDecision {
  importId: string;
  person: PersonName;
  clinicianId: string | null;
  why: string | null;
  actor: string;
}

export type Decided =
  | {
      decided: true;
      knownId: string;
      pairs: { clinicianId: string; year: number }[];
      pieces: number;
    }
  | { decided: false; why: 'unknown' | 'already' | 'contradicted' };

/** The standing of a clinician in an assessment of a year. */
export interface Standing {
  clinicianId: string;
  year: number;
  vendorName: string;
  state: FeeStatus;
  amountCents: number;
}

/** Who names in exports mean, as people have said. */
export function createKnownNames(pool: pg.Pool) {
  return {
    /** The names that the matcher consults for an export of this EHR; null: of none. */
    async forMatching(vendor: string | null): Promise<(PersonName & { clinicianId: string })[]> {
      const { rows } = await pool.query<PersonName & { clinicianId: string }>(
        `select person_name as name, person_npi as npi, clinician_id as "clinicianId"
         from known_names where clinician_id is not null and (vendor is null or vendor = $1)
         order by vendor nulls first`,
        [vendor],
      );
      return rows;
    },

    /** The people of an import who wait for a match, those with the most uses first. */
    async unmatched(importId: string, limit: number): Promise<UnmatchedPerson[]> {
      const { rows } = await pool.query<UnmatchedPerson>(UNMATCHED, [importId, limit]);
      return rows;
    },

    /**
     * Remembers whom a name means, and writes the evidence that the imports would have given which
     * know the name: in one transaction. Refuses a name that was decided before, that is in no such
     * import, or whose NPI is not the clinician's.
     */
    async decide(decision: NameDecision): Promise<Decided> {
      return inTransaction(pool, (client) => decideName(client, decision));
    },

    async list(limit: number): Promise<KnownName[]> {
      const { rows } = await pool.query<KnownName>(
        `select known_id as "knownId", v.name as "vendorName", written, why,
           case when c.clinician_id is not null then jsonb_build_object('clinicianId',
             c.clinician_id, 'ref', c.ref, 'name', c.name) end as clinician,
           decided_by as "decidedBy", decided_at as "decidedAt"
         from known_names k left join vendors v using (vendor) left join clinicians c
           on c.clinician_id = k.clinician_id
         order by decided_at desc, known_id limit $1`,
        [limit],
      );
      return rows;
    },

    /** Forgets what was said of a name; evidence stays. Gives false when it is unknown. */
    async forget(knownId: string): Promise<boolean> {
      const { rowCount } = await pool.query('delete from known_names where known_id = $1', [
        knownId,
      ]);
      return rowCount === 1;
    },

    /** Where these clinicians stand in the assessments of these years. */
    async standings(pairs: { clinicianId: string; year: number }[]): Promise<Standing[]> {
      const { rows } = await pool.query<Standing>(
        `select distinct c.clinician_id as "clinicianId", a.year, v.name as "vendorName", f.state,
           a.amount_cents as "amountCents"
         from jsonb_to_recordset($1) as p ("clinicianId" uuid, year integer)
         join clinicians c on c.clinician_id = p."clinicianId"
         join assessments a on a.year = p.year join vendors v on v.vendor = a.vendor
         join fees f on f.assessment_id = a.assessment_id and f.clinician_id = c.clinician_id
         -- An EHR that is not theirs is of interest only where something is owed already.
         where a.vendor = c.vendor or f.state not in ('exempt', 'no_use', 'detecting')`,
        [JSON.stringify(pairs)],
      );
      return rows;
    },
  };
}

/** Until the end of the transaction no name is decided and no import is written. */
export async function lockKnownNames(client: pg.PoolClient): Promise<void> {
  await client.query("select pg_advisory_xact_lock(hashtext('known names'))");
}

/**
 * Makes evidence of the uses of people who are known by now: of one import, or by one name. Gives
 * the new pieces.
 */
export async function settleUnmatched(
  client: pg.PoolClient,
  only: { importId: string } | { knownId: string },
): Promise<{ clinicianId: string; year: number; certainty: 'sure' | 'weak' }[]> {
  const { importId = null, knownId = null } = only as { importId?: string; knownId?: string };
  const { rows } = await client.query<{
    clinicianId: string;
    year: number;
    certainty: 'sure' | 'weak';
  }>(SETTLE, [importId, knownId]);
  return rows;
}

/** The uses leave one table for the other, and the imports count them as matched. */
const SETTLE = `
  with settled as (
    select u.*, i.file_name, k.clinician_id
    from unmatched_uses u join imports i using (import_id)
    cross join lateral (select k.clinician_id, k.known_id from known_names k
      where k.person_name = u.person_name and k.person_npi = u.person_npi
        and (k.vendor is null or k.vendor = i.vendor)
      order by k.vendor nulls last limit 1) k
    where k.clinician_id is not null
      and ($1::uuid is null or u.import_id = $1) and ($2::uuid is null or k.known_id = $2)
  ), gone as (
    delete from unmatched_uses u using settled s
    where (u.import_id, u.person_name, u.person_npi, u.year, u.kind, u.certainty)
      = (s.import_id, s.person_name, s.person_npi, s.year, s.kind, s.certainty)
  ), counted as (
    update imports i set matched = i.matched + t.times
    from (select import_id, sum(times) as times from settled group by import_id) t
    where i.import_id = t.import_id
  )
  insert into evidence (import_id, clinician_id, year, kind, first_used_on, file_name, line, rule,
    certainty)
  select import_id, clinician_id, year, kind, first_used_on, file_name, line, rule, certainty
  from settled order by first_used_on
  on conflict do nothing
  returning clinician_id as "clinicianId", year, certainty`;

const UNMATCHED = `
  select p.person_name as name, p.person_npi as npi,
    (array_agg(p.clinician_name order by p.line))[1] as "writtenName",
    (array_agg(p.clinician_npi order by p.line))[1] as "writtenNpi",
    (array_agg(p.reason order by p.line))[1] as reason, min(p.line)::float8 as line,
    sum(p.times)::float8 as times,
    coalesce((select jsonb_agg(distinct jsonb_build_object('year', u.year, 'kind', u.kind,
        'certainty', u.certainty, 'firstUsedOn', to_char(u.first_used_on, 'YYYY-MM-DD')))
      from unmatched_uses u join imports other on other.import_id = u.import_id
      where u.person_name = p.person_name and u.person_npi = p.person_npi
        and (i.vendor is null or other.vendor = i.vendor)), '[]') as uses
  from open_import_problems p join imports i using (import_id)
  where p.import_id = $1 and (p.person_name <> '' or p.person_npi <> '')
  group by p.person_name, p.person_npi, i.vendor
  order by sum(p.times) desc, min(p.line) limit $2`;

async function decideName(client: pg.PoolClient, decision: NameDecision): Promise<Decided> {
  const { importId, person, clinicianId, why, actor } = decision;
  await lockKnownNames(client);
  const { rows: named } = await client.query<{ open: boolean; written: string }>(NAMED, [
    importId,
    person.name,
    person.npi,
    clinicianId !== null,
  ]);
  if (!named[0]) return { decided: false, why: 'unknown' };
  if (!named[0].open) return { decided: false, why: 'already' };
  if (clinicianId && !(await mayBe(client, clinicianId, person.npi)))
    return { decided: false, why: 'contradicted' };
  const { rows: known } = await client.query<{ knownId: string }>(
    `insert into known_names (vendor, person_name, person_npi, written, clinician_id, why,
       decided_by)
     select vendor, $2, $3, $4, $5, $6, $7 from imports where import_id = $1
     on conflict do nothing returning known_id as "knownId"`,
    [importId, person.name, person.npi, named[0].written, clinicianId, why, actor],
  );
  if (!known[0]) return { decided: false, why: 'already' };
  const { knownId } = known[0];
  const pieces = await settleUnmatched(client, { knownId });
  const sure = pieces.filter(({ certainty }) => certainty === 'sure');
  const years = new Map(sure.map(({ clinicianId, year }) => [year, { clinicianId, year }]));
  return { decided: true, knownId, pairs: [...years.values()], pieces: pieces.length };
}

/** Whether the import names this person, and whether nobody has said yet who is meant. */
const NAMED = `
  select exists (select from open_import_problems o where o.import_id = p.import_id
      and o.person_name = p.person_name and o.person_npi = p.person_npi) as open,
    coalesce(p.clinician_name, p.clinician_npi, '') as written
  from import_problems p
  where p.import_id = $1 and p.person_name = $2 and p.person_npi = $3
    and ($2 <> '' or $3 <> '') and (p.reason <> 'organisation' or not $4)
  order by p.line limit 1`;

/** An NPI is one person's: it is nobody else's on the roster, and this clinician has no other. */
async function mayBe(client: pg.PoolClient, clinicianId: string, npi: string): Promise<boolean> {
  const { rows } = await client.query<{ may: boolean }>(
    `select $2 = '' or ((npi is null or npi = $2) and not exists (select from clinicians other
       where other.npi = $2 and other.clinician_id <> c.clinician_id)) as may
     from clinicians c where clinician_id = $1`,
    [clinicianId, npi],
  );
  return rows[0]?.may ?? false;
}
