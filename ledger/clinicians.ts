import type pg from 'pg';
import { writeAudit, type AuditLine } from './access.ts';
import { inTransaction } from './transaction.ts';

/** A person on the roster, with the fields the practice gives. */
export interface Clinician {
  /** The practice's own reference. */
  ref: string;
  name: string;
  email: string | null;
  npi: string | null;
  vendor: string;
  /** IANA time zone. */
  timeZone: string;
  stripeCustomer: string | null;
  paymentMethod: string | null;
}

export interface KnownClinician extends Clinician {
  clinicianId: string;
  /** Whether levy created the customer at Stripe, because the roster named none. */
  customerMade: boolean;
}

/** The fields that no two people may share. */
export const UNIQUE = ['ref', 'npi', 'email', 'stripeCustomer'] as const;
export type Unique = (typeof UNIQUE)[number];

/** The outcome of writing one row of a roster. */
export type Upsert =
  | { ref: string; outcome: 'created' | 'unchanged'; clinicianId: string; changed: [] }
  | { ref: string; outcome: 'updated'; clinicianId: string; changed: (keyof Clinician)[] }
  | { ref: string; outcome: 'duplicate'; field: Unique; otherRef: string }
  | { ref: string; outcome: 'stale' };

/** The row that a writer has seen; null when there was none. */
interface Expected {
  before: Clinician | null;
}

/** The columns of a `KnownClinician`. */
export const CLINICIAN = `clinician_id as "clinicianId", ref, name, email, npi, vendor,
  time_zone as "timeZone", stripe_customer as "stripeCustomer",
  payment_method as "paymentMethod", customer_made as "customerMade"`;

type Queryable = Pick<pg.ClientBase, 'query'>;

