import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStripe } from '../../gateways/stripe/client.ts';
import { appendAll, openedAssessment } from '../support/assessment.ts';
import { sample } from '../support/fees.ts';
import { openApiClient, type ApiClient } from './api-client.ts';

const HEADER = 'ref,name,email,npi,vendor,time_zone,stripe_customer,payment_method';

describe('a roster at Stripe', () => {
  let apiClient: ApiClient;
  beforeAll(async () => {
    apiClient = await openApiClient();
  });
  afterAll(() => apiClient.close());

  const stripe = () => library(apiClient);
  const put = (rows: string[], query = '') =>
    apiClient.ask('PUT', `/v1/clinicians${query}`, {
      body: [HEADER, ...rows].join('\r\n'),
      headers: { 'content-type': 'text/csv' },
    });

  it('a card of another customer is refused, one of their own is kept', async () => {
    const ann = await customerWithCard(stripe());
    const bo = await customerWithCard(stripe());
    const answer = await put([
      `A1,Ann Lee,a@x.example,,theranest,,${ann.customer},${ann.card}`,
      `B1,Bo Ray,b@x.example,,theranest,,${bo.customer},${ann.card}`,
    ]);
    expect(answer.json).toMatchObject({ created: 1, refused: 1 });
    expect(answer.json.rows).toMatchObject([{ line: 3, reason: 'unknown_payment_method' }]);
  });

  it('a deleted customer is refused, and one without a card is warned about', async () => {
    const gone = await stripe().customers.create();
    await stripe().customers.del(gone.id);
    const cardless = await stripe().customers.create();
    const answer = await put([
      `A1,Ann Lee,a@x.example,,theranest,,${gone.id},`,
      `B1,Bo Ray,b@x.example,,theranest,,${cardless.id},`,
    ]);
    expect(answer.json.rows).toMatchObject([{ line: 2, reason: 'customer_deleted' }]);
    expect(answer.json.warnings).toMatchObject([{ line: 3, reason: 'no_card' }]);
  });

  it('nothing is looked up when that is not wanted', async () => {
    const answer = await put(['N1,No One,n@x.example,,theranest,,cus_gone,'], '?check=none');
    expect(answer.json).toMatchObject({ created: 1, checkedAtStripe: false });
  });

  it('a customer with another e-mail is warned about, one without says nothing', async () => {
    const theirs = await stripe().customers.create({ email: 'Ann@X.example' });
    const other = await stripe().customers.create({ email: 'somebody@else.example' });
    const silent = await stripe().customers.create();
    const answer = await put([
      `E1,Ann Lee,ann@x.example,,theranest,,${theirs.id},`,
      `E2,Bo Ray,bo@x.example,,theranest,,${other.id},`,
      `E3,Cy Fox,cy@x.example,,theranest,,${silent.id},`,
    ]);
    expect(answer.json).toMatchObject({ created: 3, refused: 0 });
    const differing = answer.json.warnings.filter(
      ({ reason }: { reason: string }) => reason === 'customer_differs',
    );
    expect(differing).toMatchObject([{ line: 3, ref: 'E2', field: 'stripeCustomer' }]);
    expect(answer.text).not.toContain('somebody@else.example');
    expect(apiClient.log()).not.toContain('somebody@else.example');
  });

  it('silence means that nothing is written', async () => {
    const deaf = await openApiClient();
    await deaf.stripe.close();
    const answer = await deaf.ask('PUT', '/v1/clinicians', {
      body: `${HEADER}\nA1,Ann Lee,a@x.example,,theranest,,cus_1,\nA2,Bo,,,theranest,,,`,
      headers: { 'content-type': 'text/csv' },
    });
    expect(answer).toMatchObject({ status: 503, code: 'payments_unavailable' });
    expect(answer.headers['retry-after']).toBeDefined();
    expect((await deaf.ask('GET', '/v1/clinicians')).json.clinicians).toEqual([]);
    await deaf.close();
  });
});

