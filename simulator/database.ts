import pg from 'pg';

/** The part of a connection that the ledger uses. */
export interface Queryable {
  query(text: string, values?: unknown[]): Promise<pg.QueryResult>;
}

/** A Postgres database that belongs to the simulator: the real schema, a virtual clock. */
export interface SimulatedDatabase extends Queryable {
  /** The connection for one transaction: nobody else is served until it is given back. */
  hold(): Promise<Queryable & { release(): void }>;
  /** Resolves when nothing is under way any more; null when nothing is. */
  busy(): Promise<void> | null;
  /** Empties every table for a new seed, and lets `levy_now()` follow this clock. */
  begin(name: string, now: () => number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Takes over a migrated database: `levy_now()` gives the simulation's time, ids follow from the
 * seed instead of chance, and statements keep their plan, so that a seed is the same every time.
 * The database must be the simulator's own: it is emptied for every seed.
 */
export async function openDatabase(url: string): Promise<SimulatedDatabase> {
  // Pipelined, so that setting the clock and asking are one round trip.
  const client = new pg.Client({ connectionString: url, pipeline: true } as pg.ClientConfig);
  client.on('error', () => undefined);
  await client.connect();
  await client.query(TAKE_OVER);
  await client.query(`set plan_cache_mode = 'force_generic_plan'`);
  const statements = new Map<string, string>();
  let underWay: Promise<void> | null = null;
  let clock = () => 0;
  let shown = -1;

  /** Prepared once per connection: planning would cost more than the answer. */
  function send(text: string, values: unknown[] = []): Promise<pg.QueryResult> {
    let name = statements.get(text);
    if (!name) statements.set(text, (name = `s${statements.size}`));
    const now = clock();
    if (now === shown) return client.query({ name, text, values });
    shown = now;
    const setting = client.query({ name: 'clock', text: SET_CLOCK, values: [String(now)] });
    const answer = client.query({ name, text, values });
    return setting.then(() => answer);
  }

  /** One user of the connection at a time, in the order of asking. */
  function lock(): Promise<() => void> {
    const before = underWay;
    let free: () => void = () => undefined;
    const mine = new Promise<void>((resolve) => {
      free = () => {
        if (underWay === mine) underWay = null;
        resolve();
      };
    });
    underWay = mine;
    return (before ?? Promise.resolve()).then(() => free);
  }

  return {
    async query(text, values) {
      const release = await lock();
      try {
        return await send(text, values);
      } finally {
        release();
      }
    },
    async hold() {
      const release = await lock();
      return { query: send, release };
    },
    busy: () => underWay,
    async begin(name, now) {
      clock = now;
      shown = -1;
      await client.query(EMPTY);
      await client.query({ text: `select set_config('sim.seed', $1, false)`, values: [name] });
    },
    close: () => client.end(),
  };
}

const SET_CLOCK = `select set_config('sim.now', $1, false)`;

const TAKE_OVER = `
  create or replace function levy_now() returns timestamptz language sql volatile as
    $$ select to_timestamp(current_setting('sim.now')::float8 / 1000) $$;
  create sequence if not exists sim_ids;
  create or replace function sim_id() returns uuid language sql volatile as
    $$ select md5(current_setting('sim.seed') || '/' || nextval('sim_ids'))::uuid $$;
  alter table clinicians alter clinician_id set default sim_id();
  alter table assessments alter assessment_id set default sim_id();
  alter table fees alter fee_id set default sim_id();
  alter table imports alter import_id set default sim_id();
  alter table evidence alter evidence_id set default sim_id();
  drop trigger if exists entries_no_truncate on entries;
  drop trigger if exists audit_no_truncate on audit;
  do $$ declare name text; begin
    for name in select tablename from pg_tables where schemaname = 'public' loop
      execute format('alter table %I set (autovacuum_enabled = false)', name);
    end loop;
  end $$;`;

const EMPTY = `
  truncate entries, fees, assessments, evidence, imports, import_problems, clinicians,
    webhook_events, audit, rates restart identity;
  alter sequence sim_ids restart`;
