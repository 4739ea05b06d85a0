import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * A text that tells this process from every other that ever had the same pid, or `undefined` when
 * no live process has the pid. Pids are reused, quickly so in containers: a pid alone proves
 * nothing. A zombie is dead.
 */
export async function processIdentity(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return psColumn(pid, 'lstart');
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may itself hold spaces and parentheses: count from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return `${boot.trim()}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

/** Whether this pid is, right now, a Postgres server of exactly this data folder. */
export async function isPostgresOf(pid: number, dataDir: string): Promise<boolean> {
  if ((await processIdentity(pid)) === undefined) return false;
  if (process.platform !== 'linux') {
    const command = (await psColumn(pid, 'command')) ?? '';
    return /postgres/.test(command) && command.includes(dataDir);
  }
  try {
    // A server's working folder is its data folder, even after somebody renamed a parent of it.
    const name = (await readFile(`/proc/${pid}/comm`, 'utf8')).trim();
    return name === 'postgres' && (await readlink(`/proc/${pid}/cwd`)) === dataDir;
  } catch {
    return false;
  }
}

async function psColumn(pid: number, column: string): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', `${column}=`, '-p', String(pid)]);
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}