/** The clinicians on the roster. */
export function createClinicians(pool: pg.Pool) {
  return {
    /** A page of clinicians by reference; `after` is the last reference seen. */
    async list(page: { after?: string; limit: number }): Promise<KnownClinician[]> {
      const { rows } = await pool.query<KnownClinician>(
        `select ${CLINICIAN} from clinicians where $1::text is null or ref > $1
         order by ref limit $2`,
        [page.after ?? null, page.limit],
      );
      return rows;
    },

    async get(clinicianId: string): Promise<KnownClinician | null> {
      const { rows } = await pool.query<KnownClinician>(
        `select ${CLINICIAN} from clinicians where clinician_id = $1`,
        [clinicianId],
      );
      return rows[0] ?? null;
    },

    async byCustomer(stripeCustomer: string): Promise<KnownClinician[]> {
      const { rows } = await pool.query<KnownClinician>(
        `select ${CLINICIAN} from clinicians where stripe_customer = $1`,
        [stripeCustomer],
      );
      return rows;
    },

    /** Everybody who has one of these references (in any case), NPIs, e-mails or customers. */
    async similar(rows: Pick<Partial<Clinician>, Unique>[]): Promise<KnownClinician[]> {
      const lowered = (text: string | null | undefined) => text?.toLowerCase() ?? null;
      const { rows: known } = await pool.query<KnownClinician>(
        `select ${CLINICIAN} from clinicians
         where lower(ref) = any ($1) or npi = any ($2) or lower(email) = any ($3)
           or stripe_customer = any ($4)`,
        [
          rows.map(({ ref }) => lowered(ref)),
          rows.map(({ npi }) => npi ?? null),
          rows.map(({ email }) => lowered(email)),
          rows.map(({ stripeCustomer }) => stripeCustomer ?? null),
        ],
      );
      return known;
    },

    /** The fields by which findings are matched to people, for the whole roster. */
    async forMatching(): Promise<
      { clinicianId: string; npi: string | null; ref: string; name: string }[]
    > {
      const { rows } = await pool.query<{
        clinicianId: string;
        npi: string | null;
        ref: string;
        name: string;
      }>('select clinician_id as "clinicianId", npi, ref, name from clinicians');
      return rows;
    },

    /**
     * Writes one row, by its reference. A row whose reference in another case, NPI, e-mail or
     * customer is another person's is not written; the outcome names that person. So no two people
     * are merged, and none is charged twice or for another.
     * @param card  the card Stripe has for the customer, when the row names none
     * @param by  the person who asked; the audit trail then keeps old and new values of a changed
     *   row
     * @param expected  the row as the writer has seen it: any other row is `stale` and stays
     */
    async upsert(
      row: Clinician,
      card: string | null = null,
      by: Pick<AuditLine, 'actor' | 'requestId'> | null = null,
      expected: Expected | null = null,
    ): Promise<Upsert> {
      const { before, duplicate } = await others(pool, row);
      if (duplicate) return duplicate;
      if (expected && !expected.before !== !before) return { ref: row.ref, outcome: 'stale' };
      try {
        if (before)
          return await inTransaction(pool, (client) => change(client, row, card, by, expected));
        // Somebody who was not there a moment ago must not be changed by whoever adds them.
        if (expected) return await add(pool, row, card);
        return {
          ref: row.ref,
          outcome: 'created',
          clinicianId: await put(pool, row, card),
          changed: [],
        };
      } catch (error) {
        // Another upload was faster: a value that was free a moment ago is taken now.
        const late = isUniqueViolation(error) ? (await others(pool, row)).duplicate : null;
        if (late) return late;
        throw error;
      }
    },

    /**
     * Records the customer that levy created at Stripe for a clinician of whom the roster names
     * none. Gives the customer the clinician has then: the roster's own, if it came meanwhile.
     */
    async setMadeCustomer(clinicianId: string, customer: string): Promise<string | null> {
      const { rows } = await pool.query<{ customer: string | null }>(
        `update clinicians set stripe_customer = coalesce(stripe_customer, $2),
           customer_made = customer_made or stripe_customer is null,
           card_changes = card_changes + (stripe_customer is null)::integer
         where clinician_id = $1 returning stripe_customer as customer`,
        [clinicianId, customer],
      );
      return rows[0]?.customer ?? null;
    },

    /** Records that Stripe was asked and has no card for this clinician. */
    async setNoCard(clinicianId: string): Promise<void> {
      await pool.query('update clinicians set no_card = true where clinician_id = $1', [
        clinicianId,
      ]);
    },

    /** Records the card that a customer has on file now. */
    async setCard(clinicianId: string, paymentMethod: string): Promise<void> {
      await pool.query(
        `update clinicians set payment_method = $2, no_card = false, latest_card = $2,
           card_changes = card_changes + (payment_method is distinct from $2)::integer,
           updated_at = levy_now()
         where clinician_id = $1`,
        [clinicianId, paymentMethod],
      );
    },

    /** The fees of a clinician in every assessment, each with vendor and year. */
    async fees(clinicianId: string): Promise<{ feeId: string; vendor: string; year: number }[]> {
      const { rows } = await pool.query<{ feeId: string; vendor: string; year: number }>(
        `select f.fee_id as "feeId", a.vendor, a.year
         from fees f join assessments a using (assessment_id) where f.clinician_id = $1`,
        [clinicianId],
      );
      return rows;
    },

    /** Creates the fees that are missing in assessments already enrolled. Gives how many. */
    async enrollLatecomers(): Promise<number> {
      const { rowCount } = await pool.query(
        `insert into fees (assessment_id, clinician_id)
         select a.assessment_id, c.clinician_id from assessments a cross join clinicians c
         where a.enrolled_at is not null and not exists (select from fees f
           where f.assessment_id = a.assessment_id and f.clinician_id = c.clinician_id)
         on conflict (assessment_id, clinician_id) do nothing`,
      );
      return rowCount ?? 0;
    },
  };
}

/** The clinician with this reference, and any other who has a value that must be unique. */
async function others(db: Queryable, row: Clinician) {
  const { rows } = await db.query<KnownClinician>(
    `select ${CLINICIAN} from clinicians
     where lower(ref) = lower($1) or npi = $2 or lower(email) = lower($3) or stripe_customer = $4
     order by ref`,
    [row.ref, row.npi, row.email, row.stripeCustomer],
  );
  const other = rows.find(({ ref }) => ref !== row.ref);
  const field = other && UNIQUE.find((one) => isSame(one, row, other));
  const duplicate = field && {
    ...{ ref: row.ref, outcome: 'duplicate' as const },
    ...{ field, otherRef: other.ref },
  };
  return { before: rows.find(({ ref }) => ref === row.ref) ?? null, duplicate: duplicate ?? null };
}

