-- Calls at Stripe by tokens that come back, instead of slots on a timetable. A limit of so many
-- calls a second has as many tokens: a call takes one of its endpoint and one of the account, and
-- each is free again a second after the call was answered. Nothing is lost with them, so they are
-- not written to the log: lost ones are made anew, and are free a second later.
create unlogged table tokens (
  -- The endpoint, as method and path, or 'account'.
  name text not null,
  -- From 1 up to the limit.
  number integer not null,
  -- Free from this moment on; while a call has it, when it comes back by itself.
  free_at timestamptz not null,
  primary key (name, number)
)
-- Few rows, written all the time and never in an indexed column: with room on its page a new
-- version costs no index entry, and the old one is swept by whoever comes next.
with (fillfactor = 20);

-- What is left of the timetable: who may not be called until when. A customer, while a call about
-- it is under way; the account, when Stripe asked to slow down. Programs of before find neither
-- table nor columns, and send nothing that would not be counted.
alter table paces rename to holds;
alter table holds rename column next_at to until;
alter index paces_pkey rename to holds_pkey;
delete from holds where name like 'queue %' or name like 'call %';
