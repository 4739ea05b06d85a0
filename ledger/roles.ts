import { readFile } from 'node:fs/promises';
import type pg from 'pg';

/** The roles belong to the whole Postgres cluster: all its ledgers share them. See roles.sql. */
export const APPLICATION = 'levy_app';
export const READER = 'levy_reader';

const GRANTS = new URL('./roles.sql', import.meta.url);

/** Whether the current role may become the application's; a superuser may become any role. */
const MAY_BECOME = `(select case when current_setting('server_version_num')::integer >= 160000
    then pg_has_role(oid, 'SET') else pg_has_role(oid, 'MEMBER') end
  from pg_roles where rolname = '${APPLICATION}')`;

/**
 * Creates the missing roles, and makes the owner a member of the application's role. What the owner
 * is not allowed to do is skipped; an administrator does it, see ops/postgres-init.sql.
 */
const MAKE = `
  do $$
  declare
    missing text;
  begin
    foreach missing in array '{${APPLICATION},${READER}}'::text[] loop
      begin
        if not exists (select from pg_roles where rolname = missing) then
          execute format('create role %I', missing);
        end if;
      -- Two databases of one cluster may be migrated at the same time.
      exception when insufficient_privilege or duplicate_object or unique_violation then null;
      end;
    end loop;
    begin
      if not ${MAY_BECOME} then
        execute format('grant ${APPLICATION} to %I', current_user);
      end if;
    exception when insufficient_privilege or unique_violation then null;
    end;
  end $$`;

const FOUND = `select count(*) = 2 as both, coalesce(${MAY_BECOME}, false) as "mayBecome"
  from pg_roles where rolname in ('${APPLICATION}', '${READER}')`;

/**
 * The queue's own schema. The library migrates it at every start, so its objects must belong to the
 * application; they may have been created before that role existed.
 */
const QUEUE = (mayBecome: boolean) => `
  create schema if not exists bullmq ${mayBecome ? `authorization ${APPLICATION}` : ''};
  do $$
  declare
    command text;
  begin
    if not pg_has_role('${APPLICATION}',
      (select nspowner from pg_namespace where nspname = 'bullmq'), 'USAGE')
    then
      grant usage, create on schema bullmq to ${APPLICATION};
    end if;
    if not ${mayBecome} then return; end if;
    for command in
      select format('alter table %s owner to ${APPLICATION}', oid::regclass) from pg_class
        where relnamespace = 'bullmq'::regnamespace and relkind in ('r', 'p')
          and relowner <> '${APPLICATION}'::regrole
      union all
      select format('alter sequence %s owner to ${APPLICATION}', s.oid::regclass) from pg_class s
        where relnamespace = 'bullmq'::regnamespace and relkind = 'S'
          and relowner <> '${APPLICATION}'::regrole
          -- One that belongs to a column follows its table.
          and not exists (select from pg_depend
            where objid = s.oid and refobjsubid > 0 and deptype in ('a', 'i'))
      union all
      select format('alter routine %s owner to ${APPLICATION}', oid::regprocedure) from pg_proc
        where pronamespace = 'bullmq'::regnamespace and proowner <> '${APPLICATION}'::regrole
      union all
      select format('alter type %s owner to ${APPLICATION}', oid::regtype) from pg_type
        where typnamespace = 'bullmq'::regnamespace and typtype = 'e'
          and typowner <> '${APPLICATION}'::regrole
    loop
      execute command;
    end loop;
  end $$`;

/**
 * Grants each role its rights, within the owner's transaction. Gives false and grants nothing when
 * the roles do not exist and the owner may not create them.
 */
export async function grantRoles(owner: pg.PoolClient): Promise<boolean> {
  await owner.query(MAKE);
  const { rows } = await owner.query<{ both: boolean; mayBecome: boolean }>(FOUND);
  const { both, mayBecome } = rows[0] as { both: boolean; mayBecome: boolean };
  if (!both) {
    await owner.query('create schema if not exists bullmq');
    return false;
  }
  await owner.query(await readFile(GRANTS, 'utf8'));
  await owner.query(QUEUE(mayBecome));
  return true;
}

/** The rights of a login in its database. */
export interface Login {
  /** May change the schema: owns it, or may create it where there is none yet. */
  isOwner: boolean;
  isApplication: boolean;
  /** May work as the application. */
  mayBecome: boolean;
}

const LOGIN = `
  select current_user = '${APPLICATION}' as "isApplication",
    coalesce(${MAY_BECOME}, false) as "mayBecome",
    coalesce(
      (select pg_has_role(relowner, 'USAGE') from pg_class c
        join pg_namespace n on n.oid = relnamespace
        where nspname = 'public' and relname = 'migrations'),
      current_user <> '${APPLICATION}' and exists (select from pg_namespace
        where nspname = 'public' and has_schema_privilege(oid, 'CREATE'))) as "isOwner"`;

export async function loginOf(pool: pg.Pool): Promise<Login> {
  const { rows } = await pool.query<Login>(LOGIN);
  return rows[0] as Login;
}

/** The database URL to use: as the application, when this login is another and may become it. */
export function workingUrl({ isApplication, mayBecome }: Login, databaseUrl: string): string {
  return mayBecome && !isApplication ? asApplication(databaseUrl) : databaseUrl;
}

/** The same URL, with connections that use the application's role from the beginning. */
function asApplication(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const asked = url.searchParams.get('options');
  url.searchParams.set('options', [asked, `-c role=${APPLICATION}`].filter(Boolean).join(' '));
  return url.href;
}
