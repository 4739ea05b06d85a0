import { describe, expect, it } from 'vitest';
import { recordUse } from '../support/assessment.ts';
import { feeLife, type FeeLife } from '../support/fee-life.ts';

const refuseAll = async (fee: FeeLife) => {
  for (const { evidenceId } of await fee.ledger.evidence.of(fee.clinicianId, 2026))
    await fee.ledger.evidence.decide(evidenceId, 'refused', 'test');
};

/** Evidence is withdrawn, and the fee looked at again as the API asks for it. */
async function withdraw(fee: FeeLife): Promise<void> {
  await refuseAll(fee);
  await fee.follow({ change: 'evidence_withdrawn' });
}

async function move(fee: FeeLife, vendor: string): Promise<void> {
  const known = await fee.ledger.clinicians.get(fee.clinicianId);
  if (!known) throw new Error('nobody there');
  await fee.ledger.clinicians.upsert({ ...known, vendor });
  await fee.follow({ change: 'vendor', levied: vendor === 'theranest' });
}

describe('detect', () => {
  it('assesses who used a code at the frozen rate, by the evidence that was found', async () => {
    const fee = await feeLife({ autoApprove: false });
    expect(await fee.run('detect')).toEqual({ done: 'assessed' });
    const [piece] = await fee.ledger.evidence.of(fee.clinicianId, 2026);
    expect(await fee.last('assessed')).toMatchObject({
      actor: 'levy',
      data: {
        amountCents: 1950,
        evidence: { kind: 'billing', firstUsedOn: '2026-02-03', evidenceId: piece?.evidenceId },
      },
    });
  });

  it('keeps the rate and the evidence of that moment, whatever is entered later', async () => {
    const fee = await feeLife();
    await fee.run('detect');
    await fee.ledger.rates.put({
      vendor: 'theranest',
      year: 2026,
      royaltyCents: 9_900,
      processingCents: 100,
      status: 'confirmed',
      source: 'test',
      enteredBy: 'test',
    });
    await recordUse(fee.ledger, fee.clinicianId);
    await fee.live('email');
    expect(await fee.last('paid')).toMatchObject({ data: { amountCents: 1950 } });
  });

  it('does nothing when it comes a second time, or for nobody', async () => {
    const fee = await feeLife();
    await fee.run('detect');
    expect(await fee.run('detect')).toEqual({ done: 'nothing to do: approved' });
  });

  it('finds the first use late in the year: the same fee, later', async () => {
    const fee = await feeLife({ used: false });
    await fee.live();
    expect(await fee.state()).toBe('no_use');
    await fee.pass(200 * 86_400_000);
    await recordUse(fee.ledger, fee.clinicianId);
    await fee.follow({ change: 'evidence' });
    await fee.live();
    expect(await fee.state()).toBe('paid');
    const noticed = (await fee.last('noticed'))?.at.getTime() ?? 0;
    const tried = (await fee.last('attempted'))?.at.getTime() ?? 0;
    expect(tried - noticed).toBeGreaterThanOrEqual(14 * 86_400_000);
  });

  it('lets weak evidence count only after a person has accepted it', async () => {
    const fee = await feeLife({ used: false });
    await fee.ledger.evidence.record({
      ...{ sha256: 'weak', fileName: 'notes.csv', vendor: null, periodFrom: null, periodTo: null },
      ...{ format: 'csv', bytes: 1, records: 1, findings: 1, matched: 1, importedBy: 'test' },
      uses: [
        {
          clinicianId: fee.clinicianId,
          year: 2026,
          kind: 'progress_note',
          firstUsedOn: '2026-01-05',
          line: 7,
          rule: 'mention',
          certainty: 'weak',
        },
      ],
      problems: [],
    });
    await fee.live();
    expect(await fee.state()).toBe('no_use');
    const [weak] = await fee.ledger.evidence.weak(10);
    await fee.ledger.evidence.decide(weak?.evidenceId as string, 'accepted', 'test');
    await fee.follow({ change: 'evidence' });
    await fee.live('notice');
    expect(await fee.last('assessed')).toMatchObject({
      data: { evidence: { kind: 'progress_note' } },
    });
  });
});

