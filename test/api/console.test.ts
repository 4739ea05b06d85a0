import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STATES } from '../../core/fee.ts';
import { html, render } from '../../api/console/html.ts';
import { STATE_WORDS } from '../../api/console/states.ts';
import { startSandboxStripe, type SandboxStripe } from '../../sandbox/stripe/server.ts';
import { createStripe } from '../../gateways/payments.ts';
import { KINDS } from '../support/fees.ts';
import { createDesk, formTokenIn, HOST, type Desk, type Visitor } from './desk.ts';

let desk: Desk;
let reader: Visitor;
let office: Visitor;

beforeAll(async () => {
  desk = await createDesk();
  reader = await desk.visitor('read');
  office = await desk.visitor('read', 'operate', 'approve');
  await desk.crowd.ledger.access.audit({
    actor: '<i>office</i>',
    action: 'hold',
    object: `fee ${desk.crowd.fees.held}`,
    detail: { why: '<b>because</b>' },
  });
});

afterAll(() => desk.close());

/** Every page there is, with something on it. */
function pages(): string[] {
  const { fees, assessmentId, importId } = desk.crowd;
  return [
    '/console',
    `/console/assessments/${assessmentId}`,
    `/console/assessments/${assessmentId}?bucket=no_card`,
    '/console/fees',
    '/console/fees?state=failed',
    '/console/fees?state=held&ref=&assessment=',
    ...STATES.map((state) => `/console/fees/${fees[state]}`),
    '/console/imports',
    `/console/imports/${importId}`,
    '/console/review',
    '/console/unknown',
    '/console/audit',
    '/console/audit?before=1000000',
    '/console/nothing-here',
  ];
}

const entriesOf = async (feeId: string) =>
  (await desk.crowd.ledger.fees.load(feeId))?.entries.map(({ kind }) => kind) ?? [];

