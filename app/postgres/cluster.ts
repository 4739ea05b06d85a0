import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { APPLICATION, READER } from '../../ledger/roles.ts';
import { type Account, plainEnvironment } from './account.ts';
import type { Binaries, Package } from './binaries.ts';
import { fileExists } from './home.ts';

const run = promisify(execFile);

/** The name of levy's database, and of the role that owns it. */
const NAME = 'levy';

/** The passwords of the owner, which is also the superuser's, and of the application. */
export interface Passwords {
  owner: string;
  application: string;
}

/**
 * The passwords for the database, each kept in a file only its owner can read. Made at the first
 * start. Throws when there is data and the owner's password to it is lost; the application's is
 * made anew, as the owner can set it.
 */
export async function passwordsOf(dir: string, dataDir: string): Promise<Passwords> {
  const file = join(dir, 'postgres-password');
  const owner = await kept(file);
  if (owner === undefined && (await fileExists(dataDir))) {
    throw new Error(`${file} is missing: put it back from a backup of ${dir}.`);
  }
  const applicationFile = join(dir, 'postgres-app-password');
  return {
    owner: owner ?? (await makePassword(file)),
    application: (await kept(applicationFile)) ?? (await makePassword(applicationFile)),
  };
}

async function kept(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text?.trim() || undefined;
}

async function makePassword(file: string): Promise<string> {
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

/** The addresses of levy's database. */
export interface Addresses {
  /** The owner's, who migrates. */
  url: string;
  /** The application's: for everything else. */
  appUrl: string;
}

/**
 * Makes levy's roles and database, unless they are there, and gives the addresses. The owner may
 * make other databases (tests clone theirs), but it is no superuser.
 */
export async function ensureDatabase(port: number, passwords: Passwords): Promise<Addresses> {
  const host = '127.0.0.1';
  const { owner, application } = passwords;
  const superuser = { user: 'postgres', password: owner };
  const client = new pg.Client({ host, port, ...superuser, database: 'postgres' });
  await client.connect();
  try {
    await ensureRole(client, NAME, `LOGIN CREATEDB PASSWORD '${owner}'`);
    await ensureRole(client, APPLICATION, 'LOGIN');
    await client.query(`ALTER ROLE ${APPLICATION} PASSWORD '${application}'`);
    await ensureRole(client, READER, '');
    // The application owns the queue's tables; to give them to it, the ledger's owner must be a
    // member.
    await client.query(`GRANT ${APPLICATION} TO ${NAME}`);
    const database = await client.query('SELECT FROM pg_database WHERE datname = $1', [NAME]);
    if (database.rowCount === 0) await client.query(`CREATE DATABASE ${NAME} OWNER ${NAME}`);
  } finally {
    await client.end();
  }
  const at = (user: string, password: string) =>
    `postgres://${user}:${password}@${host}:${port}/${NAME}`;
  return { url: at(NAME, owner), appUrl: at(APPLICATION, application) };
}

async function ensureRole(client: pg.Client, name: string, may: string): Promise<void> {
  const role = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
  if (role.rowCount === 0) await client.query(`CREATE ROLE ${name} ${may}`);
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
