-- What the migrations make of a database; written by npm run schema.

constraint access_keys.access_keys_name_key UNIQUE (name)

constraint access_keys.access_keys_owner_fkey FOREIGN KEY (owner) REFERENCES colleagues(colleague_id)

constraint access_keys.access_keys_pkey PRIMARY KEY (key_id)

constraint access_keys.access_keys_prefix_key UNIQUE (prefix)

constraint actor_names.actor_names_name_check CHECK (((name = lower(name)) AND (name !~~ 'cli (%'::text)))

constraint actor_names.actor_names_pkey PRIMARY KEY (name)

constraint assessments.assessments_check CHECK (((NOT livemode) OR (((policy ->> 'dayMs'::text))::bigint = 86400000)))

constraint assessments.assessments_check1 CHECK (((NOT auto_approve) OR (COALESCE(((policy ->> 'approvers'::text))::integer, 1) = 1)))

constraint assessments.assessments_pkey PRIMARY KEY (assessment_id)

constraint assessments.assessments_vendor_fkey FOREIGN KEY (vendor) REFERENCES vendors(vendor)

constraint assessments.assessments_vendor_year_key UNIQUE (vendor, year)

constraint audit.audit_pkey PRIMARY KEY (audit_id)

constraint bulk_act_members.bulk_act_members_check CHECK (((result IS NULL) = (decided_at IS NULL)))

constraint bulk_act_members.bulk_act_members_pkey PRIMARY KEY (bulk_id, "position")

constraint bulk_act_members.bulk_act_members_position_check CHECK (("position" > 0))

constraint bulk_acts.bulk_acts_act_check CHECK ((act = ANY (ARRAY['retry'::text, 'send_card_link'::text, 'hold'::text, 'release'::text, 'waive'::text, 'refund'::text, 'note'::text])))

constraint bulk_acts.bulk_acts_check CHECK (((state = 'previewed'::text) = (started_at IS NULL)))

constraint bulk_acts.bulk_acts_members_check CHECK ((members >= 0))

constraint bulk_acts.bulk_acts_pkey PRIMARY KEY (bulk_id)

constraint bulk_acts.bulk_acts_state_check CHECK ((state = ANY (ARRAY['previewed'::text, 'running'::text, 'paused'::text, 'aborted'::text, 'finished'::text])))

constraint card_pages.card_pages_fee_id_fkey FOREIGN KEY (fee_id) REFERENCES fees(fee_id)

constraint card_pages.card_pages_pkey PRIMARY KEY (session)

constraint clinicians.clinicians_npi_key UNIQUE (npi)

constraint clinicians.clinicians_pkey PRIMARY KEY (clinician_id)

constraint clinicians.clinicians_ref_key UNIQUE (ref)

constraint clinicians.clinicians_vendor_fkey FOREIGN KEY (vendor) REFERENCES vendors(vendor)

constraint colleagues.colleagues_name_check CHECK ((name = btrim(name)))

constraint colleagues.colleagues_name_key UNIQUE (name)

constraint colleagues.colleagues_pkey PRIMARY KEY (colleague_id)

constraint colleagues.colleagues_role_check CHECK ((role = ANY (ARRAY['read'::text, 'operate'::text, 'approve'::text])))

constraint entries.entries_amount_cents_check CHECK ((amount_cents > 0))

constraint entries.entries_check CHECK ((((debit IS NULL) = (credit IS NULL)) AND ((debit IS NULL) = (amount_cents IS NULL))))

constraint entries.entries_check1 CHECK ((debit <> credit))

constraint entries.entries_credit_check CHECK ((credit = ANY (ARRAY['receivable'::text, 'passed_on'::text, 'stripe'::text, 'other_payments'::text, 'waived'::text, 'written_off'::text, 'refunds'::text, 'disputes'::text])))

constraint entries.entries_debit_check CHECK ((debit = ANY (ARRAY['receivable'::text, 'passed_on'::text, 'stripe'::text, 'other_payments'::text, 'waived'::text, 'written_off'::text, 'refunds'::text, 'disputes'::text])))

constraint entries.entries_fee_id_fkey FOREIGN KEY (fee_id) REFERENCES fees(fee_id)

constraint entries.entries_kind_check CHECK ((kind = ANY (ARRAY['usage_checked'::text, 'reopened'::text, 'exempted'::text, 'assessed'::text, 'withdrawn'::text, 'approved'::text, 'noticed'::text, 'deferred'::text, 'notice_failed'::text, 'notice_recorded'::text, 'customer_changed'::text, 'invoiced'::text, 'card_missing'::text, 'card_updated'::text, 'intent_opened'::text, 'intent_closed'::text, 'attempted'::text, 'unknown'::text, 'declined'::text, 'lapsed'::text, 'paid'::text, 'held'::text, 'released'::text, 'retry_asked'::text, 'waive_asked'::text, 'waived'::text, 'paid_otherwise_asked'::text, 'paid_otherwise'::text, 'pay_now_asked'::text, 'objected'::text, 'objection_answered'::text, 'refund_asked'::text, 'refund_opened'::text, 'refunded'::text, 'refund_failed'::text, 'disputed'::text, 'dispute_closed'::text, 'gave_up'::text, 'revived'::text, 'card_link_asked'::text, 'noted'::text, 'email_sent'::text, 'email_failed'::text])))

constraint entries.entries_pkey PRIMARY KEY (fee_id, seq)

constraint entries.entries_seq_check CHECK ((seq > 0))

constraint evidence.evidence_certainty_check CHECK ((certainty = ANY (ARRAY['sure'::text, 'weak'::text])))

constraint evidence.evidence_check CHECK (((verdict IS NULL) = (decided_by IS NULL)))

constraint evidence.evidence_clinician_id_fkey FOREIGN KEY (clinician_id) REFERENCES clinicians(clinician_id)

constraint evidence.evidence_import_id_clinician_id_year_kind_certainty_key UNIQUE NULLS NOT DISTINCT (import_id, clinician_id, year, kind, certainty)

constraint evidence.evidence_import_id_fkey FOREIGN KEY (import_id) REFERENCES imports(import_id)

constraint evidence.evidence_kind_check CHECK ((kind = ANY (ARRAY['billing'::text, 'progress_note'::text, 'diagnosis'::text, 'vendor_invoice'::text])))

