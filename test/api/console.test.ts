import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { person } from '../../api/console/table.ts';
import { FEE_STATUSES } from '../../core/fee/fee.ts';
import { html, render } from '../../api/console/html.ts';
import { STATE_WORDS } from '../../api/console/states.ts';
import { KINDS } from '../support/fees.ts';
import {
  createConsoleClient,
  HOST,
  pagesOf,
  type ConsoleClient,
  type Visitor,
} from './console-client.ts';

let consoleClient: ConsoleClient;
let apiClient: Visitor;

beforeAll(async () => {
  consoleClient = await createConsoleClient();
  apiClient = await consoleClient.visitor('read', 'operate', 'approve');
  await consoleClient.feeFixtures.ledger.access.audit({
    actor: '<i>office</i>',
    action: 'hold',
    object: `fee ${consoleClient.feeFixtures.fees.held}`,
    detail: { why: '<b>because</b>' },
  });
});

afterAll(() => consoleClient.close());

const entriesOf = async (feeId: string) =>
  (await consoleClient.feeFixtures.ledger.fees.load(feeId))?.entries.map(({ kind }) => kind) ?? [];

describe('without a session', () => {
  it('shows no page, but the way to sign in and back', async () => {
    for (const url of pagesOf(consoleClient)) {
      const answer = await consoleClient.app.inject({ url, headers: HOST });
      if (url.endsWith('nothing-here')) continue;
      expect.soft(answer.statusCode, url).toBe(303);
      expect.soft(answer.headers.location).toBe(`/console/sign-in?next=${encodeURIComponent(url)}`);
      expect.soft(answer.body).toBe('');
    }
  });

  it('does nothing', async () => {
    const { fees } = consoleClient.feeFixtures;
    const answer = await consoleClient.app.inject({
      method: 'POST',
      url: `/console/fees/${fees.noticed}/hold`,
      headers: { ...HOST, 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'why=because',
    });
    expect(answer.statusCode).toBe(401);
    expect(await entriesOf(fees.noticed)).not.toContain('held');
  });

  it('serves the stylesheet and the icon', async () => {
    const style = await consoleClient.app.inject({ url: '/console/console.css', headers: HOST });
    expect(style.headers['content-type']).toContain('text/css');
    expect(style.body).toContain('prefers-color-scheme: dark');
    const icon = await consoleClient.app.inject({ url: '/console/icon.svg', headers: HOST });
    expect(icon.headers['content-type']).toContain('image/svg+xml');
  });
});

describe('signing in', () => {
  const signIn = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    consoleClient.app.inject({
      method: 'POST',
      url: '/console/sign-in',
      headers: { ...HOST, 'content-type': 'application/x-www-form-urlencoded', ...headers },
      payload: new URLSearchParams(fields).toString(),
    });

  it('gives a cookie no script reads and no other site sends, and leaves a line', async () => {
    const answer = await signIn({ token: ` ${apiClient.token} `, next: '/console/fees' });
    expect(answer.statusCode).toBe(303);
    expect(answer.headers.location).toBe('/console/fees');
    expect(answer.headers['set-cookie']).toMatch(/HttpOnly.*SameSite=Strict/);
    const [newest] = await consoleClient.feeFixtures.ledger.access.audited({ limit: 1 });
    expect(newest).toMatchObject({ actor: apiClient.name, action: 'signed_in' });
  });

  it('is what the bare address leads to', async () => {
    const bare = await consoleClient.app.inject({ url: '/', headers: HOST });
    expect(bare).toMatchObject({ statusCode: 303, headers: { location: '/console' } });
  });

  it('goes on to its own pages only', async () => {
    const elsewhere = ['//evil.test', 'https://evil.test', '/console//evil', '/v1/fees', '/\\evil'];
    for (const next of elsewhere)
      expect((await signIn({ token: apiClient.token, next })).headers.location).toBe('/console');
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
    expect((await signIn({ token: apiClient.token })).statusCode).toBe(303);
  });

  it('cannot be started by a form on another site', async () => {
    const answer = await signIn({ token: apiClient.token }, { 'sec-fetch-site': 'cross-site' });
    expect(answer.statusCode).toBe(403);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('ends with signing out, on the server too', async () => {
    const guest = await consoleClient.visitor('read');
    const out = await guest.post('/console/sign-out');
    expect(out.statusCode).toBe(303);
    // The cookie is of no use any more, even to somebody who kept a copy.
    expect((await guest.get('/console')).statusCode).toBe(303);
  });
});

describe('the pages', () => {
  it('render with fees in every state and entries of every kind', async () => {
    const kinds = new Set<string>();
    for (const state of FEE_STATUSES) {
      const feeId = consoleClient.feeFixtures.fees[state];
      const page = await apiClient.get(`/console/fees/${feeId}`);
      expect.soft(page.statusCode, state).toBe(200);
      expect.soft(page.body, state).toContain(`>${STATE_WORDS[state].label}</span`);
      const entries = await entriesOf(feeId);
      for (const kind of entries) kinds.add(kind);
      expect.soft(page.body.match(/id="entry-\d+"/g) ?? [], state).toHaveLength(entries.length);
    }
    expect([...kinds].sort()).toEqual([...KINDS].sort());
  });

  it('escape every name, file and reason, and hold no script or style of their own', async () => {
    for (const url of pagesOf(consoleClient)) {
      const { body, statusCode } = await apiClient.get(url);
      expect.soft(statusCode, url).toBe(url.endsWith('nothing-here') ? 404 : 200);
      const tags = body.match(/<[a-z/!][^>]*>/gi) ?? [];
      const scripts = ['<script type="module" src="/console/console.js">', '</script>'];
      const active = tags.filter((tag) => /^<\/?(script|style|img|b|i)\b/i.test(tag));
      expect.soft(active, url).toEqual(scripts);
      expect.soft(tags.filter((tag) => /\s(on\w+|style)\s*=/i.test(tag))).toEqual([]);
      expect.soft(body, url).toMatch(/<title>[^<]+ · levy<\/title>/);
    }
    const fees = (await apiClient.get('/console/fees')).body;
    expect(fees).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(fees).toContain('O&#39;Neil &quot;Bo&quot; &amp; Sons');
    expect(fees).toContain('=cmd()|/c calc!A1');
  });

  it('allow their own style and scripts alone, in no frame, and tell no other site', async () => {
    const { headers } = await apiClient.get('/console');
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; " +
        "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(headers['referrer-policy']).toBe('same-origin');
    expect(headers['cache-control']).toBe('no-store');
  });

  it('name the time zone of every time', async () => {
    const { body } = await apiClient.get(`/console/fees/${consoleClient.feeFixtures.fees.paid}`);
    expect(body).toContain('<time datetime="2026-02-02T15:30:00.000Z">Feb 2, 2026, 10:30 AM EST');
    expect(body).toContain('America/New_York');
  });

  it('say what is next, when and why', async () => {
    const { body } = await apiClient.get(`/console/fees/${consoleClient.feeFixtures.fees.unknown}`);
    expect(body).toContain('Ask Stripe what happened');
    expect(body).toContain('in 1 hour');
    expect(body).toContain('is not known (no answer came in time)');
  });

  it('show evidence by kind, day, file and line', async () => {
    const [finding] = await consoleClient.feeFixtures.ledger.evidence.weak(1);
    const fees = await consoleClient.feeFixtures.ledger.reports.fees({
      ref: finding?.ref,
      limit: 1,
    });
    const { body } = await apiClient.get(`/console/fees/${fees[0]?.feeId}`);
    expect(body).toContain('claims &quot;January&quot; &lt;2026&gt;.837');
    expect(body).toContain('A progress note, first on Jan 9, 2026');
    expect(body).toContain('Weak: does not count yet');
  });

  it('list whom the overview says need a person', async () => {
    const { body } = await apiClient.get('/console');
    for (const href of [
      `/console/assessments/${consoleClient.feeFixtures.assessmentId}`,
      '/console/fees?state=held',
      '/console/fees?state=needs_card',
      '/console/fees?state=notice_failed',
      '/console/unknown',
      '/console/review',
      `/console/imports/${consoleClient.feeFixtures.importId}`,
    ])
      expect.soft(body).toContain(`href="${href}"`);
    expect(body).toContain('$292.50');
  });

  it('narrow the fees by state, assessment and reference', async () => {
    const { fees, assessmentId } = consoleClient.feeFixtures;
    const shown = async (query: string) => {
      const { body } = await apiClient.get(`/console/fees${query}`);
      return FEE_STATUSES.filter((state) => body.includes(`/console/fees/${fees[state]}`));
    };
    expect(await shown('')).toHaveLength(FEE_STATUSES.length);
    expect(await shown('?state=held')).toEqual(['held']);
    expect(await shown(`?ref=C-paid&assessment=${assessmentId}`)).toEqual(['paid']);
    expect(await shown('?ref=nobody')).toEqual([]);
    expect((await apiClient.get('/console/fees?state=happy')).statusCode).toBe(400);
  });

  it('keep from the clinician what is not theirs to hear', async () => {
    const { body } = await apiClient.get('/console/fees?state=needs_card');
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
      const answer = await apiClient.get(path);
      expect.soft(answer.statusCode, path).toBe(status);
      expect.soft(answer.headers['content-type']).toContain('text/html');
      expect.soft(answer.body).toContain('>Back</a');
    }
  });
});

describe('the template', () => {
  it('escapes all that is not markup itself, and markup cannot be forged', () => {
    const forged = JSON.parse('{"markup":"<b>","Symbol(markup)":"<b>"}') as string;
    expect(render(html`<p title="${'"\'<&>'}">${['<i>', html`<b>${'\u0000&'}</b>`, 0]}</p>`)).toBe(
      '<p title="&quot;&#39;&lt;&amp;&gt;">&lt;i&gt;<b>\ufffd&amp;</b>0</p>',
    );
    expect(render(html`${forged}`)).toBe('');
    expect(render(html`${null}${undefined}${false}${''}`)).toBe('');
  });
});

it('a name that would turn the text around it is shown so that it cannot', () => {
  const shown = render(person('Ann\u202eeeL', 'C-1\u200b', 'id'));
  expect(shown).toContain('<bdi>Ann\ufffdeeL</bdi>');
  expect(shown).toContain('<bdi>C-1\ufffd</bdi>');
});
