import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decide,
  applyExternalChange,
  waive,
  type Action,
  type ExternalChange,
} from '../../core/fee/actions.ts';
import { FEE_STATUSES, type EntryKind, type NewEntry } from '../../core/fee/fee.ts';
import { fold } from '../../core/fee/fold.ts';
import { emailOwed, next, nextOf } from '../../core/fee/next.ts';
import { KINDS, sample, story, testPolicy } from '../support/fees.ts';

type Line = EntryKind | NewEntry;
const entriesOf = (lines: readonly Line[]) =>
  story(lines.map((line) => (typeof line === 'string' ? sample(line) : line)));
const feeOf = (...lines: Line[]) => fold(entriesOf(lines));

const owed: Line[] = ['assessed', 'approved'];
const noticed: Line[] = [...owed, 'noticed'];
const tried: Line[] = [...noticed, 'intent_opened', 'attempted'];
/** The intent, whose metadata tells of the first notice. */
const recorded = sample('intent_opened', { notice: 1 });
const hard = sample('declined', { verdict: 'needs_card', retryAt: null, code: 'lost_card' });
const paid: Line[] = [...tried, 'paid'];

/** Everything a fee can be when somebody asks for something, state by state and then some. */
const SITUATIONS = {
  detecting: [],
  no_use: ['usage_checked'],
  exempt: ['exempted'],
  ready: ['assessed'],
  approved: owed,
  notice_failed: [...owed, 'notice_failed'],
  noticed,
  prepared: [...noticed, 'intent_opened'],
  bounced: [...noticed, recorded, 'notice_failed'],
  customer_changed: [...noticed, 'intent_opened', 'customer_changed'],
  other_intent_closed: [...noticed, 'intent_opened', 'customer_changed', 'intent_closed'],
  charging: tried,
  unknown: [...tried, 'unknown'],
  retrying: [...tried, 'declined'],
  asked_to_retry: [...tried, 'declined', 'retry_asked'],
  needs_card: [...tried, hard],
  card_came: [...tried, hard, 'card_updated'],
  no_card: [...owed, 'card_missing'],
  gave_up: [...tried, 'declined', 'gave_up'],
  gave_up_bounced: [...tried, 'declined', 'gave_up', 'notice_failed'],
  held: [...noticed, 'held'],
  held_declined: [...tried, 'declined', 'held'],
  being_waived: [...tried, 'waive_asked'],
  waived: [...noticed, 'waived'],
  being_paid_otherwise: [...tried, 'paid_otherwise_asked'],
  paid_otherwise: [...noticed, 'paid_otherwise'],
  waived_unreachable: [...owed, 'notice_failed', 'waived'],
  paid,
  paid_held: [...paid, 'held'],
  refund_asked: [...paid, 'refund_asked'],
  refund_opened: [...paid, 'refund_asked', 'refund_opened'],
  refunded_in_part: [...paid, sample('refunded', { amountCents: 500 })],
  refunded: [...paid, 'refunded'],
  disputed: [...paid, 'disputed'],
} satisfies Record<string, readonly Line[]>;
type Situation = keyof typeof SITUATIONS;

const WISHES: Action[] = [
  { act: 'waive', why: 'kindness' },
  { act: 'hold', why: 'a look' },
  { act: 'release' },
  { act: 'retry' },
  { act: 'refund', why: 'mistake' },
  { act: 'bounce', why: 'bounced 5.1.1' },
];

/** What each wish comes to: the entries it leads to, or `- code` why it is refused. */
function answers(situation: readonly Line[]): string[] {
  return WISHES.map((input) => {
    const decision = decide(feeOf(...situation), input);
    if ('refused' in decision) return `- ${decision.refused}`;
    return decision.entries.map(({ kind }) => kind).join(' ');
  });
}

const SETTLED = '- already_settled';
const NOT_OWED = '- not_assessed';
const NOT_HELD = '- not_held';
const NO_RETRY = '- not_retryable';
const UNPAID = '- not_paid';
const NO_NOTICE = '- not_noticed';
const UNDER_WAY = '- under_way';

