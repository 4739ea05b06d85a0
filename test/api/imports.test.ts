import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inventedNpi } from '../../sandbox/samples/npi.ts';
import { people } from '../../sandbox/samples/people.ts';
import { usageExports } from '../../sandbox/samples/exports.ts';
import { openApiClient, type ApiClient } from './api-client.ts';

let apiClient: ApiClient;
beforeAll(async () => {
  apiClient = await openApiClient();
  const rows = people.map(({ ref, name, npi, vendor }) => ({ ref, name, npi, vendor }));
  await apiClient.ask('PUT', '/v1/clinicians', { body: rows });
});
afterAll(() => apiClient.close());

const send = (body: string | Buffer, query = '', type = 'application/octet-stream') =>
  apiClient.ask('POST', `/v1/imports${query}`, { body, headers: { 'content-type': type } });

const HEADER = 'Date of Service,Client,Clinician,Clinician NPI,Billing Code';
const table = (...rows: string[]) => [HEADER, ...rows, ''].join('\n');
/** Anybody on the sample roster who can be told by NPI. */
const known = people.find(({ npi, vendor }) => npi && vendor === 'theranest')!;
const other = people.find((one) => one !== known && one.npi && one.vendor === 'theranest')!;
const row = (person: typeof known, date: string, code = '90834') =>
  `${date},Client,"${person.name}",${person.npi},${code}`;

describe('the sample exports', () => {
  it('give evidence of exactly those who used a code, and nothing the second time', async () => {
    for (const { name, bytes } of usageExports()) {
      const first = await send(Buffer.from(bytes), `?fileName=${encodeURIComponent(name)}`);
      expect(first.status, first.text).toBe(201);
      expect(first.json).toMatchObject({ created: true, fileName: name, refused: 0 });
      expect(first.json.matched).toBeGreaterThan(0);
      const second = await send(Buffer.from(bytes), '?fileName=again');
      expect(second.status).toBe(200);
      expect(second.json).toEqual({ ...first.json, created: false, evidenceAdded: 0 });
    }
    expect((await apiClient.ask('GET', '/v1/imports')).json.imports).toHaveLength(3);
  });

  it('are found again by their hash', async () => {
    const { bytes, name } = usageExports()[0]!;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const found = await apiClient.ask('GET', `/v1/imports?sha256=${sha256}`);
    expect(found.json.imports).toMatchObject([{ fileName: name, sha256, bytes: bytes.length }]);
    const none = await apiClient.ask('GET', `/v1/imports?sha256=${'0'.repeat(64)}`);
    expect(none.json.imports).toEqual([]);
  });
});

describe('an import', () => {
  it('keeps the first use of each clinician, and where it stands', async () => {
    const answer = await send(
      table(row(known, '2026-03-09'), row(known, '2026-02-03'), row(other, '2026-05-01')),
      '?fileName=C:%5Cexports%5Cspring.csv',
    );
    expect(answer.json).toMatchObject({
      fileName: 'spring.csv',
      findings: 3,
      matched: 3,
      clinicians: 2,
      unmatched: 0,
    });
    const clinicians = await apiClient.ledger.clinicians.list({ limit: 1_000 });
    const { clinicianId } = clinicians.find(({ ref }) => ref === known.ref)!;
    const evidence = await apiClient.ledger.evidence.of(clinicianId, 2026);
    const kept = evidence.filter(({ fileName }) => fileName === 'spring.csv');
    expect(kept).toMatchObject([{ firstUsedOn: '2026-02-03', line: 3, certainty: 'sure' }]);
    expect(JSON.stringify(kept)).not.toContain('90834');
  });

  it('lists who could not be told, each once with how often and what to do', async () => {
    const stranger = `2026-03-09,Client,"Nobody Here",1234567893,90834`;
    const answer = await send(table(stranger, stranger, row(known, '2026-03-10', '90837')));
    expect(answer.json).toMatchObject({ matched: 1, unmatched: 2 });
    expect(answer.json.problems).toMatchObject([
      { line: 2, reason: 'unmatched', clinicianName: 'Nobody Here', times: 2 },
    ]);
    const { importId } = answer.json;
    const listed = await apiClient.ask('GET', `/v1/imports/${importId}/problems`);
    expect(listed.json.problems).toEqual(answer.json.problems);
  });

  it('sent again tells more once the roster knows more, and nothing twice', async () => {
    const late = { ref: 'LATE', name: 'Late Joiner', npi: inventedNpi(999), vendor: 'theranest' };
    const file = table(
      `2026-03-09,Client,"${late.name}",${late.npi},90834`,
      row(known, '2026-08-01'),
    );
    const before = await send(file, '?fileName=early.csv');
    expect(before.json).toMatchObject({ matched: 1, unmatched: 1, evidenceAdded: 1 });
    await apiClient.ask('PUT', '/v1/clinicians', { body: [late] });
    const after = await send(file, '?fileName=later.csv');
    expect(after).toMatchObject({ status: 200 });
    expect(after.json).toMatchObject({
      importId: before.json.importId,
      ...{ created: false, matched: 2, unmatched: 0, evidenceAdded: 1, problems: [] },
    });
    const many = await Promise.all([send(file), send(file), send(file)]);
    for (const { json } of many) expect(json).toMatchObject({ evidenceAdded: 0, clinicians: 2 });
  });

  it('takes the year from its own period where rows have no date', async () => {
    const file = `Clinician,Clinician NPI,Billing Code\n"${known.name}",${known.npi},90834\n`;
    const undated = await send(file);
    expect(undated.json).toMatchObject({ matched: 0, undated: 1 });
    expect(undated.json.problems).toMatchObject([{ reason: 'no_date' }]);
    const twoYears = await send(`${file} `, '?from=2024-12-01&to=2025-01-31');
    expect(twoYears.json).toMatchObject({ matched: 0, undated: 1 });
    const oneYear = await send(`${file}  `, '?from=2025-01-01&to=2025-06-30&fileName=half.csv');
    expect(oneYear.json).toMatchObject({ matched: 1, undated: 0 });
    const clinicians = await apiClient.ledger.clinicians.list({ limit: 1_000 });
    const { clinicianId } = clinicians.find(({ ref }) => ref === known.ref)!;
    expect(await apiClient.ledger.evidence.of(clinicianId, 2025)).toMatchObject([
      { firstUsedOn: '2025-06-30', fileName: 'half.csv' },
    ]);
  });

  it('survives names that mean harm, and keeps them readable', async () => {
    const names = ['=cmd()|A1', 'Ann\u0000 Evil', '<b>Bold</b>', `${'x'.repeat(5_000)} Long`];
    const rows = names.map((name) => `2026-03-09,Client,"${name}",,90834`);
    const answer = await send(table(...rows, '2026-03-10,Client,"Two\r\nLines",,90834'));
    expect(answer.status, answer.text).toBe(201);
    expect(answer.json.unmatched + answer.json.refused).toBeGreaterThanOrEqual(4);
    for (const { clinicianName } of answer.json.problems)
      expect(clinicianName ?? '').toMatch(/^[^\p{C}]{0,200}$/u);
  });
});

