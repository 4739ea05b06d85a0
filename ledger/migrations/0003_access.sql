-- Who may ask, what they asked, and what the outside world told us.

create table access_keys (
  key_id uuid primary key default gen_random_uuid(),
  name text not null unique,
  -- The first characters, to find the key; the rest is only stored hashed (SHA-256).
  prefix text not null unique,
  hash bytea not null,
  scopes text[] not null,
  created_at timestamptz not null default levy_now(),
  revoked_at timestamptz
);

create table sessions (
  hash bytea primary key,
  key_id uuid not null references access_keys,
  expires_at timestamptz not null
);

-- Every human act.
create table audit (
  audit_id bigint generated always as identity primary key,
  at timestamptz not null default levy_now(),
  actor text not null,
  action text not null,
  object text not null,
  detail jsonb not null default '{}',
  request_id text
);
create trigger audit_append_only before update or delete on audit
  for each row execute function refuse_change();
create trigger audit_no_truncate before truncate on audit
  for each statement execute function refuse_change();

-- Webhooks are hints: stored by id, acted on by reading the object they name.
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

-- Answers to POSTs that carried an Idempotency-Key, replayed for a day.
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
