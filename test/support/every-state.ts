import { randomUUID } from 'node:crypto';
import type { Action } from '../../core/fee/actions.ts';
import { decide } from '../../core/fee/actions.ts';
import type { EntryKind, Step } from '../../core/fee/fee.ts';
import { fold } from '../../core/fee/fold.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import type { FirstUse } from '../../ledger/evidence.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { createLedger } from '../../ledger/ledger.ts';
import { recordUse, setClock } from './assessment.ts';
import { EVIDENCE, testPolicy } from './fees.ts';
import type { TestApp } from './test-app.ts';
import { createTestApp } from './test-app.ts';
import { run, standing, waitUntilDue } from './one-fee.ts';

/** Whose fee ends in which state, with the card it has in the sandbox. */
const PEOPLE = {
  /** Charged and declined until nothing was left to try. */
  gaveUp: 'pm_card_chargeDeclinedInsufficientFunds',
  paid: 'pm_card_visa',
  waived: 'pm_card_visa',
  waiveAsked: 'pm_card_visa',
  held: 'pm_card_visa',
  /** The notice came back. */
  bounced: 'pm_card_visa',
  /** The roster names another customer than the notice did. */
  changed: 'pm_card_visa',
  /** An attempt is written down, and nobody knows what came of it. */
  open: 'pm_card_visa',
  /** The card was refused for good. */
  lostCard: 'pm_card_chargeDeclinedLostCard',
  /** Nothing speaks against charging these now. */
  due: 'pm_card_visa',
  alsoDue: 'pm_card_visa',
  /** Declined, to be tried again days later. */
  waiting: 'pm_card_chargeDeclinedInsufficientFunds',
  /** Approved, and not written to yet. */
  approved: 'pm_card_visa',
  /** Noticed a moment ago. */
  early: 'pm_card_visa',
  /** Not looked at yet; with evidence, or without any that counts. */
  unseen: 'pm_card_visa',
  weak: 'pm_card_visa',
  dismissed: 'pm_card_visa',
  lastYear: 'pm_card_visa',
  unused: 'pm_card_visa',
} as const;
export type Who = keyof typeof PEOPLE;

/** One ledger in which real fees stand in every state, at one moment of a standing clock. */
export interface EveryState {
  testApp: TestApp;
  ledger: Ledger;
  assessmentId: string;
  fee: Record<Who, string>;
  clinician: Record<Who, string>;
  /** The evidence of each that has some. */
  evidence: Record<Who, string>;
  load(who: Who): Promise<FeeRecord>;
}

class Killed extends Error {}

/** Lives the year up to that moment, through the program's own steps, on an app of its own. */
export async function everyState(atEnd: (pullDown: () => Promise<void>) => void) {
  const testApp = await createTestApp({ name: 'postgres', redis: () => undefined }, atEnd);
  await setClock(testApp.db.pool, new Date('2026-01-15T14:00:00Z'));
  const ledger = createLedger(testApp.db.appPool, () => 0);
  const { assessmentId, fee, clinician } = await openFor(testApp, ledger);
  const load = async (who: Who) => (await ledger.fees.load(fee[who])) as FeeRecord;
  const all = { testApp, ledger, assessmentId, fee, clinician, load };
  await live(all);
  const rows = await testApp.db.pool.query<{ clinician_id: string; evidence_id: string }>(
    'select clinician_id, evidence_id from evidence',
  );
  const ids = new Map(rows.rows.map((row) => [row.clinician_id, row.evidence_id]));
  const evidence = mapPeople((who) => ids.get(clinician[who]) ?? '');
  return { ...all, evidence } satisfies EveryState;
}

async function openFor(testApp: TestApp, ledger: Ledger) {
  const ids: Partial<Record<Who, string>> = {};
  for (const [who, card] of Object.entries(PEOPLE) as [Who, string][]) {
    const clinicianId = await testApp.clinician(who, card);
    ids[who] = clinicianId;
    if (who === 'unused') continue;
    if (who === 'weak') await record(ledger, { clinicianId, certainty: 'weak' });
    else if (who === 'lastYear') await record(ledger, { clinicianId, year: 2025 });
    else await recordUse(ledger, clinicianId);
  }
  const clinician = mapPeople((who) => ids[who] as string);
  const [dismissed] = await ledger.evidence.of(clinician.dismissed, 2026);
  await ledger.evidence.decide(dismissed?.evidenceId ?? '', 'refused', 'test');
  const opening = await ledger.assessments.open({
    ...{ vendor: 'theranest', year: 2026, policy: testPolicy() },
    ...{ autoApprove: true, livemode: false, actor: 'test' },
  });
  if (!opening.opened) throw new Error(opening.why);
  const { assessmentId } = opening.assessment;
  await ledger.assessments.enroll(assessmentId);
  const lines = await ledger.reports.fees({ limit: 1_000 });
  const fees = new Map(lines.map((line) => [line.ref, line.feeId]));
  return { assessmentId, clinician, fee: mapPeople((who) => fees.get(who) as string) };
}

