import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSeedPool, type SeedPool } from '../testing/simulator/crowd.ts';
import { FAULTS } from '../testing/simulator/faults.ts';
import { PLANTS } from '../testing/simulator/plants/plants.ts';
import { hunt, runMany, type Runs } from '../testing/simulator/runs.ts';
import { shrink } from '../testing/simulator/shrink.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';

const SEEDS = 200;
/** On a machine that has much else to do; quiet, it is a minute. */
const PATIENCE_MS = 900_000;

/**
 * Where each planted bug is looked for first, as it shows itself there. It must be caught within
 * 300 seeds from there on; when a change of the program moves it, only the search gets longer.
 */
const SHOWS_AT: Record<string, number> = {
  second_intent: 2,
  new_key: 7,
  one_key: 2,
  trust_payload: 3,
  timeout_declines: 10,
  deaf_to_advice: 3,
  waiver_race: 20,
  refund_final: 52,
  never_look: 7,
  wrong_amount: 2,
  lost_creation: 6,
  no_fence: 2,
  early_charge: 2,
  ignored_pause: 9,
  withdrawn_evidence: 64,
  everybody_owes: 1,
  moved_away: 2,
  forgotten_latecomers: 2,
  no_audit: 2,
  unheard_change: 7,
  webhook_truth: 8,
  new_message_id: 7,
  hoped_for_mail: 8,
  name_in_queue: 4,
  random_fee_ids: 36,
  dropped_refusals: 3,
  own_metadata_only: 73,
  any_card_revives: 2,
  own_fees_only: 73,
  notice_not_read: 3,
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
  it(`lives through ${SEEDS} years of a practice without a violation`, () => {
    const told = runs.failed.map(({ seed, violations }) => ({ seed, violations }));
    expect(told).toEqual([]);
    expect(runs.digests.size).toBe(SEEDS);
  });

  it('injects every kind of fault it knows', () => {
    expect(Object.keys(runs.faults).sort()).toEqual(Object.keys(FAULTS).sort());
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

  it('catches every bug that is planted', { timeout: PATIENCE_MS }, async () => {
    const all = PLANTS.map(({ name }) => hunt(seedPool, name, SHOWS_AT[name] ?? 1, 300, 1));
    const hunts = await Promise.all(all);
    expect(hunts.length).toBeGreaterThanOrEqual(12);
    expect(hunts.filter(({ seeds }) => seeds === null)).toEqual([]);
  });

  it('makes a failing year smaller, and it fails still', { timeout: PATIENCE_MS }, async () => {
    const plant = 'everybody_owes';
    const failed = await seedPool.run({ seed: SHOWS_AT[plant] ?? 1, plant });
    const { cut, result } = await shrink(seedPool, failed, plant, 25);
    expect(result.people + result.happenings).toBeLessThan(failed.people + failed.happenings);
    const again = await seedPool.run({ seed: failed.seed, plant, cut });
    expect(again.violations.length).toBeGreaterThan(0);
    expect(again.digest).toBe(result.digest);
  });
});
