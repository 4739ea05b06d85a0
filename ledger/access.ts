import { createHash, timingSafeEqual } from 'node:crypto';
import type pg from 'pg';

export const SCOPES = ['read', 'operate', 'approve'] as const;
export type Scope = (typeof SCOPES)[number];

/** The caller: an access key's id and name, and what it may do. */
export interface Caller {
  keyId: string;
  name: string;
  scopes: Scope[];
}

/** An access key as it is listed, without its token. */
export interface KeyRow {
  keyId: string;
  name: string;
  scopes: Scope[];
  createdAt: Date;
  /** To the minute; null: never. */
  lastUsedAt: Date | null;
  revoked: boolean;
}

/** One line of the audit trail: what a person did, to what. */
export interface AuditLine {
  actor: string;
  action: string;
  object: string;
  detail?: Record<string, unknown>;
  requestId?: string;
}

/** A line of the audit trail as it was written. */
export interface AuditedLine {
  auditId: number;
  at: Date;
  actor: string;
  action: string;
  object: string;
  detail: Record<string, unknown>;
}

const AUDITED = 'audit_id::float8 as "auditId", at, actor, action, object, detail';

/** Writes a line of the audit trail; in a transaction when its client is given as `db`. */
export async function writeAudit(
  db: Pick<pg.ClientBase, 'query'>,
  { actor, action, object, detail, requestId }: AuditLine,
): Promise<void> {
  await db.query(
    `insert into audit (actor, action, object, detail, request_id) values ($1, $2, $3, $4, $5)`,
    [actor, action, object, detail ?? {}, requestId ?? null],
  );
}

/** A use is noted once a minute: a write for every request would cost more than it tells. */
const UNNOTED = "coalesce(k.last_used_at < levy_now() - interval '1 minute', true)";

async function noteUse(pool: pg.Pool, keyId: string): Promise<void> {
  await pool.query(
    `update access_keys k set last_used_at = levy_now() where key_id = $1 and ${UNNOTED}`,
    [keyId],
  );
}

/** Characters at the start of a token by which its key is looked up. */
const PREFIX = 12;

/** Access keys, sessions of the console, the audit trail, and replayed POSTs. */
export function createAccess(pool: pg.Pool) {
  return {
    /**
     * Stores a key for a token that was made from at least 32 random bytes; only its hash is kept.
     * Throws when the name is taken (SQLSTATE 23505).
     */
    async addKey(name: string, token: string, scopes: Scope[]): Promise<void> {
      await pool.query(
        'insert into access_keys (name, prefix, hash, scopes) values ($1, $2, $3, $4)',
        [name, token.slice(0, PREFIX), sha256(token), scopes],
      );
    },

    async keys(): Promise<KeyRow[]> {
      const { rows } = await pool.query<KeyRow>(
        `select key_id as "keyId", name, scopes, created_at as "createdAt",
           last_used_at as "lastUsedAt", revoked_at is not null as revoked
         from access_keys order by name`,
      );
      return rows;
    },

    async revokeKey(name: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        'update access_keys set revoked_at = levy_now() where name = $1 and revoked_at is null',
        [name],
      );
      return rowCount === 1;
    },

    /** The caller with this token, compared in constant time; null for a wrong or revoked token. */
    async callerOf(token: string): Promise<Caller | null> {
      const { rows } = await pool.query<Caller & { hash: Buffer; unnoted: boolean }>(
        `select key_id as "keyId", name, scopes, hash, ${UNNOTED} as unnoted
         from access_keys k where prefix = $1 and revoked_at is null`,
        [token.slice(0, PREFIX)],
      );
      const hash = sha256(token);
      const key = rows[0];
      if (!key || !timingSafeEqual(hash, key.hash)) return null;
      if (key.unnoted) await noteUse(pool, key.keyId);
      return { keyId: key.keyId, name: key.name, scopes: key.scopes };
    },

    /** Stores a browser's session; `secret` is the value of its cookie, stored as a hash. */
    async addSession(secret: string, keyId: string, hours: number): Promise<void> {
      await pool.query(
        `insert into sessions (hash, key_id, expires_at)
         values ($1, $2, levy_now() + make_interval(hours => $3))`,
        [sha256(secret), keyId, hours],
      );
    },

    async callerOfSession(secret: string): Promise<Caller | null> {
      const { rows } = await pool.query<Caller & { unnoted: boolean }>(
        `select k.key_id as "keyId", k.name, k.scopes, ${UNNOTED} as unnoted
         from sessions s join access_keys k using (key_id)
         where s.hash = $1 and s.expires_at > levy_now() and k.revoked_at is null`,
        [sha256(secret)],
      );
      const key = rows[0];
      if (!key) return null;
      if (key.unnoted) await noteUse(pool, key.keyId);
      return { keyId: key.keyId, name: key.name, scopes: key.scopes };
    },

    async endSession(secret: string): Promise<void> {
      await pool.query('delete from sessions where hash = $1 or expires_at < levy_now()', [
        sha256(secret),
      ]);
    },

    /** Writes a line of the audit trail. */
    audit: (line: AuditLine): Promise<void> => writeAudit(pool, line),

    async audited(page: { before?: number; limit: number }): Promise<AuditedLine[]> {
      const { rows } = await pool.query<AuditedLine>(
        `select ${AUDITED} from audit
         where $1::bigint is null or audit_id < $1 order by audit_id desc limit $2`,
        [page.before ?? null, page.limit],
      );
      return rows;
    },

    /** The latest lines of the audit trail about one object, newest first. */
    async auditedOf(object: string, limit: number): Promise<AuditedLine[]> {
      const { rows } = await pool.query<AuditedLine>(
        `select ${AUDITED} from audit where object = $1 order by audit_id desc limit $2`,
        [object, limit],
      );
      return rows;
    },

    /**
     * Claims an Idempotency-Key: `new` the first time, `running` while that request runs, the
     * stored answer afterwards, `mismatch` for another request under the same key.
     */
    async claimRequest(
      actor: string,
      key: string,
      fingerprint: string,
    ): Promise<
      { claim: 'new' | 'running' | 'mismatch' } | { claim: 'done'; status: number; body: string }
    > {
      await pool.query(
        "delete from idempotent_requests where created_at < levy_now() - interval '24 hours'",
      );
      const { rowCount } = await pool.query(
        `insert into idempotent_requests (actor, key, fingerprint) values ($1, $2, $3)
         on conflict do nothing`,
        [actor, key, fingerprint],
      );
      if (rowCount === 1) return { claim: 'new' };
      const { rows } = await pool.query<{
        fingerprint: string;
        status: number | null;
        body: string | null;
      }>(
        'select fingerprint, status, body from idempotent_requests where actor = $1 and key = $2',
        [actor, key],
      );
      const known = rows[0];
      if (!known) return { claim: 'running' };
      if (known.fingerprint !== fingerprint) return { claim: 'mismatch' };
      if (known.status === null) return { claim: 'running' };
      return { claim: 'done', status: known.status, body: known.body ?? '' };
    },

    /** Stores the answer to a claimed request; null frees the key because the request failed. */
    async finishRequest(
      actor: string,
      key: string,
      answer: { status: number; body: string } | null,
    ): Promise<void> {
      if (!answer)
        await pool.query('delete from idempotent_requests where actor = $1 and key = $2', [
          actor,
          key,
        ]);
      else
        await pool.query(
          'update idempotent_requests set status = $3, body = $4 where actor = $1 and key = $2',
          [actor, key, answer.status, answer.body],
        );
    },
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
