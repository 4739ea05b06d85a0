import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCardLinks, readCardLink } from '../../gateways/stripe/card-links.ts';
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
  ({ feeIds } = await openedAssessment(apiClient.db.pool, apiClient.ledger, { count: 2 }));
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
  return createCardLinks({ publicUrl: '', secret, now }).linkFor(feeId);
}

const visit = (url: string) => apiClient.ask('GET', url, { token: null });
/** Sends the page's form, as often as somebody may press its button. */
const give = (url: string, page: string = randomUUID()) =>
  apiClient.ask('POST', `${url}/give`, {
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
    /<form method="post" action="(\/card\/[^"]+)\/give">.*?name="page" value="([^"]+)"/s.exec(
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
  expect(await visit(`${url}/give`)).toMatchObject({ status: 405 });
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
  expect(await give(path(feeIds[0]!), 'x'.repeat(2_000))).toMatchObject({ status: 413 });
  expect(await sessions()).toEqual(before);
});

it('a settled fee needs no card', async () => {
  await appendAll(apiClient.ledger, feeIds[1]!, [sample('waived')]);
  for (const daysAgo of [0, 60]) {
    const url = path(feeIds[1]!, daysAgo);
    expect((await visit(url)).text).toContain('Nothing to do');
    const given = await give(url);
    expect(given).toMatchObject({ status: 303 });
    expect(given.headers.location).toBe(url);
  }
});

describe('a link', () => {
  it('that was not made here leads nowhere', async () => {
    const good = path(feeIds[0]!);
    const [feeId, day, signature] = good.slice('/card/'.length).split('.');
    const later = String(Number(day) + 1);
    for (const wrong of [
      `${good}x`,
      good.slice(0, -1),
      `/card/${feeId}`,
      '/card/x.y.z',
      `/card/${feeIds[1]}.${day}.${signature}`,
      `/card/${feeId}.${later}.${signature}`,
      `/card/${feeId}.${signature}`,
    ]) {
      expect((await visit(wrong)).code, wrong).toMatch(/not_found|invalid_request/);
      expect((await give(wrong)).code, wrong).toMatch(/not_found|invalid_request/);
    }
  });

  it('is the same all day, so that a mail sent again says the same', () => {
    const secret = 'a secret of 32 characters or more';
    const on = (moment: string) =>
      createCardLinks({ publicUrl: '', secret, now: () => new Date(moment) }).linkFor('fee');
    expect(on('2026-01-15T00:00:00Z')).toBe(on('2026-01-15T23:59:59Z'));
    expect(on('2026-01-16T00:00:00Z')).not.toBe(on('2026-01-15T23:59:59Z'));
    const token = on('2026-01-15T12:00:00Z').slice('/card/'.length);
    expect(readCardLink(token, secret)).toEqual({
      feeId: 'fee',
      until: new Date('2026-02-15T00:00:00Z'),
    });
    expect(readCardLink(token, `${secret}!`)).toBeNull();
  });

  it('works for thirty days, and then says kindly what to do', async () => {
    expect((await visit(path(feeIds[0]!, 30))).text).toContain('Give a card');
    const old = path(feeIds[0]!, 31);
    const page = await visit(old);
    expect(page.status).toBe(410);
    expect(page.text).toContain('reply to the');
    expect(page.text).not.toContain('<form');
    const before = await sessions();
    expect((await give(old)).headers.location).toBe(old);
    expect(await sessions()).toEqual(before);
  });
});
