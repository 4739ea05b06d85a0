import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStripe } from '../../gateways/stripe/client.ts';
import {
  createConsoleClient,
  createStripeConsole,
  formTokenIn,
  HOST,
  pagesOf,
  type ConsoleClient,
  type Visitor,
} from './console-client.ts';

let consoleClient: ConsoleClient;
let reader: Visitor;
let apiClient: Visitor;

beforeAll(async () => {
  consoleClient = await createConsoleClient();
  reader = await consoleClient.visitor('read');
  apiClient = await consoleClient.visitor('read', 'operate', 'approve');
});

afterAll(() => consoleClient.close());

const entriesOf = async (feeId: string) =>
  (await consoleClient.feeFixtures.ledger.fees.load(feeId))?.entries.map(({ kind }) => kind) ?? [];

describe('somebody who may only read', () => {
  it('sees every page, with no button but to sign out', async () => {
    for (const url of pagesOf(consoleClient)) {
      const { body, statusCode } = await reader.get(url);
      expect.soft(statusCode, url).toBe(url.endsWith('nothing-here') ? 404 : 200);
      const posts = body.match(/<form[^>]*method="post"[^>]*>/g) ?? [];
      expect.soft(posts, url).toEqual([expect.stringContaining('/console/sign-out')]);
    }
  });

  it('is refused when sending the forms anyway, and nothing changes', async () => {
    const { fees, assessmentId, ledger } = consoleClient.feeFixtures;
    const before = await entriesOf(fees.noticed);
    const { hash } = await ledger.assessments.totals(assessmentId);
    const [finding] = await ledger.evidence.weak(1);
    for (const [path, fields] of [
      [`/console/fees/${fees.noticed}/hold`, { why: 'because' }],
      [`/console/fees/${fees.noticed}/waive`, { why: 'because', sure: 'yes' }],
      [`/console/fees/${fees.paid}/refund`, { why: 'because' }],
      [`/console/fees/${fees.held}/release`, {}],
      [`/console/fees/${fees.retrying}/retry`, {}],
      [`/console/fees/${fees.needs_card}/card-link`, {}],
      [`/console/assessments/${assessmentId}/approve`, { hash, read: 'yes' }],
      [`/console/assessments/${assessmentId}/pause`, { why: 'because' }],
      [`/console/assessments/${assessmentId}/resume`, {}],
      ['/console/assessments', { rate: 'theranest 2026' }],
      [`/console/evidence/${finding?.evidenceId}`, { verdict: 'accepted' }],
    ] as [string, Record<string, string>][]) {
      const answer = await reader.post(path, fields);
      expect.soft(answer.statusCode, path).toBe(403);
      expect.soft(answer.body, path).toContain('Your role does not allow this');
    }
    expect(await entriesOf(fees.noticed)).toEqual(before);
    expect((await ledger.assessments.get(assessmentId))?.pausedAt).toBeNull();
    expect((await ledger.evidence.weak(1))[0]).toEqual(finding);
  });
});

