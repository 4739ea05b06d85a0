import { expect, it } from 'vitest';
import { entry } from '../../core/fee/fee.ts';
import { nextOf } from '../../core/fee/next.ts';
import { fold } from '../../core/fee/fold.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import { recordUse } from '../support/assessment.ts';
import { drafted, invoiced } from '../support/invoices.ts';
import { createTestApp, rehearsal, settled, statesOf, type TestApp } from '../support/test-app.ts';
import { queueBackends } from '../support/queues.ts';

const [backend] = queueBackends;

/** A year in which only what the practice was charged is passed on, with everybody noticed. */
async function noticedYear(refs: string[]) {
  const testApp = await createTestApp(backend!);
  const ids: Record<string, string> = {};
  for (const ref of refs) {
    ids[ref] = await testApp.clinician(ref, 'pm_card_visa');
    await recordUse(testApp.ledger, ids[ref]);
  }
  await testApp.work();
  const opening = await testApp.ledger.assessments.open({
    ...{ vendor: 'theranest', year: 2026, autoApprove: true, livemode: false, actor: 'test' },
    policy: { ...rehearsal(), passOn: 'invoice' },
  });
  if (!opening.opened) throw new Error(opening.why);
  const { assessmentId } = opening.assessment;
  await testApp.queues.enqueue('open-assessment', { assessmentId });
  await settled(testApp);
  return { testApp, ids, assessmentId };
}

async function follow({ queues }: TestApp, cause: string): Promise<void> {
  await queues.enqueue('follow-invoices', { vendor: 'theranest', year: 2026, cause });
}

async function feeOf({ ledger }: TestApp, ref: string): Promise<FeeRecord> {
  const fees = await ledger.reports.fees({ limit: 100 });
  const found = fees.find((one) => one.ref === ref)!;
  return (await ledger.fees.load(found.feeId))!;
}

/** Waits until a fee is in this state. */
async function until(testApp: TestApp, ref: string, state: string): Promise<void> {
  await expect
    .poll(async () => (await statesOf(testApp))[ref], { timeout: 15_000, interval: 50 })
    .toBe(state);
}

it('charges those whom a confirmed invoice carries with the fee, and nobody else', async () => {
  const { testApp, ids, assessmentId } = await noticedYear(['ON', 'OFF', 'SHORT', 'DRAFT']);
  const { ledger, sandbox, db } = testApp;
  const waiting = { ON: 'noticed', OFF: 'noticed', SHORT: 'noticed', DRAFT: 'noticed' };
  expect(await statesOf(testApp)).toEqual(waiting);
  const resting = await feeOf(testApp, 'OFF');
  expect(nextOf(fold(resting.entries), resting.assessment.policy).why).toContain('waits for the');
  await drafted(ledger, [[ids['DRAFT']!, 1950]]);
  await follow(testApp, 'draft');

  await invoiced(ledger, [
    [ids['ON']!, 1950],
    [ids['SHORT']!, 1000],
    [null, 1950],
  ]);
  await follow(testApp, 'first');
  await until(testApp, 'ON', 'paid');
  await settled(testApp);
  expect(await statesOf(testApp)).toEqual({ ...waiting, ON: 'paid', SHORT: 'held' });
  expect(sandbox.books('fee')).toMatchObject({ doubleCharges: [] });
  const short = await feeOf(testApp, 'SHORT');
  expect(nextOf(fold(short.entries), short.assessment.policy).why).toContain('$10.00 of $19.50');

  // Whoever writes an attempt by hand is refused by the database.
  for (const ref of ['OFF', 'SHORT', 'DRAFT']) {
    const feeRecord = await feeOf(testApp, ref);
    const { intent } = fold(feeRecord.entries);
    const { customer = '' } = fold(feeRecord.entries).noticed ?? {};
    const attempted = entry('attempted', {
      ...{ attempt: 1, intent: intent!, customer, amountCents: 1950, paymentMethod: 'pm_1' },
      ...{ fingerprint: null, chargeBefore: null },
    });
    const told = entry('invoiced', { amountCents: 1950 });
    await expect(ledger.fees.append(feeRecord, [attempted], 'test')).rejects.toMatchObject({
      code: 'LV033',
    });
    // Nor does it help to claim that an invoice carries the clinician.
    await expect(ledger.fees.append(feeRecord, [told, attempted], 'test')).rejects.toMatchObject({
      code: 'LV033',
    });
  }
  const found = await ledger.invariants.run(assessmentId, 60_000);
  expect(found.flatMap(({ breaches }) => breaches)).toEqual([]);

  // Without the guard an attempt gets through, and the check says so.
  await db.pool.query('alter table entries disable trigger entries_attempt_invoiced');
  const off = await feeOf(testApp, 'OFF');
  const { intent, noticed } = fold(off.entries);
  const forged = entry('attempted', {
    ...{ attempt: 1, intent: intent!, customer: noticed!.customer, amountCents: 1950 },
    ...{ paymentMethod: 'pm_1', fingerprint: null, chargeBefore: null },
  });
  await ledger.fees.append(off, [forged], 'test');
  const after = await ledger.invariants.run(assessmentId, 60_000);
  expect(after.flatMap(({ breaches }) => breaches)).toMatchObject([
    { check: 'invoiced', feeId: off.feeId },
  ]);
}, 60_000);

it('stops what a credit note, a void or a replacement takes back before it is charged', async () => {
  const refs = ['CREDITED', 'VOIDED', 'REPLACED', 'KEPT'];
  const { testApp, ids } = await noticedYear(refs);
  const { ledger } = testApp;
  const line = (ref: string): [string, number] => [ids[ref]!, 1950];
  await ledger.assessments.pause((await ledger.assessments.list())[0]!.assessmentId, 'boss', 'x');
  await invoiced(ledger, [line('CREDITED')]);
  const voided = await invoiced(ledger, [line('VOIDED')]);
  const old = await invoiced(ledger, [line('REPLACED'), line('KEPT')], { number: 'R-1' });
  await follow(testApp, 'all');
  const dueTo = async (ref: string) => {
    const { entries, assessment } = await feeOf(testApp, ref);
    return nextOf(fold(entries), assessment.policy).step;
  };
  for (const ref of refs) await expect.poll(() => dueTo(ref), { timeout: 15_000 }).toBe('charge');

  await invoiced(ledger, [[ids['CREDITED']!, -1950]]);
  expect(await ledger.invoices.voidInvoice(voided, 'boss', 'not ours')).toBe(true);
  await invoiced(ledger, [line('KEPT')], { number: 'R-1', replaces: old });
  await ledger.assessments.resume((await ledger.assessments.list())[0]!.assessmentId);
  // Nobody has told the fees: a charge that is due looks again before it is made.
  await until(testApp, 'KEPT', 'paid');
  await settled(testApp);
  expect(await statesOf(testApp)).toEqual({
    ...{ CREDITED: 'noticed', VOIDED: 'noticed', REPLACED: 'noticed', KEPT: 'paid' },
  });
  await ledger.invariants.staleFees(10).then((stale) => expect(stale).toEqual([]));
}, 60_000);
