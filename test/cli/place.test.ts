import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { acquireLock } from '../../app/postgres/lock.ts';
import { runLevy } from './run-levy.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'levy-place-'));
  // Postgres' own user must pass through where the tests run as root.
  await chmod(folder, 0o711);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

/** A port somebody listens on, until the test ends. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve(undefined))));
  return (server.address() as AddressInfo).port;
}

describe('levy start', () => {
  it('says in one line that its port is in use, and starts nothing', async () => {
    const port = await takenPort();
    const LEVY_HOME = join(folder, 'home');
    const told = await runLevy(['start'], { env: { LEVY_HOME, PORT: String(port) } });
    expect(told).toEqual({
      ...{ status: 1, out: '' },
      err:
        `Port ${port} on 127.0.0.1 is in use. Stop what listens there, or ` +
        'set PORT to a free one.\n',
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('says that this machine has no such address', async () => {
    const env = { LEVY_HOME: join(folder, 'home'), HOST: '192.0.2.1', PORT: '0' };
    const told = await runLevy(['start'], { env });
    expect(told).toMatchObject({ status: 1, out: '' });
    expect(told.err).toContain('This machine has no address 192.0.2.1. Set HOST');
  });

  it('says at once that its folder cannot be written, even where a folder cannot be', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    const homes = [
      file,
      join(file, 'home'),
      ...(process.platform === 'linux' ? ['/proc/x/y'] : []),
    ];
    for (const LEVY_HOME of homes) {
      const told = await runLevy(['start'], { env: { LEVY_HOME, PORT: '0' } });
      expect(told).toMatchObject({ status: 1, out: '' });
      expect(told.err).toMatch(
        /^The folder .* cannot be written \(\w+\)\. Make it yours, or set LEVY_HOME/,
      );
    }
  });

  it('says that another levy has the folder', async () => {
    await mkdir(join(folder, 'postgres'));
    const release = await acquireLock(join(folder, 'postgres/levy.lock'));
    onTestFinished(release);
    const told = await runLevy(['start'], { env: { LEVY_HOME: folder, PORT: '0' } });
    expect(told).toMatchObject({ status: 1, out: '' });
    expect(told.err).toContain(`is in use by another levy (process ${process.pid}).`);
  });
});

describe('levy demo', () => {
  it('listens on PORT like levy start, and leaves nothing behind when it cannot', async () => {
    const port = await takenPort();
    const before = await readdir(tmpdir());
    const told = await runLevy(['demo'], { env: { PORT: String(port) } });
    expect(told).toMatchObject({ status: 1, out: '' });
    expect(told.err).toContain(`Port ${port} on 127.0.0.1 is in use.`);
    const left = (await readdir(tmpdir())).filter((name) => name.startsWith('levy-demo-'));
    expect(left.filter((name) => !before.includes(name))).toEqual([]);
  });
});

it.each([['verify'], ['restore'], ['keys']])(
  'levy %s says that there is no levy in a folder, and makes none',
  async (command) => {
    const LEVY_HOME = join(folder, 'nowhere');
    const told = await runLevy([command], { env: { LEVY_HOME } });
    expect(told).toMatchObject({ status: 2, out: '' });
    expect(told.err).toBe(
      `There is no levy in ${LEVY_HOME}. Set LEVY_HOME to the folder of one, or DATABASE_URL.\n`,
    );
    expect(await readdir(folder)).toEqual([]);
  },
);

it('a key is made while levy runs and while it does not', { timeout: 120_000 }, async () => {
  const env = { LEVY_HOME: folder, PORT: '0', LOG_LEVEL: 'silent' };
  let stop: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const running = runLevy(['start'], { env, stopped });
  const make = (name: string) =>
    runLevy(['keys', 'new', '--name', name, '--scope', 'read'], { env });
  await expect.poll(() => readdir(folder), { timeout: 60_000 }).toContain('running.json');
  expect(await make('while it runs')).toMatchObject({ status: 0 });
  stop();
  expect(await running).toMatchObject({ status: 0, err: '' });
  expect(await make('while it rests')).toMatchObject({ status: 0 });
  const { out } = await runLevy(['keys'], { env });
  expect(out.trim().split('\n')).toHaveLength(4);
});