describe('evidence withdrawn', () => {
  it('before the notice: there is no fee after all, and nobody is told of it', async () => {
    const fee = await feeLife();
    await fee.live('notice');
    await withdraw(fee);
    await fee.live();
    expect(await fee.state()).toBe('no_use');
    expect(fee.mails()).toEqual([]);
  });

  it('after the notice: waived, told, and never charged', async () => {
    const fee = await feeLife();
    await fee.live('charge');
    await withdraw(fee);
    await fee.live();
    expect(await fee.state()).toBe('waived');
    expect(fee.mails().at(-1)).toBe('Your 2026 CPT license fee is waived');
    expect(fee.testApp.sandbox.books('fee').intents).toEqual({ canceled: 1 });
  });

  it('between two tries: the intent is canceled', async () => {
    const fee = await feeLife({ card: 'pm_card_levy_insufficientFunds_once' });
    await fee.live('charge');
    await fee.run('charge');
    await withdraw(fee);
    await fee.live();
    expect(await fee.state()).toBe('waived');
    expect(fee.testApp.sandbox.books('fee').intents).toEqual({ canceled: 1 });
  });

  it('while the charge is under way: kept for a person, not taken for settled', async () => {
    const fee = await feeLife();
    await fee.live('charge');
    await fee.fault('confirm', 'truncate');
    await fee.run('charge');
    await withdraw(fee);
    await fee.live();
    expect(await fee.state()).toBe('held');
    expect(await fee.last('held')).toMatchObject({
      data: { why: 'evidence was withdrawn after the payment' },
    });
    expect(fee.mails()).toHaveLength(1);
  });

  it('after the payment: held for a person, whose refund is told', async () => {
    const fee = await feeLife();
    await fee.live();
    await withdraw(fee);
    expect(await fee.state()).toBe('held');
    await fee.ask({ act: 'refund', why: 'no use' });
    await fee.live();
    expect(await fee.state()).toBe('refunded');
    expect(fee.mails().at(-1)).toContain('Refund');
  });

  it('after giving up: waived, as the clinician had been told to pay', async () => {
    const fee = await feeLife({ card: 'pm_card_chargeDeclinedInsufficientFunds' });
    await fee.live();
    await withdraw(fee);
    await fee.live();
    expect(await fee.state()).toBe('waived');
    expect(fee.mails().at(-1)).toBe('Your 2026 CPT license fee is waived');
  });

  it('in part only leaves the fee as it is', async () => {
    const fee = await feeLife();
    await recordUse(fee.ledger, fee.clinicianId);
    await fee.live('charge');
    const [piece] = await fee.ledger.evidence.of(fee.clinicianId, 2026);
    await fee.ledger.evidence.decide(piece?.evidenceId as string, 'refused', 'test');
    await fee.follow({ change: 'evidence_withdrawn' });
    await fee.live();
    expect(await fee.state()).toBe('paid');
  });

  it('and not followed by anybody is noticed before the card is charged', async () => {
    const fee = await feeLife();
    await fee.live('charge');
    await refuseAll(fee);
    expect(await fee.run('charge')).toEqual({ done: 'reopened' });
    await fee.live();
    expect(await fee.state()).toBe('waived');
    expect(fee.charged()).toBe(0);
  });

  it.each(['followed', 'not followed'])(
    'while an attempt has not reached Stripe, %s: it is not sent again',
    async (how) => {
      const fee = await feeLife();
      await fee.live('charge');
      await fee.fault('confirm', 'drop_before', 2);
      await fee.run('charge');
      await (how === 'followed' ? withdraw(fee) : refuseAll(fee));
      await fee.live();
      expect(await fee.state()).toBe('waived');
      expect(fee.charged()).toBe(0);
      expect(fee.testApp.sandbox.books('fee').intents).toEqual({ canceled: 1 });
    },
  );

  it('while another worker is about to send the attempt again: its outcome is heard', async () => {
    const fee = await feeLife({ card: 'pm_card_chargeDeclinedLostCard' });
    await fee.live('charge');
    await fee.fault('confirm', 'drop_before', 2);
    await fee.run('charge');
    await fee.live('charge');
    const { payments } = fee.testApp.deps;
    fee.testApp.deps.payments = {
      ...payments,
      async confirmIntent(args) {
        await withdraw(fee);
        for (const step of ['charge', 'settle'] as const) await fee.run(step);
        return payments.confirmIntent(args);
      },
    };
    await expect(fee.run('charge')).rejects.toThrow('moved on');
    fee.testApp.deps.payments = payments;
    await fee.live();
    expect(await fee.state()).toBe('waived');
    expect(await fee.last('declined')).toMatchObject({ data: { attempt: 1, code: 'lost_card' } });
    expect(await fee.kinds()).not.toContain('lapsed');
  });
});

describe('a move to an EHR that does not levy', () => {
  it('before the fee was looked at exempts', async () => {
    const fee = await feeLife();
    await move(fee, 'therapynotes');
    await fee.live();
    expect(await fee.state()).toBe('exempt');
    expect(fee.mails()).toEqual([]);
  });

  it('before the notice waives without a word', async () => {
    const fee = await feeLife();
    await fee.live('notice');
    await move(fee, 'therapynotes');
    await fee.live();
    expect(await fee.state()).toBe('waived');
    expect(fee.mails()).toEqual([]);
  });

  it('after the notice waives, and says so', async () => {
    const fee = await feeLife();
    await fee.live('charge');
    await move(fee, 'therapynotes');
    await fee.live();
    expect(fee.mails()).toHaveLength(2);
    expect(fee.charged()).toBe(0);
  });

  it('after the payment changes nothing by itself', async () => {
    const fee = await feeLife();
    await fee.live();
    await move(fee, 'therapynotes');
    await fee.live();
    expect(await fee.state()).toBe('paid');
    expect(fee.kept()).toBe(1950);
  });

  it('and back again before anybody looked owes the fee once more', async () => {
    const fee = await feeLife();
    await move(fee, 'therapynotes');
    await fee.live();
    await move(fee, 'theranest');
    await fee.live();
    expect(await fee.state()).toBe('paid');
  });
});
