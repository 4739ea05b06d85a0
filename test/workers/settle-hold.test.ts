import { describe, expect, it } from 'vitest';
import { feeLife, type FeeLife } from '../support/fee-life.ts';

/** A fee whose charge is due now. */
async function due(): Promise<FeeLife> {
  const fee = await feeLife({ card: 'pm_card_visa' });
  await fee.live('charge');
  return fee;
}

const after = (kinds: string[], kind: string) => kinds.slice(kinds.lastIndexOf(kind) + 1);

describe('a hold', () => {
  it('while an outcome is unknown lets Stripe be read, and nothing be sent', async () => {
    const fee = await due();
    await fee.fault('confirm', 'drop_before', 2);
    await fee.run('charge');
    await fee.ask({ act: 'hold', why: 'a look' });
    await fee.live('settle');
    await fee.run('settle');
    expect(await fee.state()).toBe('unknown');
    expect(fee.charged()).toBe(0);
    await fee.ask({ act: 'release' });
    await fee.live();
    expect(await fee.state()).toBe('paid');
    expect(fee.charged()).toBe(1);
  });

  it('over an attempt that never arrived ends the attempt after a day, and rests', async () => {
    const fee = await due();
    await fee.fault('confirm', 'drop_before', 2);
    await fee.run('charge');
    await fee.ask({ act: 'hold', why: 'a look' });
    await fee.live();
    expect(await fee.state()).toBe('held');
    expect(await fee.last('lapsed')).toMatchObject({ data: { attempt: 1 } });
    expect((await fee.standing()).step).toBeNull();
    expect(fee.charged()).toBe(0);
    await fee.ask({ act: 'release' });
    await fee.live();
    expect(fee.charged()).toBe(1);
  });

  it('records the payment that had got through', async () => {
    const fee = await due();
    await fee.fault('confirm', 'truncate');
    await fee.run('charge');
    await fee.ask({ act: 'hold', why: 'a look' });
    await fee.live();
    expect(await fee.state()).toBe('held');
    expect(after(await fee.kinds(), 'held')).toEqual(['paid']);
    expect(fee.mails()).toHaveLength(1);
  });
});
