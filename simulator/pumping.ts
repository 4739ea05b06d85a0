import type { Process } from './process.ts';
import type { Setting } from './setting.ts';

/** What the ledger waits for: when something is due, and how far everything has come. */
export interface Outlook {
  /** When the next fee is due; in the past when one is overdue; null when none will be. */
  dueAt: number | null;
  /** Events and assessments that wait to be seen to. */
  open: number;
  /** Grows with everything that is written. */
  progress: number;
  /** Assessments that are paused. */
  paused: number;
}

const LONGEST_WAIT_MS = 3_600_000;
const LONGEST_KICK_MS = 300_000;
/** After this long a round that was never heard of again is given up. */
const LOST_MS = 90_000;

export interface Pumping {
  /** Has a round soon, unless one comes sooner anyhow. */
  kick(ms: number): void;
}

/**
 * Gives the pump its rounds. `seen` is told what the ledger looked like after each. In production it has one every 200 ms; here the rounds in which
 * nothing can be due are left out, and they grow rarer while nothing moves.
 */
export function createPumping(
  setting: Setting,
  pumper: () => Process | null,
  seen: (outlook: Outlook) => void,
): Pumping {
  const { timeline, database, random, note } = setting;
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
    const process = pumper();
    if (!process) return;
    const mine = serial;
    try {
      await process.pump();
    } catch (error) {
      note(`${process.life.name}: a pump round failed: ${String(error)}`);
    }
    const after = await outlook();
    seen(after);
    if (mine !== serial) return;
    const moved = after.progress !== progress;
    progress = after.progress;
    const isDue = after.open > 0 || (after.dueAt !== null && after.dueAt <= timeline.now());
    wait = moved || !isDue ? 1_500 : Math.min(wait * 2, LONGEST_WAIT_MS);
    if (isDue) schedule(timeline.now() + wait + random.int(1_000));
    else if (after.dueAt !== null) schedule(after.dueAt + random.int(2_000));
    else schedule(Infinity);
  }

  async function outlook(): Promise<Outlook> {
    const { rows } = await database.query(OUTLOOK);
    return rows[0] as Outlook;
  }

  return { kick };
}

const OUTLOOK = `
  select
    (select extract(epoch from min(f.due_at)) * 1000 from fees f join assessments a
      using (assessment_id) where f.next_step is not null and (a.paused_at is null
        or f.next_step in ('detect', 'settle') or f.state in ('charging', 'unknown'))
    )::float8 as "dueAt",
    ((select count(*) from webhook_events where handled_at is null)
      + (select count(*) from assessments where enrolled_at is null))::integer as open,
    (select count(*) from assessments where paused_at is not null)::integer as paused,
    ((select coalesce(sum(seq), 0) from fees)
      + (select count(*) from webhook_events where handled_at is not null)
      + (select count(*) from fees))::integer as progress`;