describe('a form', () => {
  it('is refused without the token of its own session', async () => {
    const { fees } = consoleClient.feeFixtures;
    const path = `/console/fees/${fees.noticed}/hold`;
    const theirs = formTokenIn((await reader.get('/console')).body);
    for (const token of ['', 'x', theirs]) {
      const answer = await apiClient.post(path, { why: 'because', token });
      expect.soft(answer.statusCode).toBe(403);
      expect.soft(answer.body).toContain('Send it now?');
    }
    expect(await entriesOf(fees.noticed)).not.toContain('held');
  });

  it('is refused when it comes from another site, whatever it carries', async () => {
    const { fees } = consoleClient.feeFixtures;
    for (const headers of [
      { origin: 'https://evil.test' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ] as Record<string, string>[]) {
      const path = `/console/fees/${fees.noticed}/hold`;
      const answer = await apiClient.post(path, { why: 'because' }, headers);
      expect.soft(answer.statusCode).toBe(403);
    }
    expect(await entriesOf(fees.noticed)).not.toContain('held');
  });

  it('needs a reason where the ledger keeps one', async () => {
    const { fees } = consoleClient.feeFixtures;
    for (const why of ['', 'nul\u0000l', 'x'.repeat(501)])
      expect
        .soft((await apiClient.post(`/console/fees/${fees.noticed}/hold`, { why })).statusCode)
        .toBe(400);
    expect(await entriesOf(fees.noticed)).not.toContain('held');
  });
});

describe('somebody who may operate', () => {
  const press = async (feeId: string, act: string, fields: Record<string, string> = {}) => {
    const answer = await apiClient.post(`/console/fees/${feeId}/${act}`, fields);
    expect(answer.statusCode, answer.body).toBe(303);
    expect(answer.headers.location).toBe(`/console/fees/${feeId}?done=${act}`);
    const page = await apiClient.get(String(answer.headers.location));
    expect(page.body).toContain('role="status"');
  };

  it('holds, releases, waives, refunds, retries; each leaves an entry and a line', async () => {
    const { fees, ledger } = consoleClient.feeFixtures;
    await press(fees.noticed, 'hold', { why: 'asked by phone' });
    expect((await entriesOf(fees.noticed)).at(-1)).toBe('held');
    await press(fees.noticed, 'release');
    expect((await entriesOf(fees.noticed)).at(-1)).toBe('released');
    await press(fees.approved, 'waive', { why: 'left in January', sure: 'yes' });
    expect((await entriesOf(fees.approved)).at(-1)).toBe('waived');
    await press(fees.paid, 'refund', { why: 'charged by mistake', sure: 'yes' });
    expect((await entriesOf(fees.paid)).at(-1)).toBe('refund_asked');
    await press(fees.retrying, 'retry');
    expect((await entriesOf(fees.retrying)).at(-1)).toBe('retry_asked');

    const payment = { how: 'payroll', on: '2026-01-20', reference: '' };
    const path = `/console/fees/${fees.notice_failed}`;
    expect((await apiClient.post(`${path}/pay-otherwise`, payment)).statusCode).toBe(400);
    const paid = await apiClient.post(`${path}/pay-otherwise`, { ...payment, sure: 'yes' });
    expect(paid.headers.location).toBe(`${path}?done=pay_otherwise`);
    expect((await entriesOf(fees.notice_failed)).at(-1)).toBe('paid_otherwise');

    const audited = await ledger.access.audited({ limit: 6 });
    expect(audited.map(({ action }) => action)).toEqual([
      'pay_otherwise',
      'retry',
      'refund',
      'waive',
      'release',
      'hold',
    ]);
    expect(audited.every(({ actor }) => actor === apiClient.name)).toBe(true);
    const page = await apiClient.get('/console/audit');
    expect(page.body).toContain(`href="/console/fees/${fees.paid}"`);
    expect(page.body).toContain('charged by mistake');
  });

  it('gives no money back without the scope that also takes it', async () => {
    const { fees } = consoleClient.feeFixtures;
    const clerk = await consoleClient.visitor('read', 'operate');
    const page = await clerk.get(`/console/fees/${fees.disputed}`);
    expect(page.body).toContain('/hold"');
    expect(page.body).not.toContain('/refund"');
    const before = await entriesOf(fees.disputed);
    const answer = await clerk.post(`/console/fees/${fees.disputed}/refund`, { why: 'because' });
    expect(answer.statusCode).toBe(403);
    expect(await entriesOf(fees.disputed)).toEqual(before);
    const direct = await consoleClient.app.inject({
      method: 'POST',
      url: `/v1/fees/${fees.disputed}/refund`,
      headers: { ...HOST, authorization: `Bearer ${clerk.token}` },
      payload: { why: 'because' },
    });
    expect(direct.json()).toMatchObject({
      error: { code: 'missing_scope', details: { scope: 'approve' } },
    });
    expect(await entriesOf(fees.disputed)).toEqual(before);
  });

  it('is told why when the ledger refuses, on a page that leads back', async () => {
    const { fees } = consoleClient.feeFixtures;
    const answer = await apiClient.post(`/console/fees/${fees.waived}/waive`, {
      why: 'again',
      sure: 'yes',
    });
    expect(answer.statusCode).toBe(409);
    expect(answer.body).toContain('waived already');
    expect(answer.body).toContain(`href="/console/fees/${fees.waived}"`);
  });

  it('is offered only what can be done', async () => {
    const { fees } = consoleClient.feeFixtures;
    const offers = async (feeId: string) => {
      const { body } = await apiClient.get(`/console/fees/${feeId}`);
      const targets = body.match(/action="\/console\/fees\/[^"]+\/([a-z-]+)"/g) ?? [];
      return targets.map((one) => /\/([a-z-]+)"$/.exec(one)?.[1]);
    };
    expect(await offers(fees.held)).toEqual([
      ...['release', 'bounce', 'note', 'waive', 'pay-otherwise'],
    ]);
    expect(await offers(fees.disputed)).toEqual(['note', 'hold', 'refund']);
    expect(await offers(fees.needs_card)).toEqual([
      'card-link',
      'bounce',
      'send-card-link',
      'note',
      'hold',
      'waive',
      'pay-otherwise',
    ]);
    expect(await offers(fees.ready)).toEqual(['note', 'hold', 'waive', 'pay-otherwise']);
    expect(await offers(fees.notice_failed)).toEqual(['note', 'hold']);
  });

  it('accepts and refuses weak findings, and the fee is looked at again', async () => {
    const { ledger, fees } = consoleClient.feeFixtures;
    const weak = await ledger.evidence.weak(10);
    const [first, second] = weak;
    const accept = await apiClient.post(`/console/evidence/${first?.evidenceId}`, {
      verdict: 'accepted',
      fee: fees.detecting,
    });
    expect(accept.headers.location).toBe(`/console/fees/${fees.detecting}?done=accepted`);
    const refuse = await apiClient.post(`/console/evidence/${second?.evidenceId}`, {
      verdict: 'refused',
    });
    expect(refuse.headers.location).toBe('/console/review?done=refused');
    expect(await ledger.evidence.weak(10)).toEqual(weak.slice(2));
    const again = await apiClient.post(`/console/evidence/${second?.evidenceId}`, {
      verdict: 'refused',
    });
    expect(again.statusCode).toBe(409);
  });

  it('pauses with a reason that everybody sees, and resumes', async () => {
    const { assessmentId, ledger } = consoleClient.feeFixtures;
    const here = `/console/assessments/${assessmentId}`;
    await apiClient.post(`${here}/pause`, { why: 'the <wrong> rate?' });
    const paused = (await reader.get(here)).body;
    expect(paused).toContain('the &lt;wrong&gt; rate?');
    expect(paused).toContain(apiClient.name);
    await apiClient.post(`${here}/resume`);
    expect((await ledger.assessments.get(assessmentId))?.pausedAt).toBeNull();
  });

  it('opens an assessment whose rate is confirmed, and no other', async () => {
    const { ledger } = consoleClient.feeFixtures;
    const rate = { vendor: 'simplepractice', royaltyCents: 1850, processingCents: 150 };
    await ledger.rates.put({
      ...{ ...rate, year: 2026, status: 'confirmed', source: 'invoice', enteredBy: 'office' },
    });
    const { body } = await apiClient.get('/console');
    expect(body).toContain('value="simplepractice 2026"');
    expect(body).not.toContain('value="theranest 2027"');
    const opened = await apiClient.post('/console/assessments', { rate: 'simplepractice 2026' });
    expect(opened.statusCode).toBe(303);
    const page = await apiClient.get(String(opened.headers.location));
    expect(page.body).toContain('SimplePractice 2026');
    const forecast = await apiClient.post('/console/assessments', { rate: 'theranest 2027' });
    expect(forecast.statusCode).toBe(409);
    expect(forecast.body).toContain('The rate is a forecast.');
  });
});

describe('approving', () => {
  it('signs the hash of the roster that was read, and only with the scope for it', async () => {
    const { assessmentId, fees, ledger } = consoleClient.feeFixtures;
    const here = `/console/assessments/${assessmentId}`;
    expect((await apiClient.get(here)).body).toContain('have not been looked at yet');
    const looking = await ledger.fees.load(fees.detecting);
    if (!looking) throw new Error('no such fee');
    await ledger.fees.append(looking, [{ kind: 'usage_checked', data: { found: false } }], 'test');

    const operator = await consoleClient.visitor('read', 'operate');
    const seen = (await operator.get(here)).body;
    expect(seen).not.toContain('I have read this roster');
    expect(seen).toContain('Only somebody whose role');
    const { hash } = await ledger.assessments.totals(assessmentId);
    const fields = { hash, read: 'yes' };
    expect((await operator.post(`${here}/approve`, fields)).statusCode).toBe(403);

    expect((await apiClient.get(here)).body).toContain(`value="${hash}"`);
    const stale = await apiClient.post(`${here}/approve`, { ...fields, hash: '0'.repeat(64) });
    expect(stale.statusCode).toBe(409);
    expect(stale.body).toContain('The roster has changed.');
    expect((await apiClient.post(`${here}/approve`, { hash })).statusCode).toBe(400);
    expect(await entriesOf(fees.ready)).not.toContain('approved');

    const done = await apiClient.post(`${here}/approve`, fields);
    expect(done.headers.location).toBe(`${here}?done=approved`);
    expect((await entriesOf(fees.ready)).at(-1)).toBe('approved');
  });
});

describe('the link to give another card', () => {
  let bank: Awaited<ReturnType<typeof createStripeConsole>>;

  beforeAll(async () => {
    bank = await createStripeConsole({ livemode: true });
  });

  afterAll(() => bank.close());

  it('is shown once, on the page of the fee, and the audit does not hold it', async () => {
    const { ledger, fees } = bank.feeFixtures;
    const stripe = createStripe({ secretKey: 'sk_test_desk', apiBase: bank.sandbox.url });
    const customer = await stripe.customers.create({});
    const people = await ledger.clinicians.list({ limit: 100 });
    const person = people.find(({ ref }) => ref === 'C-needs_card');
    if (!person) throw new Error('no such clinician');
    await ledger.clinicians.upsert({ ...person, stripeCustomer: customer.id });
    const visitor = await bank.visitor('read', 'operate');
    const answer = await visitor.post(`/console/fees/${fees.needs_card}/card-link`);
    expect(answer.statusCode).toBe(200);
    const link = /<a href="(http[^"]+)" rel="noreferrer"/.exec(answer.body)?.[1];
    expect(link).toBeTruthy();
    const [line] = await ledger.access.audited({ limit: 1 });
    expect(line).toMatchObject({ action: 'card_link', actor: visitor.name });
    expect(JSON.stringify(line)).not.toContain(String(link));
  });

  it('says so when Stripe does not know the customer', async () => {
    const visitor = await bank.visitor('read', 'operate');
    const answer = await visitor.post(`/console/fees/${bank.feeFixtures.fees.retrying}/card-link`);
    expect(answer.statusCode).toBe(409);
    expect(answer.body).toContain('Stripe does not know the customer.');
  });

  it('says so when Stripe cannot be asked', async () => {
    const visitor = await bank.visitor('read', 'operate');
    await fetch(`${bank.sandbox.url}/_sandbox/faults`, {
      method: 'POST',
      body: JSON.stringify({ route: 'checkout.create', kind: 'status_500' }),
    });
    const answer = await visitor.post(`/console/fees/${bank.feeFixtures.fees.retrying}/card-link`);
    expect(answer.statusCode).toBe(503);
    expect(answer.body).toContain('Stripe cannot be asked now.');
  });

  it('says on every page that real cards are charged', async () => {
    const visitor = await bank.visitor('read');
    expect((await visitor.get('/console')).body).toContain('Live: real cards are charged.');
  });
});
