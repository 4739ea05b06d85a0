import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openRoster } from '../../api/roster/file.ts';
import { openApiClient, type ApiClient } from './api-client.ts';

let apiClient: ApiClient;
beforeAll(async () => {
  apiClient = await openApiClient();
});
afterAll(() => apiClient.close());
beforeEach(() => apiClient.db.pool.query('delete from clinicians'));

function putFile(body: string, type: string, query = '') {
  return apiClient.ask('PUT', `/v1/clinicians${query}`, {
    body,
    headers: { 'content-type': type },
  });
}

async function everybody() {
  const answer = await apiClient.ask('GET', '/v1/clinicians');
  return answer.json.clinicians as Record<string, unknown>[];
}

describe('a large roster', () => {
  it('is answered with the first refused rows and the count of all', async () => {
    const rows = Array.from({ length: 1_500 }, (_, at) => `A${at},Ann,no e-mail,1,theranest,,,`);
    const header = 'ref,name,email,npi,vendor,time_zone,stripe_customer,payment_method';
    const good = ['B1,Good One,,,theranest,,,', 'B2,Good Two,,,theranest,,,'];
    const answer = await putFile([header, good[0], ...rows, good[1]].join('\n'), 'text/csv');
    expect(answer.json).toMatchObject({ created: 2, refused: 1_500 });
    expect(answer.json.rows).toHaveLength(1_000);
    expect(answer.json.rows.slice(0, 3)).toMatchObject([
      { line: 3, field: 'email' },
      { line: 3, field: 'npi' },
      { line: 4, field: 'email' },
    ]);
  });

  it('of more than 100,000 rows is refused, and nothing is written', async () => {
    const body = `[{"ref":"A1","name":"Ann"},${'1,'.repeat(100_000)}1]`;
    const answer = await putFile(body, 'application/json', '?vendor=theranest');
    expect(answer).toMatchObject({ status: 413, code: 'too_many_rows' });
    expect(answer.json.error.help).toContain('parts');
    expect(await everybody()).toEqual([]);
  });

  it.each([
    ['CSV', `ref,name\n${'x,y\n'.repeat(6)}`],
    ['NDJSON', '{"ref":"x"}\n'.repeat(6)],
    ['JSON', `[${'{},'.repeat(5)}{}]`],
    ['wrapped JSON', `{"clinicians":[${'1,'.repeat(5)}1]}`],
  ])('has its rows counted as %s', async (_, text) => {
    const read = async (rows: number) => {
      const file = openRoster(Readable.from([Buffer.from(text)]), { bytes: 1_000, rows });
      let count = 0;
      for await (const batch of file.rows()) count += batch.length;
      return count;
    };
    expect(await read(6)).toBe(6);
    await expect(read(5)).rejects.toMatchObject({ code: 'too_many_rows' });
  });

  it.each([
    ['a line without an end', `ref,name\n${'x,'.repeat(150_000)}`, /A row of it is too long/],
    ['quotation marks without an end', `ref,name\n${'"x\n'.repeat(300)}`, /marks are not closed/],
    ['brackets without an end', '['.repeat(300_000), /An object in it is too long/],
    ['an object without an end', `[{"ref":"${'x'.repeat(300_000)}`, /An object in it is too long/],
    [
      'a JSON line without an end',
      `{}\n{"ref":"${'x'.repeat(300_000)}`,
      /A line of it is too long/,
    ],
    ['a list that goes on', '[{"ref":"A1","name":"a"}] [', /Something follows its end/],
    ['a list with a hole', '[{"ref":"A1","name":"a"},]', /An object in it cannot be read/],
    ['a list whose object is not closed', '{"clinicians":[{"ref":"A1"}]', /Its end is missing/],
  ])('with %s is refused as a whole', async (_, body, message) => {
    const answer = await putFile(body, 'text/csv', '?vendor=theranest&check=none');
    expect(answer.status).toBe(400);
    expect(answer.json.error.message).toMatch(message);
    expect(await everybody()).toEqual([]);
  });

  it('with a cell without an end loses that row and no other', async () => {
    const body = `ref,name\n"a,b\n${'x,y\n'.repeat(20_000)}`;
    const answer = await putFile(body, 'text/csv', '?vendor=theranest&check=none');
    expect(answer.json).toMatchObject({ created: 1 });
    expect(answer.json.rows[0]).toMatchObject({ line: 2, reason: 'open_quote' });
  });

  it.each([
    // Neither asks the database anything: nothing is waited for but the reading.
    ['rows that are refused', `ref,name\n${'x\n'.repeat(99_000)}`, 99_000],
    ['lines without a row', `ref,name\n${'\n'.repeat(400_000)}x\n`, 1],
  ])('lets other requests be answered while %s are read', async (_, body, refused) => {
    let reading = true;
    const upload = putFile(body, 'text/csv', '?vendor=theranest&check=none').finally(() => {
      reading = false;
    });
    let answered = 0;
    while (reading) {
      expect((await apiClient.ask('GET', '/healthz', { token: null })).status).toBe(200);
      answered += 1;
      await nextTurn();
    }
    expect((await upload).json).toMatchObject({ created: 0, refused });
    // A roster read in one go leaves room for one or two answers before it and after it.
    expect(answered).toBeGreaterThan(20);
  });

  it('names columns without a meaning, but not without an end', async () => {
    const keys = Array.from({ length: 500 }, (_, at) => `"more${at}":1`).join(',');
    const answer = await putFile(`[{"ref":"A1","name":"Ann",${keys}}]`, 'x/y', '?vendor=theranest');
    expect(answer.json.ignoredColumns).toHaveLength(100);
  });
});

