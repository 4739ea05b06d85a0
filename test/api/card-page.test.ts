import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCardLinks } from '../../gateways/card-links.ts';
import { createStripe } from '../../gateways/payments.ts';
import { appendAll, openedAssessment } from '../support/assessment.ts';
import { sample } from '../support/fees.ts';
import { openOffice, type Office } from './office.ts';

let office: Office;
let feeIds: string[];
let path: (feeId: string) => string;

beforeAll(async () => {
  office = await openOffice();
  ({ feeIds } = await openedAssessment(office.db.pool, office.ledger, { count: 2 }));
  const stripe = createStripe({ secretKey: 'sk_test_office', apiBase: office.stripe.url });
  const { id } = await stripe.customers.create();
  await office.db.pool.query('update clinicians set stripe_customer = $1', [id]);
  const links = createCardLinks({ publicUrl: '', secret: office.deps.sessionSecret });
  path = (feeId) => links.linkFor(feeId);
  for (const feeId of feeIds)
    await appendAll(office.ledger, feeId, [sample('assessed'), sample('approved')]);
});
afterAll(() => office.close());

const visit = (url: string) => office.ask('GET', url, { token: null });

it('a link from a letter leads, over a page of ours, to a page of Stripe’s', async () => {
  const page = await visit(path(feeIds[0]!));
  expect(page.status).toBe(200);
  expect(page.text).toContain('Sunrise Practice');
  expect(page.text).not.toMatch(/Person 1|person1@/);
  expect(page.headers['content-security-policy']).not.toContain('script');
  const href = /href="(\/card\/[^"]+\/give)"/.exec(page.text)?.[1];
  const given = await visit(href ?? '');
  expect(given.status).toBe(303);
  expect(given.headers.location).toContain(office.stripe.url);
  const saved = await visit('/card-saved');
  expect(saved.text).toContain('Thank you');
});

it('looking at the page alone asks Stripe nothing', async () => {
  const before = JSON.stringify(await sessions());
  await visit(path(feeIds[0]!));
  expect(JSON.stringify(await sessions())).toBe(before);
});

it('a settled fee needs no card', async () => {
  await appendAll(office.ledger, feeIds[1]!, [sample('waived')]);
  const page = await visit(path(feeIds[1]!));
  expect(page.text).toContain('Nothing to do');
  const given = await visit(`${path(feeIds[1]!)}/give`);
  expect(given).toMatchObject({ status: 303 });
  expect(given.headers.location).toBe(path(feeIds[1]!));
});

it('a link that was not made here leads nowhere', async () => {
  const good = path(feeIds[0]!);
  for (const wrong of [`${good}x`, good.slice(0, -1), `/card/${feeIds[0]}`, '/card/x.y'])
    for (const url of [wrong, `${wrong}/give`])
      expect((await visit(url)).code, url).toMatch(/not_found|invalid_request/);
});

async function sessions(): Promise<unknown> {
  const answer = await fetch(`${office.stripe.url}/v1/checkout/sessions`, {
    headers: { authorization: 'Bearer sk_test_office' },
  });
  return answer.json();
}
