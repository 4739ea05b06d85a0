import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBrowser, joinColleague, linkIn, PASSWORD, setUpApp } from './browser.ts';
import { createConsoleClient, type ConsoleClient, type Visitor } from './console-client.ts';

let consoleClient: ConsoleClient;
let app: FastifyInstance;
let root: Visitor;

beforeAll(async () => {
  consoleClient = await createConsoleClient();
  app = consoleClient.app;
  root = await consoleClient.visitor('read', 'operate', 'approve');
});
afterAll(() => consoleClient.close());

const ledgerOf = () => consoleClient.feeFixtures.ledger;
const pathOf = async (email: string) => {
  const all = await ledgerOf().colleagues.list();
  return `/console/colleagues/${all.find((one) => one.email === email)?.colleagueId}`;
};

describe('an invitation', () => {
  const invite = (fields: Record<string, string> = {}) =>
    root.post('/console/colleagues', {
      ...{ name: 'Ana Ruiz', email: 'ana@practice.example', role: 'operate' },
      ...fields,
    });

  it('lets somebody choose a password once, and sign in with it', async () => {
    const link = linkIn((await invite()).body);
    const ana = createBrowser(app);
    expect((await ana.get(link)).body).toContain('Choose a password');
    const chosen = await ana.send(link, { password: PASSWORD, again: PASSWORD });
    expect(chosen.headers.location).toBe('/console/sign-in');
    const twice = await ana.send(link, { password: PASSWORD, again: PASSWORD });
    expect(twice.statusCode).toBe(404);
    expect(twice.body).toContain('This link does not work any more');
    const inside = await ana.signIn('ANA@practice.example', PASSWORD);
    expect(inside.headers.location).toBe('/console');
    const page = await ana.get('/console');
    expect(page.body).toContain('Ana Ruiz');
    expect(page.body).not.toContain('>Colleagues</a>');
    expect((await ana.get('/console/colleagues')).statusCode).toBe(403);
    const [line] = await ledgerOf().access.audited({ limit: 1 });
    expect(line).toMatchObject({ actor: 'Ana Ruiz', action: 'signed_in' });
  });

  it.each([
    ['short', 'short', 'at least 12 characters'],
    [PASSWORD, `${PASSWORD}!`, 'not the same'],
    ['bertha.stone1', 'bertha.stone1', 'too easy to guess'],
    ['levy-levy-levy', 'levy-levy-levy', 'too easy to guess'],
    ['aaaaaaaaaaaaaaa', 'aaaaaaaaaaaaaaa', 'too easy to guess'],
  ])('refuses the password %s, %s', async (password, again, says) => {
    const fields = { name: 'Bertha Stone', email: 'bertha.stone@practice.example' };
    const invited = await invite(fields);
    const known = (await ledgerOf().colleagues.list()).find(({ name }) => name === fields.name);
    const link = linkIn(
      invited.statusCode === 200
        ? invited.body
        : (await root.post(`/console/colleagues/${known?.colleagueId}/link`)).body,
    );
    const answer = await createBrowser(app).send(link, { password, again });
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain(says);
  });

  it('expires after a week, and a new link replaces an old one', async () => {
    const { pool } = consoleClient;
    const fields = { name: 'Cleo Late', email: 'cleo@practice.example' };
    const first = linkIn((await invite(fields)).body);
    const path = await pathOf(fields.email);
    const second = linkIn((await root.post(`${path}/link`)).body);
    const cleo = createBrowser(app);
    expect((await cleo.get(first)).statusCode).toBe(404);
    expect((await cleo.get(second)).statusCode).toBe(200);
    await pool.query(
      `update invitations set expires_at = levy_now() where used_at is null and
         colleague_id = (select colleague_id from colleagues where name = 'Cleo Late')`,
    );
    const late = await cleo.send(second, { password: PASSWORD, again: PASSWORD });
    expect(late.statusCode).toBe(404);
    expect((await root.get(path)).body).toContain('the invitation has expired');
  });

  it('gives nobody a name or an e-mail that somebody has, or had', async () => {
    const taken = await invite({ name: 'ana ruiz', email: 'other@practice.example' });
    expect(taken.statusCode).toBe(409);
    expect(taken.body).toContain('Somebody or something has, or had, this name.');
    const email = await invite({ name: 'Other Ana', email: 'Ana@Practice.example' });
    expect(email.body).toContain('A colleague has this e-mail.');
    for (const name of [root.name, 'levy', 'CLI (root)', ' '])
      expect((await invite({ name, email: 'x@practice.example' })).statusCode, name).not.toBe(200);
    const key = { name: 'Ana Ruiz', role: 'read' };
    expect((await root.post('/console/colleagues/keys', key)).statusCode).toBe(409);
  });
});

