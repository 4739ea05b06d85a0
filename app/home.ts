import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { lockHolder } from './postgres/lock.ts';
import { fileExists } from './postgres/home.ts';
import { UserError } from './user-error.ts';

/** The folder of the embedded Postgres within levy's own. */
export function databaseFolder(home: string): string {
  return join(home, 'postgres');
}

/** Makes levy's own folder, unless it is there. Throws at once when it cannot be written. */
export async function makeHome(home: string): Promise<void> {
  const probe = join(home, `.probe-${process.pid}`);
  try {
    await makeFolder(resolve(home));
    await writeFile(probe, '', { flag: 'w' });
    await rm(probe);
  } catch (error) {
    const { code } = error as { code?: string };
    throw new UserError(
      `The folder ${home} cannot be written (${code ?? 'no reason given'}). Make it yours, or ` +
        'set LEVY_HOME to another one.',
    );
  }
}

/**
 * Makes a folder and those above it. `mkdir` with `recursive` never returns in a file system that
 * has no folders to make, like /proc.
 */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as { code?: string };
    // Some file systems refuse before they see that the folder is there.
    if (
      await stat(path).then(
        (found) => found.isDirectory(),
        () => false,
      )
    )
      return;
    if (code !== 'ENOENT' || (await fileExists(dirname(path)))) throw error;
    await makeFolder(dirname(path));
    await mkdir(path);
  }
}

/** Throws when there is no database in the folder: a command must not make an empty one. */
export async function needHome(home: string): Promise<void> {
  if (await fileExists(join(databaseFolder(home), 'postgres.json'))) return;
  throw new UserError(
    `There is no levy in ${home}. Set LEVY_HOME to the folder of one, or DATABASE_URL.`,
    2,
  );
}

/** Throws when another levy has the folder. */
export async function needFreeHome(home: string): Promise<void> {
  const holder = await lockHolder(join(databaseFolder(home), 'levy.lock'));
  if (holder === undefined) return;
  throw new UserError(
    `${home} is in use by another levy (process ${holder}). Stop that one first, or set ` +
      'LEVY_HOME and PORT for another one.',
  );
}
