import type pg from 'pg';

/**
 * Stripe's pages on which a card can be given for a fee, by the id of their Checkout session. The
 * open ones are loaded with the fee.
 */
export function createCardPages(pool: pg.Pool) {
  return {
    /** Records an opened page, before anybody is sent to it. */
    async opened(feeId: string, session: string): Promise<void> {
      await pool.query(
        'insert into card_pages (session, fee_id) values ($1, $2) on conflict do nothing',
        [session, feeId],
      );
    },

    /** Records that a page accepts no card any more. */
    async closed(session: string): Promise<void> {
      await pool.query('update card_pages set closed_at = levy_now() where session = $1', [
        session,
      ]);
    },
  };
}
