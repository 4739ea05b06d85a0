import { describe, expect, it } from 'vitest';
import type { PaymentEvent } from '../../gateways/payments.ts';
import { feeLife, type Circumstances, type FeeLife } from '../support/fee-life.ts';

/** A fee that was lived until nothing more happens by itself, with all news of it heard. */
async function lived(circumstances: Circumstances = {}): Promise<FeeLife> {
  const fee = await feeLife(circumstances);
  await fee.live();
  await fee.hearAll();
  return fee;
}

const LOST = 'pm_card_chargeDeclinedLostCard';
const SHORT = 'pm_card_chargeDeclinedInsufficientFunds';

/** The clinician gives a card on the page that was opened for a fee. */
async function give(fee: FeeLife, feeId: string, card: string): Promise<void> {
  const { session } = await fee.testApp.deps.payments.cardLink({
    ...{ customer: await fee.customer(), feeId, returnUrl: 'http://levy.test/done' },
  });
  await fee.control(`checkout/${session}/complete`, { payment_method: card });
}
const countOf = async (fee: FeeLife, kind: string) =>
  (await fee.kinds()).filter((one) => one === kind).length;
const cardOf = async (fee: FeeLife) =>
  (await fee.ledger.clinicians.get(fee.clinicianId))?.paymentMethod;

