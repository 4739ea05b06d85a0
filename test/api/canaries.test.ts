import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiClient, type ApiClient } from './api-client.ts';

/** Planted in everything a person or an EHR can send; each may stand in the ledger alone. */
const CANARIES = {
  name: 'Canaria Nameova',
  email: 'canary.mail@people.example',
  ref: 'CANARYREF7',
  file: 'canary-file-name.csv',
  patient: 'Patiencia Canarini',
  code: '97777',
  stranger: 'Stranga Canarova',
  why: 'canary reason of a person',
  note: 'canary text of a note',
  key: 'canary-idempotency-key',
  query: 'canary-in-the-address',
  agent: 'canary-user-agent',
};

let apiClient: ApiClient;
let answers: string[];

beforeAll(async () => {
  apiClient = await openApiClient();
  answers = await everythingThatCanBeAsked(apiClient);
});
afterAll(() => apiClient.close());

/** Uses every kind of input once, rightly and wrongly. Gives the answers to wrong ones. */
async function everythingThatCanBeAsked(at: ApiClient): Promise<string[]> {
  const refused: string[] = [];
  const ask = async (method: 'GET' | 'POST' | 'PUT', url: string, body?: object | string) => {
    const headers: Record<string, string> = { 'user-agent': CANARIES.agent };
    if (method === 'POST') headers['idempotency-key'] = `${CANARIES.key}-${refused.length}-${url}`;
    if (typeof body === 'string') headers['content-type'] = 'text/csv';
    const answer = await at.ask(method, url, body === undefined ? { headers } : { headers, body });
    if (answer.status >= 400) refused.push(answer.text);
    return answer;
  };
  const { name, email, ref, file, patient, code, stranger, why, note, query } = CANARIES;
  const person = { ref, name, email, vendor: 'theranest', npi: '1234567893' };
  await ask('PUT', '/v1/clinicians', [person, { ...person, ref: 'OTHER' }]);
  await ask('PUT', '/v1/clinicians?check=none', [{ ...person, stripe_customer: 'cus_1' }]);
  await ask('PUT', '/v1/clinicians', `ref,name,email\n${ref},${name},${email}x@@`);
  const table =
    'Date of Service,Client,Clinician,Clinician NPI,Billing Code,Notes\n' +
    `2026-03-01,${patient},${name},1234567893,${code},${note}\n` +
    `2026-03-02,${patient},${stranger},,${code},${note}\n`;
  await ask('POST', `/v1/imports?fileName=${file}`, table);
  await ask('POST', `/v1/imports?fileName=${file}&vendor=${query}`, table);
  const opened = await ask('POST', '/v1/assessments', { vendor: 'theranest', year: 2026 });
  await at.ledger.assessments.enroll(opened.json.assessmentId);
  const [fee] = (await at.ask('GET', `/v1/fees?ref=${ref}`)).json.fees;
  for (const act of ['waive', 'hold', 'refund', 'retry', 'release'])
    await ask('POST', `/v1/fees/${fee.feeId}/${act}`, { why });
  await ask('POST', `/v1/fees/${fee.feeId}/hold`, { why: `${why}\n` });
  await ask('GET', `/v1/fees?state=${query}`);
  await ask('GET', `/${query}`);
  await ask('POST', '/v1/keys', { name, scopes: [query] });
  await at.ask('GET', '/v1/fees', { token: `levy_r_${query}_${'x'.repeat(30)}` });
  // Something that goes wrong here, with the canaries in the values of the failed statement.
  await at.db.pool.query('alter table clinicians add constraint no_canary check (ref <> $$C2$$)');
  const broken = await ask('PUT', '/v1/clinicians', [
    { ...person, ref: 'C2', npi: null, email: `two.${email}` },
  ]);
  expect(broken).toMatchObject({ status: 500, code: 'internal' });
  return refused;
}

const found = (text: string): string[] =>
  Object.entries(CANARIES)
    .filter(([, canary]) => text.toLowerCase().includes(canary.toLowerCase()))
    .map(([which]) => which);

describe('what people and EHRs send', () => {
  it('stands in the ledger, or this test proves nothing', async () => {
    const { text } = await apiClient.ask('GET', '/v1/clinicians');
    expect(found(text)).toEqual(['name', 'email', 'ref']);
  });

  it('does not stand in the log, which has a line for every request', () => {
    expect(apiClient.log().split('\n').length).toBeGreaterThan(20);
    expect(apiClient.log()).toContain('"level":50');
    expect(found(apiClient.log())).toEqual([]);
    for (const token of Object.values(apiClient.tokens))
      expect(apiClient.log()).not.toContain(token);
  });

  it('does not stand in the metrics', async () => {
    expect(found((await apiClient.ask('GET', '/metrics')).text)).toEqual([]);
  });

  it('does not stand in the answers to what was refused', () => {
    expect(answers.length).toBeGreaterThan(8);
    for (const answer of answers) expect(found(answer), answer).toEqual([]);
  });

  it('does not stand in the queue, in whatever table of it', async () => {
    const { rows } = await apiClient.db.pool.query(
      "select table_name as name from information_schema.tables where table_schema = 'bullmq'",
    );
    let seen = 0;
    for (const { name } of rows as { name: string }[]) {
      const content = await apiClient.db.pool.query(`select * from bullmq."${name}"`);
      seen += content.rows.length;
      expect(found(JSON.stringify(content.rows)), name).toEqual([]);
    }
    expect(seen).toBeGreaterThan(0);
  });

  it('of an EHR’s records leaves no patient, code or note in the ledger either', async () => {
    const { rows } = await apiClient.db.pool.query(
      "select table_name as name from information_schema.tables where table_schema = 'public'",
    );
    for (const { name } of rows as { name: string }[]) {
      const content = await apiClient.db.pool.query(`select t.*::text as line from "${name}" t`);
      const inside = found(JSON.stringify(content.rows));
      expect(inside, name).not.toContain('patient');
      expect(inside, name).not.toContain('code');
      expect(inside, name).not.toContain('note');
    }
  });
});
