import type pg from 'pg';
import { CLINICIAN, type KnownClinician } from './clinicians.ts';

/** What is missing in a row of the roster, for those who complete it. */
export const GAPS = ['no_email', 'no_card', 'no_customer'] as const;
export type Gap = (typeof GAPS)[number];

/** Which people of the roster are wanted, and in which order; null means all. */
export interface PeopleFilter {
  /** A part of the name, e-mail, reference or NPI, in any case; no sign in it is special. */
  text: string | null;
  vendor: string | null;
  gap: Gap | null;
  sort: 'ref' | 'name';
}

/** The columns of each order. Each ends in the reference, which is one person's alone. */
const ORDER = { ref: 'ref', name: 'lower(name), ref' } as const;

const GAP: Record<Gap, string> = {
  no_email: 'email is null',
  // A customer without a card at Stripe. Somebody without a customer has no card either.
  no_card: '(no_card or stripe_customer is null)',
  no_customer: 'stripe_customer is null',
};

/** Lists of the people on the roster; they only read. */
export function createPeople(pool: pg.Pool) {
  return {
    /**
     * A page of people. `after` is the id of the last person seen; an unknown id gives nobody.
     * A text is looked for in every row: 100,000 rows take less than half a second.
     */
    async find(
      filter: PeopleFilter,
      page: { after: string | null; limit: number },
    ): Promise<KnownClinician[]> {
      const order = ORDER[filter.sort];
      const { rows } = await pool.query<KnownClinician>(
        `select ${CLINICIAN} from clinicians
         where ($1::text is null or ${hasText('$1')})
           and ($2::text is null or vendor = $2)
           and ${filter.gap ? GAP[filter.gap] : 'true'}
           and ($3::uuid is null
             or (${order}) > (select ${order} from clinicians where clinician_id = $3))
         order by ${order} limit $4`,
        [filter.text, filter.vendor, page.after, page.limit],
      );
      return rows;
    },

    /** Pieces of evidence of a person by year, latest first, and how many of them count as use. */
    async evidenceByYear(
      clinicianId: string,
    ): Promise<{ year: number; pieces: number; counting: number }[]> {
      const { rows } = await pool.query<{ year: number; pieces: number; counting: number }>(
        `select e.year, count(*)::integer as pieces, count(c.evidence_id)::integer as counting
         from evidence e left join counting_evidence c using (evidence_id)
         where e.clinician_id = $1 group by e.year order by e.year desc`,
        [clinicianId],
      );
      return rows;
    },

    /** The people whose reference is not among these: how many, and the first by reference. */
    async others(
      refs: readonly string[],
      limit: number,
    ): Promise<{ count: number; first: { clinicianId: string; ref: string; name: string }[] }> {
      const { rows } = await pool.query<{
        clinicianId: string;
        ref: string;
        name: string;
        count: number;
      }>(
        `select clinician_id as "clinicianId", ref, name, count(*) over ()::integer as count
         from clinicians c
         where not exists (select from unnest($1::text[]) as named (ref)
           where lower(named.ref) = lower(c.ref))
         order by ref limit $2`,
        [refs, limit],
      );
      return {
        count: rows[0]?.count ?? 0,
        first: rows.map(({ clinicianId, ref, name }) => ({ clinicianId, ref, name })),
      };
    },
  };
}

/** All that is searched of a person. A line feed is in no field and in no search. */
const TEXT = `lower(concat_ws(E'\\n', name, email, ref, npi))`;

/**
 * The condition that a clinician's name, e-mail, reference or NPI has a text in it, in any case.
 * A letter with an accent is one character in some files and two in others: both are found.
 * @param parameter  the text's place in the statement, as `$1`
 */
export function hasText(parameter: string): string {
  const found = (form: string) =>
    `position(lower(normalize(${parameter}, ${form})) in ${TEXT}) > 0`;
  return `(${found('nfc')} or ${found('nfd')})`;
}