function mapPeople(of: (who: Who) => string): Record<Who, string> {
  const people = Object.keys(PEOPLE) as Who[];
  return Object.fromEntries(people.map((who) => [who, of(who)])) as Record<Who, string>;
}

async function record(ledger: Ledger, changes: Partial<FirstUse>): Promise<void> {
  const use = {
    ...{ clinicianId: '', year: 2026, kind: EVIDENCE.kind, firstUsedOn: EVIDENCE.firstUsedOn },
    ...{ line: 1, rule: 'sv1', certainty: 'sure' as const, ...changes },
  };
  await ledger.evidence.record({
    ...{ sha256: randomUUID(), fileName: 'claims.837', vendor: null, format: 'x12' },
    ...{ periodFrom: null, periodTo: null, bytes: 1, records: 1, findings: 1, matched: 1 },
    ...{ importedBy: 'test', uses: [use], problems: [] },
  });
}

/** Brings everybody to the state they stand for; whoever needs the most time comes first. */
async function live(all: Omit<EveryState, 'evidence'>): Promise<void> {
  const { testApp, ledger, fee, load } = all;
  /** Does what is due when it is due, until nothing is or this step is next. */
  async function drive(who: Who, until?: Step): Promise<void> {
    for (;;) {
      const { step } = await standing(ledger, fee[who]);
      if (!step || step === until) return;
      await waitUntilDue(testApp, ledger, fee[who]);
      await run(testApp, ledger, step, fee[who]);
    }
  }
  const ask = (who: Who, act: Action) =>
    ledger.fees.change(fee[who], 'test', (folded) => decide(folded, act));

  await drive('gaveUp');
  const noticed: Who[] = ['paid', 'waived', 'waiveAsked', 'held', 'bounced', 'changed', 'open'];
  for (const who of [...noticed, 'lostCard', 'due', 'alsoDue', 'waiting'] as Who[])
    await drive(who, 'charge');
  await ask('waived', { act: 'waive', why: 'kindness' });
  await ask('held', { act: 'hold', why: 'a look' });
  await ask('bounced', { act: 'bounce', why: 'unknown address' });
  for (const who of ['waived', 'bounced', 'paid', 'lostCard'] as Who[]) await drive(who);
  await waitUntilDue(testApp, ledger, fee.due);
  await ask('waiveAsked', { act: 'waive', why: 'kindness' });
  await changeCustomer(all);
  await run(testApp, ledger, 'charge', fee.changed);
  await run(testApp, ledger, 'charge', fee.waiting);
  await attemptAndDie(all);
  await drive('approved', 'notice');
  await drive('early', 'charge');
  await expectStates(load);
}

/** The roster says that the person has another customer at Stripe. */
async function changeCustomer({ testApp, ledger, clinician }: Omit<EveryState, 'evidence'>) {
  const known = await ledger.clinicians.get(clinician.changed);
  if (!known) throw new Error('Bug! nobody there');
  const { id } = await testApp.stripe.customers.create({});
  await ledger.clinicians.upsert({ ...known, stripeCustomer: id });
}

/** A worker writes its attempt down and is killed before it sends it. */
async function attemptAndDie({
  testApp,
  ledger,
  fee,
}: Omit<EveryState, 'evidence'>): Promise<void> {
  const append: Ledger['fees']['append'] = async (...args) => {
    await ledger.fees.append(...args);
    throw new Killed();
  };
  const mortal = { ...ledger, fees: { ...ledger.fees, append } };
  await run(testApp, mortal, 'charge', fee.open).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
}

/** The entry that makes each state what it is. */
const LAST: Partial<Record<Who, EntryKind>> = {
  gaveUp: 'gave_up',
  paid: 'paid',
  waived: 'waived',
  waiveAsked: 'waive_asked',
  held: 'held',
  bounced: 'notice_failed',
  changed: 'customer_changed',
  open: 'attempted',
  lostCard: 'declined',
  due: 'noticed',
  alsoDue: 'noticed',
  waiting: 'declined',
  approved: 'approved',
  early: 'noticed',
};

/** Whatever is refused later must not be refused because nobody got there. */
async function expectStates(load: EveryState['load']): Promise<void> {
  for (const [who, kind] of Object.entries(LAST) as [Who, EntryKind][]) {
    const { entries } = await load(who);
    if (!entries.some((one) => one.kind === kind))
      throw new Error(`${who}: ${entries.map((one) => one.kind).join(', ')}`);
  }
  const open = fold((await load('open')).entries).openAttempt;
  if (!open) throw new Error('the attempt is not open');
}
