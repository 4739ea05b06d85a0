import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openApiClient, type ApiClient } from '../api/api-client.ts';
import { runLevy } from './run-levy.ts';

let apiClient: ApiClient;
let url: string;
let folder: string;

const HEADER = 'Date of Service,Clinician,Clinician NPI,Billing Code\n';
const ROW = '2026-01-05,Ann Lee,1234567893,90834\n';

beforeAll(async () => {
  apiClient = await openApiClient();
  const person = { ref: 'A1', name: 'Ann Lee', npi: '1234567893', vendor: 'theranest' };
  await apiClient.ask('PUT', '/v1/clinicians', { body: [person] });
  url = await apiClient.app.listen({ host: '127.0.0.1', port: 0 });
  folder = await mkdtemp(join(tmpdir(), 'levy-import-'));
});
afterAll(async () => {
  await apiClient.close();
  await rm(folder, { recursive: true, force: true });
});

function run(argv: string[], options: { stdin?: string; token?: string; tty?: boolean } = {}) {
  const { token = apiClient.tokens.operate, ...rest } = options;
  return runLevy(['import', ...argv], { ...rest, env: { LEVY_URL: url, LEVY_TOKEN: token } });
}

const file = async (name: string, content: string) => {
  await writeFile(join(folder, name), content);
  return join(folder, name);
};

it('sends files, and says of each what came of it', async () => {
  const good = await file('spring.csv', HEADER + ROW);
  const mixed = await file('mixed.csv', `${HEADER}${ROW}2026-01-06,No Body,1987654328,90834\n`);
  const told = await run([good, mixed]);
  expect(told).toMatchObject({ status: 0, err: '' });
  expect(told.out).toContain(`${good}: 1 records, 1 uses, 1 clinicians\n`);
  expect(told.out).toContain('1 unmatched');
  expect(told.out).toMatch(/line 3: unmatched No Body 1987654328\. Nobody on the roster/);
  const again = await run([good]);
  expect(again.out).toContain('imported before: nothing has changed');
});

it('prints one JSON object a file', async () => {
  const good = await file('json.csv', `${HEADER}${ROW}\n`);
  const told = await run([good, '--json']);
  expect(JSON.parse(told.out)).toMatchObject({ file: good, created: true, matched: 1 });
});

it('reads standard input, and passes the period on', async () => {
  const stdin = 'Clinician,Clinician NPI,Billing Code\nAnn Lee,1234567893,90834\n';
  const told = await run(['-', '--from', '2025-01-01', '--to', '2025-12-31', '--json'], { stdin });
  expect(JSON.parse(told.out)).toMatchObject({ fileName: 'stdin', matched: 1, undated: 0 });
});

it('shows on a terminal how far it is', async () => {
  const large = await file('large.csv', HEADER + ROW.repeat(200_000));
  const told = await run([large], { tty: true });
  expect(told.status).toBe(0);
  expect(told.err).toMatch(/\r.*large\.csv 100% {2}7\.2 MB {2}[\d.]+ MB\/s/);
  expect(told.err.endsWith('\r\u001b[K')).toBe(true);
});

it('goes on after a file that is refused, with status 1 and the reason', async () => {
  const pdf = await file('scan.pdf', `%PDF-1.7\n${'x'.repeat(3_000_000)}`);
  const good = await file('after.csv', `${HEADER}${ROW}\n\n`);
  const told = await run([pdf, join(folder, 'nowhere.csv'), folder, good]);
  expect(told.status).toBe(1);
  expect(told.err).toMatch(/scan\.pdf: not_a_usage_file\. This looks like a PDF/);
  expect(told.err).toContain('nowhere.csv: there is no such file.');
  expect(told.err).toContain('this is a folder');
  expect(told.out).toContain('after.csv: 1 records');
});

it('says what is wrong with the token', async () => {
  const good = await file('token.csv', HEADER + ROW);
  const wrong = await run([good], { token: `levy_r_${'x'.repeat(43)}` });
  expect(wrong).toMatchObject({ status: 1, out: '' });
  expect(wrong.err).toContain('wrong_token');
  const narrow = await run([good], { token: apiClient.tokens.read });
  expect(narrow.err).toContain('missing_scope');
});

it('says that levy is not there', async () => {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const good = await file('away.csv', HEADER + ROW);
  const told = await run([good, '--url', `http://127.0.0.1:${port}`]);
  expect(told).toMatchObject({ status: 1 });
  expect(told.err).toContain(`levy does not answer at http://127.0.0.1:${port}`);
});

it('sends a file once more when the line broke', async () => {
  const { hostname, port } = new URL(url);
  let calls = 0;
  // A line that breaks in the middle of the first upload, and holds for the second.
  const proxy = createServer((client) => {
    calls += 1;
    const first = calls === 1;
    const server = connect(Number(port), hostname);
    client.on('error', () => undefined);
    server.on('error', () => undefined);
    server.pipe(client);
    if (first) client.once('data', () => client.resetAndDestroy());
    client.pipe(server);
    client.on('close', () => server.destroy());
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => proxy.once('listening', resolve));
  const broken = await file('broken.csv', HEADER + ROW.repeat(40_000));
  const at = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const told = await run([broken, '--url', at]);
  expect(told.err).toContain('the line broke; sending it once more');
  expect(told.status).toBe(0);
  expect(calls).toBe(2);
  await new Promise((resolve) => proxy.close(resolve));
});

it.each([
  [[], 'Name at least one file'],
  [['x', '--url', 'nonsense'], 'is not an address'],
  [['x', '--nonsense'], 'Unknown option'],
])('%j is wrong usage', async (argv, message) => {
  const told = await run(argv);
  expect(told.status).toBe(2);
  expect(told.err).toContain(message);
  expect(told.err).toContain('Usage: levy import');
});

it('needs a token, and helps without one', async () => {
  expect((await run(['x'], { token: '' })).err).toContain('LEVY_TOKEN');
  expect(await run(['--help'], { token: '' })).toMatchObject({ status: 0 });
});
