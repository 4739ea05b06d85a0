import type pg from 'pg';
import { NETWORK_BUDGETS } from '../core/fee/declines.ts';
import type { Entry } from '../core/fee/fee.ts';
import { DAY_MS } from '../core/policy.ts';
import { inTransaction } from './transaction.ts';

/** SQLSTATE-like code of a refusal: the card's open tries may use up its limit. */
const NO_TRY_LEFT = 'LV014';

/** Since a moment: declines that the network has seen, and tries without an outcome. */
const TRIES = `
  select count(*) filter (where kind = 'declined' and data ->> 'sentToNetwork' = 'true')::integer
      as declines,
    count(*) filter (where kind = 'attempted' and not exists (select from entries
      where fee_id = e.fee_id and seq > e.seq
        and kind in ('declined', 'lapsed', 'paid')))::integer as open
  from entries e
  where kind in ('attempted', 'declined') and data ->> 'fingerprint' = $1 and at >= $2`;

/**
 * Writes entries that may contain an attempt. The networks count by card, and several people may
 * share a card. So tries of one card are written one after the other, and only if the card's limit
 * would hold even if every open try were declined. Throws `LV014` otherwise.
 * @param write  writes on this connection, or on any when it is null
 */
export async function withinBudget<Result>(
  pool: pg.Pool,
  entries: readonly Entry[],
  write: (db: pg.PoolClient | null) => Promise<Result>,
): Promise<Result> {
  const tried = entries.find((one) => one.kind === 'attempted');
  if (tried?.kind !== 'attempted' || !tried.data.fingerprint) return write(null);
  const { fingerprint, brand } = tried.data;
  const budgets = NETWORK_BUDGETS.filter((one) => one.brand === brand);
  if (budgets.length === 0) return write(null);
  return inTransaction(pool, async (client) => {
    await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [fingerprint]);
    for (const { days, declines: most } of budgets) {
      const since = new Date(tried.at.getTime() - days * DAY_MS);
      const { rows } = await client.query<{ declines: number; open: number }>(TRIES, [
        fingerprint,
        since,
      ]);
      const { declines = 0, open = 0 } = rows[0] ?? {};
      if (declines + open >= most)
        throw Object.assign(new Error('this card has no try left'), { code: NO_TRY_LEFT });
    }
    return write(client);
  });
}
