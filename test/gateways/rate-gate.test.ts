import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { PaymentsRefused, PaymentsUnavailable } from '../../gateways/payments.ts';
import { createRateGate } from '../../gateways/stripe/rate-gate.ts';
import { createRateLimiter } from '../../ledger/rate-limiter.ts';
import { createLimiter } from '../../sandbox/stripe/http/limits.ts';
import { createTestDatabase } from '../support/database.ts';

const ROUTE = 'POST /v1/payment_intents';
const ONE = { route: ROUTE, perSecond: 1, perEndpoint: 1 };
/** A token that is free only later than this, in s, is in somebody's hands. */
const IN_HAND = 90;

/** Several processes at one account, each with a pace of its own. */
async function processes(count: number) {
  const { pool } = await createTestDatabase();
  return { pool, paces: Array.from({ length: count }, () => createRateLimiter(pool)) };
}

/** In how many seconds each token of a limit is free; 0 or below when it is. */
async function rests(pool: pg.Pool, name = ROUTE): Promise<number[]> {
  const { rows } = await pool.query<{ rest: number }>(
    `select extract(epoch from free_at - clock_timestamp())::double precision as rest
     from tokens where name = $1 order by number`,
    [name],
  );
  return rows.map(({ rest }) => rest);
}

/** Up to 300 ms, another for each call, without any order. */
const late = (n: number) => (n * 7919) % 301;

