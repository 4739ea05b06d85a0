import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { claim, encounter, practitioner } from '../../sandbox/fhir/records.ts';
import { type FhirServer, startFhirServer } from '../../sandbox/fhir/server.ts';
import { openApiClient, type ApiClient } from '../api/api-client.ts';
import { runLevy } from './run-levy.ts';

let apiClient: ApiClient;
let url: string;
let server: FhirServer;
let folder: string;

const NPI = '1234567893';

beforeAll(async () => {
  apiClient = await openApiClient();
  const person = { ref: 'A1', name: 'Ann Lee', npi: NPI, vendor: 'theranest' };
  await apiClient.ask('PUT', '/v1/clinicians', { body: [person] });
  url = await apiClient.app.listen({ host: '127.0.0.1', port: 0 });
  folder = await mkdtemp(join(tmpdir(), 'levy-fhir-'));
  const by = 'Practitioner/ann';
  server = await startFhirServer({
    token: 'good',
    page: 1,
    busyEvery: 4,
    retryAfter: '0',
    records: [
      practitioner('ann', 'Ann Lee', NPI),
      claim('c1', { by, code: '90834', day: '2026-03-02' }),
      claim('c2', { by: 'Practitioner/gone', code: '90837', day: '2026-03-03' }),
      encounter('e1', { by, code: '90791', day: '2026-01-05' }),
    ],
  });
});
afterAll(async () => {
  await server.close();
  await apiClient.close();
  await rm(folder, { recursive: true, force: true });
});

function run(argv: string[], env: Record<string, string> = {}) {
  const given = { LEVY_URL: url, LEVY_TOKEN: apiClient.tokens.operate, ...env };
  return runLevy(['import', ...argv], { env: given });
}

it('imports a year of a FHIR server like a file, and the same again changes nothing', async () => {
  const input = ['--fhir', server.url, '--year', '2026'];
  const told = await run([...input, '--json'], { LEVY_FHIR_TOKEN: 'good' });
  expect(told).toMatchObject({ status: 0, err: `${server.url}: no ExplanationOfBenefit there\n` });
  expect(JSON.parse(told.out)).toMatchObject({
    file: server.url,
    fileName: 'fhir-127.0.0.1-2026.ndjson',
    format: 'fhir',
    created: true,
    findings: 3,
    matched: 2,
    unmatched: 1,
    clinicians: 1,
  });
  await writeFile(join(folder, 'token'), 'good\n');
  const again = await run(input, { LEVY_FHIR_TOKEN_FILE: join(folder, 'token') });
  expect(again.out).toContain('imported before: nothing has changed');
});

it('says what is missing, and imports nothing of a year that breaks off', async () => {
  const input = ['--fhir', server.url, '--year', '2026'];
  const bare = await run(input);
  expect(bare).toMatchObject({ status: 2, out: '' });
  expect(bare.err).toContain('Set LEVY_FHIR_TOKEN, or LEVY_FHIR_TOKEN_FILE');
  const env = { LEVY_FHIR_TOKEN: 'bad' };
  expect((await run(['--fhir', server.url], env)).err).toContain('--year 2026');
  const away = await run(['--fhir', 'http://ehr.example/fhir', '--year', '2026'], env);
  expect(away).toMatchObject({ status: 2, out: '' });
  const refused = await run(input, env);
  expect(refused.status).toBe(1);
  expect(refused.err).toBe(
    `${server.url}: fhir_unauthorized. The FHIR server does not take this token.\n`,
  );
  const key = await run([...input, '--client-id', 'levy'], { LEVY_FHIR_KEY: 'no key' });
  expect(key.err).toContain('must be an RSA or P-384 private key');
});