/** By situation: waive, hold, release, retry, refund, bounce. */
const ANSWERS: Record<Situation, string[]> = {
  detecting: [NOT_OWED, 'held', NOT_HELD, NO_RETRY, UNPAID, NO_NOTICE],
  no_use: [NOT_OWED, 'held', NOT_HELD, NO_RETRY, UNPAID, NO_NOTICE],
  exempt: [NOT_OWED, 'held', NOT_HELD, NO_RETRY, UNPAID, NO_NOTICE],
  ready: ['waived', 'held', NOT_HELD, NO_RETRY, UNPAID, NO_NOTICE],
  approved: ['waived', 'held', NOT_HELD, NO_RETRY, UNPAID, NO_NOTICE],
  notice_failed: ['waived', 'held', NOT_HELD, 'retry_asked', UNPAID, NO_NOTICE],
  noticed: ['waived', 'held', NOT_HELD, NO_RETRY, UNPAID, 'notice_failed'],
  prepared: ['waive_asked', 'held', NOT_HELD, NO_RETRY, UNPAID, 'notice_failed'],
  bounced: ['waive_asked', 'held', NOT_HELD, 'retry_asked', UNPAID, NO_NOTICE],
  customer_changed: ['waive_asked', 'held', NOT_HELD, NO_RETRY, UNPAID, NO_NOTICE],
  other_intent_closed: ['waived', 'held', NOT_HELD, NO_RETRY, UNPAID, NO_NOTICE],
  charging: ['waive_asked', 'held', NOT_HELD, NO_RETRY, UNPAID, 'notice_failed'],
  unknown: ['waive_asked', 'held', NOT_HELD, NO_RETRY, UNPAID, 'notice_failed'],
  retrying: ['waive_asked', 'held', NOT_HELD, 'retry_asked', UNPAID, 'notice_failed'],
  asked_to_retry: ['waive_asked', 'held', NOT_HELD, UNDER_WAY, UNPAID, 'notice_failed'],
  needs_card: ['waive_asked', 'held', NOT_HELD, NO_RETRY, UNPAID, 'notice_failed'],
  card_came: ['waive_asked', 'held', NOT_HELD, 'retry_asked', UNPAID, 'notice_failed'],
  no_card: ['waived', 'held', NOT_HELD, NO_RETRY, UNPAID, NO_NOTICE],
  gave_up: [
    'revived waive_asked',
    'held',
    NOT_HELD,
    'revived retry_asked',
    UNPAID,
    'notice_failed',
  ],
  gave_up_bounced: [
    'revived waive_asked',
    'held',
    NOT_HELD,
    'revived retry_asked',
    UNPAID,
    NO_NOTICE,
  ],
  held: ['waived', '- already_held', 'released', NO_RETRY, UNPAID, 'notice_failed'],
  held_declined: [
    'waive_asked',
    '- already_held',
    'released',
    '- already_held',
    UNPAID,
    'notice_failed',
  ],
  being_waived: [SETTLED, 'held', NOT_HELD, NO_RETRY, UNPAID, SETTLED],
  being_paid_otherwise: [SETTLED, 'held', NOT_HELD, NO_RETRY, UNPAID, SETTLED],
  paid_otherwise: [SETTLED, 'held', NOT_HELD, NO_RETRY, UNPAID, SETTLED],
  waived: [SETTLED, 'held', NOT_HELD, NO_RETRY, UNPAID, SETTLED],
  waived_unreachable: [SETTLED, 'held', NOT_HELD, NO_RETRY, UNPAID, SETTLED],
  paid: [SETTLED, 'held', NOT_HELD, NO_RETRY, 'refund_asked', SETTLED],
  paid_held: [SETTLED, '- already_held', 'released', NO_RETRY, 'refund_asked', SETTLED],
  refund_asked: [SETTLED, 'held', NOT_HELD, NO_RETRY, UNDER_WAY, SETTLED],
  refund_opened: [SETTLED, 'held', NOT_HELD, NO_RETRY, UNDER_WAY, SETTLED],
  refunded_in_part: [SETTLED, 'held', NOT_HELD, NO_RETRY, 'refund_asked', SETTLED],
  refunded: [SETTLED, 'held', NOT_HELD, NO_RETRY, UNPAID, SETTLED],
  disputed: [SETTLED, 'held', NOT_HELD, NO_RETRY, 'refund_asked', SETTLED],
};

