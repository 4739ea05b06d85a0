import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConsoleClient, type ConsoleClient, type Visitor } from './console-client.ts';

let consoleClient: ConsoleClient;
let reader: Visitor;
let operator: Visitor;
let approver: Visitor;

beforeAll(async () => {
  consoleClient = await createConsoleClient();
  reader = await consoleClient.visitor('read');
  operator = await consoleClient.visitor('read', 'operate');
  approver = await consoleClient.visitor('read', 'operate', 'approve');
});
afterAll(() => consoleClient.close());

const ledger = () => consoleClient.feeFixtures.ledger;
const FAILED = 'state=needs_card,retrying,gave_up';
const wanted = (act: string, why = '', where = FAILED) => ({ act, why, where });
const kindsOf = async (feeId: string) =>
  (await ledger().fees.load(feeId))?.entries.map(({ kind }) => kind) ?? [];

describe('the desk of failed cards', () => {
  it('shows what is owed and not paid, by its reason, to whoever may read', async () => {
    const { body, statusCode } = await reader.get('/console/desk');
    expect(statusCode).toBe(200);
    for (const label of ['Needs card', 'Retrying', 'Given up', 'Unknown outcome', 'Disputed'])
      expect.soft(body).toContain(label);
    expect(body).not.toContain('Show what would happen');
    const one = await reader.get('/console/desk?state=needs_card');
    expect(one.body).toContain('C-needs_card');
    expect(one.body).not.toContain('C-gave_up');
    const searched = await reader.get('/console/desk?text=C-GAVE_UP');
    expect(searched.body).toContain('C-gave_up');
    expect(searched.body).not.toContain('C-needs_card');
  });

  it('counts what is recovered', async () => {
    const { body } = await reader.get('/console/desk/recovery');
    expect(body).toMatch(/Try 1[\s\S]+paid of/);
  });

  it.each([
    ['a state there is not', '?state=broke'],
    ['days that are none', '?days=x'],
    ['an id that is none', '?after=1'],
    ['a decline with signs', '?decline=%3Cb%3E'],
  ])('refuses %s', async (_, query) => {
    expect((await reader.get(`/console/desk${query}`)).statusCode).toBe(400);
  });

  it('keeps filters under names that are shown as they are', async () => {
    const name = '<b>\u202eold</b>';
    const saved = await operator.post('/console/desk/filters', { name, where: 'days>=30' });
    expect(saved.statusCode).toBe(303);
    const { body } = await reader.get('/console/desk');
    expect(body).toContain('<bdi>&lt;b&gt;');
    expect(body).toContain('href="/console/desk?days=30"');
    await operator.post('/console/desk/filters/remove', { name });
    expect((await reader.get('/console/desk')).body).not.toContain('days=30');
  });
});

