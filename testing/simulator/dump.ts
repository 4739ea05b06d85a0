import type pg from 'pg';

/** Everything in a database at one moment, table by table. */
export type Dump = ReadonlyMap<string, string>;

type Query = (text: string, values?: unknown[]) => Promise<pg.QueryResult>;

/**
 * Copies these tables, and puts copies back as they were, without triggers, as a restore does.
 *
 * @param tables  in an order in which they can be emptied one by one
 */
export function createDumps(query: Query, tables: string[]) {
  const columns = new Map<string, string>();

  async function dump(): Promise<Dump> {
    const { rows } = await query(copies(tables));
    return new Map(Object.entries(rows[0] as Record<string, string>));
  }

  async function restore(old: Dump | null): Promise<void> {
    if (columns.size === 0)
      for (const { name, list } of (await query(COLUMNS)).rows as { name: string; list: string }[])
        columns.set(name, list);
    await query(guards('disable'));
    // New files: where rows come to lie must not depend on what lay there before.
    await query(`truncate ${tables.join(', ')}`);
    for (const table of tables.toReversed()) {
      const rows = old?.get(table);
      if (!rows) continue;
      const list = columns.get(table);
      await query(
        `insert into ${table} (${list}) overriding system value
         select ${list} from jsonb_populate_recordset(null::${table}, $1)`,
        [rows],
      );
    }
    await query(guards('enable'));
  }

  return { dump, restore };
}

/** Tables with triggers that forbid what happens to a ledger that is lost or restored. */
const GUARDED = [
  'entries',
  'audit',
  'fees',
  'assessments',
  'evidence',
  'roster_approvals',
  'bulk_acts',
  'bulk_act_members',
  'vendor_invoices',
  'vendor_invoice_lines',
  'invoice_decisions',
];

export function guards(what: 'disable' | 'enable'): string {
  return GUARDED.map((table) => `alter table ${table} ${what} trigger user`).join('; ');
}

/** One row with every table in it as JSON. */
function copies(tables: string[]): string {
  const each = tables.map(
    (table) => `(select coalesce(jsonb_agg(t), '[]') from ${table} t)::text as ${table}`,
  );
  return `select ${each.join(', ')}`;
}

/** The columns that are not computed from others. */
const COLUMNS = `
  select table_name as name, string_agg(column_name, ', ') as list
  from information_schema.columns
  where table_schema = 'public' and is_generated = 'NEVER'
  group by table_name`;
