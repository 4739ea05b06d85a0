import type pg from 'pg';
import { KEY_AS_CALLER, noteUse, sha256, type Caller } from './access.ts';
import { COLLEAGUE_AS_CALLER } from './colleagues.ts';

/** A browser that is signed in, as it is listed. */
export interface SessionRow {
  sessionId: string;
  /** The name of the colleague or the key. */
  name: string;
  /** Null: signed in with an access key. */
  colleagueId: string | null;
  browser: string;
  beganAt: Date;
  /** To the minute. */
  seenAt: Date;
  /** It is the session whose secret was given. */
  own: boolean;
}

const UNSEEN = "s.seen_at < levy_now() - interval '1 minute'";

/** The sessions of the console. The secret of a session is stored as a hash. */
export function createSessions(pool: pg.Pool) {
  return {
    /** Stores a browser's session; `secret` is the value of its cookie. */
    async add(
      secret: string,
      caller: Caller,
      { hours, browser }: { hours: number; browser: string },
    ): Promise<void> {
      const isKey = caller.authenticator === null;
      await pool.query(
        `insert into sessions (hash, key_id, colleague_id, browser, expires_at)
         values ($1, $2, $3, $4, levy_now() + make_interval(hours => $5))`,
        [sha256(secret), isKey ? caller.id : null, isKey ? null : caller.id, browser, hours],
      );
    },

    /** The caller of a session; null when it has ended or its key or colleague has. */
    async callerOf(secret: string): Promise<Caller | null> {
      const hash = sha256(secret);
      const { rows } = await pool.query<Caller & { unnoted: boolean; unseen: boolean }>(
        `select ${KEY_AS_CALLER}, ${UNSEEN} as unseen
         from sessions s join access_keys k using (key_id)
         left join colleagues o on o.colleague_id = k.owner
         where s.hash = $1 and s.expires_at > levy_now() and k.revoked_at is null
         union all
         select ${COLLEAGUE_AS_CALLER}, ${UNSEEN}
         from sessions s join colleagues c using (colleague_id)
         where s.hash = $1 and s.expires_at > levy_now() and c.ended_at is null`,
        [hash],
      );
      const found = rows[0];
      if (!found) return null;
      const { unnoted, unseen, ...caller } = found;
      if (unseen)
        await pool.query('update sessions set seen_at = levy_now() where hash = $1', [hash]);
      if (unnoted) await noteUse(pool, caller.id);
      return caller;
    },

    /** Sessions that are open, the latest first; of one colleague or key, or of everybody. */
    async list(of: string | null, ownSecret: string | null): Promise<SessionRow[]> {
      const { rows } = await pool.query<SessionRow>(
        `select s.session_id as "sessionId", coalesce(c.name, k.name) as name,
           s.colleague_id as "colleagueId", s.browser, s.began_at as "beganAt",
           s.seen_at as "seenAt", coalesce(s.hash = $2, false) as own
         from sessions s left join colleagues c using (colleague_id)
         left join access_keys k using (key_id)
         where s.expires_at > levy_now() and k.revoked_at is null
           and ($1::uuid is null or $1 in (s.colleague_id, s.key_id))
         order by s.seen_at desc, s.session_id`,
        [of, ownSecret === null ? null : sha256(ownSecret)],
      );
      return rows;
    },

    /** Ends the session with this secret, and forgets those that have expired. */
    async end(secret: string): Promise<void> {
      await pool.query('delete from sessions where hash = $1 or expires_at < levy_now()', [
        sha256(secret),
      ]);
    },

    /** Ends a session by its id; gives whose it was, or null when it was not open. */
    async endById(sessionId: string, of: string | null = null): Promise<string | null> {
      const { rows } = await pool.query<{ name: string }>(
        `delete from sessions s where session_id = $1
           and ($2::uuid is null or $2 in (s.colleague_id, s.key_id))
         returning coalesce((select name from colleagues c where c.colleague_id = s.colleague_id),
           (select name from access_keys k where k.key_id = s.key_id)) as name`,
        [sessionId, of],
      );
      return rows[0]?.name ?? null;
    },

    /** Ends every session of a colleague but the one with this secret; gives how many. */
    async endOthers(colleagueId: string, keep: string | null): Promise<number> {
      const { rowCount } = await pool.query(
        `delete from sessions where colleague_id = $1 and ($2::bytea is null or hash <> $2)`,
        [colleagueId, keep === null ? null : sha256(keep)],
      );
      return rowCount ?? 0;
    },
  };
}
