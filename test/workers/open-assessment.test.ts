import { describe, expect, it } from 'vitest';
import type { Ledger } from '../../ledger/ledger.ts';
import { createOpenAssessment } from '../../workers/open-assessment.ts';
import { testLedger } from '../support/assessment.ts';
import { createTestDatabase } from '../support/database.ts';
import { testPolicy } from '../support/fees.ts';

async function addClinician(ledger: Ledger, ref: string, vendor = 'theranest'): Promise<void> {
  await ledger.clinicians.upsert({
    ref,
    name: `Person ${ref}`,
    email: null,
    npi: null,
    vendor,
    timeZone: 'UTC',
    stripeCustomer: null,
    paymentMethod: null,
  });
}

async function opened(people: number) {
  const db = await createTestDatabase();
  const ledger = await testLedger(db.pool);
  for (let n = 1; n <= people; n += 1) await addClinician(ledger, `P${n}`);
  const opening = await ledger.assessments.open({
    vendor: 'theranest',
    year: 2026,
    policy: testPolicy(),
    autoApprove: false,
    livemode: false,
    actor: 'test',
  });
  if (!opening.opened) throw new Error(opening.why);
  return { ledger, assessmentId: opening.assessment.assessmentId };
}

const refs = async (ledger: Ledger) =>
  (await ledger.reports.fees({ limit: 100 })).map(({ ref }) => ref).sort();

describe('the assessment job', () => {
  it('gives every clinician of the roster a fee, whichever EHR they work in', async () => {
    const { ledger, assessmentId } = await opened(3);
    await addClinician(ledger, 'Q1', 'therapynotes');
    expect(await createOpenAssessment({ ledger })({ assessmentId })).toEqual({
      done: '4 fees opened',
    });
    expect(await refs(ledger)).toEqual(['P1', 'P2', 'P3', 'Q1']);
    expect((await ledger.assessments.get(assessmentId))?.enrolledAt).not.toBeNull();
  });

  it('gives nobody a second one, however often it runs, also at the same time', async () => {
    const { ledger, assessmentId } = await opened(20);
    const job = createOpenAssessment({ ledger });
    await Promise.all([job({ assessmentId }), job({ assessmentId }), job({ assessmentId })]);
    expect(await job({ assessmentId })).toEqual({ done: '0 fees opened' });
    expect(await refs(ledger)).toHaveLength(20);
  });

  it('does not lose who joins the roster while the others are being enrolled', async () => {
    const { ledger, assessmentId } = await opened(2);
    // The upload looks for assessments already enrolled, and this one is not yet.
    const assessments: Ledger['assessments'] = {
      ...ledger.assessments,
      async enroll(id) {
        const fees = await ledger.assessments.enroll(id);
        await addClinician(ledger, 'P9');
        return fees;
      },
    };
    await createOpenAssessment({ ledger: { ...ledger, assessments } })({ assessmentId });
    expect(await refs(ledger)).toEqual(['P1', 'P2', 'P9']);
  });

  it('for an assessment that is not there does nothing', async () => {
    const { ledger } = await opened(1);
    const assessmentId = '00000000-0000-4000-8000-000000000000';
    expect(await createOpenAssessment({ ledger })({ assessmentId })).toEqual({
      done: 'no such assessment',
    });
    expect(await refs(ledger)).toEqual([]);
  });
});
