import { createHash, timingSafeEqual } from 'node:crypto';
import type pg from 'pg';
import { inTransaction } from './transaction.ts';

export const SCOPES = ['read', 'operate', 'approve'] as const;
export type Scope = (typeof SCOPES)[number];

/** The caller: an access key or a colleague, and what it may do. */
export interface Caller {
  /** The id of the key or of the colleague. */
  id: string;
  /** The name that stands beside every act. */
  name: string;
  scopes: Scope[];
  /** The colleague who it is, or who made the key; null: nobody whom the ledger knows. */
  person: string | null;
  /** For a colleague: whether an authenticator app is set up. Null for a key. */
  authenticator: boolean | null;
}

/** An access key as it is listed, without its token. */
export interface KeyRow {
  keyId: string;
  name: string;
  scopes: Scope[];
  createdAt: Date;
  /** The name of the colleague who made it; null: nobody whom the ledger knows. */
  madeBy: string | null;
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

/** Notes that a key was used, once a minute. */
export async function noteUse(pool: pg.Pool, keyId: string): Promise<void> {
  await pool.query(
    `update access_keys k set last_used_at = levy_now() where key_id = $1 and ${UNNOTED}`,
    [keyId],
  );
}

/**
 * An access key as a caller: `k` is the key and `o` its owner. A key may never do more than the
 * colleague who made it may do now.
 */
export const KEY_AS_CALLER = `k.key_id as id, k.name, k.owner as person,
  null::boolean as authenticator, ${UNNOTED} as unnoted,
  array(select s from unnest(k.scopes) as s where k.owner is null or s = any (
    case o.role when 'approve' then '{read,operate,approve}'::text[]
      when 'operate' then '{read,operate}' else '{read}' end)) as scopes`;

/** Characters at the start of a token by which its key is looked up. */
const PREFIX = 12;

/** Access keys, the audit trail, and replayed POSTs. */
export function createAccess(pool: pg.Pool) {
  return {
    /**
     * Stores a key for a token that was made from at least 32 random bytes; only its hash is kept.
     * `owner` is the colleague who made it. Throws when the name is taken (SQLSTATE 23505), or when
     * nobody may take it (23514).
     */
    async addKey(
      name: string,
      token: string,
      scopes: Scope[],
      owner: string | null = null,
    ): Promise<void> {
      await pool.query(
        `insert into access_keys (name, prefix, hash, scopes, owner) values ($1, $2, $3, $4, $5)`,
        [name, token.slice(0, PREFIX), sha256(token), scopes, owner],
      );
    },

    async keys(): Promise<KeyRow[]> {
      const { rows } = await pool.query<KeyRow>(
        `select k.key_id as "keyId", k.name, k.scopes, k.created_at as "createdAt",
           o.name as "madeBy", k.last_used_at as "lastUsedAt", k.revoked_at is not null as revoked
         from access_keys k left join colleagues o on o.colleague_id = k.owner order by k.name`,
      );
      return rows;
    },

    /** Revokes a key. The last key or colleague with `approve` is kept unless `evenLast`. */
    async revokeKey(
      name: string,
      { evenLast = false } = {},
    ): Promise<'revoked' | 'unknown' | 'last_approver'> {
      return keepingAnApprover(pool, evenLast, async (client) => {
        const { rowCount } = await client.query(
          'update access_keys set revoked_at = levy_now() where name = $1 and revoked_at is null',
          [name],
        );
        return rowCount === 1 ? 'revoked' : 'unknown';
      });
    },

    /** The caller with this token, compared in constant time; null for a wrong or revoked token. */
    async callerOf(token: string): Promise<Caller | null> {
      const { rows } = await pool.query<Caller & { hash: Buffer; unnoted: boolean }>(
        `select ${KEY_AS_CALLER}, k.hash
         from access_keys k left join colleagues o on o.colleague_id = k.owner
         where k.prefix = $1 and k.revoked_at is null`,
        [token.slice(0, PREFIX)],
      );
      const hash = sha256(token);
      const key = rows[0];
      if (!key || !timingSafeEqual(hash, key.hash)) return null;
      if (key.unnoted) await noteUse(pool, key.id);
      const { id, name, scopes, person, authenticator } = key;
      return { id, name, scopes, person, authenticator };
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

/** The hash under which a secret of many random bytes is stored. */
export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/**
 * Runs `work` in a transaction that is undone when nobody would be left who may approve: neither an
 * open key nor a colleague who has joined. One such transaction runs at a time.
 */
export async function keepingAnApprover<Result>(
  pool: pg.Pool,
  evenLast: boolean,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result | 'last_approver'> {
  try {
    return await inTransaction(pool, async (client) => {
      await client.query("select pg_advisory_xact_lock(hashtext('levy approvers'))");
      const result = await work(client);
      if (!evenLast && !(await isApproverLeft(client))) throw new LastApprover();
      return result;
    });
  } catch (error) {
    if (error instanceof LastApprover) return 'last_approver';
    throw error;
  }
}

class LastApprover extends Error {}

async function isApproverLeft(client: pg.PoolClient): Promise<boolean> {
  const { rows } = await client.query(
    `select from access_keys k left join colleagues o on o.colleague_id = k.owner
       where 'approve' = any (k.scopes) and k.revoked_at is null
         and coalesce(o.role, 'approve') = 'approve'
     union all
     select from colleagues where role = 'approve' and joined_at is not null and ended_at is null`,
  );
  return rows.length > 0;
}
