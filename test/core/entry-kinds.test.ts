import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { describeEntry } from '../../core/fee/describe.ts';
import type { Entry } from '../../core/fee/fee.ts';
import { fold } from '../../core/fee/fold.ts';
import { ENTRY_KINDS, movement } from '../../core/fee/money.ts';
import { nextOf } from '../../core/fee/next.ts';
import { KINDS, sample, story, testPolicy } from '../support/fees.ts';

/** A kind of entry that nobody has heard of, as a newer program would write it. */
const FORGIVEN = { ...story([sample('assessed')])[0], kind: 'forgiven' } as unknown as Entry;

/** The kinds the database takes, by its own check. */
async function kindsOfDatabase(): Promise<string[]> {
  const schema = await readFile(new URL('../../ledger/schema.sql', import.meta.url), 'utf8');
  const check =
    /entries_kind_check CHECK \(\(kind = ANY \(ARRAY\[([^\]]*)\]/.exec(schema)?.[1] ?? '';
  return [...check.matchAll(/'(\w+)'/g)].map(([, kind = '']) => kind);
}

describe('every kind of entry', () => {
  it('is the same list in the program, in the database and in these tests', async () => {
    expect([...ENTRY_KINDS].sort()).toEqual((await kindsOfDatabase()).sort());
    expect([...ENTRY_KINDS].sort()).toEqual([...KINDS].sort());
  });

  it.each(ENTRY_KINDS)(
    '%s is added up, judged, worded, and moves money or says it moves none',
    (kind) => {
      const entries = story([
        sample('assessed'),
        sample('approved'),
        sample('noticed'),
        sample(kind),
      ]);
      expect(describeEntry(entries[3]!)).toMatch(/^[A-Z$].*\.$/);
      expect([null, 'object']).toContain(movement(sample(kind)) && 'object');
      const fee = fold(entries);
      expect(nextOf(fee, testPolicy()).why).not.toBe('');
    },
  );

  it('that is not known is refused, not passed over', () => {
    expect(() => fold([FORGIVEN])).toThrow('no fold for entry kind forgiven');
    expect(() => describeEntry(FORGIVEN)).toThrow();
    expect(ENTRY_KINDS).not.toContain('forgiven');
  });
});
