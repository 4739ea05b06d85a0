import type pg from 'pg';
import { inTransaction } from '../../ledger/transaction.ts';

/** A backup of a ledger's tables. */
export interface Backup {
  /** Puts the ledger back to where it was, as a practice does with a dump. May be called again. */
  restore(): Promise<void>;
}

/**
 * Takes a backup inside the ledger's own database, as of one moment while others go on writing. For
 * the owner's pool.
 */
export async function backUp(pool: pg.Pool): Promise<Backup> {
  const tables = await tablesOf(pool);
  const schema = await inTransaction(pool, async (client) => {
    await client.query('set transaction isolation level repeatable read');
    const { rows } = await client.query<{ name: string }>(
      `select 'backup_' || (1 + count(*)) as name from pg_namespace where nspname like 'backup%'`,
    );
    const name = rows[0]?.name as string;
    await client.query(`create schema ${name}`);
    for (const table of tables)
      await client.query(`create table ${name}.${table.name} as table public.${table.name}`);
    return name;
  });
  // Tables come before those that refer to them, and rows go after those that refer to them.
  const statements = [
    ...tables.map(({ name }) => `alter table public.${name} disable trigger user`),
    ...tables.map(({ name }) => `delete from public.${name}`).reverse(),
    ...tables.map(
      ({ name, columns }) => `insert into public.${name} (${columns}) overriding system value
        select ${columns} from ${schema}.${name}`,
    ),
    ...tables.map(({ name }) => `alter table public.${name} enable trigger user`),
  ];
  return {
    async restore() {
      await inTransaction(pool, (client) => client.query(statements.join('; ')));
    },
  };
}

/** Every table of the ledger in the order of their making, but for the list of migrations. */
async function tablesOf(pool: pg.Pool): Promise<{ name: string; columns: string }[]> {
  const { rows } = await pool.query<{ name: string; columns: string }>(
    `select quote_ident(c.relname) as name,
       string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'migrations'
       and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     group by c.oid order by c.oid`,
  );
  return rows;
}
