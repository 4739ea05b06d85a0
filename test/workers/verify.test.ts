import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entry } from '../../core/fee.ts';
import type { Report } from '../../core/verify.ts';
import { createVerify } from '../../workers/verify.ts';
import { createHouse, settled, type House } from '../support/house.ts';
import { queueBackends } from '../support/queues.ts';
import { EVERYBODY, feeOf, liveYear, openYear, payers, type Somebody } from '../support/year.ts';

const ONCE = 'pm_card_levy_insufficientFunds_once';
const MORE: Somebody[] = [
  ['B3', ONCE],
  ['B4', ONCE],
];

let house: House;
let pullDown: () => Promise<void>;
let assessmentId: string;

beforeAll(async () => {
  house = await createHouse(queueBackends[0]!, (end) => (pullDown = end));
  assessmentId = await liveYear(house, [...EVERYBODY, ...MORE, ...payers(20)]);
});
afterAll(() => pullDown());

const check = (slackMs?: number): Promise<Report> =>
  createVerify({ ...house.deps, patienceMs: 0, slackMs }).once();

it('finds nothing in a clean year', async () => {
  const report = await check();
  expect(report.checks.filter(({ breaches }) => breaches.length > 0)).toEqual([]);
  expect(report).toMatchObject({ ok: true, fees: 33 });
});

/** The breaches of a report by check: whose fee each is, once; `nobody` for no one fee's. */
function broken({ checks }: Report): Map<string, string> {
  return new Map(
    checks.flatMap(({ name, breaches }) =>
      breaches.map(({ feeId, detail }) => [`${name} ${feeId} ${detail}`, `${name} ${feeId}`]),
    ),
  );
}

/** What a check finds after an act that it had not found before: `check fee`, each once. */
async function newly(act: () => Promise<unknown>, slackMs?: number): Promise<string[]> {
  const before = broken(await check(slackMs));
  await act();
  const after = broken(await check(slackMs));
  const found = [...after].filter(([detail]) => !before.has(detail)).map(([, which]) => which);
  return [...new Set(found)].sort();
}

/** Changes the database as nobody can who goes through it: without its triggers. */
async function tamper(sql: string, values: unknown[] = []): Promise<void> {
  const { pool } = house.db;
  await pool.query('alter table entries disable trigger user');
  const { rowCount } = await pool.query(sql, values);
  await pool.query('alter table entries enable trigger user');
  if (rowCount === 0) throw new Error('nothing was changed');
}

/** Changes the data of a fee's entries of one kind. */
const rewrite = (feeId: string, kind: string, data: object) =>
  tamper('update entries set data = data || $3 where fee_id = $1 and kind = $2', [
    feeId,
    kind,
    data,
  ]);