constraint evidence.evidence_pkey PRIMARY KEY (evidence_id)

constraint evidence.evidence_verdict_check CHECK ((verdict = ANY (ARRAY['accepted'::text, 'refused'::text])))

constraint fees.fees_assessment_id_clinician_id_key UNIQUE (assessment_id, clinician_id)

constraint fees.fees_assessment_id_fkey FOREIGN KEY (assessment_id) REFERENCES assessments(assessment_id)

constraint fees.fees_clinician_id_fkey FOREIGN KEY (clinician_id) REFERENCES clinicians(clinician_id)

constraint fees.fees_intent_key UNIQUE (intent)

constraint fees.fees_pkey PRIMARY KEY (fee_id)

constraint findings.findings_assessment_id_fkey FOREIGN KEY (assessment_id) REFERENCES assessments(assessment_id)

constraint findings.findings_fee_id_fkey FOREIGN KEY (fee_id) REFERENCES fees(fee_id)

constraint findings.findings_pkey PRIMARY KEY (finding_id)

constraint holds.holds_pkey PRIMARY KEY (name)

constraint idempotent_requests.idempotent_requests_pkey PRIMARY KEY (actor, key)

constraint import_problems.import_problems_import_id_fkey FOREIGN KEY (import_id) REFERENCES imports(import_id)

constraint imports.imports_check CHECK ((num_nulls(dismissed_at, dismissed_by, dismissed_why) = ANY (ARRAY[0, 3])))

constraint imports.imports_pkey PRIMARY KEY (import_id)

constraint imports.imports_sha256_key UNIQUE (sha256)

constraint imports.imports_vendor_fkey FOREIGN KEY (vendor) REFERENCES vendors(vendor)

constraint invitations.invitations_colleague_id_fkey FOREIGN KEY (colleague_id) REFERENCES colleagues(colleague_id)

constraint invitations.invitations_pkey PRIMARY KEY (hash)

constraint invoice_decisions.invoice_decisions_check CHECK (((clinician_id IS NULL) <> (invoice_id IS NULL)))

constraint invoice_decisions.invoice_decisions_check1 CHECK (((invoice_id IS NULL) = (line IS NULL)))

constraint invoice_decisions.invoice_decisions_clinician_id_fkey FOREIGN KEY (clinician_id) REFERENCES clinicians(clinician_id)

constraint invoice_decisions.invoice_decisions_decision_check CHECK ((decision = ANY (ARRAY['dispute'::text, 'await'::text, 'accept'::text, 'bear'::text, 'refund'::text, 'waive'::text])))

constraint invoice_decisions.invoice_decisions_invoice_id_line_fkey FOREIGN KEY (invoice_id, line) REFERENCES vendor_invoice_lines(invoice_id, line)

constraint invoice_decisions.invoice_decisions_pkey PRIMARY KEY (decision_id)

constraint invoice_decisions.invoice_decisions_vendor_fkey FOREIGN KEY (vendor) REFERENCES vendors(vendor)

constraint invoice_uploads.invoice_uploads_pkey PRIMARY KEY (upload_id)

constraint job_errors.job_errors_pkey PRIMARY KEY (job, type)

constraint known_cards.known_cards_exp_month_check CHECK (((exp_month >= 1) AND (exp_month <= 12)))

constraint known_cards.known_cards_pkey PRIMARY KEY (stripe_customer)

constraint known_names.known_names_check CHECK (((person_name <> ''::text) OR (person_npi <> ''::text)))

constraint known_names.known_names_check1 CHECK (((clinician_id IS NOT NULL) OR (why IS NOT NULL)))

constraint known_names.known_names_clinician_id_fkey FOREIGN KEY (clinician_id) REFERENCES clinicians(clinician_id)

constraint known_names.known_names_pkey PRIMARY KEY (known_id)

constraint known_names.known_names_vendor_fkey FOREIGN KEY (vendor) REFERENCES vendors(vendor)

constraint known_names.known_names_vendor_person_name_person_npi_key UNIQUE NULLS NOT DISTINCT (vendor, person_name, person_npi)

constraint migrations.migrations_pkey PRIMARY KEY (number)

constraint rates.rates_pkey PRIMARY KEY (vendor, year)

constraint rates.rates_processing_cents_check CHECK ((processing_cents >= 0))

constraint rates.rates_royalty_cents_check CHECK ((royalty_cents >= 0))

constraint rates.rates_status_check CHECK ((status = ANY (ARRAY['forecast'::text, 'confirmed'::text])))

constraint rates.rates_vendor_fkey FOREIGN KEY (vendor) REFERENCES vendors(vendor)

constraint rates.rates_year_check CHECK (((year >= 2000) AND (year <= 2200)))

constraint recovery_codes.recovery_codes_colleague_id_fkey FOREIGN KEY (colleague_id) REFERENCES colleagues(colleague_id)

constraint recovery_codes.recovery_codes_pkey PRIMARY KEY (colleague_id, hash)

constraint roster_approvals.roster_approvals_assessment_id_fkey FOREIGN KEY (assessment_id) REFERENCES assessments(assessment_id)

constraint roster_approvals.roster_approvals_colleague_id_fkey FOREIGN KEY (colleague_id) REFERENCES colleagues(colleague_id)

constraint roster_approvals.roster_approvals_pkey PRIMARY KEY (approval_id)

constraint roster_uploads.roster_uploads_check CHECK ((((written_at IS NULL) = (outcome IS NULL)) AND ((written_at IS NULL) = (rows IS NOT NULL))))

constraint roster_uploads.roster_uploads_pkey PRIMARY KEY (upload_id)

constraint roster_uploads.roster_uploads_vendor_fkey FOREIGN KEY (vendor) REFERENCES vendors(vendor)

constraint roster_views.roster_views_assessment_id_fkey FOREIGN KEY (assessment_id) REFERENCES assessments(assessment_id)

constraint roster_views.roster_views_pkey PRIMARY KEY (assessment_id, hash)

constraint saved_filters.saved_filters_pkey PRIMARY KEY (name)

constraint sessions.sessions_check CHECK ((num_nonnulls(key_id, colleague_id) = 1))

constraint sessions.sessions_colleague_id_fkey FOREIGN KEY (colleague_id) REFERENCES colleagues(colleague_id)

