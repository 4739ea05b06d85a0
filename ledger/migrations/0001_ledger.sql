-- The ledger's schema: tables first, then what the database refuses, each with its sentence.
--
-- Every time is the database's, every amount in US cents. Refusals carry an SQLSTATE of their own
-- (LV001, LV002, ...), by which the program and its tests know them. Every function looks names up
-- in the ledger's schema alone (search_path): a temporary table of the same name must not stand in
-- for one of the ledger's.

-- The clock of all decisions. Tests, the demo and the simulator replace this function in their
-- databases.
create function levy_now() returns timestamptz
  language sql volatile parallel safe return clock_timestamp();

-- The id of a fee is computed from vendor, year and the practice's reference of the clinician: a
-- ledger that was lost and built again gives the same fee the same id (UUID version 8, RFC 9562).
create function levy_fee_id(vendor text, year integer, ref text) returns uuid
  language sql stable parallel safe set search_path = public, pg_temp as $$
  select encode(set_byte(set_byte(substring(hash from 1 for 16),
    6, (get_byte(hash, 6) & 15) | 128), 8, (get_byte(hash, 8) & 63) | 128), 'hex')::uuid
  from sha256(convert_to('levy fee' || chr(31) || vendor || chr(31) || year::text || chr(31)
    || lower(ref), 'UTF8')) as hash $$;

------------------------------------------------------------------------------------------------
-- Vendors, rates and people
------------------------------------------------------------------------------------------------