describe('signing in', () => {
  it('answers a wrong password and an unknown e-mail alike', async () => {
    await joinColleague(app, root, { name: 'Dora Vale', role: 'read' });
    const said = async (email: string, password: string) => {
      const answer = await createBrowser(app, '10.1.1.1').signIn(email, password);
      return [answer.statusCode, answer.body];
    };
    const wrong = await said('dora.vale@practice.example', 'not the password');
    expect(wrong[0]).toBe(401);
    expect(wrong[1]).toContain('The e-mail or the password is not right.');
    expect(wrong[1]).not.toMatch(/Authorization|Bearer/);
    expect(await said('nobody@practice.example', 'not the password')).toEqual(wrong);
  });

  it('is limited by account, and not in a browser that the colleague has used', async () => {
    const eva = await joinColleague(app, root, { name: 'Eva Moor', role: 'read' });
    for (let n = 0; n < 12; n += 1)
      await createBrowser(app, `10.2.0.${n}`).signIn(eva.email, 'guess after guess');
    const stranger = await createBrowser(app, '10.2.1.1').signIn(eva.email, PASSWORD);
    expect(stranger.statusCode).toBe(429);
    expect(stranger.body).toContain('That was wrong too often.');
    eva.forget();
    expect((await eva.signIn(eva.email, PASSWORD)).statusCode).toBe(303);
  });

  it('is limited by address', async () => {
    const from = createBrowser(app, '10.3.0.1');
    for (let n = 0; n < 10; n += 1) await from.signIn(`who${n}@practice.example`, 'some password');
    expect((await from.signIn('who@practice.example', 'x')).statusCode).toBe(429);
  });
});

describe('an authenticator app', () => {
  it('is asked for from then on, and each code counts once', async () => {
    const finn = await joinColleague(app, root, { name: 'Finn Hale', role: 'operate' });
    const { code, recovery } = await setUpApp(finn, await ledgerOf().fees.now());
    expect(recovery).toHaveLength(10);
    finn.forget();
    const asked = await finn.signIn(finn.email, PASSWORD);
    expect(asked.body).toContain('Your code');
    expect((await finn.get('/console')).statusCode).toBe(303);
    const ticket = /name="ticket" value="([^"]+)"/.exec(asked.body)?.[1] ?? '';
    const tryCode = (typed: string) =>
      finn.send('/console/sign-in/code', { ticket, code: typed, next: '/console/fees' });
    // The code with which the app was set up is used up.
    expect((await tryCode(code(0))).statusCode).toBe(401);
    expect((await tryCode(code(5))).statusCode).toBe(401);
    expect((await tryCode(code(1))).headers.location).toBe('/console/fees');
    finn.forget();
    const replayed = await tryCode(code(1));
    expect(replayed.body).toContain('This code is wrong, or it was used before.');
    const saved = recovery[0]!;
    expect((await tryCode(saved.toUpperCase())).statusCode).toBe(303);
    finn.forget();
    expect((await tryCode(saved)).statusCode).toBe(401);
    expect((await tryCode(recovery[1]!)).statusCode).toBe(303);
    expect((await finn.get('/console/me')).body).toContain('8 recovery codes');
  });

  it('is stored encrypted', async () => {
    const { rows } = await consoleClient.pool.query<{ totp_key: Buffer }>(
      `select totp_key from colleagues where name = 'Finn Hale'`,
    );
    // 12 bytes of nonce, 16 of authentication, 20 of the key.
    expect(rows[0]?.totp_key).toHaveLength(48);
  });

  it('cannot be skipped with a ticket that was made up or changed', async () => {
    const gus = await joinColleague(app, root, { name: 'Gus Reed', role: 'read' });
    const { code } = await setUpApp(gus, await ledgerOf().fees.now());
    gus.forget();
    const asked = await gus.signIn(gus.email, PASSWORD);
    const ticket = /name="ticket" value="([^"]+)"/.exec(asked.body)?.[1] ?? '';
    const [id, until, mac] = ticket.split('.');
    for (const forged of ['', 'a.b.c', `${id}.${Number(until) + 1}.${mac}`, `${id}.${until}.`]) {
      const answer = await gus.send('/console/sign-in/code', { ticket: forged, code: code(1) });
      expect(answer.statusCode, forged).toBe(401);
    }
  });
});

describe('where approving needs an authenticator app', () => {
  it('lets a colleague approve as soon as it is set up', async () => {
    const strict = await createConsoleClient({
      changes: { access: { authenticatorToApprove: true, metrics: 'open', docs: 'open' } },
    });
    const first = await strict.visitor('read', 'operate', 'approve');
    const nora = await joinColleague(strict.app, first, { name: 'Nora Lund', role: 'approve' });
    const page = `/console/assessments/${strict.feeFixtures.assessmentId}`;
    const refused = await nora.press(page, `${page}/approve`, {
      hash: 'a'.repeat(64),
      read: 'yes',
    });
    expect(refused.statusCode).toBe(403);
    expect(refused.body).toContain('Approving needs an authenticator app');
    expect((await nora.get('/console/me')).body).toContain('You can approve as soon as');
    await setUpApp(nora, await strict.feeFixtures.ledger.fees.now());
    const stale = await nora.press(page, `${page}/approve`, { hash: 'a'.repeat(64), read: 'yes' });
    expect(stale.statusCode).toBe(409);
    await strict.close();
  });
});

