import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { matchTotals, type MatchOutcome } from '../../core/reconcile/three-way.ts';
import type { Scope } from '../../ledger/access.ts';
import { invoiced, type Charged } from '../support/invoices.ts';
import { createStripeConsole, HOST, type ConsoleClient, type Visitor } from './console-client.ts';

let consoleClient: ConsoleClient;
const keys: Partial<Record<string, Visitor>> = {};

beforeAll(async () => {
  consoleClient = await createStripeConsole();
});
afterAll(() => consoleClient.close());

const ledger = () => consoleClient.feeFixtures.ledger;

/** Asks the API with a key of these scopes. */
async function ask(
  scopes: Scope[],
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  payload?: object,
) {
  const key = (keys[scopes.join()] ??= await consoleClient.visitor(...scopes));
  const headers = { ...HOST, authorization: `Bearer ${key.token}` };
  const answer = await consoleClient.app.inject({
    ...{ method, url, headers },
    ...(payload && { payload }),
  });
  const body = answer.body === '' ? {} : answer.json<Record<string, unknown>>();
  return { status: answer.statusCode, body };
}
const asBoss: Scope[] = ['read', 'operate', 'approve'];
const asOperator: Scope[] = ['read', 'operate'];

let number = 0;
const invoiceOf = (lines: object[], more: object = {}) => ({
  ...{ vendor: 'theranest', year: 2026, number: `A-${(number += 1)}`, dated: '2026-03-01' },
  totalCents: lines.reduce((sum, one) => sum + (one as { amountCents: number }).amountCents, 0),
  ...{ lines, ...more },
});
const LINE = { name: 'Nobody Known', amountCents: 1950 };

describe('an invoice by the API', () => {
  it('is entered as a draft, matched, confirmed and read back', async () => {
    const lines = [
      { ref: 'C-paid', amountCents: 1950 },
      { name: '<b>Nobody</b>', amountCents: -50 },
    ];
    const entered = await ask(asOperator, 'POST', '/v1/invoices', invoiceOf(lines));
    expect(entered.status, JSON.stringify(entered.body)).toBe(201);
    expect(entered.body).toMatchObject({ lines: 2, unknown: 1, totalCents: 1900, confirmed: null });
    const path = `/v1/invoices/${String(entered.body['invoiceId'])}`;
    const read = await ask(['read'], 'GET', `${path}/lines?unknown=true`);
    expect(read.body).toMatchObject({ lines: [{ line: 2, name: '<b>Nobody</b>' }] });
    expect((await ask(asOperator, 'POST', `${path}/confirm`)).status).toBe(403);
    const confirmed = await ask(asBoss, 'POST', `${path}/confirm`);
    expect(confirmed.body).toMatchObject({ confirmed: { by: keys[asBoss.join()]!.name } });
    expect((await ask(asOperator, 'DELETE', path)).body).toMatchObject({
      error: { code: 'already_confirmed' },
    });
    const { body } = await ask(['read'], 'GET', '/v1/invoices?limit=1');
    expect(body).toMatchObject({ invoices: [{ invoiceId: entered.body['invoiceId'] }] });
    expect((await ask(asBoss, 'POST', `${path}/void`, { why: 'a test' })).status).toBe(200);
    const [line] = await ledger().access.audited({ limit: 1 });
    expect(line).toMatchObject({ action: 'void_invoice', detail: { why: 'a test' } });
  });

  it.each<[string, object, number]>([
    ['no lines', invoiceOf([]), 400],
    ['a day that is none', invoiceOf([LINE], { dated: '2026-02-31' }), 400],
    ['half a cent', invoiceOf([{ ...LINE, amountCents: 0.5 }]), 400],
    ['an amount of millions', invoiceOf([{ ...LINE, amountCents: 1e9 }]), 400],
    ['a vendor nobody knows', invoiceOf([LINE], { vendor: 'nobody' }), 422],
    ['a blank number', invoiceOf([LINE], { number: ' ' }), 400],
  ])('is refused with %s', async (_what, body, status) => {
    expect((await ask(asOperator, 'POST', '/v1/invoices', body)).status).toBe(status);
  });

  it('is refused a second time, by number and by content', async () => {
    const one = invoiceOf([LINE, { ...LINE, ref: 'X' }]);
    const first = await ask(asOperator, 'POST', '/v1/invoices', one);
    const id = String(first.body['invoiceId']);
    const again = await ask(asOperator, 'POST', '/v1/invoices', one);
    expect(again).toMatchObject({
      status: 409,
      body: { error: { code: 'duplicate_invoice', details: { invoice: id } } },
    });
    await ask(asBoss, 'POST', `/v1/invoices/${id}/confirm`);
    const copy = { ...one, number: 'another number' };
    const { body } = await ask(asOperator, 'POST', '/v1/invoices', copy);
    const path = `/v1/invoices/${String(body['invoiceId'])}`;
    expect((await ask(asBoss, 'POST', `${path}/confirm`)).body).toMatchObject({
      error: { code: 'same_invoice', details: { invoice: id } },
    });
    expect((await ask(asBoss, 'POST', `${path}/confirm?anyway=true`)).status).toBe(200);
    for (const one of [id, String(body['invoiceId'])])
      await ask(asBoss, 'POST', `/v1/invoices/${one}/void`, { why: 'a test' });
  });
});