create table vendors (
  vendor text primary key check (vendor ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
  name text not null,
  levies boolean not null,
  source text not null
);

-- What a vendor charges for a year. A forecast may be shown; only a confirmed rate is charged.
create table rates (
  vendor text not null references vendors,
  year integer not null check (year between 2000 and 2200),
  royalty_cents integer not null check (royalty_cents >= 0),
  processing_cents integer not null check (processing_cents >= 0),
  amount_cents integer not null generated always as (royalty_cents + processing_cents) stored,
  status text not null check (status in ('forecast', 'confirmed')),
  source text not null,
  entered_by text not null,
  entered_at timestamptz not null default levy_now(),
  primary key (vendor, year)
);

create table clinicians (
  clinician_id uuid primary key default gen_random_uuid(),
  -- The practice's own reference. An upload finds a clinician by it.
  ref text not null unique,
  name text not null,
  email text,
  npi text unique,
  vendor text not null references vendors,
  time_zone text not null,
  stripe_customer text,
  -- True when levy created the customer at Stripe: an empty field on the roster leaves it alone.
  customer_made boolean not null default false,
  payment_method text,
  -- True when Stripe has no card for this customer; false also when Stripe was not asked.
  no_card boolean not null default false,
  updated_at timestamptz not null default levy_now(),
  -- How often the e-mail has changed, and how often customer or card. The entry of a failure stores
  -- the number known then, so that only a later change takes the fee up again.
  email_changes integer not null default 0,
  card_changes integer not null default 0,
  -- The latest card among these changes; null when none came.
  latest_card text
);
-- References that differ only in case would give one fee id for two people.
create unique index clinicians_ref on clinicians (lower(ref));
create unique index clinicians_email on clinicians (lower(email));
create index clinicians_vendor on clinicians (vendor);
-- The roster page by page in the order of names; the reference decides between equal names.
create index clinicians_name on clinicians (lower(name), ref);
-- One customer at Stripe is one person: two people with one customer could be charged for each
-- other.
create unique index clinicians_customer on clinicians (stripe_customer);

------------------------------------------------------------------------------------------------
-- Evidence of use: that a code was used, never which, for whom, or what was written
------------------------------------------------------------------------------------------------

create table imports (
  import_id uuid primary key default gen_random_uuid(),
  -- The same content twice changes nothing.
  sha256 text not null unique,
  file_name text not null,
  vendor text references vendors,
  period_from date,
  period_to date,
  format text not null,
  bytes bigint not null,
  records bigint not null,
  findings bigint not null,
  matched bigint not null,
  imported_by text not null,
  imported_at timestamptz not null default levy_now(),
  -- Who let its unreadable rows be, and why; null while they wait for a person.
  dismissed_at timestamptz,
  dismissed_by text,
  dismissed_why text,
  check (num_nulls(dismissed_at, dismissed_by, dismissed_why) in (0, 3))
);

-- One row per import, clinician, year and kind of record: the first use there.
create table evidence (
  evidence_id uuid primary key default gen_random_uuid(),
  import_id uuid references imports,
  clinician_id uuid not null references clinicians,
  year integer not null,
  kind text not null check (kind in ('billing', 'progress_note', 'diagnosis', 'vendor_invoice')),
  first_used_on date not null,
  file_name text not null,
  line bigint not null,
  rule text not null,
  certainty text not null check (certainty in ('sure', 'weak')),
  -- Weak evidence counts only after a person accepted it; refused evidence never counts.
  verdict text check (verdict in ('accepted', 'refused')),
  decided_by text,
  decided_at timestamptz,
  recorded_at timestamptz not null default levy_now(),
  check ((verdict is null) = (decided_by is null)),
  unique nulls not distinct (import_id, clinician_id, year, kind, certainty)
);
create index evidence_clinician on evidence (clinician_id, year);

-- The evidence that counts as use of a code, defined once for the whole program.
create view counting_evidence as
  select * from evidence
  where verdict = 'accepted' or (verdict is null and certainty = 'sure');

-- Records that matched nobody, and rows that were refused. The name as written is needed to solve
-- the case, and stays in this table alone.
create table import_problems (
  import_id uuid not null references imports,
  line bigint not null,
  reason text not null,
  field text,
  message text not null,
  clinician_npi text,
  clinician_name text,
  times integer not null default 1,
  -- The person as usage/clinician-match.ts compares them; both empty when no person is meant.
  person_name text not null default '',
  person_npi text not null default ''
);
create index import_problems_import on import_problems (import_id, line);

-- What evidence of a person needs whom nobody on the roster could be matched to yet: a file is not
-- kept. Removed as soon as the person is matched.
create table unmatched_uses (
  import_id uuid not null references imports,
  person_name text not null,
  person_npi text not null,
  year integer not null,
  kind text not null check (kind in ('billing', 'progress_note', 'diagnosis', 'vendor_invoice')),
  first_used_on date not null,
  line bigint not null,
  rule text not null,
  certainty text not null check (certainty in ('sure', 'weak')),
  times integer not null,
  primary key (import_id, person_name, person_npi, year, kind, certainty)
);

-- Who a name in an export means, as a person said: consulted first by every later import.
create table known_names (
  known_id uuid primary key default gen_random_uuid(),
  -- The EHR whose exports are meant; null: those of any.
  vendor text references vendors,
  person_name text not null,
  person_npi text not null,
  -- The name or number as it stood in the file.
  written text not null,
  -- Null: nobody on the roster.
  clinician_id uuid references clinicians,
  why text,
  decided_by text not null,
  decided_at timestamptz not null default levy_now(),
  check (person_name <> '' or person_npi <> ''),
  check (clinician_id is not null or why is not null),
  unique nulls not distinct (vendor, person_name, person_npi)
);
create index known_names_person on known_names (person_name, person_npi);

-- The problems of imports that still need a person.
create view open_import_problems as
  select p.* from import_problems p join imports i using (import_id)
  where case when p.person_name = '' and p.person_npi = '' then i.dismissed_at is null
    else not exists (select from known_names k
      where k.person_name = p.person_name and k.person_npi = p.person_npi
        and (k.vendor is null or k.vendor = i.vendor)) end;

------------------------------------------------------------------------------------------------
-- Assessments, fees and entries
------------------------------------------------------------------------------------------------

create table assessments (
  assessment_id uuid primary key default gen_random_uuid(),
  vendor text not null references vendors,
  year integer not null,
  policy jsonb not null,
  royalty_cents integer not null,
  processing_cents integer not null,
  amount_cents integer not null generated always as (royalty_cents + processing_cents) stored,
  forecast boolean not null,
  rate_source text not null,
  auto_approve boolean not null,
  livemode boolean not null,
  opened_by text not null,
  opened_at timestamptz not null default levy_now(),
  -- When every clinician had a fee; null while fees are still being created.
  enrolled_at timestamptz,
  paused_at timestamptz,
  paused_by text,
  paused_why text,
  -- When and by whom the last pause was ended. Charging then starts with canary fees again.
  resumed_at timestamptz,
  resumed_by text,
  -- When the canary fees were found in order and all fees were allowed; null before.
  cleared_at timestamptz,
  -- The moment for which the last finished check verified this assessment.
  checked_at timestamptz,
  unique (vendor, year),
  -- When real cards are charged, `dayMs` must be a real day.
  check (not livemode or (policy ->> 'dayMs')::bigint = 86400000),
  -- Nobody approves automatically what two people must approve.
  check (not auto_approve or coalesce((policy ->> 'approvers')::integer, 1) = 1)
);

create table fees (
  -- Set by the database from vendor, year and reference (levy_fee_id).
  fee_id uuid primary key,
  assessment_id uuid not null references assessments,
  clinician_id uuid not null references clinicians,
  intent text unique,
  -- For the pump and the lists: written with each entry, and computable from the entries.
  seq integer not null default 0,
  state text not null default 'detecting',
  next_step text default 'detect',
  due_at timestamptz default 'epoch',
  -- Since when the fee has been in this state.
  since_at timestamptz not null default levy_now(),
  -- The number of the latest attempt, and the code of the latest decline; null for none.
  attempts integer not null default 0,
  decline text,
  -- What each act of a person would lead to (core/fee/outlook.ts): acts on many fees are previewed
  -- from it.
  outlook jsonb not null default '{}',
  unique (assessment_id, clinician_id)
);
create index fees_due on fees (next_step, due_at) where next_step is not null;
create index fees_state on fees (assessment_id, state);
create index fees_clinician on fees (clinician_id);
-- What may be charged now, assessment by assessment.
create index fees_charge on fees (assessment_id, due_at, fee_id) where next_step = 'charge';

create table entries (
  fee_id uuid not null references fees,
  seq integer not null check (seq > 0),
  -- The kinds are those of core/fee/fee.ts; core/fee/money.ts names the accounts.
  kind text not null check (kind in (
    'usage_checked', 'reopened', 'exempted', 'assessed', 'withdrawn', 'approved',
    'noticed', 'deferred', 'notice_failed', 'notice_recorded', 'customer_changed',
    'invoiced', 'card_missing', 'card_updated', 'intent_opened', 'intent_closed', 'attempted', 'unknown', 'declined',
    'lapsed', 'paid', 'held', 'released', 'retry_asked', 'waive_asked', 'waived',
    'paid_otherwise_asked', 'paid_otherwise', 'pay_now_asked', 'objected', 'objection_answered',
    'refund_asked', 'refund_opened', 'refunded', 'refund_failed', 'disputed', 'dispute_closed',
    'gave_up', 'revived', 'card_link_asked', 'noted', 'email_sent', 'email_failed')),
  -- When it happened.
  at timestamptz not null,
  -- When it was written. The database sets it and ignores the writer's value.
  recorded_at timestamptz not null default levy_now(),
  -- The actor: the name of a person's key, a worker, or Stripe.
  actor text not null,
  debit text check (debit in ('receivable', 'passed_on', 'stripe', 'other_payments', 'waived',
    'written_off', 'refunds', 'disputes')),
  credit text check (credit in ('receivable', 'passed_on', 'stripe', 'other_payments', 'waived',
    'written_off', 'refunds', 'disputes')),
  amount_cents integer check (amount_cents > 0),
  data jsonb not null,
  primary key (fee_id, seq),
  -- A movement of money is whole or absent, and never from an account to itself.
  check ((debit is null) = (credit is null) and (debit is null) = (amount_cents is null)),
  check (debit <> credit)
);
-- An attempt's number is used once, an intent belongs to one fee, a fee is paid once, a charge and
-- a refund are recorded once.
create unique index entries_attempt on entries (fee_id, (data ->> 'attempt'))
  where kind = 'attempted';
create unique index entries_intent on entries ((data ->> 'intent')) where kind = 'intent_opened';
create unique index entries_paid on entries (fee_id) where kind = 'paid';
create unique index entries_charge on entries ((data ->> 'charge')) where kind = 'paid';
create unique index entries_refund on entries ((data ->> 'refund')) where kind = 'refunded';
create index entries_fingerprint on entries ((data ->> 'fingerprint'), at)
  where kind in ('attempted', 'declined') and data ->> 'fingerprint' is not null;
-- The fee of a refund or dispute, for the list of payouts.
create index entries_source on entries ((coalesce(data ->> 'refund', data ->> 'dispute')))
  where kind in ('refund_opened', 'refund_failed', 'disputed');
-- What clinicians object to.
create index entries_objections on entries (at) where kind = 'objected';
-- What went wrong with somebody's fees of other years, for whoever approves a roster.
create index entries_troubles on entries (fee_id)
  where kind in ('notice_failed', 'email_failed', 'held', 'waived');
-- The latest attempts and answers, for the circuit breaker that watches them.
create index entries_answers on entries (recorded_at)
  where kind in ('attempted', 'declined', 'lapsed', 'paid');

create view balances as
  select account, sum(cents)::bigint as balance_cents
  from entries
  cross join lateral (values (debit, amount_cents), (credit, -amount_cents))
    as side (account, cents)
  where debit is not null
  group by account;

------------------------------------------------------------------------------------------------
-- The vendor's invoices: what the practice was charged itself
------------------------------------------------------------------------------------------------

-- An invoice or a credit note, as the vendor wrote it; a total below zero is a credit. It is a draft
-- until it is confirmed, and stands from then on, until a replacement is confirmed or it is voided.
create table vendor_invoices (
  invoice_id uuid primary key default gen_random_uuid(),
  vendor text not null references vendors,
  year integer not null check (year between 2000 and 2200),
  number text not null check (number = btrim(number) and length(number) between 1 and 100),
  dated date not null,
  total_cents bigint not null check (abs(total_cents) <= 100000000000),
  file_name text,
  -- The content's hash (invoice_content), set when it is confirmed.
  content text,
  replaces uuid references vendor_invoices,
  entered_by text not null,
  entered_at timestamptz not null default levy_now(),
  confirmed_at timestamptz,
  confirmed_by text,
  voided_at timestamptz,
  voided_by text,
  void_why text,
  check ((confirmed_at is null) = (confirmed_by is null)),
  check (voided_at is null or confirmed_at is not null),
  check ((voided_at is null) = (voided_by is null) and (voided_at is null) = (void_why is null))
);
-- One document of a number stands. A draft may have the number of the one it replaces.
create unique index vendor_invoices_standing on vendor_invoices (vendor, lower(number))
  where confirmed_at is not null and voided_at is null;
create unique index vendor_invoices_number on vendor_invoices (vendor, lower(number))
  where replaces is null and voided_at is null;
create unique index vendor_invoices_replaces on vendor_invoices (replaces) where voided_at is null;
create index vendor_invoices_year on vendor_invoices (vendor, year);

-- One line is one charge or credit for one person, as the vendor wrote it, and who on the roster is
-- meant by it; null as long as nobody is known.
create table vendor_invoice_lines (
  invoice_id uuid not null references vendor_invoices on delete cascade,
  line integer not null check (line > 0),
  name text,
  ref text,
  npi text,
  amount_cents integer not null check (abs(amount_cents) <= 100000000),
  clinician_id uuid references clinicians,
  matched_by text check (matched_by in ('npi', 'ref', 'name', 'person')),
  -- Who said so, and when, where it was a person after the invoice had been confirmed or before.
  matched_who text,
  matched_at timestamptz,
  primary key (invoice_id, line),
  check ((clinician_id is null) = (matched_by is null)),
  check ((matched_who is null) = (matched_at is null))
);
create index vendor_invoice_lines_clinician on vendor_invoice_lines (clinician_id);
create index vendor_invoice_lines_unknown on vendor_invoice_lines (invoice_id, line)
  where clinician_id is null;

-- SHA-256 of vendor, year, people and amounts: the same content is recognised under another number
-- and whatever its file looks like.
create function invoice_content(invoice uuid) returns text
  language sql stable set search_path = public, pg_temp as $$
  select encode(sha256(convert_to(i.vendor || chr(31) || i.year::text || chr(31)
      || coalesce(string_agg(said, chr(30) order by said collate "C"), ''), 'UTF8')), 'hex')
    from vendor_invoices i
    left join lateral (select lower(concat_ws(chr(31), npi, ref, name)) || chr(31)
        || amount_cents::text as said
      from vendor_invoice_lines where invoice_id = i.invoice_id) l on true
    where i.invoice_id = invoice group by i.invoice_id $$;

-- The lines that count: of confirmed invoices that were not voided.
create view standing_invoice_lines as
  select i.vendor, i.year, i.number, i.dated, i.file_name, i.confirmed_at, l.*
  from vendor_invoice_lines l join vendor_invoices i using (invoice_id)
  where i.confirmed_at is not null and i.voided_at is null;

-- What the vendor's invoices carry for a clinician and year, credits included.
create function invoiced_cents(of_vendor text, of_year integer, who uuid) returns bigint
  language sql stable set search_path = public, pg_temp as $$
  select coalesce(sum(amount_cents), 0)::bigint from standing_invoice_lines
    where clinician_id = who and vendor = of_vendor and year = of_year $$;

-- Invoices that were uploaded and whose columns nobody has named yet. Nothing is proven by them:
-- each expires after a day.
create table invoice_uploads (
  upload_id uuid primary key default gen_random_uuid(),
  file_name text not null,
  uploaded_by text not null,
  expires_at timestamptz not null default levy_now() + interval '1 day',
  -- What was typed beside the file: vendor, year, number, date, total, the invoice it replaces;
  -- and whether its numbers are a spreadsheet's.
  head json not null,
  -- The cells of the file, row by row, the headings first.
  rows json not null
);

-- What a person decided about one difference between invoice, fee and payment. It holds as long as
-- the facts are those that were decided on.
create table invoice_decisions (
  decision_id bigint generated always as identity primary key,
  vendor text not null references vendors,
  year integer not null,
  -- The clinician, or the line that means nobody known.
  clinician_id uuid references clinicians,
  invoice_id uuid,
  line integer,
  facts jsonb not null,
  decision text not null
    check (decision in ('dispute', 'await', 'accept', 'bear', 'refund', 'waive')),
  why text not null,
  decided_by text not null,
  decided_at timestamptz not null default levy_now(),
  foreign key (invoice_id, line) references vendor_invoice_lines,
  check ((clinician_id is null) <> (invoice_id is null)),
  check ((invoice_id is null) = (line is null))
);
create index invoice_decisions_clinician on invoice_decisions (clinician_id, decision_id)
  where clinician_id is not null;
create index invoice_decisions_line on invoice_decisions (invoice_id, line, decision_id)
  where invoice_id is not null;

------------------------------------------------------------------------------------------------
-- Access, audit, and what the outside world told us
------------------------------------------------------------------------------------------------

-- Every name that an act was ever written under, in small letters: a name is never given to somebody
-- else, so that a line of the audit or of a story means one person or one program for ever.
create table actor_names (
  -- The command line acts under the name of the machine's user, as cli (root).
  name text primary key check (name = lower(name) and name not like 'cli (%')
);
insert into actor_names values ('levy'), ('stripe'), ('automatic'), ('the annual trigger'),
  -- What a clinician does on the page of their own link.
  ('clinician');

-- People who sign in with a password.
create table colleagues (
  colleague_id uuid primary key default gen_random_uuid(),
  name text not null unique check (name = btrim(name)),
  email text not null,
  role text not null check (role in ('read', 'operate', 'approve')),
  invited_by text not null,
  invited_at timestamptz not null default levy_now(),
  -- Argon2id with its parameters and its salt; null until an invitation was accepted.
  password text,
  joined_at timestamptz,
  ended_at timestamptz,
  -- The key of the authenticator app, encrypted; it counts from `totp_since`, when it was proven.
  totp_key bytea,
  totp_since timestamptz,
  -- The time step of the last code that was used: neither it nor an earlier one is accepted again.
  totp_step bigint not null default 0
);
create unique index colleagues_email on colleagues (lower(email));

-- Links with which a colleague chooses a password: the first one, or a new one. Each is used once.
create table invitations (
  -- SHA-256 of the link's secret.
  hash bytea primary key,
  colleague_id uuid not null references colleagues,
  made_by text not null,
  expires_at timestamptz not null default levy_now() + interval '7 days',
  used_at timestamptz
);
create index invitations_colleague on invitations (colleague_id);

-- Codes for a colleague whose authenticator is lost; each is used once.
create table recovery_codes (
  colleague_id uuid not null references colleagues,
  hash bytea not null,
  used_at timestamptz,
  primary key (colleague_id, hash)
);

create table access_keys (
  key_id uuid primary key default gen_random_uuid(),
  name text not null unique,
  -- The first characters, to find the key; the rest is only stored hashed (SHA-256).
  prefix text not null unique,
  hash bytea not null,
  scopes text[] not null,
  -- The colleague who made it, who answers for it; null: nobody whom the ledger knows.
  owner uuid references colleagues,
  created_at timestamptz not null default levy_now(),
  revoked_at timestamptz,
  -- To the minute: whoever revokes a key wants to know whether it is missed.
  last_used_at timestamptz
);

create function claim_actor_name() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
begin
  insert into actor_names values (lower(new.name));
  return new;
end $$;
create trigger colleagues_named before insert on colleagues
  for each row execute function claim_actor_name();
create trigger access_keys_named before insert on access_keys
  for each row execute function claim_actor_name();

-- Browsers that are signed in, by a colleague or with an access key. To end a session is to delete
-- its row.
create table sessions (
  -- SHA-256 of the cookie's secret.
  hash bytea primary key,
  session_id uuid not null unique default gen_random_uuid(),
  key_id uuid references access_keys,
  colleague_id uuid references colleagues,
  -- The family of the browser, such as Firefox; never its whole description.
  browser text not null,
  began_at timestamptz not null default levy_now(),
  -- To the minute.
  seen_at timestamptz not null default levy_now(),
  expires_at timestamptz not null,
  check (num_nonnulls(key_id, colleague_id) = 1)
);
create index sessions_colleague on sessions (colleague_id);

-- Approvals of a roster that needs two people. An approval counts until a roster is approved with it.
create table roster_approvals (
  approval_id bigint generated always as identity primary key,
  assessment_id uuid not null references assessments,
  hash text not null,
  colleague_id uuid not null references colleagues,
  -- The name of the colleague or of the colleague's key.
  actor text not null,
  at timestamptz not null default levy_now(),
  used_at timestamptz
);
create unique index roster_approvals_open on roster_approvals (assessment_id, hash, colleague_id)
  where used_at is null;

-- Every act of a person.
create table audit (
  audit_id bigint generated always as identity primary key,
  at timestamptz not null default levy_now(),
  actor text not null,
  action text not null,
  object text not null,
  detail jsonb not null default '{}',
  request_id text
);
-- What was done to one person or fee.
create index audit_object on audit (object, audit_id);

-- Rosters that were uploaded in the console and wait for a person's confirmation. Nothing is proven
-- by them: each expires after a day, and its rows are removed when they are written. Their contents
-- are json and not jsonb, which cannot hold every text that a file can hold.
create table roster_uploads (
  upload_id uuid primary key default gen_random_uuid(),
  file_name text not null,
  uploaded_by text not null,
  uploaded_at timestamptz not null default levy_now(),
  expires_at timestamptz not null default levy_now() + interval '1 day',
  -- The vendor of everybody, when the file has no column for it.
  vendor text references vendors,
  -- The headings of the file until somebody has said which column is which; null afterwards.
  headings json,
  -- Headings of columns that were not kept.
  ignored json not null,
  -- The rows as they were read; null when they were written.
  rows json,
  -- Until when a process that writes the rows has them for itself; null while none does.
  writing_until timestamptz,
  written_at timestamptz,
  written_by text,
  -- What was written, counted.
  outcome jsonb,
  check ((written_at is null) = (outcome is null) and (written_at is null) = (rows is not null))
);
create index roster_uploads_expiry on roster_uploads (expires_at);

-- Rosters as they were shown to somebody who may approve them: when the roster has changed since,
-- the difference can be named. Each is removed after a day, and only the latest are kept.
create table roster_views (
  assessment_id uuid not null references assessments,
  hash text not null,
  shown_at timestamptz not null default levy_now(),
  -- One array per fee that the hash covers: its id, its bucket, and what the hash is made of. An
  -- e-mail is kept as its MD5 sum, to be compared alone.
  rows jsonb not null,
  primary key (assessment_id, hash)
);

-- The card of a customer as Stripe last showed it, by which an expiry is foreseen. A card is
-- charged only as Stripe shows it then.
create table known_cards (
  stripe_customer text primary key,
  payment_method text not null,
  brand text not null,
  last4 text not null,
  exp_month integer not null check (exp_month between 1 and 12),
  exp_year integer not null,
  read_at timestamptz not null default levy_now()
);

-- What a person does to every fee that matches a selection. The members are fixed when the act is
-- previewed, and what became of each is written with the entries of its fee.
create table bulk_acts (
  bulk_id uuid primary key default gen_random_uuid(),
  act text not null check (act in ('retry', 'send_card_link', 'hold', 'release', 'waive', 'refund',
    'note')),
  -- The reason, or the text of a note; null for acts without.
  why text,
  selection jsonb not null,
  created_by text not null,
  created_at timestamptz not null default levy_now(),
  -- The transaction that writes the members, and their number.
  created_in xid8 not null default pg_current_xact_id(),
  members integer not null check (members >= 0),
  -- How many members the act would do what to, as it was shown.
  preview jsonb not null,
  state text not null default 'previewed'
    check (state in ('previewed', 'running', 'paused', 'aborted', 'finished')),
  started_by text,
  started_at timestamptz,
  -- Who paused it and why; a worker pauses it when a wave went wrong.
  paused_by text,
  paused_why text,
  ended_at timestamptz,
  -- Members up to this position belong to waves that were begun; the last wave begins after
  -- `wave_from`.
  wave_from integer not null default 0,
  wave_to integer not null default 0,
  check ((state = 'previewed') = (started_at is null))
);
create index bulk_acts_open on bulk_acts (created_at) where state = 'running';

-- Without foreign keys, which look up each of 100,000 rows for itself: LV021 sees to it that the
-- members of an act are written with the act.
create table bulk_act_members (
  bulk_id uuid not null,
  position integer not null check (position > 0),
  fee_id uuid not null,
  -- Null until it was decided: done, or the code of the refusal.
  result text,
  decided_at timestamptz,
  primary key (bulk_id, position),
  check ((result is null) = (decided_at is null))
);
-- A fee is a member once.
create unique index bulk_act_members_fee on bulk_act_members (bulk_id, fee_id);

-- Selections of fees that people come back to.
create table saved_filters (
  name text primary key,
  selection jsonb not null,
  saved_by text not null,
  saved_at timestamptz not null default levy_now()
);

-- A webhook is stored by its id and handled by reading the object it names.
create table webhook_events (
  event_id text primary key,
  type text not null,
  object_id text not null,
  intent text,
  customer text,
  payment_method text,
  fee_id uuid,
  livemode boolean not null,
  created_at timestamptz not null,
  received_at timestamptz not null default levy_now(),
  handled_at timestamptz,
  outcome text
);
create index webhook_events_open on webhook_events (received_at) where handled_at is null;
-- Whether a customer has given another card since an event about one: looked up for each of them.
create index webhook_events_cards on webhook_events (customer, created_at)
  where type = 'payment_method.attached';

-- How often processors of jobs have thrown, for the metrics: workers have no address to be scraped.
create table job_errors (
  job text not null,
  type text not null,
  errors bigint not null default 1,
  last_at timestamptz not null default levy_now(),
  primary key (job, type)
);

-- Answers to POSTs that carried an Idempotency-Key, given again for a day.
create table idempotent_requests (
  actor text not null,
  key text not null,
  fingerprint text not null,
  status integer,
  body text,
  created_at timestamptz not null default levy_now(),
  primary key (actor, key)
);

-- Small facts a process must remember: the generated secrets of an installation, cursors.
create table settings (
  name text primary key,
  value text not null
);

-- Breaches of what must always hold. A breach that is found again is not a new one.
create table findings (
  finding_id bigint generated always as identity primary key,
  check_name text not null,
  -- Null when the breach is not about one assessment, or not about one fee.
  assessment_id uuid references assessments,
  fee_id uuid references fees,
  detail text not null,
  found_at timestamptz not null default levy_now(),
  -- When a later check did not find it any more.
  gone_at timestamptz
);
create unique index findings_open on findings (check_name, fee_id, detail)
  nulls not distinct where gone_at is null;

-- Pages of Stripe's on which a clinician may give another card, opened for a fee. They expire by
-- themselves after a day; those of a settled fee are closed earlier.
create table card_pages (
  session text primary key,
  fee_id uuid not null references fees,
  opened_at timestamptz not null default levy_now(),
  closed_at timestamptz
);
create index card_pages_open on card_pages (fee_id) where closed_at is null;

-- The tokens of the rate limiter. A limit of so many calls a second has as many tokens: a call
-- takes one of its endpoint and one of the account, and each is free again a second after the
-- answer. A crash of the server empties the table and does no harm: the tokens are created again,
-- free a second later.
create unlogged table tokens (
  -- The endpoint, as method and path, or 'account'.
  name text not null,
  -- From 1 up to the limit.
  number integer not null,
  -- Free from this moment on; while a call has the token, the end of its lease.
  free_at timestamptz not null,
  primary key (name, number)
)
-- Few rows, updated all the time and never in an indexed column: with room on its page a new row
-- version needs no index entry (a HOT update).
with (fillfactor = 20);

-- Until when calls must wait: calls about a customer while another one runs; calls of the account
-- when Stripe asked to slow down.
create unlogged table holds (
  name text primary key,
  until timestamptz not null,
  -- When Stripe last asked to slow down, and how long all calls paused then.
  slowed_at timestamptz,
  pause_ms integer not null default 0
);

------------------------------------------------------------------------------------------------
-- What the database refuses
------------------------------------------------------------------------------------------------

-- LV001: entries and the audit are append-only; fees, assessments and evidence are never deleted.
create function refuse_change() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
begin
  raise exception '% of % is refused: it is append-only', tg_op, tg_table_name
    using errcode = 'LV001';
end $$;
create trigger entries_append_only before update or delete on entries
  for each row execute function refuse_change();
create trigger entries_no_truncate before truncate on entries
  for each statement execute function refuse_change();
create trigger audit_append_only before update or delete on audit
  for each row execute function refuse_change();
create trigger audit_no_truncate before truncate on audit
  for each statement execute function refuse_change();
create trigger fees_no_delete before delete on fees
  for each row execute function refuse_change();
create trigger fees_no_truncate before truncate on fees
  for each statement execute function refuse_change();
create trigger assessments_no_delete before delete on assessments
  for each row execute function refuse_change();
create trigger assessments_no_truncate before truncate on assessments
  for each statement execute function refuse_change();
create trigger evidence_no_delete before delete on evidence
  for each row execute function refuse_change();
create trigger evidence_no_truncate before truncate on evidence
  for each statement execute function refuse_change();

create trigger invoice_decisions_append_only before update or delete on invoice_decisions
  for each row execute function refuse_change();
create trigger invoice_decisions_no_truncate before truncate on invoice_decisions
  for each statement execute function refuse_change();

-- An attempt reads the invoices while they stand still: attempts share this lock, and whoever
-- confirms, voids or matches has it alone.
create function lock_invoices(alone boolean) returns void language plpgsql
  set search_path = public, pg_temp as $$
begin
  if alone then
    perform pg_advisory_xact_lock(hashtext('levy invoices'));
  else
    perform pg_advisory_xact_lock_shared(hashtext('levy invoices'));
  end if;
end $$;

-- LV031: a confirmed invoice never changes; a correction is a credit note or a replacement.
-- LV032: the lines of an invoice are its total, or it is not confirmed.
create function keep_invoice() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
begin
  if tg_op = 'DELETE' then
    if old.confirmed_at is not null then
      raise exception 'a confirmed invoice is never deleted' using errcode = 'LV031';
    end if;
    return old;
  end if;
  if tg_op = 'INSERT' then
    if new.confirmed_at is not null then
      raise exception 'an invoice begins as a draft' using errcode = 'LV031';
    end if;
    return new;
  end if;
  if new.voided_at is distinct from old.voided_at or new.confirmed_at is distinct from old.confirmed_at
  then
    perform lock_invoices(true);
  end if;
  if old.confirmed_at is null and new.confirmed_at is not null then
    if new.total_cents is distinct from (select sum(amount_cents) from vendor_invoice_lines
        where invoice_id = new.invoice_id) then
      raise exception 'the lines of this invoice are not its total' using errcode = 'LV032';
    end if;
    if new.voided_at is not null then
      raise exception 'an invoice is voided after it was confirmed' using errcode = 'LV031';
    end if;
    -- The moment from which it counts; an attempt that waits for the lock comes later.
    new.confirmed_at := levy_now();
    new.content := invoice_content(new.invoice_id);
  elsif old.confirmed_at is not null then
    if old.voided_at is not null
      or to_jsonb(new) - array['voided_at', 'voided_by', 'void_why']
        is distinct from to_jsonb(old) - array['voided_at', 'voided_by', 'void_why'] then
      raise exception 'a confirmed invoice never changes: enter a credit note or a replacement'
        using errcode = 'LV031';
    end if;
    if new.voided_at is not null then
      new.voided_at := levy_now();
    end if;
  end if;
  return new;
end $$;
create trigger vendor_invoices_kept before insert or update or delete on vendor_invoices
  for each row execute function keep_invoice();
create trigger vendor_invoices_no_truncate before truncate on vendor_invoices
  for each statement execute function refuse_change();

-- LV031 for its lines: nothing but who is meant by a line that meant nobody, once.
create function keep_invoice_line() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
declare
  confirmed boolean := coalesce((select i.confirmed_at is not null from vendor_invoices i
    where i.invoice_id = case when tg_op = 'INSERT' then new.invoice_id else old.invoice_id end
    for share), false);
begin
  if confirmed then
    if tg_op <> 'UPDATE' or old.clinician_id is not null
      or to_jsonb(new) - array['clinician_id', 'matched_by', 'matched_who', 'matched_at']
        is distinct from
        to_jsonb(old) - array['clinician_id', 'matched_by', 'matched_who', 'matched_at']
      or new.matched_by is distinct from 'person' or new.matched_who is null then
      raise exception 'the lines of a confirmed invoice never change: enter a credit note'
        using errcode = 'LV031';
    end if;
    perform lock_invoices(true);
    new.matched_at := levy_now();
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  if tg_op = 'UPDATE' and new.invoice_id <> old.invoice_id then
    raise exception 'a line stays in its invoice' using errcode = 'LV031';
  end if;
  return new;
end $$;
create trigger vendor_invoice_lines_kept before insert or update or delete on vendor_invoice_lines
  for each row execute function keep_invoice_line();
create trigger vendor_invoice_lines_no_truncate before truncate on vendor_invoice_lines
  for each statement execute function refuse_change();

-- LV003, LV004: an assessment is opened at the confirmed rate of its vendor and year.
create function check_rate() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
declare
  rate rates;
begin
  select * into rate from rates where vendor = new.vendor and year = new.year;
  if rate.status is distinct from 'confirmed' or new.forecast then
    raise exception 'the rate of this assessment is a forecast' using errcode = 'LV003';
  end if;
  if (new.royalty_cents, new.processing_cents)
    is distinct from (rate.royalty_cents, rate.processing_cents) then
    raise exception 'the amount is not the rate' using errcode = 'LV004';
  end if;
  return new;
end $$;
create trigger assessments_at_rate before insert on assessments
  for each row execute function check_rate();

-- LV001: the values with which an assessment was opened are frozen. Only its progress changes.
create function keep_assessment() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
begin
  if (new.assessment_id, new.vendor, new.year, new.policy, new.royalty_cents, new.processing_cents,
      new.forecast, new.rate_source, new.auto_approve, new.livemode, new.opened_by, new.opened_at)
    is distinct from
     (old.assessment_id, old.vendor, old.year, old.policy, old.royalty_cents, old.processing_cents,
      old.forecast, old.rate_source, old.auto_approve, old.livemode, old.opened_by, old.opened_at)
  then
    raise exception 'an assessment keeps the rate, policy and mode it was opened with'
      using errcode = 'LV001';
  end if;
  return new;
end $$;
create trigger assessments_frozen before update on assessments
  for each row execute function keep_assessment();

-- LV001: evidence never changes after it was read, except for a person's verdict.
create function keep_evidence() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
begin
  if to_jsonb(new) - array['verdict', 'decided_by', 'decided_at']
    is distinct from to_jsonb(old) - array['verdict', 'decided_by', 'decided_at'] then
    raise exception 'evidence stays as it was read' using errcode = 'LV001';
  end if;
  return new;
end $$;
create trigger evidence_frozen before update on evidence
  for each row execute function keep_evidence();

-- A fee's id is computed (levy_fee_id), whatever the writer says.
create function name_fee() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
begin
  new.fee_id := (select levy_fee_id(a.vendor, a.year, c.ref) from assessments a, clinicians c
    where a.assessment_id = new.assessment_id and c.clinician_id = new.clinician_id);
  return new;
end $$;
create trigger fees_named before insert on fees
  for each row execute function name_fee();

-- LV001: a fee's clinician and assessment never change.
create function keep_fee() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
begin
  if (new.fee_id, new.assessment_id, new.clinician_id)
    is distinct from (old.fee_id, old.assessment_id, old.clinician_id) then
    raise exception 'a fee stays the fee of its clinician and assessment' using errcode = 'LV001';
  end if;
  return new;
end $$;
create trigger fees_kept before update of fee_id, assessment_id, clinician_id on fees
  for each row execute function keep_fee();

-- LV002: entries are numbered from 1 without gaps. When one was written is the database's word.
create function number_entry() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
begin
  if new.seq <> 1 + coalesce((select max(seq) from entries where fee_id = new.fee_id), 0) then
    raise exception 'entry % of fee % leaves a gap', new.seq, new.fee_id using errcode = 'LV002';
  end if;
  new.recorded_at := levy_now();
  return new;
end $$;
create trigger entries_numbered before insert on entries
  for each row execute function number_entry();

-- From here on, the rules refuse what could hurt a person, and never refuse a fact. Money that
-- arrives late must be recordable. But nobody is e-mailed without evidence, and nobody is charged
-- unannounced, early, twice, for somebody else or by a forecast.

-- The assessment of a fee.
create function assessment_of(fee uuid) returns assessments language sql stable
  set search_path = public, pg_temp as $$
  select a from assessments a join fees f using (assessment_id) where f.fee_id = fee $$;

-- Whether a fee is owed: evidence was found, and was not withdrawn later.
create function is_owed(fee uuid) returns boolean language sql volatile
  set search_path = public, pg_temp as $$
  select coalesce((select kind = 'assessed' from entries
    where fee_id = fee and kind in ('assessed', 'withdrawn') order by seq desc limit 1), false) $$;

-- A fee is owed for evidence that counts, about its clinician and its year, and at the rate.
create function check_assessed() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
begin
  if not exists (select from counting_evidence u
      join fees f on f.fee_id = new.fee_id and f.clinician_id = u.clinician_id
      join assessments a on a.assessment_id = f.assessment_id and a.year = u.year
      where u.evidence_id::text = new.data -> 'evidence' ->> 'evidenceId') then
    raise exception 'no such evidence counts for this clinician and year' using errcode = 'LV017';
  end if;
  if (new.data ->> 'amountCents')::integer
    is distinct from (assessment_of(new.fee_id)).amount_cents then
    raise exception 'the amount is not the rate' using errcode = 'LV004';
  end if;
  return new;
end $$;
create trigger entries_assessed before insert on entries
  for each row when (new.kind = 'assessed') execute function check_assessed();

-- LV034: where the policy asks for two people, no fee is approved by fewer.
create function check_approvers() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
declare
  run assessments := assessment_of(new.fee_id);
begin
  if coalesce((run.policy ->> 'approvers')::integer, 1) = 1 then
    return new;
  end if;
  if (run.policy ->> 'approvers')::integer > (select count(distinct a.colleague_id)
      from roster_approvals a join colleagues c using (colleague_id)
      where a.assessment_id = run.assessment_id and a.hash = new.data ->> 'rosterHash'
        and a.used_at is null and c.ended_at is null and c.role = 'approve') then
    raise exception 'two people must approve this roster' using errcode = 'LV034';
  end if;
  return new;
end $$;
create trigger entries_approvers before insert on entries
  for each row when (new.kind = 'approved') execute function check_approvers();

-- A notice announces an owed and approved fee at a confirmed rate, and is dated when it is written.
create function check_notice() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
declare
  run assessments := assessment_of(new.fee_id);
begin
  if run.forecast then
    raise exception 'the rate of this assessment is a forecast' using errcode = 'LV003';
  end if;
  if (new.data ->> 'amountCents')::integer is distinct from run.amount_cents then
    raise exception 'the noticed amount is not the rate' using errcode = 'LV004';
  end if;
  if not is_owed(new.fee_id)
    or not exists (select from entries where fee_id = new.fee_id and kind = 'approved') then
    raise exception 'a notice needs evidence and an approval' using errcode = 'LV005';
  end if;
  -- The notice period begins at this moment. Five minutes are room for a slow commit.
  if new.at < levy_now() - interval '5 minutes' then
    raise exception 'a notice is dated when it is written' using errcode = 'LV016';
  end if;
  return new;
end $$;
create trigger entries_notice before insert on entries
  for each row when (new.kind = 'noticed') execute function check_notice();

-- An attempt follows a standing notice of the same amount to the same customer, at least the notice
-- period later, on the fee's one open intent, and only while nothing speaks against it.
create function check_attempt() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
declare
  run assessments := assessment_of(new.fee_id);
  notice entries;
  earliest timestamptz;
  days integer;
begin
  if run.forecast then
    raise exception 'the rate of this assessment is a forecast' using errcode = 'LV003';
  end if;
  if run.paused_at is not null then
    raise exception 'the assessment is paused' using errcode = 'LV006';
  end if;
  select * into notice from entries
    where fee_id = new.fee_id and kind = 'noticed' order by seq desc limit 1;
  if notice.seq is null then
    raise exception 'an attempt needs a notice' using errcode = 'LV007';
  end if;
  if exists (select from entries where fee_id = new.fee_id
      and kind in ('notice_failed', 'customer_changed') and seq > notice.seq) then
    raise exception 'the notice does not stand any more' using errcode = 'LV008';
  end if;
  -- Whenever it was settled: a later notice does not undo that.
  if exists (select from entries where fee_id = new.fee_id
      and kind in ('paid', 'waived', 'waive_asked', 'paid_otherwise', 'paid_otherwise_asked'))
    or (select kind from entries where fee_id = new.fee_id and kind in ('gave_up', 'revived')
      order by seq desc limit 1) = 'gave_up'
    or not is_owed(new.fee_id) then
    raise exception 'the fee is settled, or nothing is owed' using errcode = 'LV020';
  end if;
  if (select kind from entries where fee_id = new.fee_id and kind in ('held', 'released')
      order by seq desc limit 1) = 'held' then
    raise exception 'the fee is held' using errcode = 'LV009';
  end if;
  if new.data ->> 'amountCents' is distinct from notice.data ->> 'amountCents'
    or (new.data ->> 'amountCents')::integer is distinct from run.amount_cents then
    raise exception 'the amount is not the noticed amount' using errcode = 'LV010';
  end if;
  -- The notice period once more, by the database's own calendar.
  days := (run.policy ->> 'noticeDays')::integer;
  if (run.policy ->> 'dayMs')::bigint = 86400000 then
    earliest := ((notice.at at time zone (run.policy ->> 'timeZone')) + make_interval(days => days))
      at time zone (run.policy ->> 'timeZone');
  else
    earliest := notice.at
      + make_interval(secs => days * (run.policy ->> 'dayMs')::double precision / 1000);
  end if;
  -- The earlier of the writer's time and the clock must be late enough, unless the clinician has
  -- asked to be charged at once since this notice.
  if least(new.at, levy_now()) < greatest(earliest, (notice.data ->> 'chargeFrom')::timestamptz)
    and not exists (select from entries where fee_id = new.fee_id and kind = 'pay_now_asked'
      and actor = 'clinician' and seq > notice.seq)
  then
    raise exception 'the notice period is not over' using errcode = 'LV011';
  end if;
  if exists (
    select from entries a where a.fee_id = new.fee_id and a.kind = 'attempted'
      and not exists (select from entries o where o.fee_id = a.fee_id
        and o.kind in ('declined', 'lapsed', 'paid')
        and o.seq > a.seq)) then
    raise exception 'another attempt is open' using errcode = 'LV012';
  end if;
  if new.data ->> 'intent' is distinct from (select data ->> 'intent' from entries
      where fee_id = new.fee_id and kind = 'intent_opened' order by seq desc limit 1)
    or (select kind from entries where fee_id = new.fee_id and kind in ('intent_opened', 'intent_closed')
      order by seq desc limit 1) is distinct from 'intent_opened' then
    raise exception 'the attempt names another intent' using errcode = 'LV013';
  end if;
  if new.data ->> 'customer' is null
    or new.data ->> 'customer' is distinct from notice.data ->> 'customer'
    or new.data ->> 'customer' is distinct from (select c.stripe_customer
      from clinicians c join fees f using (clinician_id) where f.fee_id = new.fee_id) then
    raise exception 'the attempt is on another customer than was noticed' using errcode = 'LV018';
  end if;
  return new;
end $$;
create trigger entries_attempt_allowed before insert on entries
  for each row when (new.kind = 'attempted') execute function check_attempt();

-- LV015: a declined card is not tried again before the time its decline named.
-- LV019: a card refused for good is not tried again unless its bank has sent new data.
create function check_card() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
declare
  until timestamptz;
begin
  select (d.data ->> 'retryAt')::timestamptz into until
    from entries d
    where d.fee_id = new.fee_id and d.kind = 'declined'
      and not exists (select from entries freed
        where freed.fee_id = d.fee_id and freed.seq > d.seq
          and freed.kind in ('card_updated', 'revived', 'retry_asked', 'customer_changed'))
    order by d.seq desc limit 1;
  if least(new.at, levy_now()) < until then
    raise exception 'the card is not to be tried again yet' using errcode = 'LV015';
  end if;
  if exists (select from entries d
      where d.fee_id = new.fee_id and d.kind = 'declined' and d.data ->> 'verdict' = 'needs_card'
        and d.data ->> 'paymentMethod' = new.data ->> 'paymentMethod'
        and not exists (select from entries u where u.fee_id = d.fee_id and u.seq > d.seq
          and u.kind = 'card_updated' and (u.data ->> 'renewed')::boolean
          and u.data ->> 'paymentMethod' = new.data ->> 'paymentMethod')) then
    raise exception 'the card was refused for good' using errcode = 'LV019';
  end if;
  return new;
end $$;
create trigger entries_attempt_card before insert on entries
  for each row when (new.kind = 'attempted') execute function check_card();

-- LV033: where only what the practice was charged is passed on, an attempt needs the vendor's
-- confirmed invoices to carry the clinician with at least the amount, and the fee to know it.
create function check_invoiced() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
declare
  run assessments := assessment_of(new.fee_id);
  amount bigint := (new.data ->> 'amountCents')::bigint;
begin
  if run.policy ->> 'passOn' is distinct from 'invoice' then
    return new;
  end if;
  perform lock_invoices(false);
  if amount > coalesce((select (data ->> 'amountCents')::bigint from entries
        where fee_id = new.fee_id and kind = 'invoiced' order by seq desc limit 1), 0)
    or amount > invoiced_cents(run.vendor, run.year,
      (select clinician_id from fees where fee_id = new.fee_id)) then
    raise exception 'no invoice of the vendor carries this clinician with this amount'
      using errcode = 'LV033';
  end if;
  return new;
end $$;
-- Before entries_numbered, which dates the entry: the lock is held by then.
create trigger entries_attempt_invoiced before insert on entries
  for each row when (new.kind = 'attempted') execute function check_invoiced();

-- LV021: the members of a bulk act are written in the transaction of its preview, and no later one;
-- what became of a member is written once.
create function fix_members() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
begin
  if exists (select from (select distinct bulk_id from added) m left join bulk_acts b using (bulk_id)
      where b.created_in is distinct from pg_current_xact_id()) then
    raise exception 'the members of a bulk act are fixed at its preview' using errcode = 'LV021';
  end if;
  return null;
end $$;
create trigger bulk_act_members_fixed after insert on bulk_act_members
  referencing new table as added for each statement execute function fix_members();

create function keep_member() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
begin
  if (new.bulk_id, new.position, new.fee_id) is distinct from (old.bulk_id, old.position, old.fee_id)
    or old.result is not null then
    raise exception 'a member of a bulk act is decided once' using errcode = 'LV021';
  end if;
  return new;
end $$;
create trigger bulk_act_members_kept before update on bulk_act_members
  for each row execute function keep_member();

-- LV021: a bulk act stays what was previewed; only its progress changes, and its end is the end.
create function keep_bulk_act() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
begin
  if (new.bulk_id, new.act, new.why, new.selection, new.created_by, new.created_at, new.created_in,
      new.members, new.preview)
    is distinct from
     (old.bulk_id, old.act, old.why, old.selection, old.created_by, old.created_at, old.created_in,
      old.members, old.preview)
    or old.state in ('aborted', 'finished') then
    raise exception 'a bulk act stays what was previewed' using errcode = 'LV021';
  end if;
  return new;
end $$;
create trigger bulk_acts_kept before update on bulk_acts
  for each row execute function keep_bulk_act();

-- LV001: a bulk act that was begun is never deleted; a preview that nobody began may be.
create function keep_begun() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
begin
  if exists (select from bulk_acts where bulk_id = old.bulk_id and state <> 'previewed') then
    raise exception 'a bulk act that was begun is kept' using errcode = 'LV001';
  end if;
  return old;
end $$;
create trigger bulk_acts_begun before delete on bulk_acts
  for each row execute function keep_begun();
create trigger bulk_act_members_begun before delete on bulk_act_members
  for each row execute function keep_begun();
