/**
 * The only statements that write entries. Each updates the fee's row in the same statement, and
 * writes nothing for a fee that has newer entries.
 */

/**
 * $1: appends to many fees, each after the last entry its writer has seen. Gives the fees that were
 * written; for the others another writer was first.
 */
export const APPEND = `
  with input as (
    select * from jsonb_to_recordset($1::jsonb) as i (fee_id uuid, after_seq integer, state text,
      next_step text, due_at timestamptz, decline text, outlook jsonb, at timestamptz, intent text,
      closes boolean, entries jsonb)
  ), moved as (
    update fees f
    set seq = i.after_seq + jsonb_array_length(i.entries), state = i.state,
      next_step = i.next_step, due_at = i.due_at, decline = i.decline, outlook = i.outlook,
      since_at = case when f.state = i.state then f.since_at else i.at end,
      intent = case when i.closes then i.intent else coalesce(i.intent, f.intent) end
    from input i
    where f.fee_id = i.fee_id and f.seq = i.after_seq
    returning f.fee_id, i.after_seq, i.entries
  )
  insert into entries (fee_id, seq, kind, at, actor, debit, credit, amount_cents, data)
  select m.fee_id, m.after_seq + e.n, e.entry ->> 'kind', (e.entry ->> 'at')::timestamptz,
    e.entry ->> 'actor', e.entry ->> 'debit', e.entry ->> 'credit',
    (e.entry ->> 'amountCents')::integer, e.entry -> 'data'
  from moved m
  cross join lateral jsonb_array_elements(m.entries) with ordinality as e (entry, n)
  order by m.fee_id, e.n
  returning fee_id`;

/** Approves every ready fee. $1 assessment, $2 now, $3 who, $4 the roster's hash. */
export const APPROVE = `
  with moved as (
    update fees set seq = seq + 1, state = 'approved', next_step = 'notice', due_at = $2,
      since_at = $2
    where assessment_id = $1 and state = 'ready'
    returning fee_id, seq
  )
  insert into entries (fee_id, seq, kind, at, actor, data)
  select fee_id, seq, 'approved', $2, $3, jsonb_build_object('rosterHash', $4::text) from moved`;
