-- When a key was last used, to the minute: whoever revokes one wants to know whether it is missed.
alter table access_keys add column last_used_at timestamptz;