describe('JSON is cut into its objects', () => {
  const person = { ref: 'A1', name: 'Ann "[{,}]\\" Lee', vendor: 'theranest', note: [{ a: ']' }] };

  it.each([
    ['a pretty list', JSON.stringify([person, { ...person, ref: 'A2' }], null, 2)],
    [
      'a list under a key among others',
      JSON.stringify({ made: { clinicians: [1], '}': ']' }, clinicians: [person, 7], end: '}]"' }),
    ],
    [
      'a pretty object around it',
      JSON.stringify({ a: 'clinicians', clinicians: [person] }, null, 2),
    ],
    ['lines', `${JSON.stringify(person)}\r\n\r\n${JSON.stringify({ ...person, ref: 'A2' })}\r`],
  ])('%s', async (_, body) => {
    const answer = await putFile(body, 'application/json');
    expect(answer.json.created).toBeGreaterThan(0);
    expect(answer.json.ignoredColumns).toEqual(['note']);
    expect((await everybody())[0]).toMatchObject({ ref: 'A1', name: person.name });
  });

  it('wherever the pieces of the file begin', async () => {
    // Longer than what is read at a time, with characters of several bytes at its seams.
    const rows = Array.from({ length: 1_200 }, (_, at) => ({
      ...{ ref: `A${at}`, name: `Ngọc, "Bảo" ${'ö'.repeat(at % 60)}`, vendor: 'theranest' },
    }));
    const whole = await putFile(JSON.stringify(rows), 'application/json', '?check=none');
    expect(whole.json).toMatchObject({ created: 1_200, refused: 0 });
    const lines = rows.map((row) => JSON.stringify(row)).join('\r\n');
    expect((await putFile(lines, 'x/y', '?check=none')).json).toMatchObject({ unchanged: 1_200 });
    const csv = rows.map(({ ref, name }) => `${ref},"${name.replaceAll('"', '""')}",theranest`);
    const table = ['ref,name,vendor', ...csv].join('\r\n');
    expect((await putFile(table, 'x/y', '?check=none')).json).toMatchObject({ unchanged: 1_200 });
  });
});