describe('an act on everything that matches', () => {
  it('shows what would happen, does it once, and stands in the audit as one act', async () => {
    const { fees } = consoleClient.feeFixtures;
    const previewed = await operator.post('/console/desk/preview', wanted('note', 'called <them>'));
    expect(previewed.statusCode, previewed.body).toBe(303);
    const path = String(previewed.headers.location);
    const page = await operator.get(path);
    expect(page.body).toContain('<strong>3 fees</strong> match');
    expect(page.body).toContain('called &lt;them&gt;');
    expect(await kindsOf(fees.gave_up)).not.toContain('noted');

    expect((await operator.post(`${path}/start`, {})).statusCode).toBe(303);
    const again = await operator.post(`${path}/start`, {});
    expect(again.statusCode).toBe(409);
    const [, line] = await ledger().access.audited({ limit: 2 });
    expect(line).toMatchObject({
      action: 'start_bulk_act',
      actor: operator.name,
      detail: { act: 'note', where: FAILED, members: 3, why: 'called <them>', outcome: 'done' },
    });
    const bulkId = path.split('/').at(-1) as string;
    expect((await operator.get(path)).body).toContain('Running');
    await ledger().bulkActs.beginWave(bulkId, 0, 10);
    await ledger().bulkActs.decideNext(bulkId, 10);
    await ledger().bulkActs.finish(bulkId);
    const done = await operator.get(path);
    expect(done.body).toContain('Finished');
    expect(await kindsOf(fees.gave_up)).toContain('noted');
    expect((await reader.get(`/console/fees/${fees.gave_up}`)).body).toContain(
      'A note was written: “called &lt;them&gt;”.',
    );
  });

  it('says who is left out, and why', async () => {
    const { headers } = await operator.post('/console/desk/preview', wanted('release'));
    const { body } = await operator.get(String(headers.location));
    expect(body).toContain('are left out: they are not held');
    expect(body).toContain('It would be done to no fee.');
    expect(body).not.toContain('/start');
  });

  it('asks for a reason where one is needed, and does nothing without', async () => {
    const answer = await operator.post('/console/desk/preview', wanted('waive', '  '));
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain('This act needs a reason. Nothing was done.');
  });

  it('needs the scope that the act on one fee needs', async () => {
    expect((await reader.post('/console/desk/preview', wanted('retry'))).statusCode).toBe(403);
    const refund = wanted('refund', 'mistake', 'state=paid');
    expect((await operator.post('/console/desk/preview', refund)).statusCode).toBe(403);
    const { headers } = await approver.post('/console/desk/preview', refund);
    const path = String(headers.location);
    expect((await operator.post(`${path}/start`, {})).statusCode).toBe(403);
    expect((await approver.post(`${path}/start`, {})).statusCode).toBe(303);
    // To stop is for everybody who may operate, to go on is not.
    expect((await operator.post(`${path}/pause`, {})).statusCode).toBe(303);
    expect((await operator.post(`${path}/resume`, {})).statusCode).toBe(403);
    expect((await operator.post(`${path}/abort`, {})).statusCode).toBe(303);
    expect((await approver.post(`${path}/resume`, {})).statusCode).toBe(409);
  });

  it.each([
    ['no act', { act: 'charge', why: '', where: FAILED }, 400],
    ['a selection that is none', wanted('retry', '', 'state=broke'), 422],
    ['a reason without an end', wanted('hold', 'x'.repeat(501)), 400],
  ])('is refused with %s', async (_, body, status) => {
    expect((await operator.post('/console/desk/preview', body)).statusCode).toBe(status);
  });
});

describe('the API', () => {
  it('previews, starts, steers and lists acts on many fees', async () => {
    const headers = { authorization: `Bearer ${operator.token}` };
    const ask = async (method: 'GET' | 'POST', url: string, payload?: object) => {
      const answer = await consoleClient.app.inject({ method, url, headers, payload });
      return { status: answer.statusCode, json: answer.json() };
    };
    const body = { act: 'hold', why: 'a look', where: 'state=gave_up,held and year=2026' };
    const previewed = await ask('POST', '/v1/bulk-acts', body);
    expect(previewed).toMatchObject({
      status: 201,
      json: {
        state: 'previewed',
        members: 1,
        where: 'state=gave_up,held and year=2026',
        preview: [
          { refused: null, fees: 1, cents: 1950 },
          { refused: 'already_held', fees: 1 },
        ],
        progress: [{ result: 'open', fees: 1 }],
      },
    });
    const url = `/v1/bulk-acts/${previewed.json.bulkId}`;
    expect((await ask('POST', `${url}/pause`)).json.error.code).toBe('bulk_act_state');
    expect((await ask('POST', `${url}/start`)).json).toMatchObject({ state: 'running' });
    expect((await ask('POST', `${url}/pause`)).json).toMatchObject({ pausedBy: operator.name });
    expect((await ask('POST', `${url}/resume`)).json).toMatchObject({ state: 'running' });
    expect((await ask('POST', `${url}/abort`)).json).toMatchObject({ state: 'aborted' });
    const { bulkActs } = (await ask('GET', '/v1/bulk-acts')).json;
    expect(bulkActs).toContainEqual(expect.objectContaining({ act: 'hold', state: 'aborted' }));
    const wrong = await ask('POST', '/v1/bulk-acts', { act: 'retry', where: 'state=broke' });
    expect(wrong).toMatchObject({ status: 422, json: { error: { code: 'wrong_selection' } } });
    const none = '/v1/bulk-acts/00000000-0000-4000-8000-000000000000';
    expect((await ask('GET', none)).status).toBe(404);
  });
});
