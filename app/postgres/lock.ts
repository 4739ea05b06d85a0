import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processIdentity } from './processes.ts';

/**
 * Takes the lock file, so that one levy at a time owns the folder it lies in. Gives the release.
 * A lock whose process is gone (killed, rebooted) is taken over. Throws when its process lives.
 */
export async function acquireLock(file: string): Promise<() => Promise<void>> {
  const mine = `${file}.${randomUUID()}`;
  const text = JSON.stringify({
    pid: process.pid,
    identity: await processIdentity(process.pid),
  });
  await writeFile(mine, text, { mode: 0o600 });
  try {
    // link() either makes the whole lock with its content or fails: nobody reads half a lock.
    while (!(await linked(mine, file))) {
      const holder = await lockHolder(file);
      if (holder !== undefined) {
        throw new Error(
          `${dirname(file)} is in use by another levy (process ${holder}). ` +
            'Stop that one first, or choose another folder.',
        );
      }
      await removeStale(file);
    }
  } finally {
    await rm(mine, { force: true });
  }
  return () => rm(file, { force: true });
}

/** The pid of the process that holds the lock, or `undefined` when nobody alive does. */
export async function lockHolder(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  try {
    const { pid, identity } = JSON.parse(text) as { pid: number; identity?: string };
    const now = await processIdentity(pid);
    return now !== undefined && now === identity ? pid : undefined;
  } catch {
    return undefined;
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a lock that nobody holds. Two starters may find the same stale lock: the second must not
 * remove the first one's fresh lock, so it is looked at again inside a folder only one can make.
 */
async function removeStale(file: string): Promise<void> {
  const guard = `${file}.takeover`;
  try {
    await mkdir(guard);
  } catch {
    await sleep(100);
    // The process that made the guard needs milliseconds. If it died, exactly one of us renames the
    // guard away, which frees the way.
    if ((await lockHolder(file)) === undefined) await discard(guard);
    return;
  }
  try {
    if ((await lockHolder(file)) === undefined) await rm(file, { force: true });
  } finally {
    await rmdir(guard).catch(() => undefined);
  }
}

async function discard(guard: string): Promise<void> {
  const aside = `${guard}.${randomUUID()}`;
  await rename(guard, aside).catch(() => undefined);
  await rmdir(aside).catch(() => undefined);
}