function isSame(field: Unique, row: Clinician, other: Clinician): boolean {
  const [mine, theirs] = [row[field], other[field]];
  if (mine === null || theirs === null) return false;
  const anyCase = field === 'ref' || field === 'email';
  return anyCase ? mine.toLowerCase() === theirs.toLowerCase() : mine === theirs;
}

/** Changes an existing row; the audit line is written in the same transaction. */
async function change(
  client: Queryable,
  row: Clinician,
  card: string | null,
  by: Pick<AuditLine, 'actor' | 'requestId'> | null,
  expected: Expected | null,
): Promise<Upsert> {
  const { ref } = row;
  const { rows } = await client.query<KnownClinician>(
    `select ${CLINICIAN} from clinicians where ref = $1 for update`,
    [ref],
  );
  const before = rows[0];
  const seen = expected?.before;
  if (seen && before && FIELDS.some((field) => before[field] !== seen[field]))
    return { ref, outcome: 'stale' };
  const changed = before ? FIELDS.filter((field) => before[field] !== row[field]) : [];
  if (before && changed.length === 0)
    return { ref, outcome: 'unchanged', clinicianId: before.clinicianId, changed: [] };
  const clinicianId = await put(client, row, card);
  if (!before) return { ref, outcome: 'created', clinicianId, changed: [] };
  if (by) {
    const changes = changed.map((field) => [field, { from: before[field], to: row[field] }]);
    await writeAudit(client, {
      ...by,
      action: 'change_clinician',
      object: `clinician ${clinicianId}`,
      detail: { changes: Object.fromEntries(changes) as Record<string, unknown> },
    });
  }
  return { ref, outcome: 'updated', clinicianId, changed };
}

/** Writes a new row, and no row when the reference is taken meanwhile. */
async function add(db: Queryable, row: Clinician, card: string | null): Promise<Upsert> {
  const { ref } = row;
  const { rows } = await db.query<{ clinician_id: string }>(
    `${INSERT} on conflict (ref) do nothing returning clinician_id`,
    valuesOf(row, card),
  );
  const clinicianId = rows[0]?.clinician_id;
  return clinicianId
    ? { ref, outcome: 'created', clinicianId, changed: [] }
    : { ref, outcome: 'stale' };
}

const INSERT = `insert into clinicians (ref, name, email, npi, vendor, time_zone, stripe_customer,
    payment_method, latest_card)
  values ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($8, $9))`;

function valuesOf(row: Clinician, card: string | null): (string | null)[] {
  return [...FIELDS_IN_ORDER.map((field) => row[field]), card];
}

async function put(db: Queryable, row: Clinician, card: string | null): Promise<string> {
  const { rows } = await db.query<{ clinician_id: string }>(
    `${INSERT}
     on conflict (ref) do update set name = excluded.name, email = excluded.email,
       npi = excluded.npi, vendor = excluded.vendor, time_zone = excluded.time_zone,
       stripe_customer = excluded.stripe_customer,
       customer_made = clinicians.customer_made
         and clinicians.stripe_customer is not distinct from excluded.stripe_customer,
       payment_method = excluded.payment_method,
       no_card = clinicians.no_card and excluded.payment_method is null
         and clinicians.stripe_customer is not distinct from excluded.stripe_customer,
       email_changes = clinicians.email_changes
         + (clinicians.email is distinct from excluded.email)::integer,
       card_changes = clinicians.card_changes + ${CARD_CHANGES}::integer,
       latest_card = case when ${CARD_CHANGES} then excluded.latest_card
         else clinicians.latest_card end,
       updated_at = levy_now()
     returning clinician_id`,
    valuesOf(row, card),
  );
  return rows[0]?.clinician_id as string;
}

function isUniqueViolation(error: unknown): boolean {
  return (error as { code?: unknown }).code === '23505';
}

const CARD_CHANGES = `((clinicians.stripe_customer, clinicians.payment_method)
  is distinct from (excluded.stripe_customer, excluded.payment_method))`;

const FIELDS_IN_ORDER = [
  'ref',
  'name',
  'email',
  'npi',
  'vendor',
  'timeZone',
  'stripeCustomer',
  'paymentMethod',
] as const satisfies (keyof Clinician)[];
const FIELDS = FIELDS_IN_ORDER.filter((field) => field !== 'ref');