describe('without a session', () => {
  it('shows no page, but the way to sign in and back', async () => {
    for (const url of pages()) {
      const answer = await desk.app.inject({ url, headers: HOST });
      if (url.endsWith('nothing-here')) continue;
      expect.soft(answer.statusCode, url).toBe(303);
      expect.soft(answer.headers.location).toBe(`/console/sign-in?next=${encodeURIComponent(url)}`);
      expect.soft(answer.body).toBe('');
    }
  });

  it('does nothing', async () => {
    const { fees } = desk.crowd;
    const answer = await desk.app.inject({
      method: 'POST',
      url: `/console/fees/${fees.noticed}/hold`,
      headers: { ...HOST, 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'why=because',
    });
    expect(answer.statusCode).toBe(401);
    expect(await entriesOf(fees.noticed)).not.toContain('held');
  });

  it('serves the stylesheet and the icon', async () => {
    const style = await desk.app.inject({ url: '/console/console.css', headers: HOST });
    expect(style.headers['content-type']).toContain('text/css');
    expect(style.body).toContain('prefers-color-scheme: dark');
    const icon = await desk.app.inject({ url: '/console/icon.svg', headers: HOST });
    expect(icon.headers['content-type']).toContain('image/svg+xml');
  });
});

describe('signing in', () => {
  const signIn = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    desk.app.inject({
      method: 'POST',
      url: '/console/sign-in',
      headers: { ...HOST, 'content-type': 'application/x-www-form-urlencoded', ...headers },
      payload: new URLSearchParams(fields).toString(),
    });

  it('gives a cookie no script can read and no other site can send, and leaves a line', async () => {
    const answer = await signIn({ token: ` ${office.token} `, next: '/console/fees' });
    expect(answer.statusCode).toBe(303);
    expect(answer.headers.location).toBe('/console/fees');
    expect(answer.headers['set-cookie']).toMatch(/HttpOnly.*SameSite=Strict/);
    const [newest] = await desk.crowd.ledger.access.audited({ limit: 1 });
    expect(newest).toMatchObject({ actor: office.name, action: 'signed_in' });
  });

  it('goes on to its own pages only', async () => {
    const elsewhere = ['//evil.test', 'https://evil.test', '/console//evil', '/v1/fees', '/\\evil'];
    for (const next of elsewhere)
      expect((await signIn({ token: office.token, next })).headers.location).toBe('/console');
  });

  it('says on the page that a token is wrong, and does not repeat it', async () => {
    const answer = await signIn({ token: 'wrong-token-of-some-length-0123456789' });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['content-type']).toContain('text/html');
    expect(answer.body).toContain('The token is wrong or revoked.');
    expect(answer.body).not.toContain('wrong-token-of-some-length');
  });

  it('makes those wait who try too many', async () => {
    const tries = await Promise.all(
      Array.from({ length: 15 }, (_, n) =>
        signIn({ token: `guessed-token-number-${n}-0123456789` }),
      ),
    );
    const last = tries.find(({ statusCode }) => statusCode === 429);
    expect(last?.body).toContain('Too many requests.');
    expect(Number(last?.headers['retry-after'])).toBeGreaterThan(0);
    // Whoever has a right token is not locked out by them.
    expect((await signIn({ token: office.token })).statusCode).toBe(303);
  });

  it('cannot be started by a form on another site', async () => {
    const answer = await signIn({ token: office.token }, { 'sec-fetch-site': 'cross-site' });
    expect(answer.statusCode).toBe(403);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('ends with signing out, on the server too', async () => {
    const guest = await desk.visitor('read');
    const out = await guest.post('/console/sign-out');
    expect(out.statusCode).toBe(303);
    // The cookie is of no use any more, even to somebody who kept a copy.
    expect((await guest.get('/console')).statusCode).toBe(303);
  });
});

describe('the pages', () => {
  it('render with fees in every state and entries of every kind', async () => {
    const kinds = new Set<string>();
    for (const state of STATES) {
      const feeId = desk.crowd.fees[state];
      const page = await office.get(`/console/fees/${feeId}`);
      expect.soft(page.statusCode, state).toBe(200);
      expect.soft(page.body, state).toContain(`>${STATE_WORDS[state].label}</span`);
      const entries = await entriesOf(feeId);
      for (const kind of entries) kinds.add(kind);
      expect.soft(page.body.match(/id="entry-\d+"/g) ?? [], state).toHaveLength(entries.length);
    }
    expect([...kinds].sort()).toEqual([...KINDS].sort());
  });

  it('escape every name, file and reason, and hold no script or style of their own', async () => {
    for (const url of pages()) {
      const { body, statusCode } = await office.get(url);
      expect.soft(statusCode, url).toBe(url.endsWith('nothing-here') ? 404 : 200);
      const tags = body.match(/<[a-z/!][^>]*>/gi) ?? [];
      expect.soft(tags.filter((tag) => /^<\/?(script|style|img|b|i)\b/i.test(tag))).toEqual([]);
      expect.soft(tags.filter((tag) => /\s(on\w+|style)\s*=/i.test(tag))).toEqual([]);
      expect.soft(body, url).toMatch(/<title>[^<]+ · levy<\/title>/);
    }
    const fees = (await office.get('/console/fees')).body;
    expect(fees).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(fees).toContain('O&#39;Neil &quot;Bo&quot; &amp; Sons');
    expect(fees).toContain('=cmd()|/c calc!A1');
  });

  it('allow nothing but their own stylesheet, in no frame, and tell no other site of themselves', async () => {
    const { headers } = await office.get('/console');
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; " +
        "base-uri 'none'; frame-ancestors 'none'",
    );
    expect(headers['referrer-policy']).toBe('same-origin');
    expect(headers['cache-control']).toBe('no-store');
  });

  it('name the time zone of every time', async () => {
    const { body } = await office.get(`/console/fees/${desk.crowd.fees.paid}`);
    expect(body).toContain('<time datetime="2026-02-02T15:30:00.000Z">Feb 2, 2026, 10:30 AM EST');
    expect(body).toContain('America/New_York');
  });

  it('say what is next, when and why', async () => {
    const { body } = await office.get(`/console/fees/${desk.crowd.fees.unknown}`);
    expect(body).toContain('Ask Stripe what happened');
    expect(body).toContain('in 1 hour');
    expect(body).toContain('is not known (timeout)');
  });

  it('show evidence by kind, day, file and line', async () => {
    const [finding] = await desk.crowd.ledger.evidence.weak(1);
    const fees = await desk.crowd.ledger.reports.fees({ ref: finding?.ref, limit: 1 });
    const { body } = await office.get(`/console/fees/${fees[0]?.feeId}`);
    expect(body).toContain('claims &quot;January&quot; &lt;2026&gt;.837');
    expect(body).toContain('A progress note, first on Jan 9, 2026');
    expect(body).toContain('Weak: does not count yet');
  });

  it('list whom the overview says need a person', async () => {
    const { body } = await office.get('/console');
    for (const href of [
      `/console/assessments/${desk.crowd.assessmentId}`,
      '/console/fees?state=held',
      '/console/fees?state=needs_card',
      '/console/fees?state=notice_failed',
      '/console/unknown',
      '/console/review',
      `/console/imports/${desk.crowd.importId}`,
    ])
      expect.soft(body).toContain(`href="${href}"`);
    expect(body).toContain('$273.00');
  });

  it('narrow the fees by state, assessment and reference', async () => {
    const { fees, assessmentId } = desk.crowd;
    const shown = async (query: string) => {
      const { body } = await office.get(`/console/fees${query}`);
      return STATES.filter((state) => body.includes(`/console/fees/${fees[state]}`));
    };
    expect(await shown('')).toHaveLength(STATES.length);
    expect((await shown('?state=failed')).sort()).toEqual(['gave_up', 'needs_card', 'retrying']);
    expect(await shown('?state=held')).toEqual(['held']);
    expect(await shown(`?ref=C-paid&assessment=${assessmentId}`)).toEqual(['paid']);
    expect(await shown('?ref=nobody')).toEqual([]);
    expect((await office.get('/console/fees?state=happy')).statusCode).toBe(400);
  });

  it('keep from the clinician what is not theirs to hear', async () => {
    const { body } = await office.get('/console/fees?state=needs_card');
    expect(body).toContain('lost_card');
    expect(body).toContain('do not tell the clinician');
  });

  it('show errors as pages, with a way back and without the machinery', async () => {
    const none = '00000000-0000-4000-8000-000000000000';
    for (const [path, status] of [
      [`/console/fees/${none}`, 404],
      [`/console/assessments/${none}`, 404],
      [`/console/imports/${none}`, 404],
      ['/console/fees/not-an-id', 400],
      ['/console/audit?before=x', 400],
    ] as const) {
      const answer = await office.get(path);
      expect.soft(answer.statusCode, path).toBe(status);
      expect.soft(answer.headers['content-type']).toContain('text/html');
      expect.soft(answer.body).toContain('>Back</a');
    }
  });
});

describe('somebody who may only read', () => {
  it('sees every page, with no button but to sign out', async () => {
    for (const url of pages()) {
      const { body, statusCode } = await reader.get(url);
      expect.soft(statusCode, url).toBe(url.endsWith('nothing-here') ? 404 : 200);
      const posts = body.match(/<form[^>]*method="post"[^>]*>/g) ?? [];
      expect.soft(posts, url).toEqual([expect.stringContaining('/console/sign-out')]);
    }
  });

  it('is refused when sending the forms anyway, and nothing changes', async () => {
    const { fees, assessmentId, ledger } = desk.crowd;
    const before = await entriesOf(fees.noticed);
    const { hash } = await ledger.assessments.totals(assessmentId);
    const [finding] = await ledger.evidence.weak(1);
    for (const [path, fields] of [
      [`/console/fees/${fees.noticed}/hold`, { why: 'because' }],
      [`/console/fees/${fees.noticed}/waive`, { why: 'because' }],
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
      expect.soft(answer.body, path).toContain('This key may not do that.');
    }
    expect(await entriesOf(fees.noticed)).toEqual(before);
    expect((await ledger.assessments.get(assessmentId))?.pausedAt).toBeNull();
    expect((await ledger.evidence.weak(1))[0]).toEqual(finding);
  });
});

describe('a form', () => {
  it('is refused without the token of its own session', async () => {
    const { fees } = desk.crowd;
    const path = `/console/fees/${fees.noticed}/hold`;
    const theirs = formTokenIn((await reader.get('/console')).body);
    for (const token of ['', 'x', theirs]) {
      const answer = await office.post(path, { why: 'because', token });
      expect.soft(answer.statusCode).toBe(403);
      expect.soft(answer.body).toContain('not of this session');
    }
    expect(await entriesOf(fees.noticed)).not.toContain('held');
  });

  it('is refused when it comes from another site, whatever it carries', async () => {
    const { fees } = desk.crowd;
    for (const headers of [
      { origin: 'https://evil.test' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ] as Record<string, string>[]) {
      const path = `/console/fees/${fees.noticed}/hold`;
      const answer = await office.post(path, { why: 'because' }, headers);
      expect.soft(answer.statusCode).toBe(403);
    }
    expect(await entriesOf(fees.noticed)).not.toContain('held');
  });

  it('needs a reason where the ledger keeps one', async () => {
    const { fees } = desk.crowd;
    for (const why of ['', 'nul\u0000l', 'x'.repeat(501)])
      expect
        .soft((await office.post(`/console/fees/${fees.noticed}/hold`, { why })).statusCode)
        .toBe(400);
    expect(await entriesOf(fees.noticed)).not.toContain('held');
  });
});

describe('somebody who may operate', () => {
  const press = async (feeId: string, act: string, fields: Record<string, string> = {}) => {
    const answer = await office.post(`/console/fees/${feeId}/${act}`, fields);
    expect(answer.statusCode, answer.body).toBe(303);
    expect(answer.headers.location).toBe(`/console/fees/${feeId}?done=${act}`);
    const page = await office.get(String(answer.headers.location));
    expect(page.body).toContain('role="status"');
  };

  it('holds, releases, waives, refunds and retries, and each leaves an entry and a line', async () => {
    const { fees, ledger } = desk.crowd;
    await press(fees.noticed, 'hold', { why: 'asked by phone' });
    expect((await entriesOf(fees.noticed)).at(-1)).toBe('held');
    await press(fees.noticed, 'release');
    expect((await entriesOf(fees.noticed)).at(-1)).toBe('released');
    await press(fees.approved, 'waive', { why: 'left in January' });
    expect((await entriesOf(fees.approved)).at(-1)).toBe('waived');
    await press(fees.paid, 'refund', { why: 'charged by mistake' });
    expect((await entriesOf(fees.paid)).at(-1)).toBe('refund_asked');
    await press(fees.retrying, 'retry');
    expect((await entriesOf(fees.retrying)).at(-1)).toBe('retry_asked');

    const audited = await ledger.access.audited({ limit: 5 });
    expect(audited.map(({ action }) => action)).toEqual([
      'retry',
      'refund',
      'waive',
      'release',
      'hold',
    ]);
    expect(audited.every(({ actor }) => actor === office.name)).toBe(true);
    const page = await office.get('/console/audit');
    expect(page.body).toContain(`href="/console/fees/${fees.paid}"`);
    expect(page.body).toContain('charged by mistake');
  });

  it('is told why when the ledger refuses, on a page that leads back', async () => {
    const { fees } = desk.crowd;
    const answer = await office.post(`/console/fees/${fees.waived}/waive`, { why: 'again' });
    expect(answer.statusCode).toBe(409);
    expect(answer.body).toContain('waived already');
    expect(answer.body).toContain(`href="/console/fees/${fees.waived}"`);
  });

  it('is offered only what can be done', async () => {
    const { fees } = desk.crowd;
    const offers = async (feeId: string) => {
      const { body } = await office.get(`/console/fees/${feeId}`);
      const targets = body.match(/action="\/console\/fees\/[^"]+\/([a-z-]+)"/g) ?? [];
      return targets.map((one) => /\/([a-z-]+)"$/.exec(one)?.[1]);
    };
    expect(await offers(fees.held)).toEqual(['release', 'waive']);
    expect(await offers(fees.disputed)).toEqual(['hold', 'refund']);
    expect(await offers(fees.needs_card)).toEqual(['card-link', 'hold', 'waive']);
    expect(await offers(fees.notice_failed)).toEqual(['retry', 'hold', 'waive']);
  });

  it('accepts and refuses weak findings, and the fee is looked at again', async () => {
    const { ledger, fees } = desk.crowd;
    const weak = await ledger.evidence.weak(10);
    const [first, second] = weak;
    const accept = await office.post(`/console/evidence/${first?.evidenceId}`, {
      verdict: 'accepted',
      fee: fees.detecting,
    });
    expect(accept.headers.location).toBe(`/console/fees/${fees.detecting}?done=accepted`);
    const refuse = await office.post(`/console/evidence/${second?.evidenceId}`, {
      verdict: 'refused',
    });
    expect(refuse.headers.location).toBe('/console/review?done=refused');
    expect(await ledger.evidence.weak(10)).toEqual(weak.slice(2));
    const again = await office.post(`/console/evidence/${second?.evidenceId}`, {
      verdict: 'refused',
    });
    expect(again.statusCode).toBe(409);
  });

  it('pauses with a reason that everybody sees, and resumes', async () => {
    const { assessmentId, ledger } = desk.crowd;
    const here = `/console/assessments/${assessmentId}`;
    await office.post(`${here}/pause`, { why: 'the <wrong> rate?' });
    const paused = (await reader.get(here)).body;
    expect(paused).toContain('the &lt;wrong&gt; rate?');
    expect(paused).toContain(office.name);
    await office.post(`${here}/resume`);
    expect((await ledger.assessments.get(assessmentId))?.pausedAt).toBeNull();
  });

  it('opens an assessment whose rate is confirmed, and no other', async () => {
    const { ledger } = desk.crowd;
    const rate = { vendor: 'simplepractice', royaltyCents: 1850, processingCents: 150 };
    await ledger.rates.put({
      ...{ ...rate, year: 2026, status: 'confirmed', source: 'invoice', enteredBy: 'office' },
    });
    const { body } = await office.get('/console');
    expect(body).toContain('value="simplepractice 2026"');
    expect(body).not.toContain('value="theranest 2027"');
    const opened = await office.post('/console/assessments', { rate: 'simplepractice 2026' });
    expect(opened.statusCode).toBe(303);
    const page = await office.get(String(opened.headers.location));
    expect(page.body).toContain('SimplePractice 2026');
    const forecast = await office.post('/console/assessments', { rate: 'theranest 2027' });
    expect(forecast.statusCode).toBe(409);
    expect(forecast.body).toContain('The rate is a forecast.');
  });
});

describe('the template', () => {
  it('escapes all that is not markup itself, and markup cannot be forged', () => {
    const forged = JSON.parse('{"markup":"<b>","Symbol(markup)":"<b>"}') as string;
    expect(render(html`<p title="${'"\'<&>'}">${['<i>', html`<b>${'\u0000&'}</b>`, 0]}</p>`)).toBe(
      '<p title="&quot;&#39;&lt;&amp;&gt;">&lt;i&gt;<b>\ufffd&amp;</b>0</p>',
    );
    expect(render(html`${forged}`)).toBe('[object Object]');
    expect(render(html`${null}${undefined}${false}${''}`)).toBe('');
  });
});

describe('approving', () => {
  it('signs the hash of the roster that was read, and only with the scope for it', async () => {
    const { assessmentId, fees, ledger } = desk.crowd;
    const here = `/console/assessments/${assessmentId}`;
    expect((await office.get(here)).body).toContain('have not been looked at yet');
    const looking = await ledger.fees.load(fees.detecting);
    if (!looking) throw new Error('no such fee');
    await ledger.fees.append(looking, [{ kind: 'looked', data: { found: false } }], 'test');

    const operator = await desk.visitor('read', 'operate');
    const seen = (await operator.get(here)).body;
    expect(seen).not.toContain('Approve this roster');
    expect(seen).toContain('Somebody with the');
    const { hash } = await ledger.assessments.totals(assessmentId);
    const fields = { hash, read: 'yes' };
    expect((await operator.post(`${here}/approve`, fields)).statusCode).toBe(403);

    expect((await office.get(here)).body).toContain(`value="${hash}"`);
    const stale = await office.post(`${here}/approve`, { ...fields, hash: '0'.repeat(64) });
    expect(stale.statusCode).toBe(409);
    expect(stale.body).toContain('The roster has changed.');
    expect((await office.post(`${here}/approve`, { hash })).statusCode).toBe(400);
    expect(await entriesOf(fees.ready)).not.toContain('approved');

    const done = await office.post(`${here}/approve`, fields);
    expect(done.headers.location).toBe(`${here}?done=approved`);
    expect((await entriesOf(fees.ready)).at(-1)).toBe('approved');
  });
});

describe('the link to give another card', () => {
  let sandbox: SandboxStripe;
  let bank: Desk;

  beforeAll(async () => {
    sandbox = await startSandboxStripe();
    bank = await createDesk({ stripeUrl: sandbox.url, livemode: true });
  });

  afterAll(async () => {
    await bank.close();
    await sandbox.close();
  });

  it('is shown once, on the page of the fee, and the audit does not hold it', async () => {
    const { ledger, fees } = bank.crowd;
    const stripe = createStripe({ secretKey: 'sk_test_desk', apiBase: sandbox.url });
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

  it('says so when Stripe cannot be asked or does not know the customer', async () => {
    const visitor = await bank.visitor('read', 'operate');
    const answer = await visitor.post(`/console/fees/${bank.crowd.fees.retrying}/card-link`);
    expect(answer.statusCode).toBe(502);
    expect(answer.body).toContain('Stripe refused the question.');
  });

  it('says on every page that real cards are charged', async () => {
    const visitor = await bank.visitor('read');
    expect((await visitor.get('/console')).body).toContain('Live: real cards are charged.');
  });
});
