import { describe, expect, it } from 'vitest';
import { fold } from '../core/fee/fold.ts';
import { recordUse } from './support/assessment.ts';
import { createTestApp, rehearsal, settled, statesOf } from './support/test-app.ts';
import { queueBackends } from './support/queues.ts';

describe.each(queueBackends)('a year on $name', (backend) => {
  it('ends every fee in its state, charged once, announced before, and to the cent', async () => {
    const testApp = await createTestApp(backend);
    const { ledger } = testApp;
    const people: [ref: string, card: string | null, changes?: object][] = [
      ['A1', 'pm_card_visa'],
      ['A2', 'pm_card_mastercard'],
      ['B1', 'pm_card_levy_insufficientFunds_once'],
      ['B2', 'pm_card_chargeDeclinedInsufficientFunds'],
      ['C1', 'pm_card_chargeDeclinedLostCard'],
      ['C2', null],
      ['D1', 'pm_card_visa', { email: 'refuse@people.example' }],
      ['D2', 'pm_card_visa', { email: 'greylist@people.example' }],
      ['D3', 'pm_card_visa', { email: null }],
      ['E1', 'pm_card_visa', { vendor: 'therapynotes' }],
      ['F1', 'pm_card_visa'],
    ];
    for (const [ref, card, changes] of people) {
      const id = await testApp.clinician(ref, card, changes);
      if (ref !== 'F1') await recordUse(ledger, id);
    }
    await testApp.work();
    const opening = await ledger.assessments.open({
      vendor: 'theranest',
      year: 2026,
      policy: rehearsal(),
      autoApprove: true,
      livemode: false,
      actor: 'test',
    });
    if (!opening.opened) throw new Error(opening.why);
    await testApp.queues.enqueue('open-assessment', {
      assessmentId: opening.assessment.assessmentId,
    });
    await settled(testApp);

    expect(await statesOf(testApp)).toEqual({
      A1: 'paid',
      A2: 'paid',
      B1: 'paid',
      B2: 'gave_up',
      C1: 'needs_card',
      C2: 'needs_card',
      D1: 'notice_failed',
      D2: 'paid',
      D3: 'notice_failed',
      E1: 'exempt',
      F1: 'no_use',
    });
    const balances = await ledger.reports.balances();
    expect(balances.reduce((sum, { balanceCents }) => sum + balanceCents, 0)).toBe(0);
    expect(balances.find(({ account }) => account === 'stripe')?.balanceCents).toBe(4 * 1950);
    const written = testApp.mailbox.messages().flatMap(({ to }) => to);
    expect(written).not.toContain('e1@people.example');
    expect(written).not.toContain('f1@people.example');
    const books = testApp.sandbox.books('fee');
    expect(books).toMatchObject({ doubleCharges: [] });

    for (const { feeId } of await ledger.reports.fees({ limit: 100, state: 'paid' })) {
      const feeRecord = await ledger.fees.load(feeId);
      const fee = fold(feeRecord?.entries ?? []);
      const first = feeRecord?.entries.find(({ kind }) => kind === 'attempted');
      const notice = fee.noticed?.at.getTime() ?? Infinity;
      expect((first?.at.getTime() ?? 0) - notice).toBeGreaterThanOrEqual(500);
    }
  });
});
