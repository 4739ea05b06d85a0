import type pg from 'pg';

/** A card as Stripe showed it; `expMonth` is 1 to 12, and the card is good to its end. */
export interface SeenCard {
  paymentMethod: string;
  brand: string;
  last4: string;
  expMonth: number;
  expYear: number;
}

/**
 * The cards of customers as Stripe last showed them. They foresee an expiry and decide nothing: a
 * card is read again before it is charged.
 */
export function createCards(pool: pg.Pool) {
  return {
    /** Keeps what Stripe has just shown about the card of a customer. */
    async saw(stripeCustomer: string, card: SeenCard): Promise<void> {
      await pool.query(
        `insert into known_cards (stripe_customer, payment_method, brand, last4, exp_month, exp_year)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (stripe_customer) do update set payment_method = excluded.payment_method,
           brand = excluded.brand, last4 = excluded.last4, exp_month = excluded.exp_month,
           exp_year = excluded.exp_year, read_at = levy_now()`,
        [stripeCustomer, card.paymentMethod, card.brand, card.last4, card.expMonth, card.expYear],
      );
    },

    /**
     * Customers of an assessment who owe and whose card was never seen, or not for a week: those
     * never seen first.
     */
    async unseen(
      assessmentId: string,
      limit: number,
    ): Promise<{ stripeCustomer: string; paymentMethod: string | null }[]> {
      const { rows } = await pool.query<{ stripeCustomer: string; paymentMethod: string | null }>(
        `select c.stripe_customer as "stripeCustomer", c.payment_method as "paymentMethod"
         from fees f join clinicians c using (clinician_id)
         left join known_cards k using (stripe_customer)
         where f.assessment_id = $1 and f.state in ('ready', 'approved', 'noticed')
           and c.stripe_customer is not null and not c.no_card
           and (k.read_at is null or k.read_at < levy_now() - interval '7 days')
         order by k.read_at nulls first, c.ref limit $2`,
        [assessmentId, limit],
      );
      return rows;
    },
  };
}