constraint sessions.sessions_key_id_fkey FOREIGN KEY (key_id) REFERENCES access_keys(key_id)

constraint sessions.sessions_pkey PRIMARY KEY (hash)

constraint sessions.sessions_session_id_key UNIQUE (session_id)

constraint settings.settings_pkey PRIMARY KEY (name)

constraint tokens.tokens_pkey PRIMARY KEY (name, number)

constraint unmatched_uses.unmatched_uses_certainty_check CHECK ((certainty = ANY (ARRAY['sure'::text, 'weak'::text])))

constraint unmatched_uses.unmatched_uses_import_id_fkey FOREIGN KEY (import_id) REFERENCES imports(import_id)

constraint unmatched_uses.unmatched_uses_kind_check CHECK ((kind = ANY (ARRAY['billing'::text, 'progress_note'::text, 'diagnosis'::text, 'vendor_invoice'::text])))

constraint unmatched_uses.unmatched_uses_pkey PRIMARY KEY (import_id, person_name, person_npi, year, kind, certainty)

constraint vendor_invoice_lines.vendor_invoice_lines_amount_cents_check CHECK ((abs(amount_cents) <= 100000000))

constraint vendor_invoice_lines.vendor_invoice_lines_check CHECK (((clinician_id IS NULL) = (matched_by IS NULL)))

constraint vendor_invoice_lines.vendor_invoice_lines_check1 CHECK (((matched_who IS NULL) = (matched_at IS NULL)))

constraint vendor_invoice_lines.vendor_invoice_lines_clinician_id_fkey FOREIGN KEY (clinician_id) REFERENCES clinicians(clinician_id)

constraint vendor_invoice_lines.vendor_invoice_lines_invoice_id_fkey FOREIGN KEY (invoice_id) REFERENCES vendor_invoices(invoice_id) ON DELETE CASCADE

constraint vendor_invoice_lines.vendor_invoice_lines_line_check CHECK ((line > 0))

constraint vendor_invoice_lines.vendor_invoice_lines_matched_by_check CHECK ((matched_by = ANY (ARRAY['npi'::text, 'ref'::text, 'name'::text, 'person'::text])))

constraint vendor_invoice_lines.vendor_invoice_lines_pkey PRIMARY KEY (invoice_id, line)

constraint vendor_invoices.vendor_invoices_check CHECK (((confirmed_at IS NULL) = (confirmed_by IS NULL)))

constraint vendor_invoices.vendor_invoices_check1 CHECK (((voided_at IS NULL) OR (confirmed_at IS NOT NULL)))

constraint vendor_invoices.vendor_invoices_check2 CHECK ((((voided_at IS NULL) = (voided_by IS NULL)) AND ((voided_at IS NULL) = (void_why IS NULL))))

constraint vendor_invoices.vendor_invoices_number_check CHECK (((number = btrim(number)) AND ((length(number) >= 1) AND (length(number) <= 100))))

constraint vendor_invoices.vendor_invoices_pkey PRIMARY KEY (invoice_id)

constraint vendor_invoices.vendor_invoices_replaces_fkey FOREIGN KEY (replaces) REFERENCES vendor_invoices(invoice_id)

constraint vendor_invoices.vendor_invoices_total_cents_check CHECK ((abs(total_cents) <= '100000000000'::bigint))

constraint vendor_invoices.vendor_invoices_vendor_fkey FOREIGN KEY (vendor) REFERENCES vendors(vendor)

constraint vendor_invoices.vendor_invoices_year_check CHECK (((year >= 2000) AND (year <= 2200)))

constraint vendors.vendors_pkey PRIMARY KEY (vendor)

constraint vendors.vendors_vendor_check CHECK ((vendor ~ '^[a-z0-9][a-z0-9_-]{0,63}$'::text))

constraint webhook_events.webhook_events_pkey PRIMARY KEY (event_id)

function CREATE OR REPLACE FUNCTION public.assessment_of(fee uuid)
 RETURNS assessments
 LANGUAGE sql
 STABLE
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select a from assessments a join fees f using (assessment_id) where f.fee_id = fee $function$

function CREATE OR REPLACE FUNCTION public.check_approvers()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
end $function$

function CREATE OR REPLACE FUNCTION public.check_assessed()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
end $function$

function CREATE OR REPLACE FUNCTION public.check_attempt()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
end $function$

function CREATE OR REPLACE FUNCTION public.check_card()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
end $function$

function CREATE OR REPLACE FUNCTION public.check_invoiced()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
end $function$

function CREATE OR REPLACE FUNCTION public.check_notice()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
end $function$

function CREATE OR REPLACE FUNCTION public.check_rate()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
end $function$

function CREATE OR REPLACE FUNCTION public.claim_actor_name()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  insert into actor_names values (lower(new.name));
  return new;
end $function$

function CREATE OR REPLACE FUNCTION public.fix_members()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  if exists (select from (select distinct bulk_id from added) m left join bulk_acts b using (bulk_id)
      where b.created_in is distinct from pg_current_xact_id()) then
    raise exception 'the members of a bulk act are fixed at its preview' using errcode = 'LV021';
  end if;
  return null;
end $function$

function CREATE OR REPLACE FUNCTION public.invoice_content(invoice uuid)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select encode(sha256(convert_to(i.vendor || chr(31) || i.year::text || chr(31)
      || coalesce(string_agg(said, chr(30) order by said collate "C"), ''), 'UTF8')), 'hex')
    from vendor_invoices i
    left join lateral (select lower(concat_ws(chr(31), npi, ref, name)) || chr(31)
        || amount_cents::text as said
      from vendor_invoice_lines where invoice_id = i.invoice_id) l on true
    where i.invoice_id = invoice group by i.invoice_id $function$

function CREATE OR REPLACE FUNCTION public.invoiced_cents(of_vendor text, of_year integer, who uuid)
 RETURNS bigint
 LANGUAGE sql
 STABLE
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select coalesce(sum(amount_cents), 0)::bigint from standing_invoice_lines
    where clinician_id = who and vendor = of_vendor and year = of_year $function$