describe('access', () => {
  it('ends at once, with every session, link and token', async () => {
    const hana = await joinColleague(app, root, { name: 'Hana Cole', role: 'approve' });
    const made = await hana.press('/console/me', '/console/colleagues/keys', {
      ...{ name: 'Hana nightly', role: 'operate' },
    });
    const token = /levy_o_[\w-]+/.exec(made.body)?.[0] ?? '';
    const ask = async () =>
      (
        await app.inject({
          url: '/v1/fees',
          headers: { authorization: `Bearer ${token}` },
        })
      ).statusCode;
    expect(await ask()).toBe(200);
    const path = await pathOf(hana.email);
    expect((await root.get(path)).body).toContain('Hana nightly');
    expect((await root.post(`${path}/end`)).statusCode).toBe(400);
    expect((await hana.get('/console')).statusCode).toBe(200);
    expect((await root.post(`${path}/end`, { sure: 'yes' })).statusCode).toBe(303);
    expect((await hana.get('/console')).statusCode).toBe(303);
    expect(await ask()).toBe(401);
    expect((await hana.signIn(hana.email, PASSWORD)).statusCode).toBe(401);
    // A new link lets the same person in again, under the same name.
    const link = linkIn((await root.post(`${path}/link`)).body);
    await hana.send(link, { password: `${PASSWORD} 2`, again: `${PASSWORD} 2` });
    expect((await hana.signIn(hana.email, `${PASSWORD} 2`)).statusCode).toBe(303);
  });

  it('lets a token do no more than whoever made it', async () => {
    const iris = await joinColleague(app, root, { name: 'Iris Hart', role: 'approve' });
    const made = await iris.press('/console/me', '/console/colleagues/keys', {
      ...{ name: 'Iris tool', role: 'approve' },
    });
    const headers = { authorization: `Bearer ${/levy_a_[\w-]+/.exec(made.body)?.[0]}` };
    const keys = async () => (await app.inject({ url: '/v1/keys', headers })).statusCode;
    expect(await keys()).toBe(200);
    await root.post(`${await pathOf(iris.email)}/role`, { role: 'read' });
    expect(await keys()).toBe(403);
    expect((await iris.get('/console/colleagues')).statusCode).toBe(403);
  });

  it('of the last who may approve cannot be ended, revoked or lowered', async () => {
    const lone = await createConsoleClient();
    const first = await lone.visitor('read', 'operate', 'approve');
    const jo = await joinColleague(lone.app, first, { name: 'Jo Last', role: 'approve' });
    const [key] = await lone.feeFixtures.ledger.access.keys();
    const revoked = await jo.press('/console/me', `/console/colleagues/keys/${key?.keyId}/revoke`, {
      sure: 'yes',
    });
    expect(revoked.statusCode).toBe(303);
    expect((await first.get('/console')).statusCode).toBe(303);
    const [own] = await lone.feeFixtures.ledger.colleagues.list();
    const path = `/console/colleagues/${own?.colleagueId}`;
    for (const [act, fields] of [
      ['end', { sure: 'yes' }],
      ['role', { role: 'operate' }],
    ] as const) {
      const answer = await jo.press('/console/me', `${path}/${act}`, fields);
      expect(answer.statusCode, act).toBe(409);
      expect(answer.body).toContain('Nobody else may approve.');
    }
    expect((await jo.get('/console/colleagues')).statusCode).toBe(200);
    await lone.close();
  });
});

describe('one’s own page', () => {
  it('changes the password and signs out everywhere else', async () => {
    const kim = await joinColleague(app, root, { name: 'Kim Park', role: 'read' });
    const elsewhere = createBrowser(app);
    await elsewhere.signIn(kim.email, PASSWORD);
    expect((await elsewhere.get('/console')).statusCode).toBe(200);
    const change = (current: string) =>
      kim.press('/console/me', '/console/me/password', {
        ...{ current, password: `${PASSWORD} new`, again: `${PASSWORD} new` },
      });
    expect((await change('wrong')).body).toContain('The present password is not right.');
    expect((await change(PASSWORD)).statusCode).toBe(303);
    expect((await elsewhere.get('/console')).statusCode).toBe(303);
    expect((await kim.get('/console')).statusCode).toBe(200);
    expect((await elsewhere.signIn(kim.email, PASSWORD)).statusCode).toBe(401);
  });

  it('lists the sessions and ends one, and nobody else’s', async () => {
    const lou = await joinColleague(app, root, { name: 'Lou West', role: 'read' });
    const elsewhere = createBrowser(app);
    await elsewhere.signIn(lou.email, PASSWORD);
    const page = (await lou.get('/console/me')).body;
    expect(page).toContain('Firefox');
    const [, id] = /\/console\/me\/sessions\/([0-9a-f-]{36})\/end/.exec(page) ?? [];
    const mia = await joinColleague(app, root, { name: 'Mia East', role: 'read' });
    const end = `/console/me/sessions/${id}/end`;
    expect((await mia.press('/console/me', end)).statusCode).toBe(404);
    expect((await lou.press('/console/me', end)).statusCode).toBe(303);
    expect((await elsewhere.get('/console')).statusCode).toBe(303);
    expect((await lou.get('/console')).statusCode).toBe(200);
  });
});
