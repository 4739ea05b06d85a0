import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { chargeFrom, daysLater } from '../../core/calendar.ts';
import type { Policy } from '../../core/policy.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import {
  appendAll,
  openedAssessment,
  recordUse,
  setClock,
  testLedger,
} from '../support/assessment.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { sample, testPolicy } from '../support/fees.ts';
import { anyInstant, anyZone } from '../support/instants.ts';

let db: TestDatabase;
let ledger: Ledger;

beforeAll(async () => {
  db = await createTestDatabase();
  ledger = await testLedger(db.pool);
  await openedAssessment(db.pool, ledger, { count: 1 });
});

const anyCase = fc.record({
  at: anyInstant,
  timeZone: anyZone,
  noticeDays: fc.integer({ min: 0, max: 90 }),
  chargeHour: fc.integer({ min: 0, max: 23 }),
});
type Case = { at: Date } & Pick<Policy, 'timeZone' | 'noticeDays' | 'chargeHour'>;

/** The same wall-clock time so many calendar days later, as Postgres reckons it. */
async function byPostgres(cases: Case[]): Promise<Date[]> {
  const { rows } = await db.pool.query<{ later: Date }>(
    `select ((at at time zone zone) + make_interval(days => days)) at time zone zone as later
     from unnest($1::timestamptz[], $2::text[], $3::integer[]) with ordinality
       as c (at, zone, days, n) order by n`,
    [
      cases.map(({ at }) => at),
      cases.map(({ timeZone }) => timeZone),
      cases.map(({ noticeDays }) => noticeDays),
    ],
  );
  return rows.map(({ later }) => later);
}

describe('our calendar and that of Postgres', () => {
  it('agree to the millisecond on the same time days later, in any zone and year', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyCase, { minLength: 100, maxLength: 100 }), async (cases) => {
        const ours = cases.map(({ at, noticeDays, ...zone }) =>
          daysLater(at, noticeDays, testPolicy(zone)),
        );
        expect(ours).toEqual(await byPostgres(cases));
      }),
      { numRuns: 20 },
    );
  });

  it('agree that a charge by the one is never too early for the other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyCase, { minLength: 100, maxLength: 100 }), async (cases) => {
        const earliest = await byPostgres(cases);
        for (const [n, { at, ...changes }] of cases.entries()) {
          const from = chargeFrom(at, testPolicy(changes));
          expect(from.getTime()).toBeGreaterThanOrEqual((earliest[n] as Date).getTime());
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe('the database', () => {
  /** A fee that was noticed at that moment, with this day promised, by this policy. */
  async function noticed(at: Date, promised: Date, policy: Partial<Policy>): Promise<string> {
    await db.pool.query('alter table assessments disable trigger assessments_frozen');
    await db.pool.query('update assessments set policy = $1', [testPolicy(policy)]);
    await db.pool.query('alter table assessments enable trigger assessments_frozen');
    const feeId = await freshFee();
    await setClock(db.pool, at);
    await appendAll(ledger, feeId, [
      sample('assessed'),
      sample('approved'),
      sample('noticed', { chargeFrom: promised.toISOString() }),
      sample('intent_opened', { intent: `pi_${feeId}` }),
    ]);
    return feeId;
  }

  let people = 0;
  async function freshFee(): Promise<string> {
    people += 1;
    const written = await ledger.clinicians.upsert({
      ref: `late-${people}`,
      name: `Late ${people}`,
      email: null,
      npi: null,
      vendor: 'theranest',
      timeZone: 'UTC',
      stripeCustomer: `cus_late_${people}`,
      paymentMethod: null,
    });
    if (!('clinicianId' in written)) throw new Error('a duplicate');
    await recordUse(ledger, written.clinicianId);
    await ledger.clinicians.enrollLatecomers();
    const [fee] = await ledger.reports.fees({ ref: `late-${people}`, limit: 1 });
    return fee?.feeId ?? '';
  }

  async function attemptAt(feeId: string, at: Date): Promise<string> {
    await setClock(db.pool, at);
    return appendAll(ledger, feeId, [sample('attempted', { intent: `pi_${feeId}` })]).then(
      () => 'accepted',
      (error: { code?: string }) => error.code ?? 'error',
    );
  }

  it('accepts an attempt at the first moment our calendar allows, and none before', async () => {
    await fc.assert(
      fc.asyncProperty(anyCase, async ({ at, ...policy }) => {
        const from = chargeFrom(at, testPolicy(policy));
        const feeId = await noticed(at, from, policy);
        expect(await attemptAt(feeId, new Date(from.getTime() - 1))).toBe('LV011');
        expect(await attemptAt(feeId, from)).toBe('accepted');
      }),
      { numRuns: 25 },
    );
  });

  it('counts the days itself, whatever day the notice promised', async () => {
    await fc.assert(
      fc.asyncProperty(anyCase, async ({ at, ...policy }) => {
        const feeId = await noticed(at, at, policy);
        const [earliest] = (await byPostgres([{ at, ...policy }])) as [Date];
        if (earliest > at)
          expect(await attemptAt(feeId, new Date(earliest.getTime() - 1))).toBe('LV011');
        expect(await attemptAt(feeId, earliest)).toBe('accepted');
      }),
      { numRuns: 25 },
    );
  });

  it('counts a rehearsal’s short days as they are', async () => {
    const at = new Date('2026-03-08T06:59:59.900Z');
    const policy = { dayMs: 100, noticeDays: 5 };
    const feeId = await noticed(at, at, policy);
    expect(await attemptAt(feeId, new Date(at.getTime() + 499))).toBe('LV011');
    expect(await attemptAt(feeId, new Date(at.getTime() + 500))).toBe('accepted');
  });
});
