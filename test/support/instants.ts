import fc from 'fast-check';

/**
 * Zones of every kind: far ahead and far behind, of quarter and half hours, with summer time north
 * and south of the equator, by half an hour (Lord Howe), counted backwards (Dublin), or without.
 */
export const anyZone = fc.constantFrom(
  'America/New_York',
  'America/Los_Angeles',
  'America/Anchorage',
  'America/St_Johns',
  'America/Phoenix',
  'America/Sao_Paulo',
  'America/Santiago',
  'Asia/Kathmandu',
  'Asia/Tokyo',
  'Australia/Lord_Howe',
  'Australia/Sydney',
  'Europe/Dublin',
  'Europe/London',
  'Pacific/Auckland',
  'Pacific/Chatham',
  'Pacific/Honolulu',
  'Pacific/Kiritimati',
  'UTC',
);

const START = Date.UTC(2025, 0, 1);
const END = Date.UTC(2035, 0, 1);

/** Moments at which some zone changes its clocks: the hours around them are where errors live. */
const CHANGES = [
  '2026-03-08T07:00:00Z',
  '2026-11-01T06:00:00Z',
  '2026-03-29T01:00:00Z',
  '2026-10-25T01:00:00Z',
  '2026-04-05T03:00:00Z',
  '2026-09-06T04:00:00Z',
  '2026-04-04T15:00:00Z',
  '2026-10-03T15:30:00Z',
].map((at) => Date.parse(at));

const anyChange = fc.constantFrom(...CHANGES);

/**
 * An instant within ten years; two in three are within two days of a change of clocks, or whole
 * days before an hour near one, so that a period of days ends there.
 */
export const anyInstant = fc
  .oneof(
    fc.integer({ min: START, max: END }),
    fc
      .tuple(anyChange, fc.integer({ min: -172_800_000, max: 172_800_000 }))
      .map(([change, away]) => change + away),
    fc
      .tuple(anyChange, fc.integer({ min: 0, max: 60 }), fc.integer({ min: -120, max: 120 }))
      .map(([change, days, minutes]) => change - days * 86_400_000 + minutes * 60_000),
  )
  .map((ms) => new Date(ms));