describe('a spreadsheet whose column of customers is shifted', () => {
  let apiClient: ApiClient;
  beforeAll(async () => {
    apiClient = await openApiClient();
  });
  afterAll(() => apiClient.close());

  /** People with a customer each, and their rows with the customer of the next but `right`. */
  async function shifted(prefix: string, count: number, right = 0) {
    const lib = library(apiClient);
    const customers = await Promise.all(
      Array.from({ length: count }, (_, at) =>
        lib.customers.create({ email: `${prefix}${at}@people.example` }),
      ),
    );
    return customers.map((own, at) => {
      const { id } = at < right ? own : customers[((at + 1 - right) % (count - right)) + right]!;
      const ref = `${prefix}${at}`;
      return `${ref},Person ${ref},${ref}@people.example,,theranest,,${id},`;
    });
  }
  const put = (rows: string[], query = '') =>
    apiClient.ask('PUT', `/v1/clinicians${query}`, {
      body: [HEADER, ...rows].join('\n'),
      headers: { 'content-type': 'text/csv' },
    });
  const count = async () => (await apiClient.ledger.clinicians.list({ limit: 1_000 })).length;

  it('is refused as a whole, unless it is said to be right', async () => {
    const rows = await shifted('a', 4);
    const answer = await put(rows);
    expect(answer).toMatchObject({ status: 422, code: 'roster_looks_shifted' });
    expect(answer.json.error.details).toEqual({ compared: 4, differing: 4, lines: [2, 3, 4, 5] });
    expect(answer.json.error.help).toContain('check=none');
    expect(answer.text).not.toContain('@people.example');
    expect((await put(rows, '?check=stripe')).code).toBe('roster_looks_shifted');
    expect(await count()).toBe(0);
    expect((await put(rows, '?check=none')).json).toMatchObject({ created: 4 });
  });

  it('is not looked for among known people either when nothing shall be looked up', async () => {
    const rows = await shifted('k', 4);
    await put(rows.map((row) => row.replace(/cus_\w+/, '')));
    expect((await put(rows)).code).toBe('roster_looks_shifted');
    const answer = await put(rows, '?check=none');
    expect(answer.json).toMatchObject({ updated: 4 });
    expect(answer.text).not.toContain('customer_differs');
  });

  it('is not found in two rows, nor where half of the rows are right', async () => {
    const before = await count();
    expect((await put(await shifted('b', 2))).json).toMatchObject({ created: 2 });
    const half = await put(await shifted('c', 6, 3));
    expect(half.json).toMatchObject({ created: 6 });
    expect(half.json.warnings).toHaveLength(9);
    expect(await count()).toBe(before + 8);
  });

  it('is found by a sample of a roster too large to be looked up', async () => {
    const before = await count();
    const named = await shifted('d', 60);
    const rest = Array.from({ length: 500 }, (_, at) => `r${at},Rest ${at},,,theranest,,,`);
    expect((await put([...named, ...rest])).code).toBe('roster_looks_shifted');
    expect(await count()).toBe(before);
  });
});

