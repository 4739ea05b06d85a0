import { describe, expect, it } from 'vitest';
import type { Ledger } from '../../ledger/ledger.ts';
import { createAnnual, type Annual } from '../../workers/maintenance/annual.ts';
import { setClock, testLedger } from '../support/assessment.ts';
import { createTestDatabase } from '../support/database.ts';
import { testPolicy } from '../support/fees.ts';

const ANNUAL: Annual = {
  cron: '0 9 15 1 *',
  timeZone: 'America/New_York',
  vendors: ['theranest'],
  autoApprove: false,
  policy: testPolicy({ noticeDays: 21 }),
  livemode: true,
};

/** The trigger in a house of its own: what it opened, enqueued and complained about. */
async function triggerAt(at: string, changes: Partial<Annual> = {}) {
  const db = await createTestDatabase();
  const ledger = await testLedger(db.pool);
  await setClock(db.pool, new Date(at));
  const enqueued: unknown[] = [];
  const complaints: unknown[] = [];
  const log = {
    info: () => undefined,
    warn: () => undefined,
    error: (fields: Record<string, unknown>) => void complaints.push(fields),
  };
  const queues = { enqueue: async (...job: unknown[]) => void enqueued.push(job) };
  const annual = createAnnual({ ledger, log }, queues, { ...ANNUAL, ...changes });
  return { ledger, enqueued, complaints, fires: () => annual({}) };
}

const opened = async (ledger: Ledger) =>
  (await ledger.assessments.list()).map(({ vendor, year }) => `${vendor} ${year}`);

describe('the annual trigger', () => {
  it('opens the year’s assessment with the policy of now, and has everybody enrolled', async () => {
    const { ledger, enqueued, fires } = await triggerAt('2026-01-15T14:00:00Z');
    expect(await fires()).toEqual({ done: 'assessments of 2026 opened' });
    const [assessment] = await ledger.assessments.list();
    expect(assessment).toMatchObject({
      vendor: 'theranest',
      year: 2026,
      amountCents: 1950,
      autoApprove: false,
      livemode: true,
      openedBy: 'the annual trigger',
      policy: ANNUAL.policy,
    });
    expect(enqueued).toEqual([['open-assessment', { assessmentId: assessment?.assessmentId }]]);
  });

  it('changes nothing when it fires again, but that a lost job is put back', async () => {
    const { ledger, enqueued, fires } = await triggerAt('2026-01-15T14:00:00Z');
    await fires();
    const before = await ledger.assessments.list();
    expect(await fires()).toEqual({ done: 'assessments of 2026 opened' });
    expect(await ledger.assessments.list()).toEqual(before);
    expect(enqueued[1]).toEqual(enqueued[0]);
  });

  it.each([
    ['2027-01-01T04:59:00Z', 'America/New_York', ['theranest 2026']],
    ['2027-01-01T05:01:00Z', 'America/New_York', []],
    ['2025-12-31T23:00:00Z', 'Asia/Tokyo', ['theranest 2026']],
  ])('takes the year at %s by the calendar of %s', async (at, timeZone, found) => {
    const { ledger, fires } = await triggerAt(at, { timeZone });
    await fires();
    expect(await opened(ledger)).toEqual(found);
  });

  it('never opens a year on a forecast, and says so where failed jobs are looked at', async () => {
    const { ledger, enqueued, complaints, fires } = await triggerAt('2027-01-15T14:00:00Z');
    expect(await fires()).toEqual({ failed: 'theranest 2027: rate_is_forecast' });
    expect(await opened(ledger)).toEqual([]);
    expect(enqueued).toEqual([]);
    expect(complaints).toEqual([{ refused: ['theranest 2027: rate_is_forecast'] }]);
  });

  it('opens what it can when another vendor cannot be opened', async () => {
    const vendors = ['nobody', 'therapynotes', 'simplepractice', 'theranest'];
    const { ledger, fires } = await triggerAt('2026-01-15T14:00:00Z', { vendors });
    expect(await fires()).toEqual({
      failed:
        'nobody 2026: unknown_vendor; therapynotes 2026: vendor_does_not_levy; ' +
        'simplepractice 2026: unknown_year',
    });
    expect(await opened(ledger)).toEqual(['theranest 2026']);
  });
});