function CREATE OR REPLACE FUNCTION public.is_owed(fee uuid)
 RETURNS boolean
 LANGUAGE sql
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select coalesce((select kind = 'assessed' from entries
    where fee_id = fee and kind in ('assessed', 'withdrawn') order by seq desc limit 1), false) $function$

function CREATE OR REPLACE FUNCTION public.keep_assessment()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
end $function$

function CREATE OR REPLACE FUNCTION public.keep_begun()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  if exists (select from bulk_acts where bulk_id = old.bulk_id and state <> 'previewed') then
    raise exception 'a bulk act that was begun is kept' using errcode = 'LV001';
  end if;
  return old;
end $function$

function CREATE OR REPLACE FUNCTION public.keep_bulk_act()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
end $function$

function CREATE OR REPLACE FUNCTION public.keep_evidence()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  if to_jsonb(new) - array['verdict', 'decided_by', 'decided_at']
    is distinct from to_jsonb(old) - array['verdict', 'decided_by', 'decided_at'] then
    raise exception 'evidence stays as it was read' using errcode = 'LV001';
  end if;
  return new;
end $function$

function CREATE OR REPLACE FUNCTION public.keep_fee()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  if (new.fee_id, new.assessment_id, new.clinician_id)
    is distinct from (old.fee_id, old.assessment_id, old.clinician_id) then
    raise exception 'a fee stays the fee of its clinician and assessment' using errcode = 'LV001';
  end if;
  return new;
end $function$

function CREATE OR REPLACE FUNCTION public.keep_invoice()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
end $function$

function CREATE OR REPLACE FUNCTION public.keep_invoice_line()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
end $function$

function CREATE OR REPLACE FUNCTION public.keep_member()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  if (new.bulk_id, new.position, new.fee_id) is distinct from (old.bulk_id, old.position, old.fee_id)
    or old.result is not null then
    raise exception 'a member of a bulk act is decided once' using errcode = 'LV021';
  end if;
  return new;
end $function$

function CREATE OR REPLACE FUNCTION public.levy_fee_id(vendor text, year integer, ref text)
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select encode(set_byte(set_byte(substring(hash from 1 for 16),
    6, (get_byte(hash, 6) & 15) | 128), 8, (get_byte(hash, 8) & 63) | 128), 'hex')::uuid
  from sha256(convert_to('levy fee' || chr(31) || vendor || chr(31) || year::text || chr(31)
    || lower(ref), 'UTF8')) as hash $function$

function CREATE OR REPLACE FUNCTION public.levy_now()
 RETURNS timestamp with time zone
 LANGUAGE sql
 PARALLEL SAFE
RETURN clock_timestamp()

function CREATE OR REPLACE FUNCTION public.lock_invoices(alone boolean)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  if alone then
    perform pg_advisory_xact_lock(hashtext('levy invoices'));
  else
    perform pg_advisory_xact_lock_shared(hashtext('levy invoices'));
  end if;
end $function$

function CREATE OR REPLACE FUNCTION public.name_fee()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  new.fee_id := (select levy_fee_id(a.vendor, a.year, c.ref) from assessments a, clinicians c
    where a.assessment_id = new.assessment_id and c.clinician_id = new.clinician_id);
  return new;
end $function$

function CREATE OR REPLACE FUNCTION public.number_entry()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  if new.seq <> 1 + coalesce((select max(seq) from entries where fee_id = new.fee_id), 0) then
    raise exception 'entry % of fee % leaves a gap', new.seq, new.fee_id using errcode = 'LV002';
  end if;
  new.recorded_at := levy_now();
  return new;
end $function$

function CREATE OR REPLACE FUNCTION public.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  raise exception '% of % is refused: it is append-only', tg_op, tg_table_name
    using errcode = 'LV001';
end $function$

index CREATE INDEX audit_object ON public.audit USING btree (object, audit_id)

index CREATE INDEX bulk_acts_open ON public.bulk_acts USING btree (created_at) WHERE (state = 'running'::text)

index CREATE INDEX card_pages_open ON public.card_pages USING btree (fee_id) WHERE (closed_at IS NULL)

index CREATE INDEX clinicians_name ON public.clinicians USING btree (lower(name), ref)

index CREATE INDEX clinicians_vendor ON public.clinicians USING btree (vendor)

index CREATE INDEX entries_answers ON public.entries USING btree (recorded_at) WHERE (kind = ANY (ARRAY['attempted'::text, 'declined'::text, 'lapsed'::text, 'paid'::text]))

index CREATE INDEX entries_fingerprint ON public.entries USING btree (((data ->> 'fingerprint'::text)), at) WHERE ((kind = ANY (ARRAY['attempted'::text, 'declined'::text])) AND ((data ->> 'fingerprint'::text) IS NOT NULL))

index CREATE INDEX entries_objections ON public.entries USING btree (at) WHERE (kind = 'objected'::text)

index CREATE INDEX entries_source ON public.entries USING btree (COALESCE((data ->> 'refund'::text), (data ->> 'dispute'::text))) WHERE (kind = ANY (ARRAY['refund_opened'::text, 'refund_failed'::text, 'disputed'::text]))

index CREATE INDEX entries_troubles ON public.entries USING btree (fee_id) WHERE (kind = ANY (ARRAY['notice_failed'::text, 'email_failed'::text, 'held'::text, 'waived'::text]))

index CREATE INDEX evidence_clinician ON public.evidence USING btree (clinician_id, year)

index CREATE INDEX fees_charge ON public.fees USING btree (assessment_id, due_at, fee_id) WHERE (next_step = 'charge'::text)

index CREATE INDEX fees_clinician ON public.fees USING btree (clinician_id)

index CREATE INDEX fees_due ON public.fees USING btree (next_step, due_at) WHERE (next_step IS NOT NULL)

index CREATE INDEX fees_state ON public.fees USING btree (assessment_id, state)

index CREATE INDEX import_problems_import ON public.import_problems USING btree (import_id, line)

index CREATE INDEX invitations_colleague ON public.invitations USING btree (colleague_id)

index CREATE INDEX invoice_decisions_clinician ON public.invoice_decisions USING btree (clinician_id, decision_id) WHERE (clinician_id IS NOT NULL)

index CREATE INDEX invoice_decisions_line ON public.invoice_decisions USING btree (invoice_id, line, decision_id) WHERE (invoice_id IS NOT NULL)

