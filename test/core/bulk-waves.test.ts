import { describe, expect, it } from 'vitest';
import { nextWave, type BulkStanding } from '../../core/bulk-waves.ts';

const RESTED = { tried: 0, paid: 0, open: 0 };
const of = (standing: Partial<BulkStanding>): BulkStanding => ({
  ...{ act: 'retry', members: 1_000, waveFrom: 0, waveTo: 0, wave: RESTED },
  ...standing,
});

describe('an act on many fees', () => {
  it('that charges begins with five fees, and each wave is ten times the last', () => {
    expect(nextWave(of({}))).toEqual({ then: 'wave', fees: 5 });
    expect(nextWave(of({ waveTo: 5 }))).toEqual({ then: 'wave', fees: 50 });
    expect(nextWave(of({ waveFrom: 5, waveTo: 55 }))).toEqual({ then: 'wave', fees: 500 });
  });

  it('that charges waits while fees of the wave are at the bank', () => {
    const wave = { tried: 3, paid: 1, open: 2 };
    expect(nextWave(of({ waveTo: 5, wave }))).toEqual({ then: 'wait' });
  });

  it.each([
    ['nobody of three paid', { tried: 3, paid: 0, open: 0 }, 'pause'],
    ['nobody of two paid', { tried: 2, paid: 0, open: 0 }, 'wave'],
    ['one of many paid', { tried: 50, paid: 1, open: 0 }, 'wave'],
  ])('that charges: when %s, then %s', (_, wave, then) => {
    expect(nextWave(of({ waveFrom: 0, waveTo: 50, wave })).then).toBe(then);
  });

  it('ends after its last wave, whatever the banks still say', () => {
    const wave = { tried: 5, paid: 0, open: 3 };
    expect(nextWave(of({ members: 5, waveTo: 5, wave }))).toEqual({ then: 'end' });
  });

  it('that charges nobody is done at once, and with nobody to act on it ends', () => {
    expect(nextWave(of({ act: 'note' }))).toEqual({ then: 'wave', fees: 1_000 });
    expect(nextWave(of({ act: 'note', waveTo: 1_000 }))).toEqual({ then: 'end' });
    expect(nextWave(of({ members: 0 }))).toEqual({ then: 'end' });
  });
});
