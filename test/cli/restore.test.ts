import { describe, expect, it } from 'vitest';
import { restore } from '../../cli/restore.ts';
import type { Books } from '../../cli/with-ledger.ts';
import { backUp } from '../support/backup.ts';
import { elsewhere, OTHER_FEE } from '../support/elsewhere.ts';
import { feeLife, type FeeLife } from '../support/fee-life.ts';
import { runLevy } from './run-levy.ts';

const placeOf = ({ testApp }: FeeLife): Books => ({
  databaseUrl: testApp.db.appUrl,
  stripe: { secretKey: 'sk_test_sandbox', apiBase: testApp.sandbox.url },
});

function run(argv: string[], place: Books) {
  return runLevy(['restore', ...argv], {
    programs: { restore: () => Promise.resolve((call, io) => restore(call, io, place)) },
  });
}

/** A ledger that was put back to before its one fee was charged. */
async function behind(): Promise<FeeLife> {
  const fee = await feeLife();
  await fee.live('charge');
  const backup = await backUp(fee.testApp.db.pool);
  await fee.live();
  await backup.restore();
  return fee;
}

describe('levy restore', () => {
  it('brings the ledger up to what Stripe has, and says so once, with status 0', async () => {
    const fee = await behind();
    expect(await run([], placeOf(fee))).toEqual({
      ...{ status: 0, err: '' },
      out: '1 fees were behind Stripe; 1 were brought up to date.\n',
    });
    expect(await fee.state()).toBe('paid');
    expect(await run([], placeOf(fee))).toEqual({
      ...{ status: 0, err: '' },
      out: 'The ledger has everything that Stripe has for its fees.\n',
    });
  });

  it('says what it came to as one JSON object for programs', async () => {
    const { status, out } = await run(['--json'], placeOf(await behind()));
    expect(status).toBe(0);
    expect(JSON.parse(out)).toEqual({ behind: 1, changed: 1, left: [], orphanObjects: 0 });
  });

  it('ends with status 1 and with what to do where Stripe has fees that are not here', async () => {
    const fee = await feeLife();
    const { stripe } = fee.testApp;
    // Of a person who is not on this roster: the ledger was lost, and is empty but for one.
    const { id: customer } = await stripe.customers.create();
    await elsewhere({ ...fee, customer: () => Promise.resolve(customer) }).intent({
      fee: OTHER_FEE,
    });
    const told = await run([], placeOf(fee));
    expect(told).toMatchObject({ status: 1, err: '' });
    expect(told.out).toContain('1 intents and charges of levy’s at Stripe belong to no fee');
    expect(told.out).toContain('Upload the roster and the exports, open the year');
  });

  it('never says that all is well when it could not compare, but ends with status 2', async () => {
    const fee = await behind();
    const place = placeOf(fee);
    const nowhere = 'postgres://levy:very-secret@127.0.0.1:1/levy';
    const cases: [Books, string][] = [
      [{ ...place, databaseUrl: nowhere }, 'The database does not answer as it should'],
      [
        { ...place, stripe: { secretKey: 'sk_test_x', apiBase: 'http://127.0.0.1:1' } },
        'Stripe gave no usable answer',
      ],
    ];
    for (const [where, why] of cases) {
      const told = await run([], where);
      expect(told).toMatchObject({ status: 2, out: '' });
      expect(told.err).toContain(`Could not compare the ledger with Stripe. ${why}`);
      expect(told.err).not.toContain('very-secret');
    }
  });

  it('ends with status 2 when it is called wrongly, and explains itself when asked', async () => {
    const place = { databaseUrl: '', stripe: { secretKey: '', apiBase: null } };
    const wrong = await run(['--jsom'], place);
    expect(wrong.status).toBe(2);
    expect(wrong.err).toContain('Usage: levy restore');
    const help = await run(['--help'], place);
    expect(help).toMatchObject({ status: 0, err: '' });
    expect(help.out).toContain('Nothing is charged and nobody is written to.');
  });
});
