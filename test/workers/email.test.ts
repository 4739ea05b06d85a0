import { describe, expect, it } from 'vitest';
import { decide } from '../../core/fee/actions.ts';
import { EMAIL_WORDS } from '../../core/fee/email-words.ts';
import type { EmailKind } from '../../core/fee/fee.ts';
import { backUp } from '../support/backup.ts';
import { elsewhere } from '../support/elsewhere.ts';
import { feeLife, type Circumstances, type FeeLife } from '../support/fee-life.ts';

const LOST = 'pm_card_chargeDeclinedLostCard';
const SHORT = 'pm_card_chargeDeclinedInsufficientFunds';

/** A fee with an e-mail due now. */
async function due(circumstances: Circumstances = {}): Promise<FeeLife> {
  const fee = await feeLife(circumstances);
  await fee.live('email');
  return fee;
}

const textOf = (fee: FeeLife) => fee.testApp.mailbox.messages().at(-1)?.text ?? '';

async function stateOf(fee: FeeLife, session: string): Promise<string | null> {
  return (await fee.testApp.stripe.checkout.sessions.retrieve(session)).status;
}

async function setEmail(fee: FeeLife, email: string | null): Promise<void> {
  const known = await fee.ledger.clinicians.get(fee.clinicianId);
  if (!known) throw new Error('nobody there');
  await fee.ledger.clinicians.upsert({ ...known, email });
}

