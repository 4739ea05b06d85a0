import type pg from 'pg';

/** What a vendor charges per clinician for a year, in cents, and the source of that amount. */
export interface Rate {
  vendor: string;
  year: number;
  royaltyCents: number;
  processingCents: number;
  amountCents: number;
  status: 'forecast' | 'confirmed';
  source: string;
  enteredBy: string;
}

export interface Vendor {
  vendor: string;
  name: string;
  levies: boolean;
  source: string;
}

const RATE = `vendor, year, royalty_cents as "royaltyCents", processing_cents as "processingCents",
  amount_cents as "amountCents", status, source, entered_by as "enteredBy"`;

/** Vendors and their yearly rates. */
export function createRates(pool: pg.Pool) {
  return {
    /**
     * Writes the vendors and rates that ship with the program. Vendors are overwritten. A rate is
     * only added, so that a rate an operator entered or confirmed stays.
     */
    async seed(vendors: Vendor[], rates: Omit<Rate, 'amountCents' | 'enteredBy'>[]): Promise<void> {
      await pool.query(
        `insert into vendors (vendor, name, levies, source)
         select vendor, name, levies, source
         from jsonb_to_recordset($1) as v (vendor text, name text, levies boolean, source text)
         on conflict (vendor) do update
           set name = excluded.name, levies = excluded.levies, source = excluded.source`,
        [JSON.stringify(vendors)],
      );
      await pool.query(
        `insert into rates (vendor, year, royalty_cents, processing_cents, status, source,
           entered_by)
         select vendor, year, "royaltyCents", "processingCents", status, source, 'levy'
         from jsonb_to_recordset($1) as r (vendor text, year integer, "royaltyCents" integer,
           "processingCents" integer, status text, source text)
         on conflict (vendor, year) do nothing`,
        [JSON.stringify(rates)],
      );
    },

    async vendors(): Promise<Vendor[]> {
      const { rows } = await pool.query<Vendor>(
        'select vendor, name, levies, source from vendors order by vendor',
      );
      return rows;
    },

    /** Adds a vendor; false when there is one of this id. */
    async addVendor({ vendor, name, levies, source }: Vendor): Promise<boolean> {
      const { rowCount } = await pool.query(
        `insert into vendors (vendor, name, levies, source) values ($1, $2, $3, $4)
         on conflict do nothing`,
        [vendor, name, levies, source],
      );
      return rowCount === 1;
    },

    async list(): Promise<Rate[]> {
      const { rows } = await pool.query<Rate>(`select ${RATE} from rates order by vendor, year`);
      return rows;
    },

    async get(vendor: string, year: number): Promise<Rate | null> {
      const { rows } = await pool.query<Rate>(
        `select ${RATE} from rates where vendor = $1 and year = $2`,
        [vendor, year],
      );
      return rows[0] ?? null;
    },

    /**
     * Enters or confirms a rate. Assessments already opened keep the rate they froze.
     * Throws on an unknown vendor (SQLSTATE 23503).
     */
    async put(rate: Omit<Rate, 'amountCents'>): Promise<Rate> {
      const { rows } = await pool.query<Rate>(
        `insert into rates (vendor, year, royalty_cents, processing_cents, status, source,
           entered_by)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (vendor, year) do update
           set royalty_cents = excluded.royalty_cents,
             processing_cents = excluded.processing_cents, status = excluded.status,
             source = excluded.source, entered_by = excluded.entered_by, entered_at = levy_now()
         returning ${RATE}`,
        [
          rate.vendor,
          rate.year,
          rate.royaltyCents,
          rate.processingCents,
          rate.status,
          rate.source,
          rate.enteredBy,
        ],
      );
      return rows[0] as Rate;
    },
  };
}
