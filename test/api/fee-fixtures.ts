import type pg from 'pg';
import type { NewEntry, FeeStatus } from '../../core/fee/fee.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { appendAll, setClock, testLedger } from '../support/assessment.ts';
import { EVIDENCE, sample, testPolicy } from '../support/fees.ts';

/** An assessment with one fee in every state, told by real entries in a real ledger. */
export interface FeeFixtures {
  ledger: Ledger;
  assessmentId: string;
  importId: string;
  /** The fee in each state. */
  fees: Record<FeeStatus, string>;
}

/** Names as practices type them, and as somebody might who means harm. */
const NAMES = [
  '<script>alert(1)</script>',
  '=cmd()|/c calc!A1',
  `O'Neil "Bo" & Sons`,
  'Zoë Nuñez-Öztürk',
  '</title><img src=x onerror=alert(1)>',
  'Ana \u202egpj.exe',
  'Bea Longname-Featherstonehaugh-Cholmondeley, LMFT, PhD, NCC',
];

const NOTICED_AT = new Date('2026-01-15T14:00:00Z');
const CHARGED_AT = new Date('2026-02-02T15:30:00Z');

/** What happened before the notice period was over, and after it. */
const STORIES: Record<FeeStatus, { before: NewEntry[]; after?: (n: number) => NewEntry[] }> = {
  detecting: { before: [] },
  no_use: { before: [sample('usage_checked')] },
  exempt: { before: [sample('exempted')] },
  ready: { before: [sample('usage_checked'), sample('reopened'), sample('assessed')] },
  approved: {
    before: [
      ...noticed(),
      sample('intent_opened', { intent: 'pi_closed' }),
      sample('notice_recorded'),
      sample('invoiced'),
      sample('customer_changed', { customer: 'cus_approved' }),
      sample('intent_closed', { intent: 'pi_closed' }),
      sample('deferred'),
    ],
  },
  noticed: { before: noticed() },
  charging: { before: noticed(), after: (n) => tried(n) },
  unknown: {
    before: noticed(),
    after: (n) => [...tried(n), sample('unknown', { look: 0 }), sample('unknown', { look: 1 })],
  },
  retrying: {
    before: noticed(),
    after: (n) => [
      ...tried(n),
      sample('declined', { charge: null }),
      sample('card_link_asked'),
      sample('email_sent', { email: 'card_needed', about: 7 }),
      sample('noted'),
    ],
  },
  needs_card: {
    before: noticed(),
    after: (n) => [...tried(n), lost(), sample('email_sent', { email: 'card_needed', about: 6 })],
  },
  notice_failed: { before: [...asked(), sample('notice_failed')] },
  held: {
    before: [
      ...[...noticed(), sample('pay_now_asked'), sample('objected', { text: 'not <b>mine</b>' })],
      ...[sample('objection_answered'), sample('held', { why: 'says <b>nobody</b> told them' })],
    ],
  },
  paid: {
    before: noticed(),
    after: (n) => [...tried(n), paid(n), sample('email_sent', { email: 'receipt', about: 6 })],
  },
  waived: {
    before: [
      ...noticed(),
      sample('intent_opened', { intent: 'pi_waived' }),
      sample('notice_recorded'),
      sample('customer_changed'),
      sample('intent_closed', { intent: 'pi_waived' }),
      sample('held'),
      sample('released'),
      sample('waive_asked'),
      sample('waived'),
    ],
    after: () => [sample('email_failed', { email: 'waived', about: 11 })],
  },
  paid_otherwise: {
    before: [...noticed(), sample('paid_otherwise_asked'), sample('paid_otherwise')],
  },
  refunded: {
    before: noticed(),
    after: (n) => [
      ...tried(n),
      paid(n),
      sample('refund_asked'),
      sample('refund_opened', { refund: 're_failed' }),
      sample('refund_failed', { refund: 're_failed' }),
      sample('refund_asked'),
      sample('refund_opened', { refund: `re_${n}` }),
      sample('refunded', { refund: `re_${n}` }),
    ],
  },
  disputed: {
    before: noticed(),
    after: (n) => [
      ...tried(n),
      paid(n),
      sample('disputed'),
      sample('dispute_closed'),
      sample('disputed', { dispute: 'dp_2' }),
    ],
  },
  gave_up: {
    before: [
      sample('assessed'),
      sample('withdrawn'),
      ...asked(),
      sample('card_missing'),
      sample('card_updated'),
      ...noticed().slice(2),
    ],
    after: (n) => [
      ...tried(n),
      sample('lapsed'),
      ...tried(n, 2).slice(1),
      sample('declined', { attempt: 2, verdict: 'give_up', retryAt: null }),
      sample('gave_up'),
      sample('revived'),
      sample('retry_asked'),
      sample('gave_up'),
    ],
  },
};

