import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { createTestDatabase } from '../support/database.ts';

/** What a role may do with each table, from the catalog; columns are named where not all may be. */
const PRIVILEGES = `
  select c.relname as name, coalesce(string_agg(lower(p) || granted, '; ' order by n)
    filter (where granted is not null), 'nothing') as may
  from pg_class c
  cross join unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER,MAINTAIN}'::text[])
    with ordinality as privileges (p, n)
  cross join lateral (select case
    when has_table_privilege($1, c.oid, p) then ''
    when p in ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') then
      (select ' ' || string_agg(attname, ' ' order by attnum) from pg_attribute
        where attrelid = c.oid and attnum > 0 and not attisdropped
          and has_column_privilege($1, c.oid, attnum, p))
    end as granted) as columns
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'm', 'p', 'f')
  group by c.relname`;

async function privilegesOf(pool: pg.Pool, role: string): Promise<Record<string, string>> {
  const { rows } = await pool.query<{ name: string; may: string }>(PRIVILEGES, [role]);
  return Object.fromEntries(rows.map(({ name, may }) => [name, may]));
}

/** What the program does to each table. */
const APPLICATION: Record<string, string[]> = {
  vendors: ['select', 'insert', 'update name levies source'],
  rates: [
    'select',
    'insert vendor year royalty_cents processing_cents status source entered_by',
    'update royalty_cents processing_cents status source entered_by entered_at',
  ],
  clinicians: [
    'select',
    'insert ref name email npi vendor time_zone stripe_customer payment_method latest_card',
    'update name email npi vendor time_zone stripe_customer customer_made payment_method no_card ' +
      'updated_at email_changes card_changes latest_card',
  ],
  imports: [
    'select',
    'insert sha256 file_name vendor period_from period_to format bytes records findings matched ' +
      'imported_by',
    'update findings matched dismissed_at dismissed_by dismissed_why',
  ],
  evidence: [
    'select',
    'insert import_id clinician_id year kind first_used_on file_name line rule certainty verdict ' +
      'decided_by decided_at',
    'update verdict decided_by decided_at',
  ],
  counting_evidence: ['select'],
  import_problems: ['select', 'insert', 'delete'],
  unmatched_uses: ['select', 'insert', 'delete'],
  open_import_problems: ['select'],
  known_names: [
    'select',
    'insert vendor person_name person_npi written clinician_id why decided_by',
    'delete',
  ],
  assessments: [
    'select',
    'insert vendor year policy royalty_cents processing_cents forecast rate_source auto_approve ' +
      'livemode opened_by',
    'update enrolled_at paused_at paused_by paused_why resumed_at resumed_by cleared_at checked_at',
  ],
  fees: [
    'select',
    'insert assessment_id clinician_id',
    'update intent seq state next_step due_at since_at attempts decline outlook',
  ],
  entries: ['select', 'insert fee_id seq kind at actor debit credit amount_cents data'],
  balances: ['select'],
  actor_names: ['select', 'insert'],
  colleagues: [
    'select',
    'insert name email role invited_by',
    'update role password joined_at ended_at totp_key totp_since totp_step',
  ],
  invitations: ['select', 'insert hash colleague_id made_by', 'update used_at', 'delete'],
  recovery_codes: ['select', 'insert colleague_id hash', 'update used_at', 'delete'],
  access_keys: ['select', 'insert name prefix hash scopes owner', 'update revoked_at last_used_at'],
  sessions: [
    'select',
    'insert hash key_id colleague_id browser expires_at',
    'update seen_at',
    'delete',
  ],
  roster_approvals: ['select', 'insert assessment_id hash colleague_id actor', 'update used_at'],
  audit: ['select', 'insert actor action object detail request_id'],
  webhook_events: [
    'select',
    'insert event_id type object_id intent customer payment_method fee_id livemode created_at',
    'update handled_at outcome',
  ],
  idempotent_requests: ['select', 'insert actor key fingerprint', 'update status body', 'delete'],
  settings: ['select', 'insert', 'update value'],
  findings: ['select', 'insert check_name assessment_id fee_id detail', 'update gone_at'],
  bulk_acts: [
    'select',
    'insert act why selection created_by members preview',
    'update state started_by started_at paused_by paused_why ended_at wave_from wave_to',
    'delete',
  ],
  bulk_act_members: [
    'select',
    'insert bulk_id position fee_id',
    'update result decided_at',
    'delete',
  ],
  saved_filters: [
    'select',
    'insert name selection saved_by',
    'update selection saved_by saved_at',
    'delete',
  ],
  card_pages: ['select', 'insert session fee_id', 'update closed_at'],
  job_errors: ['select', 'insert job type', 'update errors last_at'],
  roster_views: ['select', 'insert assessment_id hash rows', 'update shown_at', 'delete'],
  known_cards: [
    'select',
    'insert stripe_customer payment_method brand last4 exp_month exp_year',
    'update payment_method brand last4 exp_month exp_year read_at',
  ],
  roster_uploads: [
    'select',
    'insert file_name uploaded_by vendor headings ignored rows',
    'update headings ignored rows writing_until written_at written_by outcome',
    'delete',
  ],
  vendor_invoices: [
    'select',
    'insert vendor year number dated total_cents file_name replaces entered_by',
    'update number dated total_cents confirmed_at confirmed_by voided_at voided_by void_why',
    'delete',
  ],
  vendor_invoice_lines: [
    'select',
    'insert invoice_id line name ref npi amount_cents clinician_id matched_by',
    'update clinician_id matched_by matched_who matched_at',
    'delete',
  ],
  standing_invoice_lines: ['select'],
  invoice_uploads: ['select', 'insert file_name uploaded_by head rows', 'delete'],
  invoice_decisions: [
    'select',
    'insert vendor year clinician_id invoice_id line facts decision why decided_by',
  ],
  tokens: ['select', 'insert', 'update', 'delete'],
  holds: ['select', 'insert', 'update', 'delete'],
  migrations: ['select'],
};

