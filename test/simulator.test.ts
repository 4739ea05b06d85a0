import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSeedPool, type SeedPool } from '../testing/simulator/seed-pool.ts';
import { FAULTS } from '../testing/simulator/faults.ts';
import { LIVED } from '../testing/simulator/lived.ts';
import { MUTATIONS } from '../testing/simulator/mutations/mutations.ts';
import { hunt, runMany, type Runs } from '../testing/simulator/runs.ts';
import { shrink } from '../testing/simulator/shrink.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';

const SEEDS = 200;
/** On a machine that has much else to do; quiet, it is a minute. */
const PATIENCE_MS = 900_000;

/**
 * Where each mutation is looked for first, as it shows itself there. It must be caught within
 * 300 seeds from there on; when a change of the program moves it, only the search gets longer.
 */
const SHOWS_AT: Record<string, number> = {
  second_intent: 3,
  new_key: 6,
  one_key: 2,
  trust_payload: 3,
  timeout_declines: 6,
  deaf_to_advice: 10,
  waiver_race: 50,
  refund_final: 52,
  never_look: 2,
  wrong_amount: 2,
  lost_creation: 3,
  no_fence: 10,
  early_charge: 2,
  ignored_pause: 9,
  withdrawn_evidence: 13,
  everybody_owes: 1,
  moved_away: 2,
  forgotten_latecomers: 2,
  no_audit: 2,
  unheard_change: 62,
  webhook_truth: 7,
  new_message_id: 8,
  hoped_for_mail: 22,
  name_in_queue: 4,
  random_fee_ids: 3,
  dropped_refusals: 13,
  own_metadata_only: 73,
  any_card_revives: 2,
  own_fees_only: 73,
  notice_not_read: 3,
  deaf_to_bounces: 34,
  late_member: 1,
  act_twice: 27,
  no_brake: 14,
  all_at_once: 14,
  ignored_abort: 40,
  begun_again: 1,
  skipped_member: 2,
  not_invoiced: 2,
  voided_counts: 11,
  credits_ignored: 31,
};

/** Without a lock on a table of the simulation: those it may take for itself. */
const LOOK_ON = 'begin isolation level repeatable read; select count(*) from pg_class';

let seedPool: SeedPool;
let runs: Runs;
const databases: TestDatabase[] = [];
beforeAll(async () => {
  seedPool = startSeedPool(2, async () => {
    const database = await createTestDatabase();
    databases.push(database);
    return database.url;
  });
  runs = await runMany(seedPool, 1, SEEDS);
}, PATIENCE_MS);
afterAll(() => seedPool.close());

describe('the simulator', () => {
  it(`runs ${SEEDS} years of a practice without a violation`, () => {
    const told = runs.failed.map(({ seed, violations }) => ({ seed, violations }));
    expect(told).toEqual([]);
    expect(runs.digests.size).toBe(SEEDS);
  });

  it('injects every kind of fault it knows', () => {
    expect(Object.keys(runs.faults).sort()).toEqual(Object.keys(FAULTS).sort());
  });

  it('lives through every act on many fees, invoice and brake that it counts', () => {
    const never = Object.entries(runs.lived ?? {}).filter(([, times]) => times === 0);
    expect(Object.keys(runs.lived ?? {})).toEqual(Object.keys(LIVED));
    expect(never).toEqual([]);
  });

  it(
    'lives through the same seed the same way, to the byte',
    { timeout: PATIENCE_MS },
    async () => {
      // As the server's own tidying does at times: what is deleted meanwhile cannot be tidied away.
      const looks = await Promise.all(databases.map(({ pool }) => pool.connect()));
      try {
        for (const look of looks) await look.query(LOOK_ON);
        const again = await runMany(seedPool, 7, 4);
        expect(again.digests.size).toBe(4);
        for (const [seed, digest] of again.digests) expect(digest).toBe(runs.digests.get(seed));
      } finally {
        for (const look of looks) look.release(true);
      }
    },
  );

  it('catches every mutation', { timeout: PATIENCE_MS }, async () => {
    const all = MUTATIONS.map(({ name }) => hunt(seedPool, name, SHOWS_AT[name] ?? 1, 300, 1));
    const hunts = await Promise.all(all);
    expect(hunts.length).toBeGreaterThanOrEqual(12);
    expect(hunts.filter(({ seeds }) => seeds === null)).toEqual([]);
  });

  it('makes a failing year smaller, and it fails still', { timeout: PATIENCE_MS }, async () => {
    const mutation = 'everybody_owes';
    const failed = await seedPool.run({ seed: SHOWS_AT[mutation] ?? 1, mutation });
    const { cut, result } = await shrink(seedPool, failed, mutation, 25);
    expect(result.people + result.scheduledEvents).toBeLessThan(
      failed.people + failed.scheduledEvents,
    );
    const again = await seedPool.run({ seed: failed.seed, mutation, cut });
    expect(again.violations.length).toBeGreaterThan(0);
    expect(again.digest).toBe(result.digest);
  });
});
