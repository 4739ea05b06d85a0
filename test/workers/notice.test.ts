import { describe, expect, it } from 'vitest';
import { createMail } from '../../gateways/mail/mail.ts';
import { feeLife, type Circumstances, type FeeLife } from '../support/fee-life.ts';

/** A fee whose notice is due now. */
async function due(circumstances: Circumstances = {}): Promise<FeeLife> {
  const fee = await feeLife(circumstances);
  await fee.live('notice');
  return fee;
}

const ids = (fee: FeeLife) => fee.testApp.mailbox.messages().map(({ messageId }) => messageId);

async function setEmail(fee: FeeLife, email: string): Promise<void> {
  const known = await fee.ledger.clinicians.get(fee.clinicianId);
  if (!known) throw new Error('nobody there');
  await fee.ledger.clinicians.upsert({ ...known, email });
  await fee.follow({ change: 'email' });
}

/** Has something happen after the mail server took the mail, before that is written down. */
function onAcceptance(fee: FeeLife, what: () => Promise<unknown>): void {
  const { mail } = fee.testApp.deps;
  fee.testApp.deps.mail = {
    ...mail,
    async send(outgoing) {
      const outcome = await mail.send(outgoing);
      await what();
      return outcome;
    },
  };
}

describe('a notice', () => {
  it('that is accepted starts the notice period, and says the day that will be kept', async () => {
    const fee = await due();
    expect(await fee.run('notice')).toEqual({ done: 'noticed' });
    expect(await fee.last('noticed')).toMatchObject({
      at: new Date('2026-01-15T14:00:00Z'),
      data: {
        amountCents: 1950,
        chargeFrom: '2026-01-29T15:00:00.000Z',
        card: { brand: 'visa', last4: '4242' },
      },
    });
    const [mail] = fee.testApp.mailbox.messages();
    expect(mail).toMatchObject({
      to: ['a1@people.example'],
      subject: 'Your 2026 CPT license fee: $19.50 on January 29',
    });
    expect(mail?.headers.find(({ name }) => /^reply-to$/i.test(name))?.value).toContain(
      'office@sunrise.example',
    );
    expect(mail?.text).toContain('Visa ending in 4242');
  });

  it('is sent once: the job again does nothing', async () => {
    const fee = await due();
    await fee.run('notice');
    expect(await fee.run('notice')).toEqual({ done: 'nothing to do: noticed' });
    expect(fee.mails()).toHaveLength(1);
  });

  it('without an address fails by name, and nothing can be charged', async () => {
    const fee = await due({ email: null });
    expect(await fee.run('notice')).toEqual({ failed: 'notice failed: no_email' });
    expect(await fee.standing()).toMatchObject({ state: 'notice_failed', step: null });
  });

  it('is not sent to somebody without a card, who is asked for one instead', async () => {
    const fee = await due({ card: null });
    await fee.live();
    expect(await fee.state()).toBe('needs_card');
    expect(fee.mails()).toEqual(['Your 2026 CPT license fee: we have no card on file']);
  });

  it('is not sent when the customer is gone at Stripe', async () => {
    const fee = await due();
    await fee.testApp.stripe.customers.del(await fee.customer());
    await fee.run('notice');
    expect(await fee.last('card_missing')).toMatchObject({ data: { why: 'customer_deleted' } });
    expect(fee.mails()).toEqual([]);
  });

  it.each(['refuse', 'full'])('that %s@ refuses for good ends there', async (who) => {
    const fee = await due({ email: `${who}@people.example` });
    expect(await fee.run('notice')).toHaveProperty('failed', expect.stringMatching(/smtp_55\d/));
    expect(await fee.state()).toBe('notice_failed');
    expect(fee.mails()).toEqual([]);
  });

  it.each([
    ['greylist', 1],
    ['later', 2],
    ['busy', 1],
  ])('that %s@ puts off is sent again later, and its clock starts then', async (who, times) => {
    const fee = await due({ email: `${who}@people.example` });
    for (let n = 0; n < times; n += 1) {
      await fee.live('notice');
      await fee.run('notice');
      expect(await fee.run('notice')).toHaveProperty('done', expect.stringContaining('not due'));
    }
    await fee.live('charge');
    expect((await fee.kinds()).filter((kind) => kind === 'deferred')).toHaveLength(times);
    const until = (await fee.last('deferred'))?.data.until;
    expect((await fee.last('noticed'))?.at.toISOString()).toBe(until);
    expect(fee.mails()).toHaveLength(1);
  });

  it('that is put off too often has failed, and the next address starts afresh', async () => {
    const policy = { mailRetryMs: [60_000] };
    const fee = await due({ email: 'later@people.example', policy });
    await fee.live();
    expect(await fee.last('notice_failed')).toMatchObject({ data: { why: 'smtp_451' } });
    await setEmail(fee, 'greylist@people.example');
    await fee.live('charge');
    expect(await fee.state()).toBe('noticed');
  });

  it('goes to the corrected address, and is the same notice', async () => {
    const fee = await due({ email: 'refuse@people.example' });
    await fee.run('notice');
    await setEmail(fee, 'right@people.example');
    await fee.live('charge');
    expect(fee.testApp.mailbox.messages().map(({ to }) => to)).toEqual([['right@people.example']]);
    expect(await fee.ask({ act: 'retry' })).toBe('not_retryable');
  });

  it('that came back is followed by another one, with an ID and a period of its own', async () => {
    const fee = await due();
    await fee.live('charge');
    const first = await fee.last('noticed');
    expect(await fee.ask({ act: 'bounce', why: 'bounced 5.1.1' })).toBe('1 entries');
    expect(await fee.state()).toBe('notice_failed');
    await fee.live();
    expect(await fee.kinds()).not.toContain('attempted');
    await setEmail(fee, 'right@people.example');
    await fee.live('charge');
    expect(ids(fee)).toEqual([1, 2].map((n) => `<fee-${fee.feeId}-notice-${n}@sunrise.example>`));
    const second = await fee.last('noticed');
    expect(second?.data.chargeFrom).not.toBe(first?.data.chargeFrom);
    await fee.live();
    expect(await fee.state()).toBe('paid');
  });

  it('that came back stays so for a worker who sent the same mail and slept since', async () => {
    const fee = await due();
    fee.whileSending(async () => {
      await fee.run('notice');
      await fee.ask({ act: 'bounce', why: 'bounced 5.1.1' });
    });
    await fee.run('notice');
    expect(new Set(ids(fee)).size).toBe(1);
    expect(await fee.state()).toBe('notice_failed');
  });

  it('that came back before it was written down is never written down', async () => {
    const fee = await due();
    fee.whileSending(() => fee.ask({ act: 'bounce', why: 'bounced 5.1.1', notice: 1 }));
    await fee.run('notice');
    expect(await fee.kinds()).not.toContain('noticed');
    expect(await fee.state()).toBe('notice_failed');
    await fee.ask({ act: 'retry' });
    await fee.live('charge');
    expect(ids(fee)).toEqual([1, 2].map((n) => `<fee-${fee.feeId}-notice-${n}@sunrise.example>`));
  });

  it('whose answer was lost after it was handed over goes out again as the same mail', async () => {
    const fee = await due({ email: 'drop@people.example' });
    await fee.run('notice');
    expect(await fee.state()).toBe('approved');
    await fee.live('charge');
    expect(ids(fee)).toHaveLength(2);
    expect(new Set(ids(fee)).size).toBe(1);
    expect(ids(fee)[0]).toBe(`<fee-${fee.feeId}-notice-1@sunrise.example>`);
  });

  it('waits while the mail server is down, and nothing is written meanwhile', async () => {
    const fee = await due();
    const before = await fee.kinds();
    const mail = createMail({
      smtpUrl: 'smtp://127.0.0.1:9',
      from: 'office@sunrise.example',
      replyTo: 'office@sunrise.example',
      timeoutMs: 2_000,
    });
    const { mail: working } = fee.testApp.deps;
    fee.testApp.deps.mail = mail;
    await expect(fee.run('notice')).rejects.toThrow('mail server cannot be used');
    mail.close();
    expect(await fee.kinds()).toEqual(before);
    fee.testApp.deps.mail = working;
    await fee.run('notice');
    expect(await fee.state()).toBe('noticed');
  });

  it('waits while the assessment is paused, and goes out after the resume', async () => {
    const fee = await due();
    await fee.ledger.assessments.pause(fee.assessmentId, 'test', 'a look');
    expect(await fee.run('notice')).toEqual({ done: 'paused' });
    expect(await fee.ledger.fees.due('notice', 10, [])).toEqual([]);
    await fee.ledger.assessments.resume(fee.assessmentId);
    await fee.run('notice');
    expect(fee.mails()).toHaveLength(1);
  });
});

