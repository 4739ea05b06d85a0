import { describe, expect, it } from 'vitest';
import { createRateGate, PaymentsUnavailable } from '../../gateways/payments.ts';
import { createPace } from '../../ledger/pace.ts';
import { createTestDatabase } from '../support/database.ts';

const TURN = { route: 'POST /v1/payment_intents', perEndpoint: 20, perSecond: 50 };

/** Several processes at one account: each with a pace, and so a view of the clock, of its own. */
async function processes(count: number) {
  const { pool } = await createTestDatabase();
  return { pool, paces: Array.from({ length: count }, () => createPace(pool)) };
}

/** From the first to the last of these moments, in ms. */
const span = (moments: number[]) => Math.max(...moments) - Math.min(...moments);

/** What the clocks of two paces may differ by, on a machine that does other things too. */
const CLOCKS_MS = 100;

describe('a pace kept together', () => {
  it('gives slots of one endpoint that are apart, however many ask', async () => {
    const { paces } = await processes(4);
    const slots = await Promise.all(
      Array.from({ length: 24 }, (_, n) => paces[n % 4]!.slot(TURN, performance.now())),
    );
    expect(span(slots)).toBeGreaterThan(23 * 50 - CLOCKS_MS);
  });

  it('keeps the account’s limit over all endpoints', async () => {
    const { paces } = await processes(2);
    const slots = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        paces[n % 2]!.slot({ ...TURN, route: `GET /v1/thing${n % 6}` }, performance.now()),
      ),
    );
    expect(span(slots)).toBeGreaterThan(59 * 20 - CLOCKS_MS);
  });

  it('is put back by itself when the database has lost it', async () => {
    const { pool, paces } = await processes(1);
    await paces[0]!.slot(TURN, performance.now());
    // What a killed database does to a table that is not in its log.
    await pool.query('truncate paces');
    expect(await paces[0]!.slot(TURN, performance.now())).toBeTypeOf('number');
    expect(await paces[0]!.queue(TURN)).toBeTypeOf('number');
  });

  it('stands still when Stripe asks to slow down, asked again goes slower', async () => {
    const { pool, paces } = await processes(2);
    await paces[0]!.slot(TURN, performance.now());
    const askedAt = performance.now();
    // Many told so at once are told once; told again some seconds later is another matter.
    await Promise.all([paces[0]!.slow(null), paces[1]!.slow(null)]);
    await pool.query(`update paces set slowed_at = slowed_at - interval '5 s'
      where slowed_at is not null`);
    await paces[0]!.slow(null);
    const slots = [];
    for (let n = 0; n < 5; n += 1) slots.push(await paces[1]!.slot(TURN, performance.now()));
    expect(slots[0]! - askedAt).toBeGreaterThan(2_000 - CLOCKS_MS);
    expect(slots[4]! - slots[0]!).toBeGreaterThan(4 * 50 * 1.8 - CLOCKS_MS);
  });
});

describe('calls about one customer', () => {
  it('follow each other over all processes, those about others do not', async () => {
    const { paces } = await processes(3);
    const gates = paces.map((pace) => createRateGate(pace, { perSecond: 500, perEndpoint: 500 }));
    const under = new Map<string, number>();
    let most = 0;
    let atOnce = 0;
    const call = (customer: string) => async () => {
      const mine = (under.get(customer) ?? 0) + 1;
      under.set(customer, mine);
      most = Math.max(most, mine);
      const all = [...under.values()].reduce((sum, count) => sum + count, 0);
      atOnce = Math.max(atOnce, all);
      await new Promise((resolve) => setTimeout(resolve, 30));
      under.set(customer, (under.get(customer) ?? 0) - 1);
    };
    await Promise.all(
      Array.from({ length: 24 }, (_, n) => {
        const customer = `cus_${n % 4}`;
        return gates[n % 3]!('POST /v1/payment_intents/:id/confirm', call(customer), customer);
      }),
    );
    expect(most).toBe(1);
    expect(atOnce).toBeGreaterThan(1);
  });

  it('wait no longer than a hold lasts for a process that is gone', async () => {
    const { paces } = await processes(2);
    const hold = { holdMs: 1_500, patienceMs: 0 };
    await new Promise<void>((begun) => {
      const forEver = () => {
        begun();
        return new Promise<never>(() => undefined);
      };
      void paces[0]!.alone('customer cus_1', hold, forEver);
    });
    expect(await paces[1]!.alone('customer cus_1', hold, async () => 1)).toBeNull();
    const patient = { holdMs: 1_000, patienceMs: 10_000 };
    expect(await paces[1]!.alone('customer cus_1', patient, async () => 2)).toEqual({ result: 2 });
  });

  it('that Stripe turned away are made again, and cost no attempt', async () => {
    const { paces } = await processes(1);
    const gate = createRateGate(paces[0]!, { perSecond: 50, perEndpoint: 20 });
    let calls = 0;
    const answer = await gate('POST /v1/refunds', async () => {
      calls += 1;
      if (calls === 1) throw new PaymentsUnavailable('lock_timeout', null, false);
      return 'done';
    });
    expect([answer, calls]).toEqual(['done', 2]);
  });
});