/** What a reader does not see, or not all of: what is not named here is seen whole. */
const HIDDEN: Record<string, string> = {
  access_keys: 'select key_id name prefix scopes owner created_at revoked_at last_used_at',
  colleagues:
    'select colleague_id name email role invited_by invited_at joined_at ended_at totp_since',
  invitations: 'nothing',
  recovery_codes: 'nothing',
  sessions: 'nothing',
  settings: 'nothing',
  idempotent_requests: 'nothing',
};

describe('of every table there is', () => {
  it('the application may do what the program does, and nothing else', async () => {
    const { pool } = await createTestDatabase();
    const expected = Object.entries(APPLICATION).map(([name, may]) => [name, may.join('; ')]);
    expect(await privilegesOf(pool, 'levy_app')).toEqual(Object.fromEntries(expected));
  });

  it('a reader may see everything but secrets, and change nothing', async () => {
    const { pool } = await createTestDatabase();
    const expected = Object.keys(APPLICATION).map((name) => [name, HIDDEN[name] ?? 'select']);
    expect(await privilegesOf(pool, 'levy_reader')).toEqual(Object.fromEntries(expected));
  });

  it('everybody else may do nothing', async () => {
    const { pool } = await createTestDatabase();
    const expected = Object.keys(APPLICATION).map((name) => [name, 'nothing']);
    // A predefined role that was granted nothing has what everybody has.
    expect(await privilegesOf(pool, 'pg_monitor')).toEqual(Object.fromEntries(expected));
  });

  it('a new one is nobody’s but the owner’s', async () => {
    const { pool } = await createTestDatabase();
    await pool.query('create table newcomer (x integer)');
    expect(await privilegesOf(pool, 'levy_app')).toMatchObject({ newcomer: 'nothing' });
    expect(await privilegesOf(pool, 'levy_reader')).toMatchObject({ newcomer: 'nothing' });
  });
});

describe.each(['levy_app', 'levy_reader'])('%s', (role) => {
  it('is a plain role, a member of none, and may make nothing beside its queue', async () => {
    const { pool } = await createTestDatabase();
    const { rows } = await pool.query(
      `select rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as special,
         (select count(*)::integer from pg_auth_members where member = r.oid) as memberships,
         (select array_agg(nspname::text order by nspname) from pg_namespace
           where nspname !~ '^pg_' and has_schema_privilege(r.oid, oid, 'CREATE')) as "makesIn",
         (select count(*)::integer from pg_class
           where relnamespace = 'public'::regnamespace and relowner = r.oid)
         + (select count(*)::integer from pg_proc
           where pronamespace = 'public'::regnamespace and proowner = r.oid) as owns,
         has_database_privilege(r.oid, current_database(), 'CREATE') as "makesSchemas",
         has_database_privilege(r.oid, current_database(), 'TEMPORARY') as temporary
       from pg_roles r where rolname = $1`,
      [role],
    );
    expect(rows).toEqual([
      {
        ...{ special: false, memberships: 0, owns: 0, makesSchemas: false, temporary: true },
        makesIn: role === 'levy_app' ? ['bullmq'] : null,
      },
    ]);
  });
});

it('a person with a login among the readers reads, sees no secret and writes nothing', async () => {
  const db = await createTestDatabase();
  const admin = new pg.Client(db.url.replace('//levy:', '//postgres:'));
  await admin.connect();
  await admin.query(`create role auditor login password 'auditor' in role levy_reader`);
  const reader = new pg.Client(db.url.replace(/levy:[^@]+@/, 'auditor:auditor@'));
  await reader.connect();
  try {
    expect((await reader.query('select * from entries')).rows).toEqual([]);
    expect((await reader.query('select name, scopes from access_keys')).rows).toEqual([]);
    for (const refused of [
      'select hash from access_keys',
      'select * from access_keys',
      'select * from sessions',
      'select * from settings',
      'select * from idempotent_requests',
      `insert into audit (actor, action, object) values ('x', 'x', 'x')`,
      'update fees set seq = 0',
      'delete from findings',
      'create table mine (x integer)',
      'set role levy_app',
      'select * from bullmq.job',
    ])
      await expect(reader.query(refused), refused).rejects.toMatchObject({ code: '42501' });
  } finally {
    await reader.end();
    await admin.query('drop role auditor');
    await admin.end();
  }
});

it('every function of the ledger looks names up in the ledger, whoever calls it', async () => {
  const { pool } = await createTestDatabase();
  // Else a temporary table of the caller's could stand in for one of the ledger's.
  const { rows } = await pool.query(
    `select proname from pg_proc where pronamespace = 'public'::regnamespace
       and prosqlbody is null
       and not coalesce(proconfig @> '{"search_path=public, pg_temp"}', false)`,
  );
  expect(rows).toEqual([]);
});
