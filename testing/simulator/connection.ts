import { Socket } from 'node:net';
import pg from 'pg';
import { createTemporaryTables, type TemporaryTables } from './temporary-tables.ts';

/** A connection to the simulator's database, on which statements see the simulation's time. */
export interface Connection {
  tables: TemporaryTables;
  send(text: string, values?: unknown[]): Promise<pg.QueryResult>;
  close(): Promise<void>;
}

/** A statement of which the text is known by heart. */
interface Known {
  name: string;
  /** Whether its answer depends on the time. */
  readsClock: boolean;
}

/** Opens one; `clock` gives that time. */
export async function connect(url: string, clock: () => number): Promise<Connection> {
  // Pipelined, so that setting the clock and asking are one round trip.
  const socket = new Socket();
  const client = new pg.Client({ connectionString: url, pipeline: true, stream: () => socket });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`set plan_cache_mode = 'force_generic_plan'`);
  await client.query(`select set_config('sim.seed', '', false)`);
  const texts = new Map<string, Known>();
  const tables = createTemporaryTables();
  let shown = -1;

  function known(text: string): Known {
    let found = texts.get(text);
    if (!found) texts.set(text, (found = { name: `s${texts.size}`, readsClock: readsClock(text) }));
    return found;
  }

  /** Prepared once: to plan a statement anew would cost more than its answer. */
  function ask(text: string, values: unknown[] | undefined): Promise<pg.QueryResult> {
    // Several statements in one text cannot be prepared.
    if (!values && text.includes(';')) return client.query(text);
    return client.query({ name: known(text).name, text, values: values ?? [] });
  }

  async function answered(text: string, values: unknown[] | undefined) {
    const now = clock();
    if (now === shown || !known(text).readsClock) return ask(text, values);
    shown = now;
    socket.cork();
    const environment = ask(SET_CLOCK, [String(now)]);
    const answer = ask(text, values);
    socket.uncork();
    await environment;
    return answer;
  }

  return {
    tables,
    async send(text, values) {
      const answer = await answered(text, values);
      tables.heard(text);
      return answer;
    },
    close: () => client.end(),
  };
}

/**
 * A transaction takes the time it begins with: set within, it would be undone with it. What only
 * looks at rows has no defaults and no triggers that could ask for the time.
 */
function readsClock(text: string): boolean {
  if (/^\s*(select|commit|rollback)\b/.test(text)) return text.includes('levy_now');
  return true;
}

const SET_CLOCK = `select set_config('sim.now', $1, false)`;
