import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { freePort } from '../../app/postgres/postgres.ts';
import { createTestDatabase } from '../support/database.ts';

const SERVER = join(import.meta.dirname, '../../api/server.ts');
/** A process takes its time to start on a busy machine. */
const PATIENCE = { timeout: 60_000, interval: 100 };

const running: ChildProcess[] = [];
const proxies: Server[] = [];
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  for (const proxy of proxies.splice(0)) proxy.close();
});

async function start(env: Record<string, string>) {
  const port = await freePort();
  const child = spawn(process.execPath, ['--import', 'tsx', SERVER], {
    env: { PATH: process.env.PATH, PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ask = async (path: string, token?: string) => {
    const headers = token ? { authorization: `Bearer ${token}` } : undefined;
    return fetch(`http://127.0.0.1:${port}${path}`, { headers }).catch(() => null);
  };
  return { child, ask, output: () => output };
}

const services = (databaseUrl: string) => ({
  DATABASE_URL: databaseUrl,
  STRIPE_SECRET_KEY: 'sk_test_server',
  STRIPE_API_BASE: 'http://127.0.0.1:9',
  STRIPE_WEBHOOK_SECRETS: 'whsec_server_0123',
  SMTP_URL: 'smtp://127.0.0.1:9',
  MAIL_FROM: 'fees@practice.example',
  PRACTICE_NAME: 'Sunrise Practice',
  SESSION_SECRET: 'a secret of more than 32 characters',
});

const TOKEN = /levy_a_[\w-]{43}/;

it('starts without its database, is not ready, and is when the database comes', async () => {
  const db = await createTestDatabase();
  const port = await freePort();
  const url = new URL(db.url);
  const { hostname, port: realPort } = url;
  url.port = String(port);
  const server = await start(services(url.href));
  await expect.poll(async () => (await server.ask('/healthz'))?.status, PATIENCE).toBe(200);
  const early = await server.ask('/readyz');
  expect(early?.status).toBe(503);
  expect(early?.headers.get('retry-after')).toBe('5');
  expect(await early?.json()).toMatchObject({ error: { code: 'not_ready' } });
  expect((await server.ask('/v1/fees', 'any'))?.status).toBe(503);

  const proxy = createServer((client) => {
    const real = connect(Number(realPort), hostname);
    for (const socket of [client, real]) socket.on('error', () => undefined);
    client.pipe(real).pipe(client);
  }).listen(port, '127.0.0.1');
  proxies.push(proxy);
  await expect.poll(async () => (await server.ask('/readyz'))?.status, PATIENCE).toBe(200);
  expect(server.output()).toContain('the database does not answer yet; waiting for it');
  expect(await (await server.ask('/readyz'))?.json()).toMatchObject({
    checks: { database: 'up', queue: 'up', stripe: 'down' },
  });
  const token = TOKEN.exec(server.output())?.[0];
  expect((await server.ask('/v1/rates', token))?.status).toBe(200);

  server.child.kill('SIGTERM');
  const [status] = (await once(server.child, 'exit')) as [number | null];
  expect(status).toBe(0);

  const again = await start(services(db.url));
  await expect.poll(async () => (await again.ask('/readyz'))?.status, PATIENCE).toBe(200);
  expect(again.output()).not.toMatch(TOKEN);
  expect((await again.ask('/v1/rates', token))?.status).toBe(200);
  again.child.kill('SIGINT');
  await once(again.child, 'exit');
}, 120_000);

it('does not start on a wrong environment, and says everything that is wrong with it', async () => {
  const server = await start({ DATABASE_URL: 'mysql://x', LOG_LEVEL: 'loud' });
  const [status] = (await once(server.child, 'exit')) as [number | null];
  expect(status).toBe(1);
  expect(server.output()).toContain('DATABASE_URL is not an address of the form postgres://');
  expect(server.output()).toContain('LOG_LEVEL ("loud") is not one of');
  expect(server.output()).not.toMatch(/\n\s+at /);
}, 60_000);
