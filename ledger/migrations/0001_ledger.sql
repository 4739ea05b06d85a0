-- The ledger: rates, people, assessments, fees and the append-only entries that are the truth.

-- One clock for everybody: the database's. A rehearsal may replace this function in its own
-- database to live through a year in a minute; nothing else asks what time it is.
create function levy_now() returns timestamptz
  language sql volatile parallel safe as $$ select clock_timestamp() $$;

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
  -- The practice's own reference: what makes an upload idempotent.
  ref text not null unique,
  name text not null,
  email text,
  npi text unique,
  vendor text not null references vendors,
  time_zone text not null,
  stripe_customer text,
  payment_method text,
  -- Stripe was asked and has no card for this customer; false also when nobody asked.
  no_card boolean not null default false,
  updated_at timestamptz not null default levy_now()
);
create unique index clinicians_email on clinicians (lower(email));
create index clinicians_vendor on clinicians (vendor);
create index clinicians_customer on clinicians (stripe_customer);

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
  -- When every clinician of the moment had a fee; null while the opening is still under way.
  enrolled_at timestamptz,
  paused_at timestamptz,
  paused_by text,
  paused_why text,
  unique (vendor, year)
);

create table fees (
  fee_id uuid primary key default gen_random_uuid(),
  assessment_id uuid not null references assessments,
  clinician_id uuid not null references clinicians,
  intent text unique,
  -- The index for the pump and the lists: written with each entry, recomputable from the entries.
  seq integer not null default 0,
  state text not null default 'detecting',
  next_step text default 'detect',
  due_at timestamptz default 'epoch',
  unique (assessment_id, clinician_id)
);
create index fees_due on fees (next_step, due_at) where next_step is not null;
create index fees_state on fees (assessment_id, state);
create index fees_clinician on fees (clinician_id);

create table entries (
  fee_id uuid not null references fees,
  seq integer not null check (seq > 0),
  kind text not null,
  at timestamptz not null,
  recorded_at timestamptz not null default levy_now(),
  actor text not null,
  debit text,
  credit text,
  amount_cents integer check (amount_cents > 0),
  data jsonb not null,
  primary key (fee_id, seq),
  -- A movement of money is whole or absent, and never from an account to itself.
  check ((debit is null) = (credit is null) and (debit is null) = (amount_cents is null)),
  check (debit <> credit)
);
-- A confirmation is one attempt's, an intent is one fee's, a charge is booked once.
create unique index entries_attempt on entries (fee_id, (data ->> 'attempt'))
  where kind = 'attempted';
create unique index entries_charge on entries ((data ->> 'charge')) where kind = 'paid';
create unique index entries_refund on entries ((data ->> 'refund')) where kind = 'refunded';
create index entries_fingerprint on entries ((data ->> 'fingerprint'), at)
  where kind = 'attempted' and data ->> 'fingerprint' is not null;

create view balances as
  select account, sum(cents)::bigint as balance_cents
  from entries
  cross join lateral (values (debit, amount_cents), (credit, -amount_cents))
    as side (account, cents)
  where debit is not null
  group by account;

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is append-only: % of % is refused', tg_op, tg_table_name
    using errcode = 'LV001';
end $$;

create trigger entries_append_only before update or delete on entries
  for each row execute function refuse_change();
create trigger entries_no_truncate before truncate on entries
  for each statement execute function refuse_change();

-- Entries are numbered from 1 without gaps.
create function check_seq() returns trigger language plpgsql as $$
begin
  if new.seq <> 1 + coalesce((select max(seq) from entries where fee_id = new.fee_id), 0) then
    raise exception 'entry % of fee % leaves a gap', new.seq, new.fee_id using errcode = 'LV002';
  end if;
  return new;
end $$;
create trigger entries_numbered before insert on entries
  for each row execute function check_seq();

-- Intents are constrained, facts never: money that arrives late must be recordable, but nobody
-- is written to without evidence and nobody is charged unannounced, early, twice or by forecast.
create function check_notice() returns trigger language plpgsql as $$
declare
  run assessments;
begin
  select a.* into run from assessments a join fees f using (assessment_id)
    where f.fee_id = new.fee_id;
  if run.forecast then
    raise exception 'the rate of this assessment is a forecast' using errcode = 'LV003';
  end if;
  if (new.data ->> 'amountCents')::integer is distinct from run.amount_cents then
    raise exception 'the noticed amount is not the rate' using errcode = 'LV004';
  end if;
  if not exists (select from entries where fee_id = new.fee_id and kind = 'assessed'
      and data -> 'evidence' ->> 'evidenceId' is not null)
    or not exists (select from entries where fee_id = new.fee_id and kind = 'approved') then
    raise exception 'a notice needs evidence and an approval' using errcode = 'LV005';
  end if;
  return new;
end $$;
create trigger entries_notice before insert on entries
  for each row when (new.kind = 'noticed') execute function check_notice();

create function check_attempt() returns trigger language plpgsql as $$
declare
  run assessments;
  notice entries;
  earliest timestamptz;
  days integer;
begin
  select a.* into run from assessments a join fees f using (assessment_id)
    where f.fee_id = new.fee_id;
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
      and kind in ('notice_failed', 'withdrawn', 'waived', 'waive_asked', 'paid')
      and seq > notice.seq) then
    raise exception 'the notice does not stand any more, or the fee is settled'
      using errcode = 'LV008';
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
  -- Neither the writer's word nor the clock alone: the earlier of the two must be late enough.
  if least(new.at, levy_now()) < greatest(earliest, (notice.data ->> 'chargeFrom')::timestamptz)
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
  if new.data ->> 'intent' is distinct from (select intent from fees where fee_id = new.fee_id) then
    raise exception 'the attempt names another intent' using errcode = 'LV013';
  end if;
  return new;
end $$;
create trigger entries_attempt_allowed before insert on entries
  for each row when (new.kind = 'attempted') execute function check_attempt();
