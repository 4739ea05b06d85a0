import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPayload, JOB_NAMES, jobId, JOBS, type JobName } from '../../jobs/jobs.ts';

const UUID = '00000000-0000-4000-8000-0000000000f1';
const anyUuid = fc.uuid();
const ofFee = fc.record({ feeId: anyUuid, seq: fc.nat() });
const word = fc.string({ unit: fc.constantFrom(...'aZ09_'), minLength: 1, maxLength: 40 });

/** Payloads as they are meant to be. */
const GOOD: Record<JobName, fc.Arbitrary<object>> = {
  'open-assessment': fc.record({ assessmentId: anyUuid }),
  'read-cards': fc.record({ assessmentId: anyUuid, day: fc.constant('2026-02-01') }),
  'bulk-act': fc.record({ bulkId: anyUuid }),
  annual: fc.constant({}),
  reconcile: fc.oneof(fc.constant({}), fc.record({ assessmentId: anyUuid })),
  detect: ofFee,
  notice: ofFee,
  charge: ofFee,
  settle: ofFee,
  email: ofFee,
  'follow-invoices': fc.record({
    vendor: fc.constantFrom('theranest', 'simple_practice', '9-lives'),
    year: fc.integer({ min: 2000, max: 2200 }),
    cause: anyUuid.map((id) => `${id}-confirmed`),
  }),
  'webhook-event': fc.record({ eventId: word.map((text) => `evt_${text}`) }),
};
const idOf = (name: JobName, payload: object) => jobId(name, payload as never);

describe.each(JOB_NAMES)('the %s job', (name) => {
  it('takes its payload as it is, also after a journey as JSON', () => {
    fc.assert(
      fc.property(GOOD[name], (payload) => {
        expect(checkPayload(name, payload)).toEqual(payload);
        expect(checkPayload(name, JSON.parse(JSON.stringify(payload)))).toEqual(payload);
      }),
    );
  });

  it('has an id that both backends take: no colon, not all digits, not too long', () => {
    fc.assert(
      fc.property(GOOD[name], (payload) => {
        const id = idOf(name, payload);
        expect(id).toMatch(/^[a-z]+(-[A-Za-z0-9_-]+)?$/);
        expect(id.startsWith(name)).toBe(true);
        expect(id.length).toBeLessThan(200);
      }),
    );
  });

  it('has the same id for the same payload and another for any other', () => {
    fc.assert(
      fc.property(GOOD[name], GOOD[name], (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect(idOf(name, one) === idOf(name, other)).toBe(same);
      }),
    );
  });

  it('keeps nothing that its schema does not name', () => {
    fc.assert(
      fc.property(GOOD[name], fc.dictionary(fc.string(), fc.anything()), (payload, more) => {
        const kept = Object.keys(checkPayload<JobName>(name, { ...more, ...payload }));
        expect(kept.filter((key) => !(key in payload))).toEqual([]);
      }),
    );
  });

  it('waits longer between its own tries each time, and not for ever', () => {
    const { attempts, backoffMs } = JOBS[name];
    expect(attempts).toBeGreaterThanOrEqual(3);
    expect(backoffMs).toBeGreaterThanOrEqual(1_000);
    expect(backoffMs * 2 ** (attempts - 1)).toBeLessThanOrEqual(24 * 3_600_000);
  });
});

describe('a payload that is not one', () => {
  it.each<[what: string, name: JobName, payload: unknown]>([
    ['nothing', 'charge', undefined],
    ['null', 'charge', null],
    ['text', 'charge', UUID],
    ['a list', 'charge', [UUID, 1]],
    ['no fee', 'charge', { seq: 1 }],
    ['no number', 'charge', { feeId: UUID }],
    ['a number as text', 'charge', { feeId: UUID, seq: '1' }],
    ['half a number', 'charge', { feeId: UUID, seq: 1.5 }],
    ['a negative number', 'charge', { feeId: UUID, seq: -1 }],
    ['a fee that is not an id', 'charge', { feeId: "' or true --", seq: 1 }],
    ['an id with something after it', 'charge', { feeId: `${UUID}\n`, seq: 1 }],
    ['an id in capitals', 'charge', { feeId: UUID.toUpperCase(), seq: 1 }],
    ['a name for an assessment', 'open-assessment', { assessmentId: 'theranest 2026' }],
    ['an event that is not Stripe’s', 'webhook-event', { eventId: 'pi_1' }],
    ['an event with a colon', 'webhook-event', { eventId: 'evt_1:2' }],
    ['an event that never ends', 'webhook-event', { eventId: `evt_${'x'.repeat(101)}` }],
  ])('is refused: %s', (_what, name, payload) => {
    expect(() => checkPayload(name, payload)).toThrow(`payload of this ${name} job is not valid`);
  });

  it('is refused without repeating what it says', () => {
    for (const name of JOB_NAMES.filter((one) => one !== 'annual' && one !== 'reconcile'))
      expect(() => checkPayload(name, { feeId: 'Dana Example', seq: 'Dana' })).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('Dana') }),
      );
  });
});
