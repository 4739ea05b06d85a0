import type pg from 'pg';
import { keepingAnApprover, sha256 } from './access.ts';
import { inTransaction } from './transaction.ts';

/** What a colleague may do; each role may do what the ones before it may. */
export const ROLES = ['read', 'operate', 'approve'] as const;
export type Role = (typeof ROLES)[number];

/** A person who signs in, or is invited to. */
export interface Colleague {
  colleagueId: string;
  name: string;
  email: string;
  role: Role;
  invitedBy: string;
  /** Null until the first invitation was accepted. */
  joinedAt: Date | null;
  endedAt: Date | null;
  /** When a browser of theirs was last seen that is still signed in; null: none is. */
  seenAt: Date | null;
  /** An authenticator app is set up. */
  authenticator: boolean;
  /** Until when a link to choose a password may be used; null: there is none. */
  linkUntil: Date | null;
}

/** What a sign-in is checked against. */
export interface Credentials {
  colleagueId: string;
  name: string;
  email: string;
  /** The Argon2id hash; null until they have joined. */
  password: string | null;
  /** The encrypted key of the authenticator app; null when none is set up. */
  totpKey: Buffer | null;
}

const COLLEAGUE = `c.colleague_id as "colleagueId", c.name, c.email, c.role,
  c.invited_by as "invitedBy", c.joined_at as "joinedAt", c.ended_at as "endedAt",
  c.totp_since is not null as authenticator,
  (select max(s.seen_at) from sessions s where s.colleague_id = c.colleague_id
    and s.expires_at > levy_now()) as "seenAt",
  (select max(i.expires_at) from invitations i where i.colleague_id = c.colleague_id
    and i.used_at is null and i.expires_at > levy_now()) as "linkUntil"`;

const CREDENTIALS = `colleague_id as "colleagueId", name, email, password,
  case when totp_since is not null then totp_key end as "totpKey"`;

/** A colleague as a caller; the columns are those of an access key as a caller. */
export const COLLEAGUE_AS_CALLER = `c.colleague_id, c.name, c.colleague_id,
  c.totp_since is not null, false,
  case c.role when 'approve' then '{read,operate,approve}'::text[]
    when 'operate' then '{read,operate}' else '{read}' end`;

/** The people who sign in with a password, and the links by which they choose it. */
export function createColleagues(pool: pg.Pool) {
  return {
    ...createMembers(pool),
    ...createCredentials(pool),
  };
}

function createMembers(pool: pg.Pool) {
  return {
    /** Everybody who was ever invited, by name. */
    async list(): Promise<Colleague[]> {
      const { rows } = await pool.query<Colleague>(
        `select ${COLLEAGUE} from colleagues c order by c.ended_at is not null, lower(c.name)`,
      );
      return rows;
    },

    async get(colleagueId: string): Promise<Colleague | null> {
      const { rows } = await pool.query<Colleague>(
        `select ${COLLEAGUE} from colleagues c where c.colleague_id = $1`,
        [colleagueId],
      );
      return rows[0] ?? null;
    },

    /** Adds a colleague with a link to join, whose secret is given. Gives the new id. */
    async invite(
      { name, email, role, by }: { name: string; email: string; role: Role; by: string },
      secret: string,
    ): Promise<{ colleagueId: string } | 'name_taken' | 'email_taken'> {
      try {
        return await inTransaction(pool, async (client) => {
          const { rows } = await client.query<{ colleagueId: string }>(
            `insert into colleagues (name, email, role, invited_by) values ($1, $2, $3, $4)
             returning colleague_id as "colleagueId"`,
            [name, email, role, by],
          );
          const [made] = rows;
          if (!made) throw new Error('Bug! nobody was added');
          await addLink(client, made.colleagueId, secret, by);
          return made;
        });
      } catch (error) {
        const { code, constraint } = error as { code?: string; constraint?: string };
        if (code !== '23505' && code !== '23514') throw error;
        return constraint === 'colleagues_email' ? 'email_taken' : 'name_taken';
      }
    },

    /** Makes a new link for a colleague, joined, ended or not; earlier links stop working. */
    async newLink(colleagueId: string, secret: string, by: string): Promise<void> {
      await inTransaction(pool, (client) => addLink(client, colleagueId, secret, by));
    },

    /** The colleague whose link has this secret; null when it was used or has expired. */
    async ofLink(secret: string): Promise<Colleague | null> {
      const { rows } = await pool.query<Colleague>(
        `select ${COLLEAGUE} from colleagues c join invitations l using (colleague_id)
         where l.hash = $1 and l.used_at is null and l.expires_at > levy_now()`,
        [sha256(secret)],
      );
      return rows[0] ?? null;
    },

    /**
     * Uses a link: the colleague has this password from now on, may sign in (again), and every
     * earlier session of theirs is ended. Null when the link was used or has expired.
     */
    async join(secret: string, password: string): Promise<Colleague | null> {
      return inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ colleagueId: string }>(
          `update invitations set used_at = levy_now()
           where hash = $1 and used_at is null and expires_at > levy_now()
           returning colleague_id as "colleagueId"`,
          [sha256(secret)],
        );
        const id = rows[0]?.colleagueId;
        if (!id) return null;
        await client.query('delete from sessions where colleague_id = $1', [id]);
        await client.query(
          `update colleagues set password = $2, joined_at = coalesce(joined_at, levy_now()),
             ended_at = null where colleague_id = $1`,
          [id, password],
        );
        const joined = await client.query<Colleague>(
          `select ${COLLEAGUE} from colleagues c where c.colleague_id = $1`,
          [id],
        );
        return joined.rows[0] ?? null;
      });
    },

    /** Changes what a colleague may do, unless nobody would be left who may approve. */
    async setRole(colleagueId: string, role: Role): Promise<'done' | 'last_approver'> {
      return keepingAnApprover(pool, false, async (client) => {
        await client.query('update colleagues set role = $2 where colleague_id = $1', [
          colleagueId,
          role,
        ]);
        return 'done' as const;
      });
    },

    /**
     * Ends a colleague's access at once: no sign-in, no session, no open link, and none of the keys
     * they made. Refused when nobody would be left who may approve.
     */
    async end(colleagueId: string): Promise<'done' | 'last_approver'> {
      return keepingAnApprover(pool, false, async (client) => {
        const id = [colleagueId];
        await client.query(
          `update colleagues set ended_at = levy_now()
           where colleague_id = $1 and ended_at is null`,
          id,
        );
        await client.query('delete from sessions where colleague_id = $1', id);
        await client.query(
          'delete from invitations where colleague_id = $1 and used_at is null',
          id,
        );
        await client.query(
          `update access_keys set revoked_at = levy_now() where owner = $1 and revoked_at is null`,
          id,
        );
        return 'done' as const;
      });
    },
  };
}

