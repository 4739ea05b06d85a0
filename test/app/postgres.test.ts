import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { startEmbeddedPostgres } from '../../app/postgres/postgres.ts';
import { processIdentity } from '../../app/postgres/processes.ts';
import {
  exists,
  gone,
  newFolder,
  query,
  removeSeed,
  serverPid,
  start,
  startOnCopy,
} from '../support/embedded-folders.ts';
import { occupyPort, startChild, startUnwatched } from '../support/embedded-run.ts';

afterAll(removeSeed);

describe('the embedded Postgres', () => {
  test('listens on 127.0.0.1 with a password, checksums, C.UTF-8 and UTC', async () => {
    const dir = await newFolder();
    const postgres = await start(dir);
    const rows = await query(
      postgres.url,
      `SELECT current_setting('listen_addresses') AS listen, current_setting('timezone') AS zone,
         current_setting('data_checksums') AS checksums, datlocale AS locale,
         pg_encoding_to_char(encoding) AS encoding, rolsuper AS superuser
       FROM pg_database, pg_roles WHERE datname = 'levy' AND rolname = current_user`,
    );
    expect(rows).toEqual([
      {
        listen: '127.0.0.1',
        zone: 'UTC',
        checksums: 'on',
        locale: 'C.UTF-8',
        encoding: 'UTF8',
        superuser: false,
      },
    ]);
    for (const file of ['postgres-password', 'postgres-app-password']) {
      const { mode } = await stat(join(dir, file));
      expect(mode & 0o777).toBe(0o600);
    }
    const wrong = postgres.url.replace(/levy:[^@]+@/, 'levy:wrong@');
    await expect(query(wrong, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
  });

  test('keeps its data, its password and its port over a restart', async () => {
    const { postgres, dir } = await startOnCopy();
    await query(postgres.url, `CREATE TABLE kept AS SELECT 'é' AS word`);
    await postgres.stop();
    const again = await start(dir);
    expect(again.url).toBe(postgres.url);
    expect(await query(again.url, 'SELECT word FROM kept')).toEqual([{ word: 'é' }]);
  });

  test('has a login for the application, whose password is made anew when it is lost', async () => {
    const { postgres, dir } = await startOnCopy();
    const who = [{ who: 'levy_app' }];
    expect(await query(postgres.appUrl, 'SELECT current_user::text AS who')).toEqual(who);
    const owners = postgres.appUrl.replace('levy_app:', 'levy:');
    await expect(query(owners, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    await postgres.stop();
    await rm(join(dir, 'postgres-app-password'));
    const again = await start(dir);
    expect(again.appUrl).not.toBe(postgres.appUrl);
    expect(await query(again.appUrl, 'SELECT current_user::text AS who')).toEqual(who);
  });

  test('chooses another port when that of the last start is taken', async () => {
    const { postgres, dir } = await startOnCopy();
    await postgres.stop();
    const other = await occupyPort(postgres.port);
    onTestFinished(other.free);
    const again = await start(dir);
    expect(again.port).not.toBe(postgres.port);
    expect(await query(again.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('says so when the port it was given is taken', async () => {
    const { port, free } = await occupyPort(0);
    onTestFinished(free);
    const starting = startEmbeddedPostgres({ dir: await newFolder(), port });
    await expect(starting).rejects.toThrow(`Port ${port} on 127.0.0.1 is taken.`);
  });

  test('refuses a folder that another levy uses, and leaves that one alone', async () => {
    const { postgres, dir } = await startOnCopy();
    await expect(startEmbeddedPostgres({ dir })).rejects.toThrow(
      `in use by another levy (process ${process.pid})`,
    );
    expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('refuses data of another major version with advice', async () => {
    const { postgres, dir } = await startOnCopy();
    await postgres.stop();
    const file = join(postgres.dataDir, 'PG_VERSION');
    const written = await readFile(file, 'utf8');
    await writeFile(file, '17\n');
    await expect(startEmbeddedPostgres({ dir })).rejects.toThrow(/written by Postgres 17.*pg_dump/);
    await writeFile(file, written);
    await start(dir);
  });

  test('begins anew when the very first start was killed half-way', async () => {
    const dir = await newFolder();
    await mkdir(join(dir, 'postgres.new'));
    await writeFile(join(dir, 'postgres.new', 'PG_VERSION'), '18\n');
    const postgres = await start(dir);
    expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('writes no row and no statement into its log', async () => {
    const { postgres, dir } = await startOnCopy();
    await query(
      postgres.url,
      'CREATE TABLE people (name text PRIMARY KEY, CHECK (length(name) > 3))',
    );
    const insert = `INSERT INTO people VALUES ('canary')`;
    await query(postgres.url, insert);
    await expect(query(postgres.url, insert)).rejects.toThrow(/duplicate key/);
    await expect(query(postgres.url, `SELECT 'canary'::int`)).rejects.toThrow(/invalid input/);
    await postgres.stop();
    const log = await readFile(join(dir, 'postgres.log'), 'utf8');
    expect(log).toContain('database system is shut down');
    expect(log).not.toContain('canary');
  });

  test('leaves nothing behind when removed', async () => {
    const { postgres, dir } = await startOnCopy();
    await postgres.remove();
    expect(await exists(postgres.dataDir)).toBe(false);
    expect(await readdir(dir)).toEqual([]);
  });
});

describe('the embedded Postgres heals', () => {
  test('when levy was killed: its server ends by itself, and the next start has the data', async () => {
    const dir = await newFolder();
    const child = await startChild(dir);
    await query(child.url, `CREATE TABLE kept AS SELECT 1 AS one`);
    const server = await serverPid(child.dataDir);
    await child.kill();
    await gone(server);
    const postgres = await start(dir);
    expect(await query(postgres.url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  });

  test('when a server of its folder is still running: it is stopped, never are there two', async () => {
    const { postgres, dir, lines } = await startOnCopy();
    await postgres.stop();
    const leftOver = await startUnwatched(postgres.dataDir);
    const again = await start(dir, lines);
    expect(lines.join()).toContain('left over from a levy that was killed');
    expect(await processIdentity(leftOver)).toBeUndefined();
    expect(await query(again.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('when Postgres was killed while levy was not running', async () => {
    const { postgres, dir } = await startOnCopy();
    await postgres.stop();
    process.kill(await startUnwatched(postgres.dataDir), 'SIGKILL');
    expect(await exists(join(postgres.dataDir, 'postmaster.pid'))).toBe(true);
    const again = await start(dir);
    expect(await query(again.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('when the pid in postmaster.pid now belongs to another program, which is left alone', async () => {
    const { postgres, dir } = await startOnCopy();
    await postgres.stop();
    // As Postgres' own user, because only then would Postgres itself refuse to start.
    const { uid, gid } = await stat(postgres.dataDir);
    const other = spawn('/bin/sh', ['-c', 'read -r _'], { cwd: '/', uid, gid });
    onTestFinished(async () => {
      other.kill();
      await once(other, 'exit');
    });
    await writeFile(
      join(postgres.dataDir, 'postmaster.pid'),
      `${other.pid}\n${postgres.dataDir}\n`,
    );
    const again = await start(dir);
    expect(await query(again.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(other.exitCode).toBeNull();
  });

  test('when Postgres is killed under a running levy: it comes back on the same port', async () => {
    const { postgres } = await startOnCopy();
    await query(postgres.url, `CREATE TABLE kept AS SELECT 1 AS one`);
    process.kill(await serverPid(postgres.dataDir), 'SIGKILL');
    await expect
      .poll(() => query(postgres.url, 'SELECT one FROM kept').catch(() => []), { timeout: 10_000 })
      .toEqual([{ one: 1 }]);
  });

  test('after an immediate stop: what was committed is there', async () => {
    const { postgres } = await startOnCopy();
    await query(postgres.url, `CREATE TABLE kept AS SELECT 1 AS one`);
    await postgres.restartImmediate();
    expect(await query(postgres.url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  });
});
