-- Whose turn it is at Stripe: one row per limit, shared by all workers. Nothing is lost with it,
-- so it is not written to the log; a restart begins with an empty second.
create unlogged table paces (
  name text primary key,
  -- The next free slot.
  next_at timestamptz not null,
  -- When Stripe last asked to slow down, and how long everybody then stood still.
  slowed_at timestamptz,
  pause_ms integer not null default 0
);