describe('the match', () => {
  const match = async (query = '') => {
    const { assessmentId } = consoleClient.feeFixtures;
    const path = `/v1/assessments/${assessmentId}/match${query}`;
    return (await ask(['read'], 'GET', path)).body as never as {
      reconciled: boolean;
      invoicedCents: number;
      feeCents: number;
      outcomes: { outcome: MatchOutcome; items: number; open: number; waiting: number }[];
      items: { item: string; ref: string; outcome: string; standing: string }[];
      next: string | null;
    };
  };
  const decide = async (scopes: Scope[], item: string, decision: string) => {
    const { assessmentId } = consoleClient.feeFixtures;
    const path = `/v1/assessments/${assessmentId}/match/${item}/decide`;
    return ask(scopes, 'POST', path, { decision, why: 'for a test' });
  };
  const itemOf = async (ref: string) =>
    (await match('?limit=1000')).items.find((one) => one.ref === ref)!;
  const idOf = async (ref: string) =>
    (await ledger().clinicians.similar([{ ref }]))[0]!.clinicianId;

  it('puts every fee and every line into one outcome, and the sums are whole', async () => {
    const charge = async (...refs: string[]): Promise<Charged> =>
      Promise.all(refs.map(async (ref) => [await idOf(ref), 1950] as [string, number]));
    const refs = ['C-paid', 'C-noticed', 'C-refunded', 'C-disputed', 'C-waived', 'C-gave_up'];
    const others: Charged = [
      [await idOf('C-held'), 1000],
      [await idOf('C-charging'), 1950],
      [await idOf('C-charging'), 1950],
    ];
    await invoiced(ledger(), [
      ...(await charge(...refs, 'C-no_use', 'C-exempt')),
      ...others,
      [null, 1950],
    ]);
    const found = await match('?limit=1000');
    const byRef = Object.fromEntries(found.items.map(({ ref, outcome }) => [ref, outcome]));
    expect(byRef).toMatchObject({
      'C-paid': 'paid',
      'C-noticed': 'unpaid',
      'C-refunded': 'refunded',
      'C-disputed': 'disputed',
      'C-waived': 'not_passed_on',
      'C-gave_up': 'not_passed_on',
      'C-no_use': 'no_evidence',
      'C-exempt': 'other_vendor',
      'C-held': 'wrong_amount',
      'C-charging': 'invoiced_twice',
      'C-ready': 'not_invoiced',
    });
    expect(found.items.filter(({ outcome }) => outcome === 'unknown_person')).toHaveLength(1);
    expect(found.reconciled).toBe(false);
    expect(found.invoicedCents).toBe(11 * 1950 + 1000);
    const balances = await ledger().reports.balances();
    const passedOn = balances.find(({ account }) => account === 'passed_on')?.balanceCents ?? 0;
    expect(found.feeCents).toBe(-passedOn);
    const groups = await ledger().invoiceMatch.groups('theranest', 2026);
    expect(matchTotals(groups).outcomes.map(({ outcome }) => outcome)).toEqual(
      found.outcomes.map(({ outcome }) => outcome),
    );
    // Page by page, and outcome by outcome, everybody comes once.
    const seen: string[] = [];
    for (let after: string | null = ''; after !== null;) {
      const page = await match(`?limit=3${after && `&after=${after}`}`);
      seen.push(...page.items.map(({ item }) => item));
      after = page.next;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.toSorted()).toEqual(found.items.map(({ item }) => item).toSorted());
    for (const { outcome, items } of found.outcomes)
      expect((await match(`?limit=1000&outcome=${outcome}`)).items).toHaveLength(items);
  });

  it('ends with decisions, and a decision lapses when its facts change', async () => {
    const { item } = await itemOf('C-no_use');
    expect((await decide(asOperator, item, 'bear')).body).toMatchObject({
      error: { code: 'missing_scope' },
    });
    expect((await decide(asBoss, item, 'refund')).body).toMatchObject({
      error: { code: 'not_offered' },
    });
    expect((await decide(asOperator, item, 'dispute')).body).toMatchObject({ standing: 'waiting' });
    expect((await decide(asBoss, item, 'bear')).body).toMatchObject({ standing: 'decided' });
    await invoiced(ledger(), [[await idOf('C-no_use'), 50]]);
    expect(await itemOf('C-no_use')).toMatchObject({ standing: 'open' });
    await invoiced(ledger(), [[await idOf('C-no_use'), -2000]]);
    // What was charged and credited is nothing any more; a fee there never was.
    expect(await itemOf('C-no_use')).toMatchObject({ outcome: 'nothing', standing: 'agrees' });
  });

  it('accepts an invoice as evidence, which leads to a fee by the usual way', async () => {
    await invoiced(ledger(), [[await idOf('C-no_use'), 1950]]);
    const { item } = await itemOf('C-no_use');
    expect((await decide(asBoss, item, 'accept')).status).toBe(200);
    const { fees } = consoleClient.feeFixtures;
    const fee = (await ledger().fees.load(fees.no_use))!;
    expect(fee.firstUse).toMatchObject({ kind: 'vendor_invoice', firstUsedOn: '2026-03-01' });
    // It is looked at again and then waits for the roster's approval: nobody is charged by this.
    expect(fee.entries.at(-1)).toMatchObject({ kind: 'reopened', data: { why: 'evidence' } });
  });

  it('gives money back and waives by the acts there are, named and audited', async () => {
    const { fees } = consoleClient.feeFixtures;
    await invoiced(ledger(), [[await idOf('C-paid'), -1950]]);
    const paid = await itemOf('C-paid');
    expect(paid).toMatchObject({ outcome: 'paid_not_invoiced', standing: 'open' });
    expect((await decide(asBoss, paid.item, 'refund')).status).toBe(200);
    expect((await ledger().fees.load(fees.paid))?.entries.at(-1)?.kind).toBe('refund_asked');
    expect((await decide(asBoss, paid.item, 'refund')).body).toMatchObject({
      error: { code: 'under_way' },
    });
    const owed = await itemOf('C-ready');
    expect((await decide(asBoss, owed.item, 'waive')).body).toMatchObject({
      outcome: 'nothing',
      standing: 'agrees',
    });
    const [line] = await ledger().access.audited({ limit: 1 });
    expect(line).toMatchObject({
      action: 'decide_difference',
      detail: { decision: 'waive', about: 'Evidence, not invoiced', outcome: 'done' },
    });
  });

  it('shows nothing of a year nobody knows', async () => {
    const answer = await ask(
      ['read'],
      'GET',
      '/v1/assessments/00000000-0000-4000-8000-000000000000/match',
    );
    expect(answer.status).toBe(404);
  });
});
