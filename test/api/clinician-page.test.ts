import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPageLinks, readPageLink } from '../../gateways/mail/page-links.ts';
import { createStripe } from '../../gateways/stripe/client.ts';
import { appendAll, openedAssessment } from '../support/assessment.ts';
import { sample } from '../support/fees.ts';
import { openApiClient, type ApiClient } from './api-client.ts';

const DAY_MS = 86_400_000;

let apiClient: ApiClient;
let feeIds: string[];
let today: Date;

beforeAll(async () => {
  apiClient = await openApiClient();
  ({ feeIds } = await openedAssessment(apiClient.db.pool, apiClient.ledger, { count: 5 }));
  today = await apiClient.ledger.fees.now();
  for (const feeId of feeIds) {
    const { id } = await stripe().customers.create();
    await apiClient.db.pool.query(
      `update clinicians set stripe_customer = $1
       where clinician_id = (select clinician_id from fees where fee_id = $2)`,
      [id, feeId],
    );
    await appendAll(apiClient.ledger, feeId, [sample('assessed'), sample('approved')]);
  }
});
afterAll(() => apiClient.close());

const stripe = () => createStripe({ secretKey: 'sk_test_office', apiBase: apiClient.stripe.url });

/** The link of a mail sent so many days ago. */
function path(feeId: string, daysAgo = 0): string {
  const now = () => new Date(today.getTime() - daysAgo * DAY_MS);
  const secret = apiClient.deps.sessionSecret;
  return createPageLinks({ publicUrl: '', secret, now }).linkFor(feeId);
}