describe('a hint about another card', () => {
  it('takes up a fee that waits for one, once, and charges the new card', async () => {
    const fee = await lived({ card: LOST });
    expect(await fee.state()).toBe('needs_card');
    const card = await fee.attach('pm_card_mastercard');
    const [attached] = (await fee.news()) as [PaymentEvent];
    expect(await fee.hear(attached)).toBe('another card');
    expect(await fee.hear({ ...attached, id: 'evt_again' })).toBe('no other card');
    await fee.live();
    expect(await fee.state()).toBe('paid');
    expect(await countOf(fee, 'card_updated')).toBe(1);
    expect(await fee.last('attempted')).toMatchObject({ data: { paymentMethod: card } });
  });

  it('leaves a fee that was given up as it is, as nobody asked for it', async () => {
    const fee = await lived({ card: SHORT });
    expect(await fee.state()).toBe('gave_up');
    const card = await fee.attach('pm_card_visa');
    await fee.hearAll();
    expect(await cardOf(fee)).toBe(card);
    await fee.live();
    expect(await fee.state()).toBe('gave_up');
    expect(await countOf(fee, 'attempted')).toBe(4);
    // Once a person asks, the card that came is the one that is charged.
    await fee.ask({ act: 'retry' });
    await fee.live();
    expect(await fee.last('attempted')).toMatchObject({ data: { paymentMethod: card } });
    expect(await fee.state()).toBe('paid');
  });

  it('given for a fee that was given up takes it up, once, with the whole ladder', async () => {
    const fee = await lived({ card: SHORT });
    await give(fee, fee.feeId, SHORT);
    const heard = await fee.hearAll();
    expect(heard.filter((what) => what === 'another card')).toHaveLength(2);
    await fee.live();
    expect(await fee.state()).toBe('gave_up');
    expect(await countOf(fee, 'revived')).toBe(1);
    expect(await countOf(fee, 'attempted')).toBe(8);
  });

  it('given for another fee than the one that was given up does not take it up', async () => {
    const fee = await lived({ card: SHORT });
    await give(fee, '00000000-0000-4000-8000-00000000beef', SHORT);
    await fee.hearAll();
    expect(await fee.state()).toBe('gave_up');
    expect(await countOf(fee, 'revived')).toBe(0);
  });

  it('tells a fee that had no card at all, which is announced before it is charged', async () => {
    const fee = await lived({ card: null });
    expect(await fee.state()).toBe('needs_card');
    expect(fee.mails()).toEqual(['Your 2026 CPT license fee: we have no card on file']);
    await fee.attach('pm_card_visa');
    await fee.hearAll();
    expect(await fee.standing()).toMatchObject({ state: 'approved', step: 'notice' });
    await fee.live();
    expect(await fee.state()).toBe('paid');
  });

  it('comes from the page on which a clinician gives a card', async () => {
    const fee = await lived({ card: LOST });
    await give(fee, fee.feeId, 'pm_card_visa');
    await fee.hearAll();
    await fee.live();
    expect(await fee.state()).toBe('paid');
    expect(await countOf(fee, 'card_updated')).toBe(1);
  });

  it('whose job ended in the middle is followed all the same', async () => {
    const fee = await lived({ card: LOST });
    const card = await fee.attach('pm_card_visa');
    const [attached] = (await fee.news()) as [PaymentEvent];
    // The program was killed right after it had written down the card.
    await fee.ledger.clinicians.setCard(fee.clinicianId, card);
    await fee.hear(attached);
    await fee.live();
    expect(await fee.state()).toBe('paid');
  });

  it('that comes late and names the card that was declined does not try it again', async () => {
    const fee = await feeLife({ card: LOST });
    const early = await fee.news();
    expect(early.map(({ type }) => type)).toEqual(['payment_method.attached']);
    await fee.live();
    await fee.hearAll();
    await fee.live();
    expect(await fee.state()).toBe('needs_card');
    expect(await countOf(fee, 'attempted')).toBe(1);
  });

  it('changes nothing about a fee that wants no card', async () => {
    const fee = await lived();
    await fee.attach('pm_card_mastercard');
    await fee.hearAll();
    expect(await fee.standing()).toMatchObject({ state: 'paid', step: null });
    expect(await countOf(fee, 'card_updated')).toBe(0);
  });

  it('between notice and charge has that card charged, and no e-mail name the other', async () => {
    const fee = await feeLife();
    await fee.live('charge');
    const card = await fee.attach('pm_card_mastercard');
    await fee.hearAll();
    await fee.live();
    expect(await fee.last('attempted')).toMatchObject({ data: { paymentMethod: card } });
    const [notice, receipt] = fee.testApp.mailbox.messages();
    expect(notice?.text).toContain('Visa ending in 4242');
    expect(receipt?.subject).toContain('Receipt');
    expect(receipt?.text).not.toContain('4242');
  });

  it('is about one person: nobody else can be on the roster with that customer', async () => {
    const fee = await feeLife({ card: LOST });
    const partner = await fee.ledger.clinicians.upsert({
      ref: 'A2',
      name: 'Person A2',
      email: 'a2@people.example',
      npi: null,
      vendor: 'theranest',
      timeZone: 'UTC',
      stripeCustomer: await fee.customer(),
      paymentMethod: null,
    });
    expect(partner).toEqual({
      ...{ ref: 'A2', outcome: 'duplicate', field: 'stripeCustomer', otherRef: 'A1' },
    });
  });
});

describe('a hint that the bank has renewed a card', () => {
  const renew = (fee: FeeLife, card: string) => fee.control(`cards/${card}/update`, {});
  const declinedCard = async (fee: FeeLife) =>
    (await fee.last('attempted'))?.data.paymentMethod as string;

  it('takes up a fee whose card it is, once', async () => {
    const fee = await lived({ card: 'pm_card_chargeDeclinedExpiredCard' });
    expect(await fee.state()).toBe('needs_card');
    await renew(fee, await declinedCard(fee));
    await fee.hearAll();
    await fee.live();
    expect(await fee.state()).toBe('paid');
    expect(await countOf(fee, 'card_updated')).toBe(1);
  });

  it('leaves the card on file as it is when another of the customer’s was renewed', async () => {
    const fee = await feeLife({ card: null });
    const old = await fee.attach('pm_card_visa');
    const chosen = await fee.attach('pm_card_mastercard');
    await fee.hearAll();
    await renew(fee, old);
    await fee.hearAll();
    expect(await cardOf(fee)).toBe(chosen);
    await fee.live();
    expect(await fee.last('attempted')).toMatchObject({ data: { paymentMethod: chosen } });
  });
});
