import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { jwtVerify } from 'jose';
import { afterEach, describe, expect, test } from 'vitest';
import { createFhirHttp, fhirBase, type Pace } from '../../gateways/fhir/http.ts';
import { fhirRecords } from '../../gateways/fhir/source.ts';
import { createSmartTokens } from '../../gateways/fhir/smart-token.ts';
import { claim, encounter, practitioner } from '../../sandbox/fhir/records.ts';
import {
  type FhirServer,
  type FhirServerOptions,
  startFhirServer,
} from '../../sandbox/fhir/server.ts';
import { readAll } from '../usage/reading.ts';

const NPI = '1234567893';
const ANN = practitioner('ann', 'Ann Lee', NPI);
const by = 'Practitioner/ann';
const RECORDS = [
  ANN,
  ...Array.from({ length: 7 }, (_, i) => claim(`c${i}`, { by, code: '90834', day: '2026-03-02' })),
  claim('late', { by, code: '90837', day: '2026-12-30', created: '2027-01-10' }),
  claim('before', { by, code: '90847', day: '2025-12-30' }),
  encounter('e', { by, code: '90791', day: '2026-01-05' }),
  { resourceType: 'Patient', id: 'somebody' },
];

const open: FhirServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function start(options: Partial<FhirServerOptions> = {}) {
  const server = await startFhirServer({ records: RECORDS, token: 'good', page: 3, ...options });
  open.push(server);
  const waits: number[] = [];
  // Waiting is what the server asks for; a test only notes it down.
  const pace: Pace = {
    now: () => performance.timeOrigin + performance.now(),
    wait: (ms) => Promise.resolve(waits.push(ms)),
  };
  const skipped: string[] = [];
  const base = fhirBase(server.url);
  const lines = async (token: string | ReturnType<typeof createSmartTokens> = 'good') => {
    const tokens =
      typeof token === 'string'
        ? { token: () => Promise.resolve(token), expired: () => false }
        : token;
    const http = createFhirHttp(base, tokens, pace);
    const parts: string[] = [];
    for await (const part of fhirRecords(http, 2026, (type) => skipped.push(type)))
      parts.push(part.toString());
    return parts.join('');
  };
  return { server, lines, waits, skipped, base, pace };
}

async function usesIn(ndjson: string): Promise<string[]> {
  const { findings, problems } = await readAll(ndjson, { kind: 'fhir' });
  expect(problems).toEqual([]);
  return findings.map((one) => `${one.code} ${one.date} ${one.clinician.npi}`).sort();
}

const ALL = [
  ...Array.from({ length: 7 }, () => `90834 2026-03-02 ${NPI}`),
  `90837 2026-12-30 ${NPI}`,
  `90791 2026-01-05 ${NPI}`,
].sort();

describe('the records of a year', () => {
  test('come page by page, claims filed a year later too, with who did it', async () => {
    const { lines, server, skipped } = await start();
    const ndjson = await lines();
    expect(await usesIn(ndjson)).toEqual(ALL);
    expect(skipped).toEqual(['ExplanationOfBenefit']);
    expect(server.asked.filter((path) => path.startsWith('/fhir/Claim?'))).toHaveLength(3);
    // The practitioner once, before whoever refers to him; the patient not at all.
    expect(ndjson.split('\n')[0]).toBe(JSON.stringify(ANN));
    expect(ndjson.match(/"Practitioner",/g)).toHaveLength(1);
    expect(ndjson).not.toContain('Patient');
    expect(await lines()).toBe(ndjson);
  });

  test('need no includes: who did it is read one by one', async () => {
    const { lines, server } = await start({ withoutIncludes: true });
    expect(await usesIn(await lines())).toEqual(ALL);
    expect(server.asked.filter((path) => path === '/fhir/Practitioner/ann')).toHaveLength(1);
  });

  test('keep somebody on another server apart from one of the same id here', async () => {
    const elsewhere = 'https://other.example/fhir/Practitioner/ann';
    const { lines, server } = await start({
      records: [ANN, claim('c', { by: elsewhere, code: '90834', day: '2026-03-02' })],
      withoutIncludes: true,
    });
    await lines();
    expect(server.asked).not.toContain('/fhir/Practitioner/ann');
  });

  test('are missing where there are none', async () => {
    const old = claim('c', { by, code: '90834', day: '2020-03-02' });
    const { lines } = await start({ records: [ANN, old] });
    await expect(lines()).rejects.toMatchObject({ code: 'fhir_no_records' });
  });
});

describe('a server', () => {
  test('that is busy is waited for as long as it asks', async () => {
    const { lines, waits } = await start({ busyEvery: 3, retryAfter: '7' });
    expect(await usesIn(await lines())).toEqual(ALL);
    expect(waits.length).toBeGreaterThan(0);
    expect(new Set(waits)).toEqual(new Set([7000]));
  });

  test('that is always busy is given up', async () => {
    const { lines } = await start({ busyEvery: 1 });
    await expect(lines()).rejects.toMatchObject({ code: 'fhir_refused' });
  });

  test('that leads to another origin does not get its token carried there', async () => {
    const other = await start();
    const { lines } = await start({ linksTo: new URL(other.server.url).origin });
    await expect(lines()).rejects.toMatchObject({ code: 'fhir_other_origin' });
    expect(other.server.asked).toEqual([]);
  });

  test('that does not take the token is not asked again', async () => {
    const { lines, server } = await start();
    await expect(lines('bad')).rejects.toMatchObject({ code: 'fhir_unauthorized' });
    expect(server.asked.length).toBeLessThan(5);
  });

  test.each([
    'http://ehr.example/fhir',
    'ftp://127.0.0.1/fhir',
    'https://user:secret@ehr.example/fhir',
    'https://ehr.example/fhir?x=1',
    'ehr.example',
  ])('is not named %s', (address) => {
    expect(() => fhirBase(address)).toThrow(/is named like/);
    expect(() => fhirBase(address)).not.toThrow(/secret/);
  });
});

