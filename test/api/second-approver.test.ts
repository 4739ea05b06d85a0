import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKey } from '../../api/http/access-key.ts';
import { hashPassword } from '../../api/http/password.ts';
import { appendAll, openedAssessment } from '../support/assessment.ts';
import { sample, testPolicy } from '../support/fees.ts';
import { openApiClient, type ApiClient } from './api-client.ts';
import { createBrowser, PASSWORD } from './browser.ts';

let apiClient: ApiClient;
let assessmentId: string;
let feeIds: string[];

beforeAll(async () => {
  apiClient = await openApiClient({ policy: testPolicy({ approvers: 2 }) });
  ({ assessmentId, feeIds } = await openedAssessment(apiClient.db.pool, apiClient.ledger, {
    count: 6,
    policy: { approvers: 2 },
  }));
  for (const feeId of feeIds.slice(0, 2)) await becomeReady(feeId);
  for (const feeId of feeIds.slice(2))
    await appendAll(apiClient.ledger, feeId, [sample('usage_checked')]);
});
afterAll(() => apiClient.close());

/** A person with a token of their own, and one who may approve unless told otherwise. */
async function personWithToken(
  name: string,
): Promise<{ id: string; token: string; email: string }> {
  const { colleagues } = apiClient.ledger;
  const email = `${name.toLowerCase()}@practice.example`;
  const secret = `${name}-secret-of-an-invitation`;
  await colleagues.invite({ name, email, role: 'approve', by: 'test' }, secret);
  const joined = await colleagues.join(secret, await hashPassword(PASSWORD));
  const id = joined!.colleagueId;
  const token = await createKey(apiClient.ledger, `${name}’s`, ['read', 'approve'], { owner: id });
  return { id, token: token!, email };
}

async function becomeReady(feeId: string): Promise<void> {
  await appendAll(apiClient.ledger, feeId, [sample('assessed')]);
}

const path = () => `/v1/assessments/${assessmentId}/approve`;
const hashNow = async () => (await apiClient.ledger.assessments.totals(assessmentId)).hash;
const approve = async (token: string, hash?: string) =>
  apiClient.ask('POST', path(), { token, body: { hash: hash ?? (await hashNow()) } });
const approvedFees = async () => {
  const { rows } = await apiClient.db.pool.query<{ n: number }>(
    `select count(*)::integer as n from entries where kind = 'approved'`,
  );
  return rows[0]?.n;
};

let people = 0;
let ana: Awaited<ReturnType<typeof personWithToken>>;
let ben: Awaited<ReturnType<typeof personWithToken>>;
beforeEach(async () => {
  people += 1;
  // An approval of somebody whose access has ended does not count: each test begins without any.
  const { colleagues } = apiClient.ledger;
  for (const { colleagueId } of await colleagues.list()) await colleagues.end(colleagueId);
  ana = await personWithToken(`Ana${people}`);
  ben = await personWithToken(`Ben${people}`);
});

describe('where two people must approve', () => {
  it('refuses a token that belongs to nobody in particular', async () => {
    expect((await approve(apiClient.tokens.all)).code).toBe('needs_person');
    expect(await approvedFees()).toBe(0);
  });

  it('does not count the same person twice, nor that person’s other tokens', async () => {
    const first = await approve(ana.token);
    expect(first.status).toBe(202);
    expect(first.json).toMatchObject({ waitsFor: 'second_person' });
    expect((await approve(ana.token)).status).toBe(202);
    const other = await createKey(apiClient.ledger, 'another', ['approve'], { owner: ana.id });
    expect((await approve(other!)).status).toBe(202);
    const made = await apiClient.ask('POST', '/v1/keys', {
      token: ana.token,
      body: { name: 'made by a token', scopes: ['approve'] },
    });
    expect((await approve(made.json.token)).status).toBe(202);
    const browser = createBrowser(apiClient.app);
    await browser.signIn(ana.email, PASSWORD);
    const page = `/console/assessments/${assessmentId}`;
    const shown = (await browser.get(page)).body;
    expect(shown).toContain('<strong>You</strong> approved it');
    expect(shown).not.toContain('Approve this roster');
    const pressed = await browser.press(page, `${page}/approve`, {
      ...{ hash: await hashNow(), read: 'yes' },
    });
    expect(pressed.headers.location).toContain('done=approved_first');
    expect(await approvedFees()).toBe(0);
  });

  it('is void when the roster has changed, or when the first person may approve no more', async () => {
    const hash = await hashNow();
    expect((await approve(ana.token)).status).toBe(202);
    await becomeReadyNext();
    expect((await approve(ben.token, hash)).code).toBe('stale_roster');
    expect((await approve(ben.token)).status).toBe(202);
    await apiClient.ledger.colleagues.setRole(ben.id, 'operate');
    expect((await approve(ana.token)).status).toBe(202);
    expect(await approvedFees()).toBe(0);
  });

  it('waits for a change of the first person’s role that is under way', async () => {
    expect((await approve(ana.token)).status).toBe(202);
    const before = await approvedFees();
    const demotion = await apiClient.db.pool.connect();
    try {
      await demotion.query('begin');
      await demotion.query(`update colleagues set role = 'operate' where colleague_id = $1`, [
        ana.id,
      ]);
      const second = approve(ben.token);
      await Promise.race([second, expect.poll(waitsForLock, { timeout: 15_000 }).toBe(true)]);
      await demotion.query('commit');
      expect((await second).status).toBe(202);
    } finally {
      demotion.release(true);
    }
    expect(await approvedFees()).toBe(before);
  });

  it('is refused by the database when fewer have approved', async () => {
    expect((await approve(ana.token)).status).toBe(202);
    const hash = await hashNow();
    for (const rosterHash of [hash, 'automatic', 'f'.repeat(64)])
      await expect(
        appendAll(apiClient.ledger, feeIds[0]!, [sample('approved', { rosterHash })]),
      ).rejects.toMatchObject({ code: 'LV034' });
  });

  it('approves with the second person, once', async () => {
    expect((await approve(ana.token)).status).toBe(202);
    const browser = createBrowser(apiClient.app);
    await browser.signIn(ben.email, PASSWORD);
    const page = `/console/assessments/${assessmentId}`;
    expect((await browser.get(page)).body).toContain('A second person must approve it');
    const pressed = await browser.press(page, `${page}/approve`, {
      ...{ hash: await hashNow(), read: 'yes' },
    });
    expect(pressed.headers.location).toContain('done=approved');
    expect(pressed.headers.location).not.toContain('first');
    const approved = await approvedFees();
    expect(approved).toBeGreaterThan(0);
    // For those who come later both must approve again.
    await becomeReadyNext();
    expect((await approve(ben.token)).status).toBe(202);
    expect(await approvedFees()).toBe(approved);
    expect((await approve(ana.token)).json).toMatchObject({ fees: 1 });
  });

  it('is never done automatically', async () => {
    const opened = await apiClient.ask('POST', '/v1/assessments', {
      body: { vendor: 'theranest', year: 2025, autoApprove: true },
    });
    expect(opened.code).toBe('two_approvers');
  });
});

async function waitsForLock(): Promise<boolean> {
  const { rows } = await apiClient.db.pool.query(
    `select from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows.length > 0;
}

let next = 2;
async function becomeReadyNext(): Promise<void> {
  const feeId = feeIds[next]!;
  next += 1;
  await appendAll(apiClient.ledger, feeId, [sample('reopened')]);
  await becomeReady(feeId);
}