index CREATE INDEX known_names_person ON public.known_names USING btree (person_name, person_npi)

index CREATE INDEX roster_uploads_expiry ON public.roster_uploads USING btree (expires_at)

index CREATE INDEX sessions_colleague ON public.sessions USING btree (colleague_id)

index CREATE INDEX vendor_invoice_lines_clinician ON public.vendor_invoice_lines USING btree (clinician_id)

index CREATE INDEX vendor_invoice_lines_unknown ON public.vendor_invoice_lines USING btree (invoice_id, line) WHERE (clinician_id IS NULL)

index CREATE INDEX vendor_invoices_year ON public.vendor_invoices USING btree (vendor, year)

index CREATE INDEX webhook_events_cards ON public.webhook_events USING btree (customer, created_at) WHERE (type = 'payment_method.attached'::text)

index CREATE INDEX webhook_events_open ON public.webhook_events USING btree (received_at) WHERE (handled_at IS NULL)

index CREATE UNIQUE INDEX access_keys_name_key ON public.access_keys USING btree (name)

index CREATE UNIQUE INDEX access_keys_pkey ON public.access_keys USING btree (key_id)

index CREATE UNIQUE INDEX access_keys_prefix_key ON public.access_keys USING btree (prefix)

index CREATE UNIQUE INDEX actor_names_pkey ON public.actor_names USING btree (name)

index CREATE UNIQUE INDEX assessments_pkey ON public.assessments USING btree (assessment_id)

index CREATE UNIQUE INDEX assessments_vendor_year_key ON public.assessments USING btree (vendor, year)

index CREATE UNIQUE INDEX audit_pkey ON public.audit USING btree (audit_id)

index CREATE UNIQUE INDEX bulk_act_members_fee ON public.bulk_act_members USING btree (bulk_id, fee_id)

index CREATE UNIQUE INDEX bulk_act_members_pkey ON public.bulk_act_members USING btree (bulk_id, "position")

index CREATE UNIQUE INDEX bulk_acts_pkey ON public.bulk_acts USING btree (bulk_id)

index CREATE UNIQUE INDEX card_pages_pkey ON public.card_pages USING btree (session)

index CREATE UNIQUE INDEX clinicians_customer ON public.clinicians USING btree (stripe_customer)

index CREATE UNIQUE INDEX clinicians_email ON public.clinicians USING btree (lower(email))

index CREATE UNIQUE INDEX clinicians_npi_key ON public.clinicians USING btree (npi)

index CREATE UNIQUE INDEX clinicians_pkey ON public.clinicians USING btree (clinician_id)

index CREATE UNIQUE INDEX clinicians_ref ON public.clinicians USING btree (lower(ref))

index CREATE UNIQUE INDEX clinicians_ref_key ON public.clinicians USING btree (ref)

index CREATE UNIQUE INDEX colleagues_email ON public.colleagues USING btree (lower(email))

index CREATE UNIQUE INDEX colleagues_name_key ON public.colleagues USING btree (name)

index CREATE UNIQUE INDEX colleagues_pkey ON public.colleagues USING btree (colleague_id)

index CREATE UNIQUE INDEX entries_attempt ON public.entries USING btree (fee_id, ((data ->> 'attempt'::text))) WHERE (kind = 'attempted'::text)

index CREATE UNIQUE INDEX entries_charge ON public.entries USING btree (((data ->> 'charge'::text))) WHERE (kind = 'paid'::text)

index CREATE UNIQUE INDEX entries_intent ON public.entries USING btree (((data ->> 'intent'::text))) WHERE (kind = 'intent_opened'::text)

index CREATE UNIQUE INDEX entries_paid ON public.entries USING btree (fee_id) WHERE (kind = 'paid'::text)

index CREATE UNIQUE INDEX entries_pkey ON public.entries USING btree (fee_id, seq)

index CREATE UNIQUE INDEX entries_refund ON public.entries USING btree (((data ->> 'refund'::text))) WHERE (kind = 'refunded'::text)

index CREATE UNIQUE INDEX evidence_import_id_clinician_id_year_kind_certainty_key ON public.evidence USING btree (import_id, clinician_id, year, kind, certainty) NULLS NOT DISTINCT

index CREATE UNIQUE INDEX evidence_pkey ON public.evidence USING btree (evidence_id)

index CREATE UNIQUE INDEX fees_assessment_id_clinician_id_key ON public.fees USING btree (assessment_id, clinician_id)

index CREATE UNIQUE INDEX fees_intent_key ON public.fees USING btree (intent)

index CREATE UNIQUE INDEX fees_pkey ON public.fees USING btree (fee_id)

index CREATE UNIQUE INDEX findings_open ON public.findings USING btree (check_name, fee_id, detail) NULLS NOT DISTINCT WHERE (gone_at IS NULL)

index CREATE UNIQUE INDEX findings_pkey ON public.findings USING btree (finding_id)

index CREATE UNIQUE INDEX holds_pkey ON public.holds USING btree (name)

index CREATE UNIQUE INDEX idempotent_requests_pkey ON public.idempotent_requests USING btree (actor, key)

index CREATE UNIQUE INDEX imports_pkey ON public.imports USING btree (import_id)

index CREATE UNIQUE INDEX imports_sha256_key ON public.imports USING btree (sha256)

index CREATE UNIQUE INDEX invitations_pkey ON public.invitations USING btree (hash)

index CREATE UNIQUE INDEX invoice_decisions_pkey ON public.invoice_decisions USING btree (decision_id)

index CREATE UNIQUE INDEX invoice_uploads_pkey ON public.invoice_uploads USING btree (upload_id)

index CREATE UNIQUE INDEX job_errors_pkey ON public.job_errors USING btree (job, type)

index CREATE UNIQUE INDEX known_cards_pkey ON public.known_cards USING btree (stripe_customer)

index CREATE UNIQUE INDEX known_names_pkey ON public.known_names USING btree (known_id)

index CREATE UNIQUE INDEX known_names_vendor_person_name_person_npi_key ON public.known_names USING btree (vendor, person_name, person_npi) NULLS NOT DISTINCT

index CREATE UNIQUE INDEX migrations_pkey ON public.migrations USING btree (number)

index CREATE UNIQUE INDEX rates_pkey ON public.rates USING btree (vendor, year)

