import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The system user that Postgres runs as; `undefined` means: as ourselves. */
export type Account = { uid: number; gid: number } | undefined;

/** The environment of Postgres' programs: none of ours, as a `PG...` variable could change them. */
export const plainEnvironment = { LC_ALL: 'C', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

/**
 * The account that runs the Postgres of this data folder. A normal user runs it as itself. Postgres
 * refuses to run as root; so root uses the owner of the data, else the system user `postgres`,
 * which is created when the machine has none.
 */
export async function accountFor(dataDir: string, log: (line: string) => void): Promise<Account> {
  const owner = await stat(dataDir).catch(() => undefined);
  const uid = process.getuid?.() ?? -1;
  if (uid !== 0) {
    if (owner === undefined || owner.uid === uid) return undefined;
    throw new Error(
      `The database in ${dataDir} belongs to the system user number ${owner.uid}, as levy was ` +
        'started as root before. Start it as root again, or make the folder yours (chown -R).',
    );
  }
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return (await findPostgresUser()) ?? createPostgresUser(log);
}

/** Whether the account can enter this folder: every parent must let it pass. */
export async function canReach(account: Account, dir: string): Promise<boolean> {
  return succeeds(account, '/bin/sh', ['-c', 'cd -- "$1"', 'sh', dir]);
}

/** Whether the account can run this program of Postgres, its shared libraries included. */
export async function canRun(account: Account, program: string): Promise<boolean> {
  return succeeds(account, program, ['--version']);
}

async function succeeds(account: Account, file: string, args: string[]): Promise<boolean> {
  try {
    await run(file, args, { ...account, cwd: '/', env: plainEnvironment });
    return true;
  } catch {
    return false;
  }
}

async function findPostgresUser(): Promise<Account> {
  try {
    const uid = await run('id', ['-u', 'postgres']);
    const gid = await run('id', ['-g', 'postgres']);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

async function createPostgresUser(log: (line: string) => void): Promise<Account> {
  const env = plainEnvironment;
  try {
    await run('groupadd', ['--system', '--force', 'postgres'], { env });
    await run('useradd', ['--system', '--no-create-home', '-g', 'postgres', 'postgres'], { env });
  } catch (cause) {
    throw new Error(
      'Postgres refuses to run as root, and the system user "postgres" could not be created. ' +
        'Create it (useradd postgres), start levy as a normal user, or set DATABASE_URL.',
      { cause },
    );
  }
  log('Created the system user "postgres", as Postgres refuses to run as root.');
  return findPostgresUser();
}