describe('a person asks to waive, hold, release, retry, refund, or says a notice bounced', () => {
  it.each(Object.entries(ANSWERS))('%s', (situation, expected) => {
    expect(answers(SITUATIONS[situation as Situation])).toEqual(expected);
  });

  it('in every state a fee can be in', () => {
    const met = Object.values(SITUATIONS).map(
      (lines) => next(entriesOf(lines), testPolicy()).state,
    );
    expect(FEE_STATUSES.filter((state) => !met.includes(state))).toEqual([]);
  });

  it('and twice gets one result: the second is told that it was done', () => {
    for (const lines of Object.values(SITUATIONS))
      for (const input of WISHES) {
        const first = decide(feeOf(...lines), input);
        if ('refused' in first) continue;
        expect(
          decide(feeOf(...lines, ...first.entries), input),
          `${input.act} again`,
        ).toHaveProperty('refused');
      }
  });

  it('and is told why not, in a sentence', () => {
    for (const lines of Object.values(SITUATIONS))
      for (const input of WISHES) {
        const decision = decide(feeOf(...lines), input);
        if ('refused' in decision) expect(decision.why).toMatch(/^[a-z].{10,}[^.]$/);
      }
  });

  it('waives the whole of what is owed, for the reason that was given', () => {
    expect(waive(feeOf(...owed), 'kindness')).toEqual({ entries: [sample('waived')] });
  });

  it('says so of one notice, and of no later one', () => {
    const again: Line[] = [...noticed, 'notice_failed', 'retry_asked', 'noticed'];
    const about = (notice: number, lines = again) =>
      decide(feeOf(...lines), { act: 'bounce', why: 'bounced', notice });
    expect(about(2)).toHaveProperty('entries');
    for (const other of [0, 1, 3]) expect(about(other)).toMatchObject({ refused: 'not_noticed' });
  });

  it('says so of one that nobody has written down yet, and its number is used up', () => {
    const sent: Line[] = [...owed];
    const input: Action = { act: 'bounce', why: 'bounced', notice: 1 };
    const decision = decide(feeOf(...sent), input);
    if ('refused' in decision) throw new Error(decision.why);
    expect(feeOf(...sent, ...decision.entries)).toMatchObject({ notices: 1, noticed: null });
    expect(decide(feeOf(...sent, ...decision.entries), input)).toHaveProperty('refused');
    expect(decide(feeOf(...sent), { ...input, notice: 2 })).toHaveProperty('refused');
    expect(decide(feeOf('assessed'), input)).toHaveProperty('refused');
  });

  it('and the address that failed is the one the notice went to, not a later one', () => {
    const early = sample('noticed', { emailChanges: 3 });
    expect(decide(feeOf(...owed, early), { act: 'bounce', why: 'bounced' })).toMatchObject({
      entries: [{ kind: 'notice_failed', data: { emailChanges: 3 } }],
    });
  });

  it('may retry another card, but never one that must not be tried again', () => {
    const later = [...tried, hard, 'card_updated', sample('attempted', { attempt: 2 }), hard];
    expect(decide(feeOf(...(later as Line[])), { act: 'retry' })).toMatchObject({
      refused: 'not_retryable',
    });
  });
});

describe('the world changes', () => {
  const changes: Record<string, ExternalChange> = {
    evidence: { change: 'evidence' },
    withdrawn: { change: 'evidence_withdrawn' },
    leaves: { change: 'vendor', levied: false },
    returns: { change: 'vendor', levied: true },
    email: { change: 'email' },
    card: { change: 'card', paymentMethod: 'pm_2' },
    same: { change: 'card', paymentMethod: 'pm_1' },
    renewed: {
      change: 'card',
      paymentMethod: 'pm_1',
      renewedAt: new Date('2026-12-01T00:00:00Z'),
    },
    own_page: { change: 'card', paymentMethod: 'pm_2', asked: true },
    customer: { change: 'customer', customer: 'cus_3' },
    no_customer: { change: 'customer', customer: null },
  };
  const to = (lines: readonly Line[], name: string) =>
    applyExternalChange(feeOf(...lines), changes[name] as ExternalChange)
      .map(({ kind }) => kind)
      .join(' ');

  /** By situation, every change that makes a difference; all others add nothing. */
  const RECARD = { card: 'card_updated', renewed: 'card_updated', own_page: 'card_updated' };
  const OTHER = { customer: 'customer_changed', no_customer: 'customer_changed' };
  const MOVED = { withdrawn: 'reopened', leaves: 'waived' };
  const ASKED = { withdrawn: 'reopened', leaves: 'waive_asked' };
  const LOOK = { evidence: 'reopened', leaves: 'reopened' };
  /** What was given up stays so, unless the clinician gives a card for this very fee. */
  const GIVEN_UP = {
    ...{ withdrawn: 'reopened', leaves: 'revived waive_asked' },
    own_page: 'revived card_updated',
  };
  const FOLLOWS: Record<Situation, Record<string, string>> = {
    detecting: LOOK,
    no_use: LOOK,
    exempt: { evidence: 'reopened', returns: 'reopened' },
    ready: MOVED,
    approved: MOVED,
    notice_failed: { ...MOVED, email: 'retry_asked' },
    noticed: { ...MOVED, ...OTHER },
    prepared: { ...ASKED, ...OTHER },
    bounced: { ...ASKED, ...OTHER, email: 'retry_asked' },
    customer_changed: { ...ASKED, ...OTHER },
    other_intent_closed: { ...MOVED, ...OTHER },
    charging: { ...ASKED, ...OTHER },
    unknown: { ...ASKED, ...OTHER },
    retrying: { ...ASKED, ...OTHER, ...RECARD },
    asked_to_retry: { ...ASKED, ...OTHER, ...RECARD },
    needs_card: { ...ASKED, ...OTHER, ...RECARD },
    card_came: { ...ASKED, ...OTHER },
    no_card: { ...MOVED, ...RECARD, same: 'card_updated' },
    gave_up: { ...GIVEN_UP, ...OTHER },
    gave_up_bounced: { ...GIVEN_UP, ...OTHER },
    held: { ...MOVED, ...OTHER },
    held_declined: { ...ASKED, ...OTHER, ...RECARD },
    being_waived: {},
    being_paid_otherwise: {},
    paid_otherwise: { withdrawn: 'held' },
    waived: {},
    waived_unreachable: {},
    paid: { withdrawn: 'held' },
    paid_held: {},
    refund_asked: { withdrawn: 'held' },
    refund_opened: { withdrawn: 'held' },
    refunded_in_part: { withdrawn: 'held' },
    refunded: { withdrawn: 'held' },
    disputed: { withdrawn: 'held' },
  };
  it.each(Object.entries(FOLLOWS))('%s', (situation, expected) => {
    const lines = SITUATIONS[situation as Situation];
    const found = Object.keys(changes)
      .map((name) => [name, to(lines, name)])
      .filter(([, kinds]) => kinds !== '');
    expect(Object.fromEntries(found)).toEqual(expected);
  });

  it('twice the same way adds nothing the second time', () => {
    for (const lines of Object.values(SITUATIONS))
      for (const change of Object.values(changes)) {
        const first = applyExternalChange(feeOf(...lines), change);
        expect(applyExternalChange(feeOf(...lines, ...first), change)).toEqual([]);
      }
  });

  it('never leads to a charge of somebody whose fee is waived or under a waiver', () => {
    const anyChange = fc.constantFrom(...Object.values(changes));
    const anyLines = fc.array(fc.constantFrom(...KINDS.filter((kind) => kind !== 'withdrawn')));
    fc.assert(
      fc.property(anyLines, anyChange, (kinds, change) => {
        const lines = [...noticed, 'intent_opened' as const, ...kinds];
        const fee = feeOf(...lines);
        if (!fee.waived && !fee.waiveAsked) return;
        const after = [...lines, ...applyExternalChange(fee, change)];
        const what = next(entriesOf(after), testPolicy());
        if (what.step === 'charge') expect(feeOf(...after).openAttempt).not.toBeNull();
      }),
    );
  });
});

