import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { type Account, plainEnvironment } from './account.ts';
import type { Binaries, Package } from './binaries.ts';
import { fileExists } from './home.ts';

const run = promisify(execFile);

/** The name of levy's database, and of the role that owns it. */
const NAME = 'levy';

/**
 * The password for the database, kept in a file only its owner can read. Made at the first start.
 * Throws when there is data and the password to it is lost.
 */
export async function passwordOf(dir: string, dataDir: string): Promise<string> {
  const file = join(dir, 'postgres-password');
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known !== undefined) return known.trim();
  if (await fileExists(dataDir)) {
    throw new Error(`${file} is missing: put it back from a backup of ${dir}.`);
  }
  const password = randomBytes(24).toString('hex');
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  return password;
}

/**
 * Makes the data folder, unless it is there: data checksums, scram passwords, UTF-8 with Postgres'
 * own C.UTF-8 sorting (the same on every machine, whatever its C library), UTC. Built aside and
 * renamed, so that a start killed half-way leaves no half database. Throws when the data is there
 * but written by another major version.
 */
export async function ensureCluster(
  cluster: { dataDir: string; account: Account; binaries: Binaries; pack: Package },
  password: string,
): Promise<void> {
  const { dataDir, account, binaries, pack } = cluster;
  if (await fileExists(dataDir)) return refuseOtherMajor(dataDir, pack);
  const fresh = `${dataDir}.new`;
  const passwordFile = join(dirname(dataDir), 'postgres-password.new');
  await rm(fresh, { recursive: true, force: true });
  try {
    await mkdir(fresh);
    await chmod(fresh, 0o700);
    await writeFile(passwordFile, password, { mode: 0o600 });
    for (const path of account === undefined ? [] : [fresh, passwordFile]) {
      await chown(path, account!.uid, account!.gid);
    }
    const flags = [
      ...['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
      ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
      ...['--data-checksums', '--set=timezone=UTC', '--set=log_timezone=UTC'],
    ];
    await run(binaries.initdb, [...flags, fresh], { ...account, cwd: '/', env: plainEnvironment });
  } catch (cause) {
    const output = (cause as { stderr?: string }).stderr ?? (cause as Error).message;
    throw new Error(`Postgres could not make its data folder ${fresh}:\n${output}`, { cause });
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(fresh, dataDir);
}

/**
 * Makes levy's role and database, unless they are there, and gives the URL. The role owns the
 * database and may make others (tests clone theirs), but it is no superuser.
 */
export async function ensureDatabase(port: number, password: string): Promise<string> {
  const host = '127.0.0.1';
  const client = new pg.Client({ host, port, user: 'postgres', password, database: 'postgres' });
  await client.connect();
  try {
    const role = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [NAME]);
    if (role.rowCount === 0) {
      await client.query(`CREATE ROLE ${NAME} LOGIN CREATEDB PASSWORD '${password}'`);
    }
    const database = await client.query('SELECT FROM pg_database WHERE datname = $1', [NAME]);
    if (database.rowCount === 0) await client.query(`CREATE DATABASE ${NAME} OWNER ${NAME}`);
  } finally {
    await client.end();
  }
  return `postgres://${NAME}:${password}@${host}:${port}/${NAME}`;
}

async function refuseOtherMajor(dataDir: string, pack: Package): Promise<void> {
  const written = (await readFile(join(dataDir, 'PG_VERSION'), 'utf8')).trim();
  if (written === pack.major) return;
  throw new Error(
    `The database in ${dataDir} was written by Postgres ${written}; this levy brings Postgres ` +
      `${pack.major}, which cannot read it. Run the levy version that wrote it, dump its data ` +
      'with pg_dump, start this version on a new folder, and restore the dump there.',
  );
}
