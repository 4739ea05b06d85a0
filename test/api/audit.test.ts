import { afterAll, beforeAll, expect, it } from 'vitest';
import { openApiClient, type Method, type ApiClient } from './api-client.ts';
import { filled, routesOf } from './routes.ts';

let apiClient: ApiClient;
beforeAll(async () => {
  apiClient = await openApiClient();
});
afterAll(() => apiClient.close());

const WHY = { why: 'they asked for it' };
const RATE = { royaltyCents: 1900, processingCents: 100, status: 'confirmed', source: 'invoice' };
const TABLE = 'Date of Service,Clinician,Billing Code\n2026-03-01,Ada Roe,90834\n';

/** What each route that changes something has to be sent to get as far as the act itself. */
const SENT: Record<string, object | string> = {
  'PUT /v1/clinicians': [{ ref: 'A1', name: 'Ada Roe', vendor: 'theranest' }],
  'PUT /v1/rates/:vendor/:year': RATE,
  'POST /v1/imports': TABLE,
  'POST /v1/assessments': { vendor: 'theranest', year: 2026 },
  'POST /v1/assessments/:id/approve': { hash: '0'.repeat(64) },
  'POST /v1/assessments/:id/pause': WHY,
  'POST /v1/fees/:id/waive': WHY,
  'POST /v1/fees/:id/note': WHY,
  'POST /v1/fees/:id/pay-otherwise': { how: 'check', on: '2026-03-01' },
  'POST /v1/fees/:id/answer-objection': { accepted: false, ...WHY },
  'POST /v1/clinicians/:id/moves': {
    ...{ vendor: 'therapynotes', on: '2026-03-01', shown: '0'.repeat(64) },
  },
  'POST /v1/bulk-acts': { act: 'retry', where: 'state=gave_up' },
  'POST /v1/invoices': {
    ...{ vendor: 'theranest', year: 2026, number: 'A-1', dated: '2026-12-01', totalCents: 1950 },
    lines: [{ name: 'Ada Roe', amountCents: 1950 }],
  },
  'POST /v1/invoices/:id/void': WHY,
  'POST /v1/assessments/:id/match/:item/decide': { decision: 'bear', ...WHY },
  'POST /v1/fees/:id/bounce': WHY,
  'POST /v1/fees/:id/hold': WHY,
  'POST /v1/fees/:id/refund': WHY,
  'POST /v1/colleagues': { name: 'Ana', email: 'ana@practice.example', role: 'read' },
  'POST /v1/keys': { name: 'night script', scopes: ['read'] },
};

it('every act a person can ask for leaves a line with who, also when it is refused', async () => {
  // A mail report is no act: the act it leads to is written down under its own name. A preview
  // changes nothing.
  const changing = routesOf(apiClient.app).filter(
    ({ method, path }) =>
      path.startsWith('/v1/') &&
      path !== '/v1/mail-reports' &&
      !path.endsWith('/preview') &&
      !/^(GET|HEAD|OPTIONS)$/.test(method),
  );
  expect(changing.length).toBeGreaterThan(14);
  const actions = new Set<string>();
  for (const { method, path } of changing) {
    const before = await lines();
    const body = SENT[`${method} ${path}`];
    const headers: Record<string, string> =
      typeof body === 'string' ? { 'content-type': 'text/csv' } : {};
    const answer = await apiClient.ask(method, filled(path), { body, headers });
    const where = `${method} ${path} was answered ${answer.status} ${answer.code ?? ''}`;
    const added = (await lines()).slice(before.length);
    expect.soft(added, where).toHaveLength(1);
    expect.soft(added[0]?.actor, where).toBe('key-all');
    const outcome = added[0]?.detail.outcome as string | undefined;
    expect.soft(outcome, where).toBe(answer.status < 400 ? 'done' : answer.code);
    if (added[0]) actions.add(added[0].action);
  }
  // Accepting and refusing evidence are two routes of one kind; the rest have a name each.
  expect(actions.size).toBeGreaterThan(12);
});

it('a changed row of the roster leaves its old and new values, by its clinician', async () => {
  const put = (row: object) => apiClient.ask('PUT', '/v1/clinicians', { body: [row] });
  const row = { ref: 'B1', name: 'Bea Ray', vendor: 'theranest', email: 'bea@x.example' };
  await put(row);
  const before = await lines();
  await put({ ...row, name: 'Bea Ray-Lee', email: '' });
  await put({ ...row, name: 'Bea Ray-Lee', email: '' });
  const added = (await lines()).slice(before.length);
  expect(added.map(({ action }) => action)).toEqual([
    'change_clinician',
    'put_clinicians',
    'put_clinicians',
  ]);
  const { rows } = await apiClient.db.pool.query<{ id: string }>(
    "select clinician_id as id from clinicians where ref = 'B1'",
  );
  expect(added[0]).toEqual({
    actor: 'key-all',
    action: 'change_clinician',
    object: `clinician ${rows[0]?.id}`,
    detail: {
      changes: {
        name: { from: 'Bea Ray', to: 'Bea Ray-Lee' },
        email: { from: 'bea@x.example', to: null },
      },
    },
    request_id: expect.any(String),
  });
  const shown = await apiClient.ask('GET', '/v1/audit?limit=3', { token: apiClient.tokens.read });
  expect(shown.text).toContain('bea@x.example');
});

it('a row is not changed when the line about it cannot be written', async () => {
  const row = { ref: 'D1', name: 'Dee Fox', vendor: 'theranest' };
  await apiClient.ask('PUT', '/v1/clinicians', { body: [row] });
  const { pool } = apiClient.db;
  await pool.query(`create function no_more_lines() returns trigger language plpgsql as
    $$ begin raise exception 'the disk is full'; end $$`);
  await pool.query(`create trigger no_more_lines before insert on audit
    for each row execute function no_more_lines()`);
  const changed = await apiClient.ask('PUT', '/v1/clinicians', {
    body: [{ ...row, name: 'Dee Lee' }],
  });
  await pool.query('drop trigger no_more_lines on audit');
  expect(changed.status).toBe(500);
  expect(await apiClient.ledger.clinicians.similar([{ ref: 'D1' }])).toMatchObject([row]);
});

it('a line cannot be changed or taken away, by whatever statement', async () => {
  for (const statement of ['update audit set actor = $$x$$', 'delete from audit', 'truncate audit'])
    await expect(apiClient.db.pool.query(statement)).rejects.toThrow(/append-only|refused/);
});

interface Line {
  actor: string;
  action: string;
  object: string;
  detail: Record<string, unknown>;
  request_id: string | null;
}

async function lines(): Promise<Line[]> {
  const { rows } = await apiClient.db.pool.query<Line>(
    'select actor, action, object, detail, request_id from audit order by audit_id',
  );
  return rows;
}

it('stands on a list of methods that is the whole of it', () => {
  const known: Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH'];
  for (const { method } of routesOf(apiClient.app))
    if ((method as string) !== 'OPTIONS') expect(known).toContain(method);
});