describe('an e-mail', () => {
  it.each<[what: string, circumstances: Circumstances, subject: string]>([
    ['is the receipt after a payment', {}, 'Receipt: $19.50 for your 2026 CPT license fee'],
    [
      'asks for another card after a hard decline',
      { card: LOST },
      'Your card for the 2026 CPT license fee was declined',
    ],
    [
      'asks for a card where there is none',
      { card: null },
      'Your 2026 CPT license fee: we have no card on file',
    ],
    [
      'closes the fee after the last try',
      { card: 'pm_card_chargeDeclinedInsufficientFunds' },
      'Your 2026 CPT license fee is still unpaid',
    ],
  ])('%s, once', async (_what, circumstances, subject) => {
    const fee = await due(circumstances);
    await fee.live();
    expect(fee.mails().at(-1)).toBe(subject);
    expect(await fee.run('email')).toHaveProperty('done', expect.stringContaining('nothing to do'));
    expect(new Set(fee.mails()).size).toBe(fee.mails().length);
  });

  it('never says that a card was reported lost', async () => {
    const fee = await due({ card: LOST });
    await fee.live();
    expect(textOf(fee)).toContain('the charge was declined');
    expect(textOf(fee)).not.toMatch(/lost|stolen/i);
  });

  it('names the card that was announced and charged', async () => {
    const fee = await due();
    await fee.live();
    expect(textOf(fee)).toContain('Visa ending in 4242');
  });

  it('names no card when another was charged than the one announced, heard of or not', async () => {
    const fee = await feeLife();
    await fee.live('charge');
    const { data } = await fee.testApp.stripe.paymentMethods.list({
      customer: await fee.customer(),
    });
    await fee.testApp.stripe.paymentMethods.detach(data[0]?.id as string);
    await fee.attach('pm_card_mastercard');
    await fee.live();
    expect(await fee.state()).toBe('paid');
    expect(textOf(fee)).toContain('We received $19.50 on');
    expect(textOf(fee)).not.toContain('4242');
  });

  it('closes the pages on which another card could be given, once the fee is settled', async () => {
    const fee = await feeLife({ card: LOST });
    await fee.live();
    const { payments } = fee.testApp.deps;
    const page = async () => {
      const { session } = await payments.cardLink({
        customer: await fee.customer(),
        feeId: fee.feeId,
        returnUrl: 'https://levy.example/thanks',
      });
      await fee.ledger.cardPages.opened(fee.feeId, session);
      return session;
    };
    const session = await page();
    expect(await stateOf(fee, session)).toBe('open');
    await fee.ledger.fees.change(fee.feeId, 'operator', (folded) =>
      decide(folded, { act: 'waive', why: 'moved' }),
    );
    await fee.live();
    expect(await fee.state()).toBe('waived');
    expect(await stateOf(fee, session)).toBe('expired');
    expect((await fee.ledger.fees.load(fee.feeId))?.cardPages).toEqual([]);
  });

  it('without an address has failed, and is not tried for ever', async () => {
    const fee = await due();
    await setEmail(fee, null);
    await fee.live();
    expect(await fee.last('email_failed')).toMatchObject({
      data: { email: 'receipt', why: 'no_email' },
    });
    expect(await fee.standing()).toMatchObject({ state: 'paid', step: null });
  });

  it('that is refused for good has failed, and the payment stands', async () => {
    const fee = await due();
    await setEmail(fee, 'refuse@people.example');
    await fee.live();
    expect(await fee.last('email_failed')).toMatchObject({ data: { why: 'smtp_550' } });
    expect(await fee.state()).toBe('paid');
  });

  it('that is put off goes out later, as often as the policy has waits', async () => {
    const fee = await due();
    await setEmail(fee, 'later@people.example');
    await fee.live();
    expect((await fee.kinds()).slice(-3)).toEqual(['deferred', 'deferred', 'email_sent']);
    expect(fee.mails()).toHaveLength(2);
  });

  it('is given up after the last wait', async () => {
    const fee = await due({ policy: { mailRetryMs: [60_000] } });
    await setEmail(fee, 'later@people.example');
    await fee.live();
    expect((await fee.kinds()).slice(-2)).toEqual(['deferred', 'email_failed']);
  });

  it('whose answer was lost goes out again as the same mail', async () => {
    const fee = await due();
    await setEmail(fee, 'drop@people.example');
    await fee.live();
    const ids = fee.testApp.mailbox.messages().map(({ messageId }) => messageId);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(2);
  });

  it('waits while the assessment is paused', async () => {
    const fee = await due();
    await fee.ledger.assessments.pause(fee.assessmentId, 'test', 'a look');
    expect(await fee.run('email')).toEqual({ done: 'paused' });
    expect(await fee.ledger.fees.due('email', 10, [])).toEqual([]);
    await fee.ledger.assessments.resume(fee.assessmentId);
    await fee.run('email');
    expect(fee.mails()).toHaveLength(2);
  });

  it('waits while a person holds the fee', async () => {
    const fee = await due();
    await fee.ask({ act: 'hold', why: 'a look' });
    expect(await fee.run('email')).toEqual({ done: 'nothing to do: held' });
    await fee.ask({ act: 'release' });
    await fee.live();
    expect(fee.mails()).toHaveLength(2);
  });

  it('tells of the waiver also somebody who was only asked for a card', async () => {
    const fee = await due({ card: null });
    await fee.live();
    await fee.ask({ act: 'waive', why: 'kindness' });
    await fee.live();
    expect(fee.mails().at(-1)).toBe('Your 2026 CPT license fee is waived');
  });
});

