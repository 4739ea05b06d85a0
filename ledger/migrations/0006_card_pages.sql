-- Pages of Stripe's on which a clinician may give another card, opened for a fee. They end by
-- themselves after a day; those of a settled fee are closed before.
create table card_pages (
  session text primary key,
  fee_id uuid not null references fees,
  opened_at timestamptz not null default levy_now(),
  closed_at timestamptz
);
create index card_pages_open on card_pages (fee_id) where closed_at is null;