async function control(path: string, body: object): Promise<void> {
  const answer = await fetch(`${house.sandbox.url}/_sandbox/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

async function caseOf(feeId: string) {
  const feeCase = await house.ledger.fees.load(feeId);
  const opened = feeCase?.entries.find(({ kind }) => kind === 'opened');
  const intent = opened?.kind === 'opened' ? opened.data.intent : '';
  return { intent, customer: feeCase?.clinician.stripeCustomer ?? '' };
}

/** A payment at Stripe that carries a fee and that levy knows nothing of. */
async function payBehind(fee: string, customer?: string, amount = 1950): Promise<void> {
  await house.stripe.paymentIntents.create({
    ...{ amount, currency: 'usd', customer, confirm: true },
    payment_method: 'pm_card_visa',
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    metadata: { fee, year: '2026' },
  });
}

/** A fee of somebody, and what a check newly names after the act: `check`, or `check nobody`. */
async function named(ref: string, act: (feeId: string) => Promise<unknown>, slackMs?: number) {
  const feeId = await feeOf(house, ref);
  const found = await newly(() => act(feeId), slackMs);
  return found.map((one) => one.replace(` ${feeId}`, '').replace('null', 'nobody'));
}

describe('the checker names the fee', () => {
  it('that was charged twice at Stripe', async () => {
    const found = await named('P1', async (fee) => payBehind(fee, (await caseOf(fee)).customer));
    expect(found).toEqual(['announced', 'cents', 'objects', 'one_charge']);
  });

  it('that was attempted before its notice period was over', async () => {
    const late = `update entries e set at = t.at - interval '1 ms' from entries t
      where t.fee_id = $1 and t.kind = 'attempted' and e.fee_id = $1 and e.kind = 'noticed'`;
    expect(await named('P2', (fee) => tamper(late, [fee]))).toEqual(['announced']);
  });

  it('that was attempted without a notice', async () => {
    const unheard = `update entries set kind = 'looked', data = '{"found": true}'
      where fee_id = $1 and kind = 'noticed'`;
    expect(await named('P3', (fee) => tamper(unheard, [fee]))).toEqual(['announced']);
  });

  it('that was attempted after its notice had failed', async () => {
    const failed = `update entries set kind = 'notice_failed', data = '{"why": "bounce"}'
      where fee_id = $1 and kind = 'opened'`;
    const found = await named('P4', (fee) => tamper(failed, [fee]));
    expect(found).toEqual(['announced', 'index']);
  });

  it('that Stripe was asked to charge without an attempt', async () => {
    const found = await named('C1', async (fee) => {
      const { intent } = await caseOf(fee);
      const card = 'pm_card_chargeDeclinedLostCard';
      await house.stripe.paymentIntents.confirm(intent, { payment_method: card }).catch(() => null);
    });
    expect(found).toEqual(['announced']);
  });

  it('that was noticed with another amount than was charged', async () => {
    const found = await named('P5', (fee) => rewrite(fee, 'noticed', { amountCents: 1900 }));
    expect(found).toEqual(['amount', 'announced']);
  });

  it('that was paid with another amount than the rate', async () => {
    const more = `update entries set data = data || '{"amountCents": 1951}', amount_cents = 1951
      where fee_id = $1 and kind = 'paid'`;
    const found = await named('P6', (fee) => tamper(more, [fee]));
    expect(found).toEqual(['amount', 'cents', 'objects']);
  });

  it('that has no evidence', async () => {
    const gone = `delete from evidence where clinician_id =
      (select clinician_id from fees where fee_id = $1)`;
    expect(await named('P7', (fee) => tamper(gone, [fee]))).toEqual(['evidence']);
  });

  it('that was charged at Stripe without ever having been owed', async () => {
    const found = await named('E1', (fee) => payBehind(fee));
    expect(found).toEqual(['announced', 'cents', 'evidence', 'objects']);
  });

  it('that is overdue, unless its assessment is paused', async () => {
    const found = await named(
      'D1',
      (fee) =>
        house.ledger.fees.change(fee, 'test', () => ({ entries: [entry('retry_asked', {})] })),
      0,
    );
    expect(found).toEqual(['nobody_forgotten']);
    await house.ledger.assessments.pause(assessmentId, 'test', 'a look');
    const { checks } = await check(0);
    expect(checks.find(({ name }) => name === 'nobody_forgotten')?.breaches).toEqual([]);
    await house.ledger.assessments.resume(assessmentId, 'test');
  });

  it('that nothing follows on, though it has not come to rest', async () => {
    const stuck = "update fees set state = 'noticed', next_step = null where fee_id = $1";
    const found = await named('P8', (fee) => tamper(stuck, [fee]));
    expect(found).toEqual(['index', 'nobody_forgotten']);
  });

  it('that rests without use although there is evidence, and the person without any fee', async () => {
    const copied = `insert into evidence (clinician_id, year, kind, first_used_on, file_name, line,
        rule, certainty, recorded_at)
      select clinician_id, 2026, 'billing', '2026-02-03', 'a.csv', 1, 'r', 'sure', '2026-01-01'
      from clinicians where ref = $1`;
    expect(await named('F1', () => tamper(copied, ['F1']))).toEqual(['nobody_forgotten']);
    const found = await newly(async () => {
      await house.clinician('Z1', 'pm_card_visa');
      await tamper("update clinicians set updated_at = '2026-01-01' where ref = $1", ['Z1']);
      await tamper("update assessments set enrolled_at = '2026-01-01'");
      await tamper(copied, ['Z1']);
    });
    expect(found).toEqual(['nobody_forgotten null']);
  });

  it('that was refunded in Stripe’s dashboard', async () => {
    const found = await named('P9', async (fee) =>
      house.stripe.refunds.create({ payment_intent: (await caseOf(fee)).intent }),
    );
    expect(found).toEqual(['cents', 'objects']);
  });

  it('that is disputed at Stripe', async () => {
    const found = await named('P10', async (fee) =>
      control('disputes', { payment_intent: (await caseOf(fee)).intent }),
    );
    expect(found).toEqual(['cents', 'objects']);
  });

  it('whose charge, intent or refund only the ledger has', async () => {
    const charge = await named('P11', (fee) => rewrite(fee, 'paid', { charge: 'ch_none' }));
    expect(charge).toEqual(['objects']);
    const intent = `with e as (update entries set data = data || '{"intent": "pi_none"}'
        where fee_id = $1 and data ? 'intent')
      update fees set intent = 'pi_none' where fee_id = $1`;
    expect(await named('P12', (fee) => tamper(intent, [fee]))).toEqual(['objects']);
    const refunded = `with f as (update fees set seq = seq + 1, state = 'refunded',
        next_step = 'letter', due_at = now() where fee_id = $1 returning seq)
      insert into entries (fee_id, seq, kind, at, actor, debit, credit, amount_cents, data)
      select $1, seq, 'refunded', now(), 'x', 'refunds', 'stripe', 1950,
        '{"refund": "re_none", "amountCents": 1950}' from f`;
    expect(await named('P13', (fee) => tamper(refunded, [fee]))).toEqual(['cents', 'objects']);
  });

  it('that Stripe knows and the ledger does not, as nobody’s', async () => {
    const found = await newly(() => payBehind('00000000-0000-4000-8000-00000000dead'));
    expect(found).toEqual(['objects null']);
  });

  it('whose payment stands in the wrong account', async () => {
    const wrong = "update entries set debit = 'waived' where fee_id = $1 and kind = 'paid'";
    expect(await named('P14', (fee) => tamper(wrong, [fee]))).toEqual(['balanced', 'cents']);
  });

  it('with half a movement of money, which no account can balance', async () => {
    await tamper('alter table entries drop constraint entries_check');
    const half = "update entries set credit = null where fee_id = $1 and kind = 'paid'";
    const found = await named('P15', (fee) => tamper(half, [fee]));
    expect(found).toEqual(['balanced', 'balanced nobody']);
  });

  it.each([
    ['state', "state = 'gave_up'"],
    ['step', "next_step = 'letter', due_at = '2099-01-01'"],
    ['number', 'seq = seq + 1'],
  ])('whose stored %s is not what its entries come to', async (what, change) => {
    const found = await named('P16', (fee) =>
      tamper(`update fees set ${change} where fee_id = $1`, [fee]),
    );
    expect(found).toEqual(what === 'number' ? ['index', 'numbers'] : ['index']);
  });

  it('with a gap in its numbers', async () => {
    const gap = `with f as (update fees set seq = seq + 1 where fee_id = $1 returning seq)
      update entries e set seq = f.seq from f where e.fee_id = $1 and e.kind = 'told'`;
    expect(await named('P17', (fee) => tamper(gap, [fee]))).toEqual(['index', 'numbers']);
  });

  it('of whose test assessment a live event speaks', async () => {
    const live = `insert into webhook_events (event_id, type, object_id, fee_id, livemode,
      created_at) values ('evt_live', 'charge.succeeded', 'ch_live', $1, true, now())`;
    expect(await named('P18', (fee) => tamper(live, [fee]))).toEqual(['mode']);
  });

  it('of every test charge when the assessment is live', async () => {
    const found = await newly(() => tamper('update assessments set livemode = true'));
    const paid = await house.ledger.reports.fees({ state: 'paid', limit: 100 });
    for (const { feeId } of paid) expect(found).toContain(`mode ${feeId}`);
    expect(found.filter((one) => !one.startsWith('mode '))).toEqual([]);
    await tamper('update assessments set livemode = false');
  });

  it('tried again sooner than its decline allowed', async () => {
    const later = { retryAt: '2099-01-01T00:00:00.000Z' };
    const found = await named('B1', (fee) => rewrite(fee, 'declined', later));
    expect(found).toEqual(['card_limits']);
  });

  it('tried more often than the policy allows', async () => {
    const policy = (attempts: number) =>
      tamper('update assessments set policy = policy || $1', [{ attemptsMax: attempts }]);
    const found = await newly(() => policy(1));
    const fees = await Promise.all(['B2', 'B3', 'B4'].map((ref) => feeOf(house, ref)));
    for (const fee of fees) expect(found).toContain(`card_limits ${fee}`);
    expect(found.filter((one) => !one.startsWith('card_limits '))).toEqual([]);
    await policy(4);
  });

  it('tried more often than the card network allows', async () => {
    const found = await named('C1', async (fee) => {
      const { intent } = await caseOf(fee);
      const card = 'pm_card_chargeDeclinedInsufficientFunds';
      for (let n = 0; n < 21; n += 1)
        await house.stripe.paymentIntents
          .confirm(intent, { payment_method: card })
          .catch(() => null);
    });
    expect(found).toContain('card_limits');
  });

  it('tried again after its bank had said not to', async () => {
    const never = { verdict: 'needs_card', retryAt: null };
    const found = await named('B3', (fee) => rewrite(fee, 'declined', never));
    expect(found).toEqual(['refused_cards']);
  });

  it('with a letter that had no occasion, or was sent twice', async () => {
    const found = await named('P19', (fee) => rewrite(fee, 'told', { letter: 'refunded' }));
    expect(found).toEqual(['index', 'letters']);
    const twice = `with f as (update fees set seq = seq + 1 where fee_id = $1 returning seq)
      insert into entries (fee_id, seq, kind, at, actor, data)
      select $1, f.seq, 'told', now(), 'x', e.data from entries e, f
      where e.fee_id = $1 and e.kind = 'told'`;
    expect(await named('P20', (fee) => tamper(twice, [fee]))).toEqual(['letters']);
  });
});

describe('the checker', () => {
  it('proves an empty ledger', async () => {
    const empty = await createHouse(queueBackends[0]!);
    const report = await createVerify(empty.deps).once();
    expect(report).toMatchObject({ ok: true, fees: 0 });
  });

  it('does not take for a breach what is under way', async () => {
    const busy = await createHouse(queueBackends[0]!);
    await busy.work();
    await openYear(busy, [...EVERYBODY, ...payers(40)]);
    let working = true;
    const end = settled(busy, 30_000).finally(() => (working = false));
    const reports: Report[] = [];
    while (working) reports.push(await createVerify({ ...busy.deps, patienceMs: 100 }).once());
    await end;
    const found = reports.flatMap((report) => [...broken(report).keys()]);
    expect(found).toEqual([]);
    expect(reports.length).toBeGreaterThan(3);
  }, 60_000);

  it('refuses to speak of an assessment that is not there, and without Stripe', async () => {
    const verify = createVerify(house.deps);
    await expect(verify.once('00000000-0000-4000-8000-000000000000')).rejects.toThrow(
      'There is no assessment',
    );
    const fault = { route: 'balance.list', kind: 'status_500', times: 1 };
    await control('faults', fault);
    await expect(verify.once()).rejects.toMatchObject({ name: 'PaymentsUnavailable' });
  });
});