index CREATE UNIQUE INDEX recovery_codes_pkey ON public.recovery_codes USING btree (colleague_id, hash)

index CREATE UNIQUE INDEX roster_approvals_open ON public.roster_approvals USING btree (assessment_id, hash, colleague_id) WHERE (used_at IS NULL)

index CREATE UNIQUE INDEX roster_approvals_pkey ON public.roster_approvals USING btree (approval_id)

index CREATE UNIQUE INDEX roster_uploads_pkey ON public.roster_uploads USING btree (upload_id)

index CREATE UNIQUE INDEX roster_views_pkey ON public.roster_views USING btree (assessment_id, hash)

index CREATE UNIQUE INDEX saved_filters_pkey ON public.saved_filters USING btree (name)

index CREATE UNIQUE INDEX sessions_pkey ON public.sessions USING btree (hash)

index CREATE UNIQUE INDEX sessions_session_id_key ON public.sessions USING btree (session_id)

index CREATE UNIQUE INDEX settings_pkey ON public.settings USING btree (name)

index CREATE UNIQUE INDEX tokens_pkey ON public.tokens USING btree (name, number)

index CREATE UNIQUE INDEX unmatched_uses_pkey ON public.unmatched_uses USING btree (import_id, person_name, person_npi, year, kind, certainty)

index CREATE UNIQUE INDEX vendor_invoice_lines_pkey ON public.vendor_invoice_lines USING btree (invoice_id, line)

index CREATE UNIQUE INDEX vendor_invoices_number ON public.vendor_invoices USING btree (vendor, lower(number)) WHERE ((replaces IS NULL) AND (voided_at IS NULL))

index CREATE UNIQUE INDEX vendor_invoices_pkey ON public.vendor_invoices USING btree (invoice_id)

index CREATE UNIQUE INDEX vendor_invoices_replaces ON public.vendor_invoices USING btree (replaces) WHERE (voided_at IS NULL)

index CREATE UNIQUE INDEX vendor_invoices_standing ON public.vendor_invoices USING btree (vendor, lower(number)) WHERE ((confirmed_at IS NOT NULL) AND (voided_at IS NULL))

index CREATE UNIQUE INDEX vendors_pkey ON public.vendors USING btree (vendor)

index CREATE UNIQUE INDEX webhook_events_pkey ON public.webhook_events USING btree (event_id)

table access_keys (key_id uuid not null default gen_random_uuid(), name text not null, prefix text not null, hash bytea not null, scopes text[] not null, owner uuid, created_at timestamp with time zone not null default levy_now(), revoked_at timestamp with time zone, last_used_at timestamp with time zone)

table actor_names (name text not null)

table assessments (assessment_id uuid not null default gen_random_uuid(), vendor text not null, year integer not null, policy jsonb not null, royalty_cents integer not null, processing_cents integer not null, amount_cents integer not null generated as (royalty_cents + processing_cents), forecast boolean not null, rate_source text not null, auto_approve boolean not null, livemode boolean not null, opened_by text not null, opened_at timestamp with time zone not null default levy_now(), enrolled_at timestamp with time zone, paused_at timestamp with time zone, paused_by text, paused_why text, resumed_at timestamp with time zone, resumed_by text, cleared_at timestamp with time zone, checked_at timestamp with time zone)

table audit (audit_id bigint not null, at timestamp with time zone not null default levy_now(), actor text not null, action text not null, object text not null, detail jsonb not null default '{}'::jsonb, request_id text)

table bulk_act_members (bulk_id uuid not null, position integer not null, fee_id uuid not null, result text, decided_at timestamp with time zone)

table bulk_acts (bulk_id uuid not null default gen_random_uuid(), act text not null, why text, selection jsonb not null, created_by text not null, created_at timestamp with time zone not null default levy_now(), created_in xid8 not null default pg_current_xact_id(), members integer not null, preview jsonb not null, state text not null default 'previewed'::text, started_by text, started_at timestamp with time zone, paused_by text, paused_why text, ended_at timestamp with time zone, wave_from integer not null default 0, wave_to integer not null default 0)

table card_pages (session text not null, fee_id uuid not null, opened_at timestamp with time zone not null default levy_now(), closed_at timestamp with time zone)

table clinicians (clinician_id uuid not null default gen_random_uuid(), ref text not null, name text not null, email text, npi text, vendor text not null, time_zone text not null, stripe_customer text, customer_made boolean not null default false, payment_method text, no_card boolean not null default false, updated_at timestamp with time zone not null default levy_now(), email_changes integer not null default 0, card_changes integer not null default 0, latest_card text)

table colleagues (colleague_id uuid not null default gen_random_uuid(), name text not null, email text not null, role text not null, invited_by text not null, invited_at timestamp with time zone not null default levy_now(), password text, joined_at timestamp with time zone, ended_at timestamp with time zone, totp_key bytea, totp_since timestamp with time zone, totp_step bigint not null default 0)

table entries (fee_id uuid not null, seq integer not null, kind text not null, at timestamp with time zone not null, recorded_at timestamp with time zone not null default levy_now(), actor text not null, debit text, credit text, amount_cents integer, data jsonb not null)

table evidence (evidence_id uuid not null default gen_random_uuid(), import_id uuid, clinician_id uuid not null, year integer not null, kind text not null, first_used_on date not null, file_name text not null, line bigint not null, rule text not null, certainty text not null, verdict text, decided_by text, decided_at timestamp with time zone, recorded_at timestamp with time zone not null default levy_now())

table fees (fee_id uuid not null, assessment_id uuid not null, clinician_id uuid not null, intent text, seq integer not null default 0, state text not null default 'detecting'::text, next_step text default 'detect'::text, due_at timestamp with time zone default '1970-01-01 00:00:00+00'::timestamp with time zone, since_at timestamp with time zone not null default levy_now(), attempts integer not null default 0, decline text, outlook jsonb not null default '{}'::jsonb)

table findings (finding_id bigint not null, check_name text not null, assessment_id uuid, fee_id uuid, detail text not null, found_at timestamp with time zone not null default levy_now(), gone_at timestamp with time zone)

table holds (name text not null, until timestamp with time zone not null, slowed_at timestamp with time zone, pause_ms integer not null default 0)