const visit = (url: string) => apiClient.ask('GET', url, { token: null });
/** Sends the page's form, as often as somebody may press its button. */
const give = (url: string, page: string = randomUUID()) =>
  apiClient.ask('POST', `${url}/card`, {
    token: null,
    body: `page=${page}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
const sessions = async () => (await stripe().checkout.sessions.list({ limit: 100 })).data;

it('a link from an e-mail leads, over a form of ours, to a page of Stripe’s', async () => {
  const page = await visit(path(feeIds[0]!));
  expect(page.status).toBe(200);
  expect(page.text).toContain('Sunrise Practice');
  expect(page.text).not.toMatch(/Person 1|person1@/);
  const [, action, id] =
    /<form method="post" action="(\/fee\/[^"]+)\/card">.*?name="page" value="([^"]+)"/s.exec(
      page.text,
    ) ?? [];
  expect(action).toBe(path(feeIds[0]!));
  const given = await give(action!, id);
  expect(given.status).toBe(303);
  expect(given.headers.location).toContain(apiClient.stripe.url);
  const saved = await visit('/card-saved');
  expect(saved.text).toContain('Thank you');
});

it('the page lets its form lead to Stripe and nothing else happen', async () => {
  const policy = String((await visit(path(feeIds[0]!))).headers['content-security-policy']);
  expect(policy).not.toContain('script');
  const [, targets] = /form-action ([^;]+)/.exec(policy) ?? [];
  // Browsers hold a form's redirects to the policy, too.
  expect(targets?.split(' ')).toEqual(["'self'", 'https:', new URL(apiClient.stripe.url).origin]);
});

it('looking at the page, however often and by whatever method, creates nothing', async () => {
  const before = await sessions();
  const url = path(feeIds[0]!);
  await visit(url);
  await apiClient.ask('HEAD', url, { token: null });
  for (const form of ['card', 'pay-now', 'object'])
    expect(await visit(`${url}/${form}`)).toMatchObject({ status: 405 });
  expect(await sessions()).toEqual(before);
});

it('the page of Stripe’s says which fee it is for, and is noted as open', async () => {
  const given = await give(path(feeIds[0]!));
  const [session] = await sessions();
  expect(given.headers.location).toBe(session?.url);
  const setup = await stripe().setupIntents.retrieve(session?.setup_intent as string);
  expect(setup.metadata).toEqual({ fee: feeIds[0] });
  expect((await apiClient.ledger.fees.load(feeIds[0]!))?.cardPages).toContain(session?.id);
});

it('a form sent twice opens one page, a page loaded anew another', async () => {
  const before = (await sessions()).length;
  const url = path(feeIds[0]!);
  const page = randomUUID();
  const answers = await Promise.all([give(url, page), give(url, page)]);
  const later = await give(url, page);
  expect(new Set([...answers, later].map(({ headers }) => headers.location)).size).toBe(1);
  expect((await sessions()).length).toBe(before + 1);
  expect((await give(url)).headers.location).not.toBe(later.headers.location);
});

it('a form that is not the page’s is refused', async () => {
  const before = await sessions();
  for (const page of ['', 'x', '../x', randomUUID().toUpperCase()])
    expect((await give(path(feeIds[0]!), page)).code).toBe('invalid_request');
  expect(await give(path(feeIds[0]!), 'x'.repeat(20_000))).toMatchObject({ status: 413 });
  expect(await sessions()).toEqual(before);
});

it('a settled fee needs no card', async () => {
  await appendAll(apiClient.ledger, feeIds[1]!, [sample('waived')]);
  const url = path(feeIds[1]!);
  expect((await visit(url)).text).toContain('The fee is waived');
  expect((await visit(url)).text).not.toContain('<form');
  const given = await give(url);
  expect(given).toMatchObject({ status: 303 });
  expect(given.headers.location).toBe(url);
});

it('a link of an earlier version leads to the same page', async () => {
  const url = path(feeIds[0]!);
  const answer = await visit(url.replace('/fee/', '/card/'));
  expect(answer).toMatchObject({ status: 301 });
  expect(answer.headers.location).toBe(url);
});

/** The fields of a form, as a browser sends them. */
const sendForm = (url: string, fields: Record<string, string> = {}) =>
  apiClient.ask('POST', url, {
    token: null,
    body: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
const kindsOf = async (feeId: string) =>
  (await apiClient.ledger.fees.load(feeId))!.entries.map(({ kind }) => kind);

describe('a clinician who has had the notice', () => {
  const feeId = () => feeIds[2]!;

  beforeAll(async () => {
    const at = await apiClient.ledger.fees.now();
    const chargeFrom = new Date(at.getTime() + 14 * DAY_MS).toISOString();
    await appendAll(apiClient.ledger, feeId(), [sample('noticed', { chargeFrom })]);
  });

  it('reads what it is, why, how much and when', async () => {
    const { text } = await visit(path(feeId()));
    for (const words of [
      'Visa ending in 4242 will be charged $19.50 on',
      'Your first use of a CPT code in TheraNest in 2026 was on February 3, 2026',
      'AMA royalty for 2026',
      'Pay now',
    ])
      expect(text.replace(/\s+/g, ' ')).toContain(words);
    expect(text).not.toMatch(/\b90\d{3}\b|claims\.837/);
  });

  it('objects, which holds the fee until a person has answered', async () => {
    const url = path(feeId());
    expect((await sendForm(`${url}/object`, { text: ' \n ' })).code).toBe('invalid_request');
    const text = 'I left <b>in January</b>.\r\nNot mine. \ud83d\ude00';
    for (let times = 0; times < 2; times += 1)
      expect((await sendForm(`${url}/object`, { text })).headers.location).toBe(url);
    expect((await kindsOf(feeId())).slice(-2)).toEqual(['objected', 'held']);
    const page = await visit(url);
    expect(page.text).toContain('You have objected');
    expect(page.text).toContain('I left &lt;b&gt;in January&lt;/b&gt;. Not mine. \ud83d\ude00');
    expect(page.text).not.toContain('Pay now');
    expect((await sendForm(`${url}/pay-now`)).status).toBe(303);
    expect(await kindsOf(feeId())).not.toContain('pay_now_asked');

    const { json } = await apiClient.ask('GET', '/v1/objections');
    expect(json.objections).toMatchObject([{ feeId: feeId(), year: 2026, amountCents: 1950 }]);
    const answer = { accepted: false, why: 'Your records show a use on February 3.' };
    const path2 = `/v1/fees/${feeId()}/answer-objection`;
    expect((await apiClient.ask('POST', path2, { body: answer })).status).toBe(200);
    expect((await apiClient.ask('POST', path2, { body: answer })).code).toBe('no_objection');
    expect((await kindsOf(feeId())).slice(-2)).toEqual(['objection_answered', 'released']);
    expect((await visit(url)).text).toContain('Your records show a use on February 3.');
    const [line] = await apiClient.ledger.access.audited({ limit: 1 });
    expect(line).toMatchObject({ action: 'answer_objection', object: `fee ${feeId()}` });
  });

  it('pays at once, by a form that is sent twice and counts once', async () => {
    const url = path(feeId());
    const sent = await Promise.all([sendForm(`${url}/pay-now`), sendForm(`${url}/pay-now`)]);
    expect(sent.map(({ status }) => status)).toEqual([303, 303]);
    const kinds = await kindsOf(feeId());
    expect(kinds.filter((kind) => kind === 'pay_now_asked')).toHaveLength(1);
    const { entries } = (await apiClient.ledger.fees.load(feeId()))!;
    expect(entries.at(-1)).toMatchObject({ kind: 'pay_now_asked', actor: 'clinician' });
    expect((await visit(url)).text).toContain('now, as you have asked');
  });

  it('has a receipt once it is paid, and not before', async () => {
    const url = path(feeId());
    expect((await visit(`${url}/receipt`)).headers.location).toBe(url);
    await appendAll(apiClient.ledger, feeId(), [sample('paid', { charge: 'ch_of_page' })]);
    const { text } = await visit(`${url}/receipt`);
    for (const words of ['Receipt', 'Sunrise Practice', '$19.50', 'Visa ending in 4242'])
      expect(text).toContain(words);
  });

  it('has the money given back for an accepted objection, by somebody who may approve', async () => {
    const url = path(feeId());
    expect((await sendForm(`${url}/object`, { text: 'Still not mine.' })).status).toBe(303);
    const answer = { accepted: true, why: 'You are right.' };
    const path2 = `/v1/fees/${feeId()}/answer-objection`;
    const operator = { token: apiClient.tokens.operate, body: answer };
    expect((await apiClient.ask('POST', path2, operator)).code).toBe('missing_scope');
    expect((await apiClient.ask('POST', path2, { body: answer })).status).toBe(200);
    expect((await kindsOf(feeId())).slice(-3)).toEqual([
      ...['objection_answered', 'released', 'refund_asked'],
    ]);
  });
});

describe('a clinician who has left the EHR', () => {
  const shownIn = (text: string) => /name="shown" value="([0-9a-f]{64})"/.exec(text)?.[1] ?? '';
  const vendorOf = async (feeId: string) =>
    (await apiClient.ledger.fees.load(feeId))!.clinician.vendor;

  it('sees what happens to the fee before it does, and then it does', async () => {
    const feeId = feeIds[3]!;
    const url = path(feeId);
    expect((await visit(`${url}/left`)).text).toContain('Show what happens');
    const before = await kindsOf(feeId);
    const { text } = await visit(`${url}/left?vendor=therapynotes&on=2026-03-01`);
    expect(text).toContain('The fee is waived.');
    expect(await kindsOf(feeId)).toEqual(before);
    const said = { vendor: 'therapynotes', on: '2026-03-01', shown: shownIn(text) };
    const other = await sendForm(`${url}/left`, { ...said, shown: 'f'.repeat(64) });
    expect(other.headers.location).toBe(`${url}/left?vendor=therapynotes&on=2026-03-01`);
    expect(await kindsOf(feeId)).toEqual(before);
    const sent = await Promise.all([sendForm(`${url}/left`, said), sendForm(`${url}/left`, said)]);
    expect(sent.map(({ headers }) => headers.location)).toEqual([url, url]);
    expect(await kindsOf(feeId)).toEqual([...before, 'waived']);
    expect(await vendorOf(feeId)).toBe('therapynotes');
    expect((await visit(url)).text).toContain('The fee is waived');
    expect((await visit(`${url}/moving`)).text).toContain('TherapyNotes');
    const [line] = await apiClient.ledger.access.audited({ limit: 1 });
    expect(line).toMatchObject({ action: 'move_clinician', actor: 'clinician' });
  });

  it.each([
    ['to an EHR nobody knows here', '-', '2026-03-01'],
    ['before a use that the records show', 'therapynotes', '2026-01-10'],
  ])('%s is looked at by a person first', async (_what, vendor, on) => {
    const feeId = feeIds[4]!;
    const url = path(feeId);
    const { text } = await visit(`${url}/left?vendor=${vendor}&on=${on}`);
    expect(text).toContain('Somebody of us looks at it and answers you');
    const sent = await sendForm(`${url}/left`, { vendor, on, shown: shownIn(text) });
    expect(sent.headers.location).toBe(url);
    expect((await kindsOf(feeId)).filter((kind) => kind === 'objected')).toHaveLength(1);
    expect(await vendorOf(feeId)).toBe('theranest');
  });

  it('is told of a day that cannot be', async () => {
    const url = path(feeIds[4]!);
    for (const on of ['2199-01-01', '2026-02-30'])
      expect((await visit(`${url}/left?vendor=therapynotes&on=${on}`)).text).toContain(
        'role="alert"',
      );
    expect((await visit(`${url}/left?vendor=nobody&on=2026-03-01`)).text).toContain('role="alert"');
  });
});

describe('a link', () => {
  it('that was not made here leads nowhere', async () => {
    const good = path(feeIds[0]!);
    const [feeId, day, signature] = good.slice('/fee/'.length).split('.');
    const later = String(Number(day) + 1);
    for (const wrong of [
      `${good}x`,
      good.slice(0, -1),
      `/fee/${feeId}`,
      '/fee/x.y.z',
      `/fee/${feeIds[1]}.${day}.${signature}`,
      `/fee/${feeId}.${later}.${signature}`,
      `/fee/${feeId}.${signature}`,
    ]) {
      expect((await visit(wrong)).code, wrong).toMatch(/not_found|invalid_request/);
      expect((await give(wrong)).code, wrong).toMatch(/not_found|invalid_request/);
    }
  });

  it('is the same all day, so that a mail sent again says the same', () => {
    const secret = 'a secret of 32 characters or more';
    const on = (moment: string) =>
      createPageLinks({ publicUrl: '', secret, now: () => new Date(moment) }).linkFor('fee');
    expect(on('2026-01-15T00:00:00Z')).toBe(on('2026-01-15T23:59:59Z'));
    expect(on('2026-01-16T00:00:00Z')).not.toBe(on('2026-01-15T23:59:59Z'));
    const token = on('2026-01-15T12:00:00Z').slice('/fee/'.length);
    expect(readPageLink(token, secret)).toEqual({
      feeId: 'fee',
      until: new Date('2026-02-15T00:00:00Z'),
    });
    expect(readPageLink(token, `${secret}!`)).toBeNull();
  });

  it('works for thirty days, and then says kindly what to do', async () => {
    expect((await visit(path(feeIds[0]!, 30))).text).toContain('Give another card');
    const old = path(feeIds[0]!, 31);
    const page = await visit(old);
    expect(page.status).toBe(410);
    expect(page.text).toContain('reply to the');
    expect(page.text).not.toContain('<form');
    const before = await sessions();
    for (const form of ['pay-now', 'object'])
      expect((await sendForm(`${old}/${form}`, { text: 'x' })).status).toBe(303);
    expect(await kindsOf(feeIds[0]!)).not.toContain('objected');
    expect((await give(old)).headers.location).toBe(old);
    expect(await sessions()).toEqual(before);
  });
});
