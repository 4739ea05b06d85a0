-- What each role may do in the ledger's database, and nothing else. The owner runs this file after
-- every migration, in one transaction, as often as it likes.
--
--   owner         whoever migrates: the schema and everything in it belongs to it
--   levy_app      the API, the workers and the commands: what the program needs, written down here
--   levy_reader   people and reports: sees everything but secrets and changes nothing
--
-- A new table belongs to its owner alone until it has a line here; test/ledger/roles.test.ts asks
-- for one. A column that is not named in an insert or update is set by the database alone.

------------------------------------------------------------------------------------------------
-- Earlier grants are revoked
------------------------------------------------------------------------------------------------

do $$
declare
  ours regclass;
begin
  -- The ledger's own tables and views. The database may also contain other programs' tables.
  for ours in
    select oid from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'v')
      and relowner = (select relowner from pg_class where oid = 'public.migrations'::regclass)
  loop
    execute format('revoke all on %s from public, levy_app, levy_reader', ours);
  end loop;
  -- A snapshot of Stripe's books needs temporary tables. Most databases let everybody create them.
  if not has_database_privilege('levy_app', current_database(), 'CONNECT, TEMPORARY') then
    execute format('grant connect, temporary on database %I to levy_app', current_database());
  end if;
  if not has_database_privilege('levy_reader', current_database(), 'CONNECT') then
    execute format('grant connect on database %I to levy_reader', current_database());
  end if;
end $$;

-- Databases created before Postgres 15 let everybody create tables and functions here.
revoke create on schema public from public, levy_app, levy_reader;
grant usage on schema public to levy_app, levy_reader;

------------------------------------------------------------------------------------------------
-- levy_app: vendors, rates and people
------------------------------------------------------------------------------------------------

grant select, insert, update (name, levies, source) on vendors to levy_app;
grant select,
  insert (vendor, year, royalty_cents, processing_cents, status, source, entered_by),
  update (royalty_cents, processing_cents, status, source, entered_by, entered_at)
  on rates to levy_app;
-- The reference never changes, because the id of a fee is computed from it.
grant select,
  insert (ref, name, email, npi, vendor, time_zone, stripe_customer, payment_method, latest_card),
  update (name, email, npi, vendor, time_zone, stripe_customer, customer_made, payment_method,
    latest_card, no_card, updated_at, email_changes, card_changes)
  on clinicians to levy_app;

------------------------------------------------------------------------------------------------
-- levy_app: evidence of use
------------------------------------------------------------------------------------------------

grant select,
  insert (sha256, file_name, vendor, period_from, period_to, format, bytes, records, findings,
    matched, imported_by),
  update (findings, matched, dismissed_at, dismissed_by, dismissed_why)
  on imports to levy_app;
-- Evidence never changes after it was read, except for a person's verdict.
grant select,
  insert (import_id, clinician_id, year, kind, first_used_on, file_name, line, rule, certainty,
    verdict, decided_by, decided_at),
  update (verdict, decided_by, decided_at)
  on evidence to levy_app;
grant select on counting_evidence to levy_app;
-- When the same file is read again, its problems are replaced.
grant select, insert, delete on import_problems, unmatched_uses to levy_app;
grant select on open_import_problems to levy_app;
grant select,
  insert (vendor, person_name, person_npi, written, clinician_id, why, decided_by), delete
  on known_names to levy_app;

------------------------------------------------------------------------------------------------
-- levy_app: assessments, fees and entries
------------------------------------------------------------------------------------------------

-- Rate, policy and mode never change after the assessment was opened. Its progress does.
grant select,
  insert (vendor, year, policy, royalty_cents, processing_cents, forecast, rate_source,
    auto_approve, livemode, opened_by),
  update (enrolled_at, paused_at, paused_by, paused_why, resumed_at, resumed_by, cleared_at,
    checked_at)
  on assessments to levy_app;
-- The database computes a fee's id. Its clinician and assessment never change; its state and step
-- follow the entries.
grant select, insert (assessment_id, clinician_id),
  update (intent, seq, state, next_step, due_at, since_at, attempts, decline, outlook)
  on fees to levy_app;
-- Append only. The database sets the time at which an entry was written.
grant select, insert (fee_id, seq, kind, at, actor, debit, credit, amount_cents, data)
  on entries to levy_app;
grant select on balances to levy_app;

------------------------------------------------------------------------------------------------
-- levy_app: the vendor's invoices
------------------------------------------------------------------------------------------------

-- A draft may be changed and deleted; what was confirmed stays, by the database's triggers.
grant select,
  insert (vendor, year, number, dated, total_cents, file_name, replaces, entered_by),
  update (number, dated, total_cents, confirmed_at, confirmed_by, voided_at, voided_by, void_why),
  delete
  on vendor_invoices to levy_app;
