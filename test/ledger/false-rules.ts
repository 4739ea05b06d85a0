import { guard, type Falsification } from './falsify.ts';

const SUPERUSER = { guards: ['alter role levy_app superuser'] };
const OWNER_OF_ENTRIES = { guards: [guard.owner('table entries')] };
const MAKES_THINGS = 'grant create on schema public to levy_app';

const RULES: Falsification[] = [
  {
    what: 'switch a trigger off',
    tries: () => ['alter table entries disable trigger entries_attempt_allowed'],
    ...{ code: '42501', ...OWNER_OF_ENTRIES },
  },
  {
    what: 'switch all triggers off for a session',
    tries: () => ['set local session_replication_role = replica'],
    ...{ code: '42501', ...SUPERUSER },
  },
  {
    what: 'drop a trigger',
    tries: () => ['drop trigger entries_notice on entries'],
    ...{ code: '42501', ...OWNER_OF_ENTRIES },
  },
  {
    what: 'drop a constraint',
    tries: () => ['alter table entries drop constraint entries_kind_check'],
    ...{ code: '42501', ...OWNER_OF_ENTRIES },
  },
  {
    what: 'drop an index that keeps payments single',
    tries: () => ['drop index entries_paid'],
    ...{ code: '42501', ...OWNER_OF_ENTRIES },
  },
  {
    what: 'put another clock in the place of the database’s',
    tries: () => [
      `create or replace function levy_now() returns timestamptz language sql volatile
         parallel safe as $$ select '2030-01-01'::timestamptz $$`,
    ],
    ...{ code: '42501', guards: [guard.owner('function levy_now()'), MAKES_THINGS] },
  },
  {
    what: 'put another check in the place of a check',
    tries: () => [
      `create or replace function check_attempt() returns trigger language plpgsql as
         $$ begin return new; end $$`,
    ],
    ...{ code: '42501', guards: [guard.owner('function check_attempt()'), MAKES_THINGS] },
  },
  {
    what: 'put a rule in front of a table',
    tries: () => ['create rule forged as on insert to entries do instead nothing'],
    ...{ code: '42501', ...OWNER_OF_ENTRIES },
  },
  {
    what: 'put a trigger of one’s own on a table',
    tries: () => [
      `create trigger forged before insert on entries for each row
         execute function refuse_change()`,
    ],
    ...{ code: '42501', guards: [guard.right('trigger', 'entries')] },
  },
  {
    what: 'make a table beside the ledger’s',
    tries: () => ['create table forged (x integer)'],
    ...{ code: '42501', guards: [MAKES_THINGS] },
  },
  {
    what: 'make a schema of one’s own',
    tries: () => ['create schema forged'],
    code: '42501',
    guards: [
      `do $$ begin execute format('grant create on database %I to levy_app',
         current_database()); end $$`,
    ],
  },
];

const ROLES: Falsification[] = [
  {
    what: 'raise the role',
    tries: () => ['alter role levy_app createrole'],
    ...{ code: '42501', ...SUPERUSER },
  },
  {
    what: 'take rights that were not given',
    // A grant by somebody who may not grant does nothing, and says so in a warning.
    tries: () => ['grant update on entries to levy_app', `update entries set actor = 'x'`],
    code: '42501',
    guards: [guard.owner('table entries'), guard.trigger('entries_append_only')],
  },
  {
    what: 'join a role that may do more',
    tries: () => ['grant pg_write_all_data to levy_app'],
    ...{ code: '42501', ...SUPERUSER },
  },
  {
    what: 'read the passwords of the server',
    tries: () => ['select rolpassword from pg_authid'],
    ...{ code: '42501', ...SUPERUSER },
  },
  {
    what: 'run a program on the server',
    tries: () => [`copy pg_temp.forged from program 'true'`],
    given: ['create temporary table forged (x text)', 'grant all on pg_temp.forged to levy_app'],
    ...{ code: '42501', ...SUPERUSER },
  },
];

/** Checks that look names up as the writer likes could be shown other tables, or another clock. */
const unpinned = (...functions: string[]) => ({
  guards: functions.map((name) => `alter function ${name} reset search_path`),
});

const DECEIT: Falsification[] = [
  {
    what: 'hide a hold behind a temporary table of the same name',
    tries: (f) => [
      'create temporary table entries as table public.entries',
      `update pg_temp.entries set kind = 'usage_checked' where kind = 'held'`,
      f.attempt('held'),
    ],
    ...{ code: 'LV009', ...unpinned('check_attempt()') },
  },
  {
    what: 'show a check a clock of one’s own',
    tries: (f) => [
      `create function bullmq.levy_now() returns timestamptz language sql as
         $$ select '2026-12-31'::timestamptz $$`,
      'set local search_path = bullmq, pg_catalog, public',
      f.attempt('early', {}, { at: `'2026-12-31'` }),
    ],
    ...{ code: 'LV011', ...unpinned('check_attempt()') },
  },
];

/** The rules themselves, and whoever could change them. */
export const FALSE_RULES = [...RULES, ...ROLES, ...DECEIT];
