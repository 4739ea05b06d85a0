import type { Harness } from '../harness.ts';

/** A fee somebody is going to do something about. */
export interface SomeFee {
  feeId: string;
  ref: string;
  seq: number;
  intent: string;
  customer: string;
  card: string;
}

/** Any fee in one of these states; null when there is none, or nobody can say at the moment. */
export async function anyFee(
  { pool, random }: Harness,
  states: string[],
  { withIntent = false } = {},
): Promise<SomeFee | null> {
  const { rows } = await pool.query<SomeFee>(
    `select f.fee_id as "feeId", c.ref, f.seq, coalesce(f.intent, '') as intent,
       c.stripe_customer as customer, coalesce(c.payment_method, '') as card
     from fees f join clinicians c using (clinician_id)
     where f.state = any ($1) and (f.intent is not null or not $2)
     order by c.ref`,
    [states, withIntent],
  );
  return rows.length > 0 ? random.pick(rows) : null;
}

/** From now on this person's fee may end anywhere. */
export function forget({ touched }: Harness, { ref }: Pick<SomeFee, 'ref'>): void {
  touched.add(ref);
}
