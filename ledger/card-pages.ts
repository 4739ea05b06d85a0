import type pg from 'pg';

/**
 * Stripe's pages to give a card that were opened for a fee, by the id of their Checkout session.
 * Those still open come with the fee when it is loaded.
 */
export function createCardPages(pool: pg.Pool) {
  return {
    /** A page was opened; said before anybody is sent there. */
    async opened(feeId: string, session: string): Promise<void> {
      await pool.query(
        'insert into card_pages (session, fee_id) values ($1, $2) on conflict do nothing',
        [session, feeId],
      );
    },

    /** A page can take no card any more. */
    async closed(session: string): Promise<void> {
      await pool.query('update card_pages set closed_at = levy_now() where session = $1', [
        session,
      ]);
    },
  };
}
