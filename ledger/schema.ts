import type pg from 'pg';

/** The objects of the database, as the database itself describes them. */
const OBJECTS = `
  select 'table ' || c.relname || ' (' || string_agg(a.attname || ' '
      || format_type(a.atttypid, a.atttypmod)
      || case when a.attnotnull then ' not null' else '' end
      || coalesce(case when a.attgenerated = 's' then ' generated as ' else ' default ' end
        || pg_get_expr(d.adbin, d.adrelid), ''), ', ' order by a.attnum) || ')' as line
  from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
  group by c.relname
  union all
  select 'constraint ' || conrelid::regclass || '.' || conname || ' ' || pg_get_constraintdef(oid)
  from pg_constraint
  where connamespace = 'public'::regnamespace and conrelid <> 0 and contype <> 'n'
  union all
  select 'index ' || indexdef from pg_indexes where schemaname = 'public'
  union all
  select 'view ' || viewname || ' ' || definition from pg_views where schemaname = 'public'
  union all
  select 'function ' || pg_get_functiondef(oid) from pg_proc
  where pronamespace = 'public'::regnamespace
  union all
  select 'trigger ' || pg_get_triggerdef(t.oid) from pg_trigger t
  join pg_class c on c.oid = t.tgrelid
  where c.relnamespace = 'public'::regnamespace and not t.tgisinternal`;

/** The schema of a migrated database as text: the same for the same migrations. */
export async function dumpSchema(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<{ line: string }>(OBJECTS);
  const lines = rows.map(({ line }) => line.trimEnd()).sort();
  const heading = '-- What the migrations make of a database; written by npm run schema.';
  return `${[heading, ...lines].join('\n\n')}\n`;
}
