import type pg from 'pg';

/** A webhook's envelope: the ids it names, never its content. */
export interface StripeEvent {
  id: string;
  type: string;
  livemode: boolean;
  objectId: string;
  intent: string | null;
  customer: string | null;
  /** The card, where the event is about one. */
  paymentMethod: string | null;
  feeId: string | null;
  createdAt: Date;
}

/** The name of a cursor among the settings. */
const CARDS_HEARD = 'card events heard until';

/**
 * Events received from Stripe: each is stored once and handled at least once. An event belongs to
 * the fee whose intent it names; the metadata's fee id counts only when it names none.
 */
export function createEvents(pool: pg.Pool) {
  return {
    /** Stores an event; false when it was stored already. */
    async receive(event: StripeEvent): Promise<boolean> {
      const { rowCount } = await pool.query(
        `insert into webhook_events (event_id, type, object_id, intent, customer, fee_id,
           livemode, created_at, payment_method)
         values ($1, $2, $3, $4, $5, (select fee_id from fees where fee_id::text = $6), $7, $8, $9)
         on conflict do nothing`,
        [
          event.id,
          event.type,
          event.objectId,
          event.intent,
          event.customer,
          event.feeId,
          event.livemode,
          event.createdAt,
          event.paymentMethod,
        ],
      );
      return rowCount === 1;
    },

    /** Events that are not handled yet, the oldest first. */
    async open(limit: number): Promise<StripeEvent[]> {
      const { rows } = await pool.query<StripeEvent>(
        `select event_id as id, type, object_id as "objectId", w.intent, customer, livemode,
           payment_method as "paymentMethod", coalesce(f.fee_id, w.fee_id) as "feeId",
           created_at as "createdAt"
         from webhook_events w left join fees f on f.intent = w.intent
         where handled_at is null order by received_at limit $1`,
        [limit],
      );
      return rows;
    },

    async get(eventId: string): Promise<(StripeEvent & { handledAt: Date | null }) | null> {
      const { rows } = await pool.query<StripeEvent & { handledAt: Date | null }>(
        `select event_id as id, type, object_id as "objectId", w.intent, customer, livemode,
           payment_method as "paymentMethod", coalesce(f.fee_id, w.fee_id) as "feeId",
           created_at as "createdAt",
           handled_at as "handledAt"
         from webhook_events w left join fees f on f.intent = w.intent where event_id = $1`,
        [eventId],
      );
      return rows[0] ?? null;
    },

    /** Whether the customer attached a card after this event about a card. */
    async isOvertaken({ customer, createdAt }: StripeEvent): Promise<boolean> {
      const { rows } = await pool.query(
        `select 1 from webhook_events where customer = $1 and created_at > $2
           and type = 'payment_method.attached' limit 1`,
        [customer, createdAt],
      );
      return rows.length > 0;
    },

    /** `since`: card events are stored up to this moment; null before the first assessment. */
    async cardsHeard(): Promise<{ since: Date | null; now: Date }> {
      const { rows } = await pool.query<{ since: Date | null; now: Date }>(
        `select coalesce((select value::timestamptz from settings where name = $1),
           (select min(opened_at) from assessments)) as since, levy_now() as now`,
        [CARDS_HEARD],
      );
      return rows[0] as { since: Date | null; now: Date };
    },

    async setCardsHeard(until: Date): Promise<void> {
      await pool.query(
        `insert into settings (name, value) values ($1, $2) on conflict (name)
           do update set value = excluded.value`,
        [CARDS_HEARD, until.toISOString()],
      );
    },

    async handled(eventId: string, outcome: string): Promise<void> {
      await pool.query(
        `update webhook_events set handled_at = levy_now(), outcome = $2
         where event_id = $1 and handled_at is null`,
        [eventId, outcome],
      );
    },
  };
}
