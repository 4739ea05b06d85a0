import type pg from 'pg';

/** How often processors have thrown, by job and type of error, since the ledger was created. */
export interface JobErrorCount {
  job: string;
  type: string;
  errors: number;
}

/** Counts the errors that processors threw, over all worker processes. */
export function createJobErrors(pool: pg.Pool) {
  return {
    /** Counts one error. `type`: the error's name, one word. */
    async count(job: string, type: string): Promise<void> {
      await pool.query(
        `insert into job_errors (job, type) values ($1, $2)
         on conflict (job, type) do update
           set errors = job_errors.errors + 1, last_at = levy_now()`,
        [job, type],
      );
    },

    async list(): Promise<JobErrorCount[]> {
      const { rows } = await pool.query<JobErrorCount>(
        'select job, type, errors::float8 as errors from job_errors order by job, type',
      );
      return rows;
    },
  };
}