table idempotent_requests (actor text not null, key text not null, fingerprint text not null, status integer, body text, created_at timestamp with time zone not null default levy_now())

table import_problems (import_id uuid not null, line bigint not null, reason text not null, field text, message text not null, clinician_npi text, clinician_name text, times integer not null default 1, person_name text not null default ''::text, person_npi text not null default ''::text)

table imports (import_id uuid not null default gen_random_uuid(), sha256 text not null, file_name text not null, vendor text, period_from date, period_to date, format text not null, bytes bigint not null, records bigint not null, findings bigint not null, matched bigint not null, imported_by text not null, imported_at timestamp with time zone not null default levy_now(), dismissed_at timestamp with time zone, dismissed_by text, dismissed_why text)

table invitations (hash bytea not null, colleague_id uuid not null, made_by text not null, expires_at timestamp with time zone not null default (levy_now() + '7 days'::interval), used_at timestamp with time zone)

table invoice_decisions (decision_id bigint not null, vendor text not null, year integer not null, clinician_id uuid, invoice_id uuid, line integer, facts jsonb not null, decision text not null, why text not null, decided_by text not null, decided_at timestamp with time zone not null default levy_now())

table invoice_uploads (upload_id uuid not null default gen_random_uuid(), file_name text not null, uploaded_by text not null, expires_at timestamp with time zone not null default (levy_now() + '1 day'::interval), head json not null, rows json not null)

table job_errors (job text not null, type text not null, errors bigint not null default 1, last_at timestamp with time zone not null default levy_now())

table known_cards (stripe_customer text not null, payment_method text not null, brand text not null, last4 text not null, exp_month integer not null, exp_year integer not null, read_at timestamp with time zone not null default levy_now())

table known_names (known_id uuid not null default gen_random_uuid(), vendor text, person_name text not null, person_npi text not null, written text not null, clinician_id uuid, why text, decided_by text not null, decided_at timestamp with time zone not null default levy_now())

table migrations (number integer not null, name text not null, applied_at timestamp with time zone not null default now())

table rates (vendor text not null, year integer not null, royalty_cents integer not null, processing_cents integer not null, amount_cents integer not null generated as (royalty_cents + processing_cents), status text not null, source text not null, entered_by text not null, entered_at timestamp with time zone not null default levy_now())

table recovery_codes (colleague_id uuid not null, hash bytea not null, used_at timestamp with time zone)

table roster_approvals (approval_id bigint not null, assessment_id uuid not null, hash text not null, colleague_id uuid not null, actor text not null, at timestamp with time zone not null default levy_now(), used_at timestamp with time zone)

table roster_uploads (upload_id uuid not null default gen_random_uuid(), file_name text not null, uploaded_by text not null, uploaded_at timestamp with time zone not null default levy_now(), expires_at timestamp with time zone not null default (levy_now() + '1 day'::interval), vendor text, headings json, ignored json not null, rows json, writing_until timestamp with time zone, written_at timestamp with time zone, written_by text, outcome jsonb)

table roster_views (assessment_id uuid not null, hash text not null, shown_at timestamp with time zone not null default levy_now(), rows jsonb not null)

table saved_filters (name text not null, selection jsonb not null, saved_by text not null, saved_at timestamp with time zone not null default levy_now())

table sessions (hash bytea not null, session_id uuid not null default gen_random_uuid(), key_id uuid, colleague_id uuid, browser text not null, began_at timestamp with time zone not null default levy_now(), seen_at timestamp with time zone not null default levy_now(), expires_at timestamp with time zone not null)

table settings (name text not null, value text not null)

table tokens (name text not null, number integer not null, free_at timestamp with time zone not null)

table unmatched_uses (import_id uuid not null, person_name text not null, person_npi text not null, year integer not null, kind text not null, first_used_on date not null, line bigint not null, rule text not null, certainty text not null, times integer not null)

table vendor_invoice_lines (invoice_id uuid not null, line integer not null, name text, ref text, npi text, amount_cents integer not null, clinician_id uuid, matched_by text, matched_who text, matched_at timestamp with time zone)

table vendor_invoices (invoice_id uuid not null default gen_random_uuid(), vendor text not null, year integer not null, number text not null, dated date not null, total_cents bigint not null, file_name text, content text, replaces uuid, entered_by text not null, entered_at timestamp with time zone not null default levy_now(), confirmed_at timestamp with time zone, confirmed_by text, voided_at timestamp with time zone, voided_by text, void_why text)

table vendors (vendor text not null, name text not null, levies boolean not null, source text not null)

table webhook_events (event_id text not null, type text not null, object_id text not null, intent text, customer text, payment_method text, fee_id uuid, livemode boolean not null, created_at timestamp with time zone not null, received_at timestamp with time zone not null default levy_now(), handled_at timestamp with time zone, outcome text)

trigger CREATE TRIGGER access_keys_named BEFORE INSERT ON public.access_keys FOR EACH ROW EXECUTE FUNCTION claim_actor_name()

trigger CREATE TRIGGER assessments_at_rate BEFORE INSERT ON public.assessments FOR EACH ROW EXECUTE FUNCTION check_rate()

trigger CREATE TRIGGER assessments_frozen BEFORE UPDATE ON public.assessments FOR EACH ROW EXECUTE FUNCTION keep_assessment()

trigger CREATE TRIGGER assessments_no_delete BEFORE DELETE ON public.assessments FOR EACH ROW EXECUTE FUNCTION refuse_change()

trigger CREATE TRIGGER assessments_no_truncate BEFORE TRUNCATE ON public.assessments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

trigger CREATE TRIGGER audit_append_only BEFORE DELETE OR UPDATE ON public.audit FOR EACH ROW EXECUTE FUNCTION refuse_change()

trigger CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON public.audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

trigger CREATE TRIGGER bulk_act_members_begun BEFORE DELETE ON public.bulk_act_members FOR EACH ROW EXECUTE FUNCTION keep_begun()

trigger CREATE TRIGGER bulk_act_members_fixed AFTER INSERT ON public.bulk_act_members REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION fix_members()

trigger CREATE TRIGGER bulk_act_members_kept BEFORE UPDATE ON public.bulk_act_members FOR EACH ROW EXECUTE FUNCTION keep_member()