describe('the link for another card', () => {
  it.each<[Situation, string]>([
    ['retrying', 'card_link_asked'],
    ['asked_to_retry', 'card_link_asked'],
    ['gave_up', '- under_way'],
    ['needs_card', '- under_way'],
    ['no_card', '- under_way'],
    ['noticed', '- no_card_needed'],
    ['ready', '- no_card_needed'],
    ['charging', '- no_card_needed'],
    ['gave_up_bounced', '- no_card_needed'],
    ['held_declined', '- already_held'],
    ['paid', SETTLED],
    ['waived', SETTLED],
    ['being_waived', SETTLED],
  ])('when %s: %s', (situation, answer) => {
    const decision = decide(feeOf(...SITUATIONS[situation]), { act: 'send_card_link' });
    const came =
      'refused' in decision
        ? `- ${decision.refused}`
        : decision.entries.map(({ kind }) => kind).join(' ');
    expect(came).toBe(answer);
  });

  it('is sent once for each time it is asked for, before the card is tried again', () => {
    const asked = feeOf(...SITUATIONS.retrying, 'card_link_asked');
    expect(emailOwed(asked)).toEqual({ email: 'card_needed', about: asked.seq });
    expect(nextOf(asked, testPolicy()).step).toBe('email');
    const sent = feeOf(
      ...SITUATIONS.retrying,
      'card_link_asked',
      sample('email_sent', { email: 'card_needed', about: asked.seq }),
    );
    expect(nextOf(sent, testPolicy())).toMatchObject({ state: 'retrying', step: 'charge' });
    const again = decide(sent, { act: 'send_card_link' });
    expect('entries' in again && again.entries.map(({ kind }) => kind)).toEqual([
      'card_link_asked',
    ]);
  });
});

it('writes a note whatever the fee is, and nothing else changes', () => {
  for (const situation of Object.values(SITUATIONS)) {
    const [before, after] = [feeOf(...situation), feeOf(...situation, 'noted')];
    expect(decide(before, { act: 'note', why: 'called' })).toEqual({
      entries: [{ kind: 'noted', data: { text: 'called' } }],
    });
    const { state, step } = nextOf(before, testPolicy());
    expect(nextOf(after, testPolicy())).toMatchObject({ state, step });
  }
});
