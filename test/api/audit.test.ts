import { afterAll, beforeAll, expect, it } from 'vitest';
import { openOffice, type Method, type Office } from './office.ts';
import { filled, routesOf } from './routes.ts';

let office: Office;
beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office.close());

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
  'POST /v1/fees/:id/bounce': WHY,
  'POST /v1/fees/:id/hold': WHY,
  'POST /v1/fees/:id/refund': WHY,
  'POST /v1/keys': { name: 'night script', scopes: ['read'] },
};

it('every act a person can ask for leaves a line with who, also when it is refused', async () => {
  // A mail report is no act: the act it leads to is written down under its own name.
  const changing = routesOf(office.app).filter(
    ({ method, path }) =>
      path.startsWith('/v1/') &&
      path !== '/v1/mail-reports' &&
      !/^(GET|HEAD|OPTIONS)$/.test(method),
  );
  expect(changing.length).toBeGreaterThan(14);
  const actions = new Set<string>();
  for (const { method, path } of changing) {
    const before = await lines();
    const body = SENT[`${method} ${path}`];
    const headers: Record<string, string> =
      typeof body === 'string' ? { 'content-type': 'text/csv' } : {};
    const answer = await office.ask(method, filled(path), { body, headers });
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

it('a line cannot be changed or taken away, by whatever statement', async () => {
  for (const statement of ['update audit set actor = $$x$$', 'delete from audit', 'truncate audit'])
    await expect(office.db.pool.query(statement)).rejects.toThrow(/append-only|refused/);
});

interface Line {
  actor: string;
  action: string;
  detail: Record<string, unknown>;
}

async function lines(): Promise<Line[]> {
  const { rows } = await office.db.pool.query<Line>(
    'select actor, action, detail from audit order by audit_id',
  );
  return rows;
}

it('stands on a list of methods that is the whole of it', () => {
  const known: Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH'];
  for (const { method } of routesOf(office.app))
    if ((method as string) !== 'OPTIONS') expect(known).toContain(method);
});