trigger CREATE TRIGGER bulk_acts_begun BEFORE DELETE ON public.bulk_acts FOR EACH ROW EXECUTE FUNCTION keep_begun()

trigger CREATE TRIGGER bulk_acts_kept BEFORE UPDATE ON public.bulk_acts FOR EACH ROW EXECUTE FUNCTION keep_bulk_act()

trigger CREATE TRIGGER colleagues_named BEFORE INSERT ON public.colleagues FOR EACH ROW EXECUTE FUNCTION claim_actor_name()

trigger CREATE TRIGGER entries_append_only BEFORE DELETE OR UPDATE ON public.entries FOR EACH ROW EXECUTE FUNCTION refuse_change()

trigger CREATE TRIGGER entries_approvers BEFORE INSERT ON public.entries FOR EACH ROW WHEN ((new.kind = 'approved'::text)) EXECUTE FUNCTION check_approvers()

trigger CREATE TRIGGER entries_assessed BEFORE INSERT ON public.entries FOR EACH ROW WHEN ((new.kind = 'assessed'::text)) EXECUTE FUNCTION check_assessed()

trigger CREATE TRIGGER entries_attempt_allowed BEFORE INSERT ON public.entries FOR EACH ROW WHEN ((new.kind = 'attempted'::text)) EXECUTE FUNCTION check_attempt()

trigger CREATE TRIGGER entries_attempt_card BEFORE INSERT ON public.entries FOR EACH ROW WHEN ((new.kind = 'attempted'::text)) EXECUTE FUNCTION check_card()

trigger CREATE TRIGGER entries_attempt_invoiced BEFORE INSERT ON public.entries FOR EACH ROW WHEN ((new.kind = 'attempted'::text)) EXECUTE FUNCTION check_invoiced()

trigger CREATE TRIGGER entries_no_truncate BEFORE TRUNCATE ON public.entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

trigger CREATE TRIGGER entries_notice BEFORE INSERT ON public.entries FOR EACH ROW WHEN ((new.kind = 'noticed'::text)) EXECUTE FUNCTION check_notice()

trigger CREATE TRIGGER entries_numbered BEFORE INSERT ON public.entries FOR EACH ROW EXECUTE FUNCTION number_entry()

trigger CREATE TRIGGER evidence_frozen BEFORE UPDATE ON public.evidence FOR EACH ROW EXECUTE FUNCTION keep_evidence()

trigger CREATE TRIGGER evidence_no_delete BEFORE DELETE ON public.evidence FOR EACH ROW EXECUTE FUNCTION refuse_change()

trigger CREATE TRIGGER evidence_no_truncate BEFORE TRUNCATE ON public.evidence FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

trigger CREATE TRIGGER fees_kept BEFORE UPDATE OF fee_id, assessment_id, clinician_id ON public.fees FOR EACH ROW EXECUTE FUNCTION keep_fee()

trigger CREATE TRIGGER fees_named BEFORE INSERT ON public.fees FOR EACH ROW EXECUTE FUNCTION name_fee()

trigger CREATE TRIGGER fees_no_delete BEFORE DELETE ON public.fees FOR EACH ROW EXECUTE FUNCTION refuse_change()

trigger CREATE TRIGGER fees_no_truncate BEFORE TRUNCATE ON public.fees FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

trigger CREATE TRIGGER invoice_decisions_append_only BEFORE DELETE OR UPDATE ON public.invoice_decisions FOR EACH ROW EXECUTE FUNCTION refuse_change()

trigger CREATE TRIGGER invoice_decisions_no_truncate BEFORE TRUNCATE ON public.invoice_decisions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

trigger CREATE TRIGGER vendor_invoice_lines_kept BEFORE INSERT OR DELETE OR UPDATE ON public.vendor_invoice_lines FOR EACH ROW EXECUTE FUNCTION keep_invoice_line()

trigger CREATE TRIGGER vendor_invoice_lines_no_truncate BEFORE TRUNCATE ON public.vendor_invoice_lines FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

trigger CREATE TRIGGER vendor_invoices_kept BEFORE INSERT OR DELETE OR UPDATE ON public.vendor_invoices FOR EACH ROW EXECUTE FUNCTION keep_invoice()

trigger CREATE TRIGGER vendor_invoices_no_truncate BEFORE TRUNCATE ON public.vendor_invoices FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

view balances  SELECT side.account,
    sum(side.cents) AS balance_cents
   FROM (entries
     CROSS JOIN LATERAL ( VALUES (entries.debit,entries.amount_cents), (entries.credit,(- entries.amount_cents))) side(account, cents))
  WHERE (entries.debit IS NOT NULL)
  GROUP BY side.account;

view counting_evidence  SELECT evidence_id,
    import_id,
    clinician_id,
    year,
    kind,
    first_used_on,
    file_name,
    line,
    rule,
    certainty,
    verdict,
    decided_by,
    decided_at,
    recorded_at
   FROM evidence
  WHERE ((verdict = 'accepted'::text) OR ((verdict IS NULL) AND (certainty = 'sure'::text)));

view open_import_problems  SELECT p.import_id,
    p.line,
    p.reason,
    p.field,
    p.message,
    p.clinician_npi,
    p.clinician_name,
    p.times,
    p.person_name,
    p.person_npi
   FROM (import_problems p
     JOIN imports i USING (import_id))
  WHERE
        CASE
            WHEN ((p.person_name = ''::text) AND (p.person_npi = ''::text)) THEN (i.dismissed_at IS NULL)
            ELSE (NOT (EXISTS ( SELECT
               FROM known_names k
              WHERE ((k.person_name = p.person_name) AND (k.person_npi = p.person_npi) AND ((k.vendor IS NULL) OR (k.vendor = i.vendor))))))
        END;

view standing_invoice_lines  SELECT i.vendor,
    i.year,
    i.number,
    i.dated,
    i.file_name,
    i.confirmed_at,
    l.invoice_id,
    l.line,
    l.name,
    l.ref,
    l.npi,
    l.amount_cents,
    l.clinician_id,
    l.matched_by,
    l.matched_who,
    l.matched_at
   FROM (vendor_invoice_lines l
     JOIN vendor_invoices i USING (invoice_id))
  WHERE ((i.confirmed_at IS NOT NULL) AND (i.voided_at IS NULL));
