-- What a fee waits for may have come without the fee hearing of it: whoever wrote the change may
-- have ended before it got there, and the same asked again is no change any more. So changes are
-- counted, and a failure remembers how many it knew of. Counted and not timed, because what a
-- failure knew was loaded some time before it was written.
alter table clinicians
  -- All begin with 0: nothing that failed before is taken up by this alone.
  add column email_changes integer not null default 0,
  -- Of the customer or the card.
  add column card_changes integer not null default 0,
  -- What the latest of these brought: the card the roster named, or else what Stripe had for the
  -- customer then. Null when it brought none.
  add column latest_card text;
