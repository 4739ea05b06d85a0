-- Whether a customer has given another card since an event about one: looked up for each of them.
create index webhook_events_cards on webhook_events (customer, created_at)
  where type = 'payment_method.attached';

-- When a card may be tried again is counted by the database's clock, too, like the notice period: a
-- worker whose own clock ran away was hours early.
create function check_wait() returns trigger language plpgsql as $$
declare
  until timestamptz;
begin
  select (d.data ->> 'retryAt')::timestamptz into until
    from entries d
    where d.fee_id = new.fee_id and d.kind = 'declined'
      and not exists (select from entries freed
        where freed.fee_id = d.fee_id and freed.seq > d.seq
          and freed.kind in ('card_updated', 'revived', 'retry_asked'))
    order by d.seq desc limit 1;
  if least(new.at, levy_now()) < until then
    raise exception 'the card is not to be tried again yet' using errcode = 'LV015';
  end if;
  return new;
end $$;
create trigger entries_attempt_waited before insert on entries
  for each row when (new.kind = 'attempted') execute function check_wait();
