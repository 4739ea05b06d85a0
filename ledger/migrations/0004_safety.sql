-- Being sure: where an assessment stands in its cautious start, and what a check has found.

alter table assessments
  -- When and by whom the last pause was ended; charging then begins cautiously once more.
  add column resumed_at timestamptz,
  add column resumed_by text,
  -- When the first few charges were found in order and the rest were let go; null before.
  add column cleared_at timestamptz,
  -- As of when the last finished check looked at this assessment.
  add column checked_at timestamptz;

-- Breaches of what must always hold. One that is found again is not a new one: it has been seen.
create table findings (
  finding_id bigint generated always as identity primary key,
  check_name text not null,
  -- Null when the breach is not of any one assessment, or of any one fee.
  assessment_id uuid references assessments,
  fee_id uuid references fees,
  detail text not null,
  found_at timestamptz not null default levy_now(),
  -- When a later check did not find it any more.
  gone_at timestamptz
);
create unique index findings_open on findings (check_name, fee_id, detail)
  nulls not distinct where gone_at is null;

-- What may be charged now, assessment by assessment.
create index fees_charge on fees (assessment_id, due_at, fee_id) where next_step = 'charge';
-- The latest attempts and answers, for the caution that watches them.
create index entries_answers on entries (recorded_at)
  where kind in ('attempted', 'declined', 'lapsed', 'paid');
