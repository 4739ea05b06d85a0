import { expect, it } from 'vitest';
import { entry } from '../../core/fee/fee.ts';
import { createReadCards } from '../../workers/maintenance/read-cards.ts';
import { appendAll, recordUse } from '../support/assessment.ts';
import { queueBackends } from '../support/queues.ts';
import { createTestApp, rehearsal } from '../support/test-app.ts';

it('sees the cards of those who owe, once a week, and decides nothing', async () => {
  const testApp = await createTestApp(queueBackends[0]!);
  const { ledger, deps } = testApp;
  const owing = [
    ['A1', 'pm_card_visa'],
    ['A2', null],
    ['A3', 'pm_card_mastercard'],
    ['A4', 'pm_card_visa'],
    ['A5', 'pm_card_visa'],
  ] as const;
  for (const [ref, card] of owing) await recordUse(ledger, await testApp.clinician(ref, card));
  await testApp.clinician('B1', 'pm_card_visa');
  const opening = await ledger.assessments.open({
    ...{ vendor: 'theranest', year: 2026, policy: rehearsal(), autoApprove: false },
    ...{ livemode: false, actor: 'test' },
  });
  if (!opening.opened) throw new Error(opening.why);
  const { assessmentId } = opening.assessment;
  await ledger.assessments.enroll(assessmentId);
  for (const { feeId } of await ledger.reports.fees({ limit: 10 })) {
    const fee = await ledger.fees.load(feeId);
    if (!fee?.firstUse) continue;
    await appendAll(ledger, feeId, [
      entry('assessed', { amountCents: 1950, evidence: fee.firstUse }),
    ]);
  }
  const before = await ledger.assessments.totals(assessmentId);
  const read = createReadCards(deps);
  expect(await read({ assessmentId, day: '2026-02-01' })).toEqual({ done: '4 of 5 cards seen' });
  expect(await read({ assessmentId, day: '2026-02-01' })).toEqual({ done: '0 of 1 cards seen' });
  const { cards } = await ledger.years.marks(assessmentId, '2026-02-01');
  expect(cards).toEqual({ known: 4, all: 5 });
  const far = await ledger.years.marks(assessmentId, '2100-01-01');
  expect(far.marks.expiring).toBe(4);
  expect(await ledger.assessments.totals(assessmentId)).toEqual(before);
});