async function addLink(
  client: pg.PoolClient,
  colleagueId: string,
  secret: string,
  by: string,
): Promise<void> {
  await client.query('delete from invitations where colleague_id = $1 and used_at is null', [
    colleagueId,
  ]);
  await client.query('insert into invitations (hash, colleague_id, made_by) values ($1, $2, $3)', [
    sha256(secret),
    colleagueId,
    by,
  ]);
}

function createCredentials(pool: pg.Pool) {
  return {
    /** What a sign-in with this e-mail is checked against; null: nobody may sign in with it. */
    async credentialsOf(email: string): Promise<Credentials | null> {
      const { rows } = await pool.query<Credentials>(
        `select ${CREDENTIALS} from colleagues where lower(email) = lower($1) and ended_at is null`,
        [email],
      );
      return rows[0] ?? null;
    },

    /** The same by the colleague's id. */
    async credentialsOfId(colleagueId: string): Promise<Credentials | null> {
      const { rows } = await pool.query<Credentials>(
        `select ${CREDENTIALS} from colleagues where colleague_id = $1 and ended_at is null`,
        [colleagueId],
      );
      return rows[0] ?? null;
    },

    async setPassword(colleagueId: string, password: string): Promise<void> {
      await pool.query('update colleagues set password = $2 where colleague_id = $1', [
        colleagueId,
        password,
      ]);
    },

    /** Stores the encrypted key of an authenticator app that is not proven yet. */
    async offerTotp(colleagueId: string, key: Buffer): Promise<void> {
      await pool.query(
        'update colleagues set totp_key = $2 where colleague_id = $1 and totp_since is null',
        [colleagueId, key],
      );
    },

    /** The encrypted key that is offered and not proven yet; null: there is none. */
    async offeredTotp(colleagueId: string): Promise<Buffer | null> {
      const { rows } = await pool.query<{ key: Buffer }>(
        `select totp_key as key from colleagues
         where colleague_id = $1 and totp_since is null and totp_key is not null`,
        [colleagueId],
      );
      return rows[0]?.key ?? null;
    },

    /** The app has proven that it holds the offered key, with the code of this time step. */
    async startTotp(colleagueId: string, step: number, recovery: string[]): Promise<boolean> {
      return inTransaction(pool, async (client) => {
        const { rowCount } = await client.query(
          `update colleagues set totp_since = levy_now(), totp_step = $2
           where colleague_id = $1 and totp_since is null and totp_key is not null`,
          [colleagueId, step],
        );
        if (rowCount !== 1) return false;
        await client.query('delete from recovery_codes where colleague_id = $1', [colleagueId]);
        await client.query(
          `insert into recovery_codes (colleague_id, hash)
           select $1, decode(h, 'hex') from unnest($2::text[]) as h`,
          [colleagueId, recovery.map((code) => sha256(code).toString('hex'))],
        );
        return true;
      });
    },

    /** Uses up a time step and all before it; false when it was used already. */
    async useStep(colleagueId: string, step: number): Promise<boolean> {
      const { rowCount } = await pool.query(
        `update colleagues set totp_step = $2
         where colleague_id = $1 and totp_since is not null and totp_step < $2`,
        [colleagueId, step],
      );
      return rowCount === 1;
    },

    /** Uses up a recovery code; false when there is no such code or it was used. */
    async useRecoveryCode(colleagueId: string, code: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        `update recovery_codes set used_at = levy_now()
         where colleague_id = $1 and hash = $2 and used_at is null`,
        [colleagueId, sha256(code)],
      );
      return rowCount === 1;
    },

    /** How many recovery codes are left. */
    async recoveryCodesLeft(colleagueId: string): Promise<number> {
      const { rows } = await pool.query<{ left: number }>(
        `select count(*)::integer as left from recovery_codes
         where colleague_id = $1 and used_at is null`,
        [colleagueId],
      );
      return rows[0]?.left ?? 0;
    },

    /** Removes the authenticator app and its recovery codes. */
    async removeTotp(colleagueId: string): Promise<void> {
      await inTransaction(pool, async (client) => {
        await client.query(
          'update colleagues set totp_key = null, totp_since = null where colleague_id = $1',
          [colleagueId],
        );
        await client.query('delete from recovery_codes where colleague_id = $1', [colleagueId]);
      });
    },
  };
}