grant select,
  insert (invoice_id, line, name, ref, npi, amount_cents, clinician_id, matched_by),
  update (clinician_id, matched_by, matched_who, matched_at),
  delete
  on vendor_invoice_lines to levy_app;
grant select on standing_invoice_lines to levy_app;
-- Append only.
grant select,
  insert (vendor, year, clinician_id, invoice_id, line, facts, decision, why, decided_by)
  on invoice_decisions to levy_app;
grant select, insert (file_name, uploaded_by, head, rows), delete on invoice_uploads to levy_app;

------------------------------------------------------------------------------------------------
-- levy_app: access, audit, and what the outside world told us
------------------------------------------------------------------------------------------------

grant select, insert on actor_names to levy_app;
-- A name is never changed, because acts were written under it.
grant select, insert (name, email, role, invited_by),
  update (role, password, joined_at, ended_at, totp_key, totp_since, totp_step)
  on colleagues to levy_app;
grant select, insert (hash, colleague_id, made_by), update (used_at), delete
  on invitations to levy_app;
grant select, insert (colleague_id, hash), update (used_at), delete on recovery_codes to levy_app;
grant select, insert (name, prefix, hash, scopes, owner), update (revoked_at, last_used_at)
  on access_keys to levy_app;
grant select, insert (hash, key_id, colleague_id, browser, expires_at), update (seen_at), delete
  on sessions to levy_app;
grant select, insert (assessment_id, hash, colleague_id, actor), update (used_at)
  on roster_approvals to levy_app;
-- Append only. The database sets the time.
grant select, insert (actor, action, object, detail, request_id) on audit to levy_app;
grant select,
  insert (event_id, type, object_id, intent, customer, payment_method, fee_id, livemode,
    created_at),
  update (handled_at, outcome)
  on webhook_events to levy_app;
grant select, insert (actor, key, fingerprint), update (status, body), delete
  on idempotent_requests to levy_app;
grant select, insert, update (value) on settings to levy_app;
grant select, insert (check_name, assessment_id, fee_id, detail), update (gone_at)
  on findings to levy_app;
grant select, insert (session, fee_id), update (closed_at) on card_pages to levy_app;
grant select, insert (job, type), update (errors, last_at) on job_errors to levy_app;
-- What waits for a confirmation: nothing is proven by it.
grant select,
  insert (file_name, uploaded_by, vendor, headings, ignored, rows),
  update (headings, ignored, rows, writing_until, written_at, written_by, outcome),
  delete
  on roster_uploads to levy_app;
-- What was shown, and the cards that were seen: nothing is proven by them.
grant select, insert (assessment_id, hash, rows), update (shown_at), delete on roster_views
  to levy_app;
grant select, insert (stripe_customer, payment_method, brand, last4, exp_month, exp_year),
  update (payment_method, brand, last4, exp_month, exp_year, read_at)
  on known_cards to levy_app;
-- A bulk act's members are fixed by its preview. What it does to a fee stands in the entries.
grant select, insert (act, why, selection, created_by, members, preview),
  update (state, started_by, started_at, paused_by, paused_why, ended_at, wave_from, wave_to),
  delete
  on bulk_acts to levy_app;
grant select, insert (bulk_id, position, fee_id), update (result, decided_at), delete
  on bulk_act_members to levy_app;
grant select, insert (name, selection, saved_by), update (selection, saved_by, saved_at), delete
  on saved_filters to levy_app;
-- Tokens and holds of the rate limiter: nothing is proven by them, and losing them does no harm.
grant select, insert, update, delete on tokens, holds to levy_app;
-- The version of the schema.
grant select on migrations to levy_app;

------------------------------------------------------------------------------------------------
-- levy_reader: everything but secrets
------------------------------------------------------------------------------------------------

grant select on vendors, rates, clinicians, imports, evidence, counting_evidence, import_problems,
  unmatched_uses, known_names, open_import_problems,
  assessments, fees, entries, balances, audit, webhook_events, findings, card_pages, job_errors,
  roster_uploads, roster_views, roster_approvals, actor_names, known_cards, 
  bulk_acts, bulk_act_members, saved_filters, vendor_invoices, vendor_invoice_lines,
  standing_invoice_lines, invoice_uploads, invoice_decisions, tokens, holds, migrations
  to levy_reader;
-- Without the hashes of keys, and without sessions, settings and stored answers, which hold
-- secrets.
grant select (key_id, name, prefix, scopes, owner, created_at, revoked_at, last_used_at)
  on access_keys to levy_reader;
-- Without passwords, authenticators, recovery codes and the links of invitations.
grant select (colleague_id, name, email, role, invited_by, invited_at, joined_at, ended_at,
  totp_since) on colleagues to levy_reader;