/** Puts the crowd into an empty, migrated database. */
export async function createFeeFixtures(pool: pg.Pool): Promise<FeeFixtures> {
  const ledger = await testLedger(pool);
  await setClock(pool, NOTICED_AT);
  const states = Object.keys(STORIES) as FeeStatus[];
  for (const [index, state] of states.entries())
    await ledger.clinicians.upsert({
      ref: `C-${state}`,
      name: NAMES[index] ?? `Person of ${state}`,
      email: `${state}@people.example`,
      npi: null,
      vendor: state === 'exempt' ? 'therapynotes' : 'theranest',
      timeZone: 'America/New_York',
      stripeCustomer: state === 'ready' ? null : `cus_${state}`,
      paymentMethod: null,
    });
  const opening = await ledger.assessments.open({
    vendor: 'theranest',
    year: 2026,
    policy: testPolicy(),
    autoApprove: false,
    livemode: false,
    actor: 'test',
  });
  if (!opening.opened) throw new Error(opening.why);
  await recordUses(ledger, states);
  const { assessmentId } = opening.assessment;
  await ledger.assessments.enroll(assessmentId);
  const fees = await tellStories(pool, ledger, states);
  const importId = await importFile(ledger);
  return { ledger, assessmentId, importId, fees };
}

async function tellStories(
  pool: pg.Pool,
  ledger: Ledger,
  states: FeeStatus[],
): Promise<Record<FeeStatus, string>> {
  const lines = await ledger.reports.fees({ limit: 100 });
  const fees = Object.fromEntries(lines.map(({ ref, feeId }) => [ref.slice(2), feeId])) as Record<
    FeeStatus,
    string
  >;
  for (const state of states) await appendAll(ledger, fees[state], STORIES[state].before);
  await setClock(pool, CHARGED_AT);
  for (const [index, state] of states.entries())
    await appendAll(ledger, fees[state], STORIES[state].after?.(index) ?? []);
  return fees;
}

/** The use of a code by everybody who is assessed: the ledger refuses a fee without evidence. */
async function recordUses(ledger: Ledger, states: FeeStatus[]): Promise<void> {
  const assessed = states.filter((state) =>
    STORIES[state].before.some(({ kind }) => kind === 'assessed'),
  );
  const people = await ledger.clinicians.similar(assessed.map((state) => ({ ref: `C-${state}` })));
  await ledger.evidence.record({
    ...{ sha256: 'e'.repeat(64), fileName: 'uses.837', vendor: null, format: 'x12-837P' },
    ...{ periodFrom: null, periodTo: null, bytes: 1_024, records: 40, importedBy: 'office' },
    ...{ findings: people.length, matched: people.length, problems: [] },
    uses: people.map(({ clinicianId }, index) => ({
      ...{ clinicianId, year: 2026, line: index + 1, rule: 'sv1', certainty: 'sure' as const },
      ...{ kind: EVIDENCE.kind, firstUsedOn: EVIDENCE.firstUsedOn },
    })),
  });
}

/** A file with sure and weak findings, and with rows nobody could be matched to. */
async function importFile(ledger: Ledger): Promise<string> {
  const people = await ledger.clinicians.list({ limit: 100 });
  const recorded = await ledger.evidence.record({
    sha256: 'f'.repeat(64),
    fileName: 'claims "January" <2026>.837',
    vendor: null,
    periodFrom: null,
    periodTo: null,
    format: 'x12-837P',
    bytes: 48_213,
    records: 312,
    findings: 290,
    matched: 288,
    importedBy: 'office',
    uses: people.slice(0, 6).map(({ clinicianId }, index) => ({
      clinicianId,
      year: 2026,
      kind: 'progress_note',
      firstUsedOn: '2026-01-09',
      line: 40 + index,
      rule: 'note-negated',
      certainty: index < 4 ? 'weak' : 'sure',
    })),
    problems: [
      {
        line: 17,
        reason: 'unmatched',
        field: 'NM1',
        message: 'nobody on the roster has this NPI',
        clinicianNpi: '1234567893',
        clinicianName: '<b>Roe</b>, Richard',
        times: 12,
        person: { name: 'richardbroeb', npi: '1234567893' },
      },
    ],
  });
  return recorded.import.importId;
}

function asked(): NewEntry[] {
  return [sample('assessed'), sample('approved', { rosterHash: 'a'.repeat(64) })];
}

function noticed(): NewEntry[] {
  return [...asked(), sample('noticed')];
}

function tried(n: number, attempt = 1): NewEntry[] {
  const intent = `pi_${n}`;
  return [sample('intent_opened', { intent }), sample('attempted', { intent, attempt })];
}

function paid(n: number): NewEntry {
  return sample('paid', { intent: `pi_${n}`, charge: `ch_${n}` });
}

function lost(): NewEntry {
  return sample('declined', {
    charge: null,
    code: 'lost_card',
    adviceCode: 'do_not_try_again',
    verdict: 'needs_card',
    retryAt: null,
  });
}
