import { describe, expect, it } from 'vitest';
import { detect, type DetectionFacts } from '../../core/fee/detect.ts';
import type { EntryKind, NewEntry } from '../../core/fee/fee.ts';
import { fold } from '../../core/fee/fold.ts';
import { next } from '../../core/fee/next.ts';
import { AMOUNT, EVIDENCE, sample, story, testPolicy } from '../support/fees.ts';

type Line = EntryKind | NewEntry;
const entriesOf = (lines: Line[]) =>
  story(lines.map((line) => (typeof line === 'string' ? sample(line) : line)));

const USED: DetectionFacts = {
  sameVendor: true,
  vendorLevies: true,
  firstUse: EVIDENCE,
  amountCents: AMOUNT,
  autoApprove: false,
};
const UNUSED: DetectionFacts = { ...USED, firstUse: null };

/** What detection adds, and where the fee then stands. */
function look(lines: Line[], seen: DetectionFacts) {
  const added = detect(fold(entriesOf(lines)), seen);
  const { state, step } = next(entriesOf([...lines, ...added]), testPolicy());
  return { added, kinds: added.map(({ kind }) => kind).join(' '), state, step };
}

const noticed: Line[] = ['assessed', 'approved', 'noticed'];
const tried: Line[] = [...noticed, 'intent_opened', 'attempted', 'declined'];
const WITHDRAWN = sample('reopened', { why: 'evidence_withdrawn' });

describe('looking at a fee for the first time', () => {
  it.each<[what: string, seen: DetectionFacts, kinds: string, state: string]>([
    ['with use is owed and waits for approval', USED, 'assessed', 'ready'],
    [
      'with use is approved where nobody has to',
      { ...USED, autoApprove: true },
      'assessed approved',
      'approved',
    ],
    ['without use rests', UNUSED, 'usage_checked', 'no_use'],
    [
      'in another EHR that levies is that one’s',
      { ...USED, sameVendor: false },
      'exempted',
      'exempt',
    ],
    [
      'in an EHR that does not levy is exempt, used or not',
      { ...USED, sameVendor: false, vendorLevies: false },
      'exempted',
      'exempt',
    ],
  ])('%s', (_what, seen, kinds, state) => {
    expect(look([], seen)).toMatchObject({ kinds, state });
  });

  it('freezes the amount and the evidence of the moment', () => {
    expect(look([], USED).added).toEqual([
      { kind: 'assessed', data: { amountCents: AMOUNT, evidence: EVIDENCE } },
    ]);
  });

  it('says which of the two exempts', () => {
    const why = (vendorLevies: boolean) =>
      look([], { ...USED, sameVendor: false, vendorLevies }).added[0]?.data;
    expect(why(true)).toEqual({ why: 'other_vendor' });
    expect(why(false)).toEqual({ why: 'vendor_does_not_levy' });
  });
});

describe('looking again', () => {
  it.each<[what: string, before: Line[], seen: DetectionFacts, kinds: string, state: string]>([
    [
      'first use late in the year is owed',
      ['usage_checked', 'reopened'],
      USED,
      'assessed',
      'ready',
    ],
    ['back in the EHR that levies is owed', ['exempted', 'reopened'], USED, 'assessed', 'ready'],
    ['still no use rests', ['usage_checked', 'reopened'], UNUSED, 'usage_checked', 'no_use'],
    ['a fee that stands goes on', [...noticed, WITHDRAWN], USED, 'usage_checked', 'noticed'],
    [
      'one that stands is not assessed a second time, approved or not',
      ['assessed', WITHDRAWN],
      { ...USED, autoApprove: true },
      'usage_checked',
      'ready',
    ],
    [
      'who has moved on to another EHR still owes what was used here',
      [...noticed, WITHDRAWN],
      { ...USED, sameVendor: false },
      'usage_checked',
      'noticed',
    ],
  ])('%s', (_what, before, seen, kinds, state) => {
    expect(look(before, seen)).toMatchObject({ kinds, state });
  });
});

describe('evidence that turned out wrong', () => {
  it.each<[what: string, before: Line[], kinds: string, state: string, step: string | null]>([
    ['before approval leaves no fee', ['assessed'], 'withdrawn', 'no_use', null],
    ['before the notice leaves no fee', ['assessed', 'approved'], 'withdrawn', 'no_use', null],
    [
      'of somebody who could not be written to leaves no fee',
      ['assessed', 'approved', 'notice_failed'],
      'withdrawn',
      'no_use',
      null,
    ],
    ['after the notice is waived and told', noticed, 'usage_checked waived', 'waived', 'email'],
    [
      'with an intent at Stripe is waived there first',
      tried,
      'usage_checked waive_asked',
      'held',
      'settle',
    ],
    [
      'after giving up is waived all the same',
      [...tried, 'gave_up'],
      'usage_checked revived waive_asked',
      'held',
      'settle',
    ],
    [
      'that was on its way when the money was taken is left to a person',
      [...tried.slice(0, -1), WITHDRAWN, 'paid'],
      'usage_checked held',
      'held',
      null,
    ],
    [
      'adds no second hold',
      [...tried.slice(0, -1), 'paid', 'held', WITHDRAWN],
      'usage_checked',
      'held',
      null,
    ],
    ['of a waived fee changes nothing', [...noticed, 'waived'], 'usage_checked', 'waived', 'email'],
  ])('%s', (_what, before, kinds, state, step) => {
    expect(look(before, UNUSED)).toMatchObject({ kinds, state, step });
  });

  it('takes back exactly what was owed', () => {
    expect(look(['assessed'], UNUSED).added).toMatchObject([{ data: { amountCents: AMOUNT } }]);
  });

  it('is looked at as soon as it is known, but not before an open attempt is settled', () => {
    const step = (...lines: Line[]) => next(entriesOf(lines), testPolicy()).step;
    expect(step(...noticed, WITHDRAWN)).toBe('detect');
    expect(step(...tried, WITHDRAWN)).toBe('detect');
    expect(step(...tried, 'gave_up', WITHDRAWN)).toBe('detect');
    expect(step(...tried.slice(0, -1), WITHDRAWN)).toBe('settle');
    expect(step(...tried.slice(0, -1), WITHDRAWN, 'paid')).toBe('detect');
  });

  it('leaves nothing behind that would spare a later fee its approval and its notice', () => {
    const again: Line[] = ['assessed', 'approved', 'withdrawn', 'reopened', 'assessed'];
    expect(next(entriesOf(again), testPolicy())).toMatchObject({ state: 'ready', step: null });
    expect(next(entriesOf([...again, 'approved']), testPolicy())).toMatchObject({
      state: 'approved',
      step: 'notice',
    });
  });
});