describe('before it asks for something, an e-mail looks at Stripe', () => {
  it.each<[what: string, card: string | null, email: EmailKind]>([
    ['another card', LOST, 'card_needed'],
    ['a card where there is none', null, 'card_needed'],
    ['the payment elsewhere after the last try', SHORT, 'final'],
  ])('for a payment made elsewhere, and does not ask for %s', async (_what, card, email) => {
    const fee = await due({ card });
    const before = fee.mails();
    expect((await fee.standing()).why).toContain(`send the ${EMAIL_WORDS[email]}`);
    const others = elsewhere(fee);
    const [own] = await others.all();
    await others.confirm(own?.id ?? (await others.intent()), 'pm_card_visa');
    expect(await fee.run('email')).toEqual({ done: expect.stringMatching(/paid$/) as string });
    expect(fee.mails()).toEqual(before);
    await fee.live();
    expect(fee.mails().slice(before.length)).toEqual([
      'Receipt: $19.50 for your 2026 CPT license fee',
    ]);
  });

  it('for a decline it does not know, and then asks', async () => {
    const fee = await due({ card: null });
    const others = elsewhere(fee);
    await others.confirm(await others.intent(), LOST);
    expect(await fee.run('email')).toEqual({ done: 'intent_opened, declined' });
    await fee.live();
    expect(fee.mails()).toHaveLength(1);
  });

  it('and waits while Stripe does not answer', async () => {
    const fee = await due({ card: LOST });
    await fee.fault('retrieve', 'status_500');
    await expect(fee.run('email')).rejects.toThrow('no usable answer');
    expect(fee.mails()).toHaveLength(1);
    await fee.live();
    expect(fee.mails()).toHaveLength(2);
  });

  it('but sends a receipt without asking', async () => {
    const fee = await due();
    await fee.fault('retrieve', 'status_500');
    await fee.fault('list', 'status_500');
    await fee.run('email');
    expect(fee.mails()).toHaveLength(2);
  });
});

describe('an e-mail’s Message-ID', () => {
  const idsOf = (fee: FeeLife) =>
    fee.testApp.mailbox
      .messages()
      .map(({ messageId }) => messageId?.replace(fee.feeId, 'FEE') ?? '');

  it.each<[email: string, card: string | null]>([
    ['receipt', 'pm_card_visa'],
    ['card_needed', LOST],
    ['card_needed', null],
    ['final', SHORT],
  ])(
    'of a %s is the same after a restore, so that mailboxes drop the second',
    async (email, card) => {
      const fee = await feeLife({ card });
      const backup = await backUp(fee.testApp.db.pool);
      await fee.live();
      const first = idsOf(fee).at(-1);
      expect(first).toContain(`-${email}-`);
      await backup.restore();
      await fee.live();
      const sent = idsOf(fee).filter((id) => id.includes(`-${email}-`));
      expect(sent).toEqual([first, first]);
      expect(fee.charged()).toBe(email === 'receipt' ? 1 : 0);
    },
  );

  it('is another for another occasion: each refund, each give-up', async () => {
    const fee = await due({ card: SHORT });
    await fee.live();
    await fee.ask({ act: 'retry' });
    await fee.live();
    const finals = idsOf(fee).filter((id) => id.includes('-final-'));
    expect(new Set(finals).size).toBe(2);
    await fee.attach('pm_card_visa');
    await fee.hearAll();
    await fee.ask({ act: 'retry' });
    await fee.live();
    const payment_intent = (await fee.last('intent_opened'))?.data.intent as string;
    for (const amount of [500, 1450]) {
      await fee.testApp.stripe.refunds.create({ payment_intent, amount });
      await fee.hearAll();
      await fee.live();
    }
    expect(new Set(idsOf(fee).filter((id) => id.includes('-refunded-'))).size).toBe(2);
  });
});

describe('nobody is written to', () => {
  it.each<[who: string, circumstances: Circumstances, state: string]>([
    ['who used no code', { used: false }, 'no_use'],
    ['who works in an EHR that does not levy', { vendor: 'therapynotes' }, 'exempt'],
    ['who works in another EHR that levies', { vendor: 'simplepractice' }, 'exempt'],
    ['before the roster is approved', { autoApprove: false }, 'ready'],
  ])('%s', async (_who, circumstances, state) => {
    const fee = await feeLife(circumstances);
    await fee.live();
    for (const step of ['notice', 'charge', 'email', 'settle'] as const) await fee.run(step);
    await fee.hearAll();
    expect(await fee.state()).toBe(state);
    expect(fee.mails()).toEqual([]);
    expect(fee.testApp.sandbox.books('fee').intents).toEqual({});
  });

  it('whose fee was waived before the notice', async () => {
    const fee = await feeLife();
    await fee.live('notice');
    await fee.ask({ act: 'waive', why: 'kindness' });
    await fee.live();
    expect(fee.mails()).toEqual([]);
  });
});
