-- What readers may keep of an EHR's records: that a code was used, never which, by whom it was
-- rendered to, or what was written.

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
  imported_at timestamptz not null default levy_now()
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

-- What a person must look at: records nobody could be matched to, and rows that were refused.
-- The name as written is needed to solve the case, and stays in this table alone.
create table import_problems (
  import_id uuid not null references imports,
  line bigint not null,
  reason text not null,
  field text,
  message text not null,
  clinician_npi text,
  clinician_name text,
  times integer not null default 1
);
create index import_problems_import on import_problems (import_id, line);
