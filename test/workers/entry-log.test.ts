import { describe, expect, it } from 'vitest';
import { recordUse } from '../support/assessment.ts';
import { queueBackends } from '../support/queues.ts';
import { createTestApp, rehearsal, settled } from '../support/test-app.ts';

describe.each(queueBackends.slice(0, 1))('the log of a run', (backend) => {
  it('has a line for each notice, e-mail, charge, decline and refund, and no person in it', async () => {
    const testApp = await createTestApp(backend);
    const { ledger } = testApp;
    const lines: { message: string; [field: string]: unknown }[] = [];
    testApp.deps.log = {
      info: (fields, message) => void lines.push({ ...fields, message }),
      warn: () => undefined,
      error: () => undefined,
    };
    for (const [ref, card, changes] of [
      ['A1', 'pm_card_visa', {}],
      ['B1', 'pm_card_levy_insufficientFunds_once', {}],
      ['D1', 'pm_card_visa', { email: 'refuse@people.example' }],
    ] as const)
      await recordUse(ledger, await testApp.clinician(ref, card, changes));
    await testApp.work();
    const opening = await ledger.assessments.open({
      ...{ vendor: 'theranest', year: 2026, policy: rehearsal(), autoApprove: true },
      ...{ livemode: false, actor: 'test' },
    });
    if (!opening.opened) throw new Error(opening.why);
    const { assessmentId } = opening.assessment;
    await testApp.queues.enqueue('open-assessment', { assessmentId });
    await settled(testApp);

    const fees = await ledger.reports.fees({ limit: 10 });
    const of = (ref: string) => {
      const feeId = fees.find((fee) => fee.ref === ref)?.feeId;
      return lines.filter((line) => line['feeId'] === feeId);
    };
    expect(of('A1').map(({ message }) => message)).toEqual([
      'notice accepted',
      'charge paid',
      'e-mail accepted',
    ]);
    expect(of('A1')[1]).toMatchObject({
      ...{ assessmentId, attempt: 1, amountCents: 1950 },
      intent: expect.stringMatching(/^pi_/) as string,
      ms: expect.any(Number) as number,
    });
    expect(of('B1').map(({ message }) => message)).toEqual([
      'notice accepted',
      'charge declined',
      'charge paid',
      'e-mail accepted',
    ]);
    expect(of('B1')[1]).toMatchObject({ code: 'insufficient_funds', verdict: 'retry' });
    expect(of('D1')).toMatchObject([{ message: 'notice failed', code: 'smtp_550' }]);
    expect(JSON.stringify(lines)).not.toMatch(/Person|people\.example|@/);
  });
});