describe('a notice is never sent to somebody who owes nothing', () => {
  it('because the evidence went, though nobody had the fee looked at again', async () => {
    const fee = await due();
    const [piece] = await fee.ledger.evidence.of(fee.clinicianId, 2026);
    await fee.ledger.evidence.decide(piece?.evidenceId as string, 'refused', 'test');
    expect(await fee.run('notice')).toEqual({ done: 'reopened' });
    await fee.live();
    expect(await fee.state()).toBe('no_use');
    expect(fee.mails()).toEqual([]);
  });

  it('because of a move to an EHR that does not levy, though nobody followed it', async () => {
    const fee = await due();
    const known = await fee.ledger.clinicians.get(fee.clinicianId);
    if (!known) throw new Error('nobody there');
    await fee.ledger.clinicians.upsert({ ...known, vendor: 'therapynotes' });
    expect(await fee.run('notice')).toEqual({ done: 'waived' });
    await fee.live();
    expect(fee.mails()).toEqual([]);
  });

  it('before the roster was approved', async () => {
    const fee = await feeLife({ autoApprove: false });
    await fee.live();
    expect(await fee.run('notice')).toEqual({ done: 'nothing to do: ready' });
    expect(fee.mails()).toEqual([]);
  });
});

describe('what happens while a notice is being accepted', () => {
  it('does not undo that it was: whoever was told hears of the waiver too', async () => {
    const fee = await due();
    onAcceptance(fee, () => fee.ask({ act: 'waive', why: 'kindness' }));
    expect(await fee.run('notice')).toEqual({ done: 'noticed' });
    await fee.live();
    expect(await fee.state()).toBe('waived');
    expect(fee.mails()).toEqual([
      'Your 2026 CPT license fee: $19.50 on January 29',
      'Your 2026 CPT license fee is waived',
    ]);
  });

  it('and a hold keeps its place, without a second notice after the release', async () => {
    const fee = await due();
    onAcceptance(fee, () => fee.ask({ act: 'hold', why: 'a look' }));
    await fee.run('notice');
    expect(await fee.state()).toBe('held');
    await fee.ask({ act: 'release' });
    expect(await fee.standing()).toMatchObject({ state: 'noticed', step: 'charge' });
    expect(fee.mails()).toHaveLength(1);
  });

  it('may be a second worker with the same job: one notice stands', async () => {
    const fee = await due();
    await Promise.all([fee.run('notice'), fee.run('notice')]);
    expect((await fee.kinds()).filter((kind) => kind === 'noticed')).toHaveLength(1);
    expect(new Set(ids(fee)).size).toBe(1);
  });
});
