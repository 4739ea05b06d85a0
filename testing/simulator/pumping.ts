import type { PendingWork } from './pending-work.ts';
import type { Process } from './process.ts';
import type { Environment } from './environment.ts';

const FIRST_WAIT_MS = 1_500;
const LONGEST_WAIT_MS = 3_600_000;
const LONGEST_KICK_MS = 300_000;
/** After this long a round that was never heard of again is given up. */
const LOST_MS = 90_000;

export interface Pumping {
  /** Has a round soon, unless one comes sooner anyhow. */
  kick(ms: number): void;
}

/**
 * Gives the pump its rounds. `seen` is told what the ledger looks like before each. In production
 * it has one every 200 ms; here the rounds in which nothing can be due are left out, and they grow
 * rarer while nothing moves.
 */
export function createPumping(
  environment: Environment,
  pumper: () => Process | null,
  seen: (pending: PendingWork) => void,
): Pumping {
  const { timeline, database, random, note } = environment;
  let next = Infinity;
  let serial = 0;
  let wait = 0;
  let progress = -1;

  /** The next round is at this time, whatever was thought before; never, at the end of time. */
  function schedule(at: number): void {
    next = at;
    const mine = (serial += 1);
    if (at === Infinity) return;
    timeline.at(at, () => {
      if (mine === serial) void round();
    });
  }

  function kick(ms: number): void {
    const at = timeline.now() + Math.max(ms, Math.min(wait / 4, LONGEST_KICK_MS));
    if (at < next) schedule(at);
  }

  async function round(): Promise<void> {
    schedule(timeline.now() + LOST_MS);
    const mine = serial;
    const pending = await look();
    seen(pending);
    const { dueAt, events, unenrolled, bulkActs } = pending;
    const isDue = events + unenrolled + bulkActs > 0 || (dueAt !== null && dueAt <= timeline.now());
    if (!isDue) {
      wait = 0;
      schedule(dueAt === null ? Infinity : dueAt + random.int(2_000));
      return;
    }
    const longer = Math.min(Math.max(wait * 2, FIRST_WAIT_MS), LONGEST_WAIT_MS);
    wait = pending.progress === progress ? longer : FIRST_WAIT_MS;
    progress = pending.progress;
    const process = pumper();
    try {
      await process?.pump(pending);
    } catch (error) {
      note(`${process?.lifecycle.name}: a pump round failed: ${String(error)}`);
    }
    if (mine === serial) schedule(timeline.now() + wait + random.int(1_000));
  }

  let last = { writes: -1, pending: null as PendingWork | null };

  /** Nothing written since the last look: nothing else to see. */
  async function look(): Promise<PendingWork> {
    const writes = database.writes();
    if (last.pending && last.writes === writes) return last.pending;
    const { rows } = await database.query(OUTLOOK);
    last = { writes, pending: rows[0] as PendingWork };
    return rows[0] as PendingWork;
  }

  return { kick };
}

const OUTLOOK = `
  select d.due, d."dueAt", a.paused, a.unenrolled, w.events, b."bulkActs",
    (s.written + w.handled)::integer as progress
  from (select coalesce(jsonb_object_agg(step, at), '{}') as due, min(free) as "dueAt"
      from (select f.next_step as step, extract(epoch from min(f.due_at)) * 1000 as at,
          extract(epoch from min(f.due_at) filter (where a.paused_at is null
            or f.next_step in ('detect', 'settle') or f.state in ('charging', 'unknown')
          ))::float8 * 1000 as free
        from fees f join assessments a using (assessment_id)
        where f.next_step is not null group by 1) steps) d,
    (select count(paused_at)::integer as paused,
      (count(*) - count(enrolled_at))::integer as unenrolled from assessments) a,
    (select (count(*) - count(handled_at))::integer as events, count(handled_at) as handled
      from webhook_events) w,
    (select count(*)::integer as "bulkActs" from bulk_acts where state = 'running') b,
    (select coalesce(sum(seq), 0) + count(*) as written from fees) s`;
