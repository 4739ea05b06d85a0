import type pg from 'pg';
import { connect, type Connection } from './connection.ts';
import { createDumps, guards, type Dump } from './dump.ts';

/** A connection as the ledger uses it. */
export interface Session {
  query(text: string, values?: unknown[]): Promise<pg.QueryResult>;
  release(): void;
}

/** A Postgres database that belongs to the simulator: the real schema, a virtual clock. */
export interface SimulatedDatabase {
  query(text: string, values?: unknown[]): Promise<pg.QueryResult>;
  /** A connection of one's own: for a transaction, or for temporary tables. */
  connect(): Promise<Session>;
  /** Grows with every statement that may write. */
  writes(): number;
  /** Resolves when nothing is under way any more; null when nothing is. */
  busy(): Promise<void> | null;
  /** Empties every table for a new seed, and lets `levy_now()` follow this clock. */
  begin(name: string, now: () => number): Promise<void>;
  /** Copies every table, as a nightly dump does. */
  dump(): Promise<Dump>;
  /** Puts a dump in the place of everything there is; `null` for an empty database. */
  restore(dump: Dump | null): Promise<void>;
  /** Opens another database of the same server, which takes turns with this one. */
  beside(url: string): Promise<SimulatedDatabase>;
  close(): Promise<void>;
}

/**
 * Takes over a migrated database: `levy_now()` gives the simulation's time, ids follow from the
 * seed instead of chance, and statements keep their plan, so that a seed is the same every time.
 * The database must be the simulator's own: it is emptied for every seed.
 */
export async function openDatabase(url: string, queue = createTurns()): Promise<SimulatedDatabase> {
  let clock = () => 0;
  let writes = 0;
  const open: Connection[] = [];
  const idle: Connection[] = [];

  async function connection(): Promise<Connection> {
    const made = await connect(url, () => clock());
    const send: Connection['send'] = (text, values) => {
      if (!/^\s*select\b/.test(text)) writes += 1;
      return made.send(text, values);
    };
    const counted = { ...made, send };
    open.push(counted);
    return counted;
  }

  const main = await connection();
  await main.send(TAKE_OVER);
  const { dump, restore } = createDumps(inTurn, TABLES);

  async function inTurn(text: string, values?: unknown[]): Promise<pg.QueryResult> {
    const end = await queue.turn();
    try {
      return await main.send(text, values);
    } finally {
      end();
    }
  }

  function sessionOn(own: Connection): Session {
    // A transaction is one turn: nobody else is served before it ends.
    let endTurn: (() => void) | null = null;
    return {
      async query(asked, values) {
        const text = own.tables.instead(asked);
        if (endTurn) {
          const last = text === 'commit' || text === 'rollback';
          try {
            return await own.send(text, values);
          } finally {
            if (last) {
              endTurn();
              endTurn = null;
            }
          }
        }
        const end = await queue.turn();
        try {
          const result = await own.send(text, values);
          if (text === 'begin') endTurn = end;
          return result;
        } finally {
          if (!endTurn) end();
        }
      },
      release() {
        endTurn?.();
        idle.push(own);
      },
    };
  }

  return {
    query: inTurn,
    dump,
    restore,
    beside: (other) => openDatabase(other, queue),
    async connect() {
      const end = await queue.turn();
      try {
        return sessionOn(idle.pop() ?? (await connection()));
      } finally {
        end();
      }
    },
    writes: () => writes,
    busy: queue.busy,
    async begin(name, now) {
      clock = now;
      // What a killed process held is taken from it, as the server does.
      idle.splice(0, Infinity, ...open.filter((one) => one !== main));
      await empty(main);
      for (const one of open) {
        await one.send(`select set_config('sim.seed', $1, false)`, [name]);
        await one.send('discard plans');
        if (one.tables.forget()) await one.send('discard temp');
      }
    },
    async close() {
      await Promise.all(open.map((one) => one.close()));
    },
  };
}

/** One at a time, in the order of asking: what is real must not race. */
function createTurns() {
  let last: Promise<void> | null = null;
  return {
    busy: () => last,
    turn(): Promise<() => void> {
      const before = last ?? Promise.resolve();
      let end: () => void = () => undefined;
      const mine = new Promise<void>((resolve) => {
        end = () => {
          if (last === mine) last = null;
          resolve();
        };
      });
      last = mine;
      return before.then(() => end);
    },
  };
}

const TAKE_OVER = `
  create or replace function levy_now() returns timestamptz language sql volatile as
    $$ select to_timestamp(current_setting('sim.now')::float8 / 1000) $$;
  create sequence if not exists sim_ids;
  create or replace function sim_id() returns uuid language sql volatile as
    $$ select md5(current_setting('sim.seed') || '/' || nextval('sim_ids'))::uuid $$;
  alter table clinicians alter clinician_id set default sim_id();
  alter table assessments alter assessment_id set default sim_id();
  alter table imports alter import_id set default sim_id();
  alter table evidence alter evidence_id set default sim_id();
  alter table bulk_acts alter bulk_id set default sim_id();
  alter table vendor_invoices alter invoice_id set default sim_id();
  do $$ declare name text; begin
    for name in select tablename from pg_tables where schemaname = 'public' loop
      execute format('alter table %I set (autovacuum_enabled = false)', name);
    end loop;
  end $$;`;

/** Everything a ledger keeps; what limits the calls to Stripe is not kept. */
const TABLES = [
  'entries',
  'findings',
  'card_pages',
  'roster_approvals',
  'roster_views',
  'known_cards',
  'bulk_act_members',
  'bulk_acts',
  'fees',
  'assessments',
  'evidence',
  'unmatched_uses',
  'import_problems',
  'known_names',
  'invoice_decisions',
  'vendor_invoice_lines',
  'vendor_invoices',
  'imports',
  'clinicians',
  'webhook_events',
  'audit',
  'rates',
  'settings',
];

/**
 * Everything but the schema, and without a trace: where dead rows still lie when a seed begins,
 * the next rows find other places, and what has no order comes in another one. A vacuum cuts the
 * emptied files short, which is several times quicker than new files; a snapshot held by somebody
 * else keeps it from that, and then they are made anew.
 */
async function empty(connection: Connection): Promise<void> {
  await connection.send(EMPTY);
  await connection.send(VACUUM);
  const { rows } = await connection.send(LEFT);
  if (rows.length === 0) return;
  await connection.send(unguarded(`truncate ${TABLES.join(', ')}`));
  await connection.send(VACUUM);
}

/** These statements without the triggers that forbid them, and ids from the beginning. */
function unguarded(statements: string): string {
  return `${guards('disable')}; ${statements}; ${guards('enable')};
    select setval('sim_ids', 1, false)`;
}

const EMPTY = unguarded(TABLES.map((table) => `delete from ${table}`).join(';'));

const VACUUM = `vacuum ${TABLES.join(', ')}`;

const LEFT = `select name from unnest('{${TABLES.join(', ')}}'::regclass[]) name
  where pg_relation_size(name) > 0`;
