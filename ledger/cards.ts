import type pg from 'pg';

/** A card as Stripe showed it; `expMonth` is 1 to 12, and the card is good to its end. */
export interface SeenCard {
  paymentMethod: string;
  brand: string;
  last4: string;
  expMonth: number;
  expYear: number;
}

/** A customer whose card is to be read, with the card that the roster names. */
export interface UnseenCard {
  ref: string;
  stripeCustomer: string;
  paymentMethod: string | null;
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
        `insert into known_cards
           (stripe_customer, payment_method, brand, last4, exp_month, exp_year)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (stripe_customer) do update set payment_method = excluded.payment_method,
           brand = excluded.brand, last4 = excluded.last4, exp_month = excluded.exp_month,
           exp_year = excluded.exp_year, read_at = levy_now()`,
        [stripeCustomer, card.paymentMethod, card.brand, card.last4, card.expMonth, card.expYear],
      );
    },

    /**
     * Customers of an assessment who owe and whose card was never seen, or not for a week, by
     * reference; `after` is the last reference read.
     */
    async unseen(assessmentId: string, after: string, limit: number): Promise<UnseenCard[]> {
      const { rows } = await pool.query<UnseenCard>(
        `select c.ref, c.stripe_customer as "stripeCustomer", c.payment_method as "paymentMethod"
         from fees f join clinicians c using (clinician_id)
         left join known_cards k using (stripe_customer)
         where f.assessment_id = $1 and f.state in ('ready', 'approved', 'noticed')
           and c.stripe_customer is not null and not c.no_card
           and (k.read_at is null or k.read_at < levy_now() - interval '7 days')
           and c.ref > $2
         order by c.ref limit $3`,
        [assessmentId, after, limit],
      );
      return rows;
    },
  };
}