describe('a pace kept together', () => {
  it('has no second with more calls than allowed, however late calls and answers are', async () => {
    const { paces } = await processes(4);
    const limits = { perSecond: 25, perEndpoint: 20 };
    const gates = paces.map((pace) => createRateGate(pace, limits));
    const admit = createLimiter(limits, () => performance.now());
    const calls = Array.from({ length: 80 }, (_, n) => {
      const route = n % 2 === 0 ? 'GET /v1/charges' : ROUTE;
      return gates[n % 4]!(route, async () => {
        await sleep(late(n));
        // A call too many is the limiter's to refuse, and fails here.
        admit(route);
        await sleep(late(n + 40) / 10);
      });
    });
    await Promise.all(calls);
  });

  it('begins a second after nothing was known, one call after the other', async () => {
    const { pool, paces } = await processes(2);
    const early = async () => {
      const startedAt = performance.now();
      const moments = await Promise.all(
        Array.from({ length: 8 }, async (_, n) => {
          await paces[n % 2]!.take({ route: ROUTE, perSecond: 20, perEndpoint: 10 });
          return performance.now() - startedAt;
        }),
      );
      return moments.sort((a, b) => a - b).filter((ms, n) => ms < 1000 + n * 100);
    };
    expect(await early()).toEqual([]);
    // What a killed database does to a table that is not in its log.
    await pool.query('truncate tokens');
    expect(await early()).toEqual([]);
  });

  it('has a token for each whole call a second, at least one, more when it may', async () => {
    const { pool, paces } = await processes(1);
    const turn = await paces[0]!.take({ ...ONE, perEndpoint: 2.9, perSecond: 9 });
    expect(await rests(pool)).toHaveLength(2);
    await turn.release('unsent');
    await pool.query(`update tokens set free_at = clock_timestamp() - interval '1 s' * number`);
    // The second one is free for longer, and is not for this limit.
    await paces[0]!.take({ ...ONE, perEndpoint: 0.5, perSecond: 9 });
    expect((await rests(pool)).map((rest) => rest > IN_HAND)).toEqual([true, false]);
    for (let n = 0; n < 2; n += 1) await paces[0]!.take({ ...ONE, perEndpoint: 5, perSecond: 9 });
    expect(await rests(pool)).toHaveLength(5);
  });

  it('lets no crowd at one endpoint keep another waiting', async () => {
    const { paces } = await processes(1);
    const limits = { perSecond: 2, perEndpoint: 1 };
    const feeFixtures = Array.from({ length: 6 }, () =>
      paces[0]!.take({ ...limits, route: ROUTE }),
    );
    // Nobody of the crowd gives anything back before.
    await paces[0]!.take({ ...limits, route: 'GET /v1/charges' });
    await Promise.all(feeFixtures.map(async (turn) => (await turn).release('unsent')));
  });

  it('serves first who came first to an endpoint', async () => {
    const { paces } = await processes(1);
    const limits = { perSecond: 9, perEndpoint: 1 };
    const order: string[] = [];
    const call = async (name: string) => {
      const turn = await paces[0]!.take({ ...limits, route: ROUTE });
      order.push(name);
      await turn.release('unsent');
    };
    const first = await paces[0]!.take({ ...limits, route: ROUTE });
    const early = [call('second'), call('third')];
    // Asked for later: when it is there, the two have been told to wait.
    await paces[0]!.take({ ...limits, route: 'GET /v1/charges' });
    await first.release('unsent');
    await Promise.all([...early, call('last')]);
    expect(order).toEqual(['second', 'third', 'last']);
  });

  it('gives the tokens of a process that is gone to others, for good', async () => {
    const { pool, paces } = await processes(2);
    const gone = await paces[0]!.take(ONE);
    const inHand = async () => [...(await rests(pool)), ...(await rests(pool, 'account'))];
    expect(Math.min(...(await inHand()))).toBeGreaterThan(IN_HAND);
    // The lease ends.
    await pool.query(`update tokens set free_at = clock_timestamp()`);
    await paces[1]!.take(ONE);
    await gone.release('counted');
    expect(Math.min(...(await inHand()))).toBeGreaterThan(IN_HAND);
  });

  it('takes a call for counted that is long in being answered', async () => {
    const { pool, paces } = await processes(1);
    const gate = createRateGate(paces[0]!, ONE);
    let answer: () => void = () => undefined;
    const rest = async () => (await rests(pool))[0]!;
    let called: Promise<void> = Promise.resolve();
    await new Promise<void>((sent) => {
      called = gate(ROUTE, () => {
        sent();
        return new Promise((resolve) => (answer = resolve));
      });
    });
    expect(await rest()).toBeGreaterThan(IN_HAND);
    await expect.poll(rest, { timeout: 10_000 }).toBeLessThan(2);
    answer();
    await called;
  });

  it('does not use a turn that it hears of too late', async () => {
    const { pool } = await createTestDatabase();
    const now = performance.now.bind(performance);
    let stoodStillMs = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + stoodStillMs);
    // A process that stands still when the database has answered, and later finds it is too late.
    const query = async (statement: string, values: unknown[]) => {
      const answer = await pool.query(statement, values);
      if (stoodStillMs > 0 || !((await rests(pool))[0]! > IN_HAND)) return answer;
      stoodStillMs = 31_000;
      await pool.query(`update tokens set free_at = free_at + interval '1 hour'`);
      setTimeout(() => void pool.query(`update tokens set free_at = clock_timestamp()`), 300);
      return answer;
    };
    try {
      await createRateLimiter({ query } as unknown as pg.Pool).take(ONE);
    } finally {
      clock.mockRestore();
    }
    const [rest] = await rests(pool);
    expect(rest).toBeGreaterThan(IN_HAND);
    expect(rest).toBeLessThan(3600);
  });

  it('lets tokens rest longer after no answer, and not at all when nothing was sent', async () => {
    const { pool, paces } = await processes(1);
    const gate = createRateGate(paces[0]!, ONE);
    const restAfter = async (error: Error) => {
      await expect(gate(ROUTE, () => Promise.reject(error))).rejects.toThrow(error);
      const rest = async () => (await rests(pool))[0]!;
      await expect.poll(rest, { timeout: 10_000 }).toBeLessThan(IN_HAND);
      const given = await rest();
      await pool.query(`update tokens set free_at = clock_timestamp()`);
      return given;
    };
    expect(await restAfter(new PaymentsRefused('card_declined', 402, null, null))).toBeLessThan(2);
    expect(await restAfter(new PaymentsUnavailable('timeout', null, true))).toBeGreaterThan(2);
    expect(await restAfter(new Error('a bug'))).toBeGreaterThan(2);
    expect(await restAfter(new PaymentsUnavailable('too_late', null, false))).toBeLessThan(0);
  });

  it('stands still when Stripe asks to slow down, asked again goes slower', async () => {
    const { pool, paces } = await processes(2);
    const limits = { route: ROUTE, perSecond: 5, perEndpoint: 5 };
    const turn = await paces[0]!.take(limits);
    const askedAt = performance.now();
    // Many told so at once are told once; told again some seconds later is another matter.
    await Promise.all([paces[0]!.slow(null), paces[1]!.slow(null)]);
    await pool.query(`update holds set slowed_at = slowed_at - interval '5 s'`);
    await paces[0]!.slow(null);
    await turn.release('counted');
    const [rest] = await rests(pool);
    expect(rest).toBeGreaterThan(1.5);
    const moments = await Promise.all(
      Array.from({ length: 4 }, async (_, n) => {
        await paces[n % 2]!.take(limits);
        return performance.now() - askedAt;
      }),
    );
    // Two seconds, and then not all at once.
    const early = moments.sort((a, b) => a - b).filter((ms, n) => ms < 2000 + n * 200);
    expect(early).toEqual([]);
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