/** A token endpoint that keeps the assertions it is sent. */
async function startTokenEndpoint() {
  const assertions: string[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const assertion = new URLSearchParams(body).get('client_assertion');
      if (assertion) assertions.push(assertion);
      const { port } = server.address() as AddressInfo;
      const answer = assertion
        ? { access_token: 'given', expires_in: 300 }
        : { token_endpoint: `http://127.0.0.1:${port}/token` };
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((done) => server.close(() => done()));
  open.push({ url: '', asked: [], close });
  return { base: fhirBase(`http://127.0.0.1:${port}/fhir`), port, assertions };
}

describe('a SMART backend service', () => {
  const pairs = {
    RS384: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  };

  test.each(Object.entries(pairs))('signs with %s, as PEM and as JWK', async (_, pair) => {
    const key = pair.publicKey.export({ format: 'jwk' });
    const { lines, base, pace, server } = await start({ client: { id: 'levy', key } });
    const pem = String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const jwk = JSON.stringify({ ...pair.privateKey.export({ format: 'jwk' }), kid: 'k1' });
    for (const written of [pem, jwk]) {
      const client = { clientId: 'levy', key: written, keyId: null };
      expect(await usesIn(await lines(createSmartTokens(base, client, pace)))).toEqual(ALL);
    }
    expect(server.asked.filter((path) => path === '/token')).toHaveLength(2);
  });

  test.each([
    ['RS384', 'pkcs8', null],
    ['RS384', 'pkcs1', 'k2'],
    ['ES384', 'pkcs8', 'k2'],
    ['ES384', 'sec1', null],
    ['RS384', 'jwk', null],
    ['ES384', 'jwk', 'k2'],
  ] as const)('is known by its %s assertion, from %s, key %s', async (alg, type, keyId) => {
    const { publicKey, privateKey } = pairs[alg];
    const key =
      type === 'jwk'
        ? JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: 'own' })
        : String(privateKey.export({ type, format: 'pem' }));
    const now = Date.UTC(2026, 0, 15, 9) + 789;
    const pace: Pace = { now: () => now, wait: () => Promise.resolve() };
    const { base, port, assertions } = await startTokenEndpoint();
    for (let asked = 0; asked < 2; asked++)
      await createSmartTokens(base, { clientId: 'levy', key, keyId }, pace).token();

    const read = assertions.map((assertion) =>
      jwtVerify(assertion, publicKey, {
        ...{ algorithms: [alg], issuer: 'levy', subject: 'levy', typ: 'JWT' },
        ...{ audience: `http://127.0.0.1:${port}/token`, currentDate: new Date(now) },
        maxTokenAge: '5 minutes',
      }),
    );
    const [first, second] = await Promise.all(read);
    const kid = keyId ?? (type === 'jwk' ? 'own' : undefined);
    expect(first?.protectedHeader).toEqual({ alg, typ: 'JWT', ...(kid && { kid }) });
    const iat = Math.floor(now / 1000);
    expect(first?.payload).toMatchObject({ iat, exp: iat + 240 });
    expect(Object.keys(first?.payload ?? {}).sort()).toEqual([
      'aud',
      'exp',
      'iat',
      'iss',
      'jti',
      'sub',
    ]);
    expect(first?.payload.jti).not.toBe(second?.payload.jti);
  });

  test('gets a new token where the old one has ended', async () => {
    const key = pairs.ES384.publicKey.export({ format: 'jwk' });
    const { lines, base, pace, server } = await start({
      client: { id: 'levy', key },
      tokenSeconds: 1,
    });
    const pem = String(pairs.ES384.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const tokens = createSmartTokens(base, { clientId: 'levy', key: pem, keyId: null }, pace);
    expect(await usesIn(await lines(tokens))).toEqual(ALL);
    expect(server.asked.filter((path) => path === '/token').length).toBeGreaterThan(2);
  });

  test('is refused with a stranger’s key, and with what is no key', async () => {
    const key = pairs.ES384.publicKey.export({ format: 'jwk' });
    const { lines, base, pace } = await start({ client: { id: 'levy', key } });
    const other = String(pairs.RS384.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const stranger = createSmartTokens(base, { clientId: 'levy', key: other, keyId: null }, pace);
    await expect(lines(stranger)).rejects.toMatchObject({ code: 'smart_refused' });
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    const weak = String(short.export({ type: 'pkcs8', format: 'pem' }));
    for (const none of ['', 'secret-text', '{"kty":"secret"}', weak])
      expect(() =>
        createSmartTokens(base, { clientId: 'l', key: none, keyId: null }, pace),
      ).toThrow(/must be an RSA or P-384 private key/);
  });
});