describe('a file that cannot be read', () => {
  it.each([
    ['an empty one', Buffer.alloc(0), 'empty_body', 400],
    ['a picture', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), 'not_a_usage_file', 415],
    ['a PDF', Buffer.from('%PDF-1.7\n%âãÏÓ'), 'not_a_usage_file', 415],
    [
      'noise',
      Buffer.from(Array.from({ length: 9_000 }, (_, n) => (n * 7919) % 256)),
      'not_a_usage_file',
      415,
    ],
    ['a web page', Buffer.from('<!doctype html><html></html>'), 'not_a_usage_file', 415],
  ])('%s is refused, and leaves nothing', async (_, body, code, status) => {
    const before = (await apiClient.ask('GET', '/v1/imports')).json.imports.length;
    const answer = await send(body);
    expect(answer).toMatchObject({ status, code });
    expect((await apiClient.ask('GET', '/v1/imports')).json.imports).toHaveLength(before);
  });

  it.each([
    ['an unknown vendor', '?vendor=paper', 'unknown_vendor', 422],
    ['half a period', '?from=2026-01-01', 'invalid_request', 400],
    ['a period backwards', '?from=2026-02-01&to=2026-01-01', 'invalid_request', 400],
    ['a day there is not', '?from=2026-02-30&to=2026-03-01', 'invalid_request', 400],
    ['a question with a typo', '?form=2026-02-30', 'invalid_request', 400],
    ['a line break in its name', '?fileName=a%0d%0ab', 'invalid_request', 400],
  ])('%s is refused', async (_, query, code, status) => {
    expect(await send(table(row(known, '2026-01-05')), query)).toMatchObject({ status, code });
  });

  it('a form upload is told to send the file itself', async () => {
    const answer = await send('--x--', '', 'multipart/form-data; boundary=x');
    expect(answer).toMatchObject({ status: 415, code: 'unsupported_type' });
  });
});

describe('over a real line', () => {
  let port: number;
  beforeAll(async () => {
    await apiClient.app.listen({ host: '127.0.0.1', port: 0 });
    port = (apiClient.app.server.address() as AddressInfo).port;
  });

  const count = async () =>
    (await apiClient.ask('GET', '/v1/imports')).json.imports.length as number;

  it('an upload that breaks off leaves nothing, and works when it is sent again', async () => {
    const before = await count();
    const file = table(...Array.from({ length: 3_000 }, () => row(known, '2026-06-01')));
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'POST /v1/imports?fileName=cut.csv HTTP/1.1\r\nHost: x\r\n' +
        `Content-Length: ${file.length}\r\n` +
        `Authorization: Bearer ${apiClient.tokens.all}\r\n\r\n${file.slice(0, 150_000)}`,
    );
    await expect.poll(() => apiClient.app.server.connections ?? 1).toBeGreaterThan(0);
    socket.destroy();
    const refused = () => apiClient.log().includes('"route":"/v1/imports","status":400');
    await expect.poll(refused, { timeout: 5_000 }).toBe(true);
    expect(await count()).toBe(before);
    expect((await send(file, '?fileName=cut.csv')).json).toMatchObject({ created: true });
  });

  it('a stream of unknown length is read to its end', async () => {
    async function* chunks() {
      yield Buffer.from(`${HEADER}\n`);
      for (let day = 10; day < 28; day += 1) yield Buffer.from(`${row(known, `2023-07-${day}`)}\n`);
    }
    const answer = await fetch(`http://127.0.0.1:${port}/v1/imports?fileName=stream.csv`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiClient.tokens.all}` },
      body: chunks() as never,
      duplex: 'half',
    });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ findings: 18, matched: 18 });
  });

  it('a large file of something else is refused long before its end', async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      `POST /v1/imports HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000000\r\n` +
        `Authorization: Bearer ${apiClient.tokens.all}\r\n\r\n`,
    );
    socket.write(Buffer.concat([Buffer.from('%PDF-1.7'), Buffer.alloc(100_000)]));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 415 /);
    socket.destroy();
  });

  it('a body nobody may send is not read', async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('POST /v1/imports HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000000\r\n\r\nISA*');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 401 /);
    socket.destroy();
  });
});
