import { expect, it } from 'vitest';
import { syncMissedEvents } from '../../workers/maintenance/missed-events.ts';
import { createReconcileJob } from '../../workers/maintenance/reconcile-job.ts';
import { feeLife, type FeeLife } from '../support/fee-life.ts';

/** A fee that waits for another card, with everything heard so far. */
async function waiting(): Promise<FeeLife> {
  const fee = await feeLife({ card: 'pm_card_chargeDeclinedLostCard' });
  await fee.live();
  await fee.hearAll();
  expect(await fee.state()).toBe('needs_card');
  return fee;
}

const depsOf = ({ testApp, ledger }: FeeLife) => ({ ...testApp.deps, ledger });

/** Follows the hints that wait, oldest first, as the pump has it done. */
async function followEvents(fee: FeeLife): Promise<void> {
  for (const event of await fee.ledger.events.open(100)) await fee.hear(event);
}

it('a card of which no webhook told is heard of within the hour, and charged', async () => {
  const fee = await waiting();
  const card = await fee.attach('pm_card_visa');
  const check = createReconcileJob(depsOf(fee));
  await check({});
  await followEvents(fee);
  await fee.live();
  expect(await fee.state()).toBe('paid');
  expect(await fee.last('attempted')).toMatchObject({ data: { paymentMethod: card } });
});

it('what was heard before is no news, also when nobody knows any more until when', async () => {
  const fee = await waiting();
  await syncMissedEvents(depsOf(fee));
  await fee.attach('pm_card_visa');
  expect(await syncMissedEvents(depsOf(fee))).toBe(1);
  expect(await syncMissedEvents(depsOf(fee))).toBe(0);
  await fee.testApp.db.pool.query('delete from settings');
  expect(await syncMissedEvents(depsOf(fee))).toBe(0);
});

it('asks again for the same stretch of time when it ended before it was through', async () => {
  const fee = await waiting();
  const { events } = fee.ledger;
  const before = await events.cardsHeard();
  await fee.attach('pm_card_visa');
  const broken = { ...events, receive: () => Promise.reject(new Error('killed')) };
  const ledger = { ...fee.ledger, events: broken };
  await expect(syncMissedEvents({ ...depsOf(fee), ledger })).rejects.toThrow('killed');
  expect((await events.cardsHeard()).since).toEqual(before.since);
  expect(await syncMissedEvents(depsOf(fee))).toBe(1);
});

it('an older card that is heard of late does not take the place of a newer one', async () => {
  const fee = await waiting();
  const older = await fee.attach('pm_card_visa');
  const [first] = await fee.news();
  const newer = await fee.attach('pm_card_mastercard');
  const [second] = (await fee.news()).filter(({ paymentMethod }) => paymentMethod === newer);
  if (!first || !second) throw new Error('both cards are news');
  expect(await fee.hear(second)).toBe('another card');
  const early = new Date(second.createdAt.getTime() - 60_000);
  expect(await fee.hear({ ...first, createdAt: early })).toBe('no other card');
  expect(older).not.toBe(newer);
  await fee.live();
  expect(await fee.last('attempted')).toMatchObject({ data: { paymentMethod: newer } });
});
