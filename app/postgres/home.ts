import { createHash } from 'node:crypto';
import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rename,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { type Account, accountFor, canReach } from './account.ts';

/**
 * What levy remembers beside its data, in `postgres.json`: the folder it belongs to, the port of
 * the last start, and where the data lives when it could not live in the folder itself.
 */
export interface Memory {
  dir: string;
  home?: string;
  port?: number;
}

/** Where the data folder is, and who runs Postgres there. */
export interface Home {
  /** The folder that holds `postgres/` (the data) and, when needed, a copy of the programs. */
  folder: string;
  dataDir: string;
  account: Account;
}

/** The folder under which services keep their data (Filesystem Hierarchy Standard 5.8). */
const SERVICE_FOLDER = '/var/lib/levy';

/**
 * Finds or makes the home of the data of `dir`: `dir` itself, unless Postgres' system user cannot
 * reach it (root in a private folder). Then it is a folder where services keep theirs, or one in
 * the temporary folder if `dir` is temporary too. Throws where data it remembers is gone, rather
 * than starting over with an empty database.
 */
export async function findHome(
  dir: string,
  memory: Memory,
  log: (line: string) => void,
): Promise<Home> {
  const remembered = memory.home ?? dir;
  const dataDir = join(remembered, 'postgres');
  if (memory.home !== undefined) await refuseMissingOrCopied(dir, memory, dataDir);
  const account = await accountFor(dataDir, log);
  if (account === undefined || (await canReach(account, remembered))) {
    return { folder: remembered, dataDir, account };
  }
  if ((await fileExists(dataDir)) || memory.home !== undefined) {
    throw new Error(
      `The user that owns the database in ${dataDir} can no longer reach it. ` +
        `Let others pass into its parent folders (chmod o+x), or move the folder back.`,
    );
  }
  const folder = await makeServiceHome(dir, account);
  log(`${dir} is private to root, so the database lives in ${folder} (Postgres' own user).`);
  return { folder, dataDir: join(folder, 'postgres'), account };
}

/** Reads what was remembered at the last start; an empty memory at the first. */
export async function recall(dir: string): Promise<Memory> {
  const text = await readFile(join(dir, 'postgres.json'), 'utf8').catch(() => undefined);
  return text === undefined ? { dir } : (JSON.parse(text) as Memory);
}

/** Writes the memory, whole or not at all. */
export async function remember(dir: string, memory: Memory): Promise<void> {
  const file = join(dir, 'postgres.json');
  await writeFile(`${file}.new`, `${JSON.stringify(memory)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** Whether there is something at this path. */
export async function fileExists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function refuseMissingOrCopied(dir: string, memory: Memory, dataDir: string): Promise<void> {
  if (!(await fileExists(dataDir))) {
    throw new Error(
      `${dir} keeps its database in ${dataDir}, which is gone. Put it back from a backup; ` +
        `to begin with an empty database instead, delete ${join(dir, 'postgres.json')}.`,
    );
  }
  if (memory.dir !== dir && (await fileExists(join(memory.dir, 'postgres.json')))) {
    throw new Error(
      `${dir} is a copy of ${memory.dir}, and the database in ${dataDir} belongs to that one. ` +
        'Start levy there, or choose a new folder.',
    );
  }
}

async function makeServiceHome(dir: string, account: Account): Promise<string> {
  const temporary = await realpath(tmpdir());
  if (dir.startsWith(temporary + sep)) {
    const folder = await mkdtemp(join(temporary, 'levy-'));
    await chmod(folder, 0o711);
    if (await canReach(account, folder)) return folder;
  }
  const hash = createHash('sha256').update(dir).digest('hex').slice(0, 12);
  const folder = join(SERVICE_FOLDER, hash);
  const made = await mkdir(folder, { recursive: true, mode: 0o755 }).then(
    () => canReach(account, folder),
    () => false,
  );
  if (made) return folder;
  throw new Error(
    `Postgres cannot run as root, its own user cannot reach ${dir}, and ${folder} could not be ` +
      'made for it. Choose a folder others can pass into, or set DATABASE_URL.',
  );
}