describe('a change on the roster reaches the fees that are there', () => {
  let practice: ApiClient;
  let feeIds: string[];
  let assessmentId: string;
  beforeAll(async () => {
    practice = await openApiClient();
    const opened = await openedAssessment(practice.db.pool, practice.ledger, { count: 5 });
    ({ feeIds, assessmentId } = opened);
  });
  afterAll(() => practice.close());

  const asked = [sample('assessed'), sample('approved')];
  /** Takes the n-th clinician's fee to where the entries lead. */
  const feeOf = async (n: number, entries: Parameters<typeof appendAll>[2]) => {
    await appendAll(practice.ledger, feeIds[n - 1]!, entries);
    return feeIds[n - 1]!;
  };
  const story = async (feeId: string) => (await practice.ask('GET', `/v1/fees/${feeId}`)).json;
  const kinds = async (feeId: string) =>
    (await story(feeId)).entries.map(({ kind }: { kind: string }) => kind);
  /** Sends one clinician's row, with nothing but what changes. */
  const row = (n: number, change: Record<string, string>) => {
    const cells = { ref: `C-${n}`, name: `Person ${n}`, ...change };
    return practice.ask('PUT', '/v1/clinicians?check=none', {
      body: [Object.keys(cells).join(','), Object.values(cells).join(',')].join('\n'),
      headers: { 'content-type': 'text/csv' },
    });
  };

  it('a move to an EHR that does not levy waives it', async () => {
    const feeId = await feeOf(1, asked);
    const answer = await row(1, { vendor: 'therapynotes' });
    expect(answer.json).toMatchObject({ updated: 1, feesChanged: 1 });
    expect(await kinds(feeId)).toEqual(['assessed', 'approved', 'waived']);
    expect((await story(feeId)).entries.at(-1).actor).toBe('key-all');
  });

  it('a move to another EHR that levies leaves standing what the first charged for', async () => {
    const feeId = await feeOf(2, asked);
    expect((await row(2, { vendor: 'simplepractice' })).json).toMatchObject({ updated: 1 });
    expect(await kinds(feeId)).toEqual(['assessed', 'approved']);
  });

  it('another address takes up a notice that failed, the same address does not', async () => {
    const feeId = await feeOf(3, [...asked, sample('notice_failed')]);
    await row(3, { email: 'person3@example.org' });
    expect((await story(feeId)).state).toBe('notice_failed');
    await row(3, { email: 'new@example.org' });
    expect((await story(feeId)).state).toBe('approved');
  });

  it('another card takes up a fee that waits for one', async () => {
    const feeId = await feeOf(4, [...asked, sample('card_missing')]);
    const { customer, card } = await customerWithCard(library(practice));
    expect((await row(4, { stripe_customer: customer })).json).toMatchObject({ feesChanged: 1 });
    const after = await story(feeId);
    expect(after.state).toBe('approved');
    expect(after.entries.at(-1)).toMatchObject({
      kind: 'card_updated',
      data: { paymentMethod: card },
    });
  });

  it('a new name alone changes no fee', async () => {
    const feeId = await feeOf(5, asked);
    const answer = await row(5, { name: 'Person Five' });
    expect(answer.json).toMatchObject({ updated: 1, feesChanged: 0 });
    expect(await kinds(feeId)).toEqual(['assessed', 'approved']);
  });

  it('another customer asks for a new notice', async () => {
    const feeId = feeIds[4]!;
    await feeOf(5, [sample('noticed')]);
    expect((await story(feeId)).state).toBe('noticed');
    const { customer } = await customerWithCard(library(practice));
    expect((await row(5, { stripe_customer: customer })).json).toMatchObject({ feesChanged: 1 });
    const after = await story(feeId);
    expect(after.entries.at(-1)).toMatchObject({ kind: 'customer_changed', data: { customer } });
    expect(after.state).toBe('approved');
  });

  it('somebody new gets a fee in the assessment that is open', async () => {
    const answer = await row(6, { vendor: 'theranest' });
    expect(answer.json).toMatchObject({ created: 1, enrolled: 1 });
    const fees = await practice.ask('GET', `/v1/fees?assessmentId=${assessmentId}&ref=C-6`);
    expect(fees.json.fees).toMatchObject([{ ref: 'C-6', state: 'detecting' }]);
  });

  it('somebody whose upload ended halfway gets it when the same is sent again', async () => {
    const known = (await practice.ledger.clinicians.list({ limit: 10 }))[0]!;
    const nothing = { email: null, npi: null, stripeCustomer: null, paymentMethod: null };
    const half = { ...known, ...nothing, ref: 'C-7', name: 'Person 7' };
    await practice.ledger.clinicians.upsert(half);
    const answer = await row(7, { vendor: known.vendor });
    expect(answer.json).toMatchObject({ created: 0, unchanged: 1, enrolled: 1 });
  });
});

function library(apiClient: ApiClient) {
  return createStripe({ secretKey: 'sk_test_office', apiBase: apiClient.stripe.url });
}

async function customerWithCard(lib: ReturnType<typeof library>) {
  const { id } = await lib.customers.create();
  const card = await lib.paymentMethods.attach('pm_card_visa', { customer: id });
  return { customer: id, card: card.id };
}
