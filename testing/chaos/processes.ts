import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { now } from './history.ts';

/** A program that is kept running: started anew, after a moment, whenever it ends. */
export interface Member {
  name: string;
  /** SIGKILL: nothing of it runs to its end. False when it is not running. */
  kill(): boolean;
  /** SIGSTOP for so long, then SIGCONT: the program does not notice that time went by. */
  freeze(ms: number): Promise<void>;
  /** Ends it in an orderly way and starts it anew, with its clock so much wrong. */
  restart(skewMs: number): Promise<void>;
  /** Kills it and starts it no more before `go`. Resolves when it is gone. */
  halt(): Promise<void>;
  go(): void;
  /** How far its clock is off, in ms. */
  skewMs(): number;
}

export interface Processes {
  members: Member[];
  /** Programs that ended without anybody having killed them, with their last words. */
  fallen: string[];
  add(name: string, file: string, env: Record<string, string>): Member;
  /** From now on nobody is started anew; everybody is ended and waited for. */
  disband(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const PRELOAD = new URL('./preload.ts', import.meta.url).href;
/** A program told to stop finishes what it has in hand; after so long it is killed. */
const STOP_MS = 10_000;

/**
 * Starts programs as processes of their own and keeps them running, as a container's restart
 * policy would. `logs` is a folder for what they say.
 */
export function createProcesses(logs: string): Processes {
  const members: (Member & { end(): Promise<void> })[] = [];
  const fallen: string[] = [];
  let disbanded = false;

  function add(name: string, file: string, env: Record<string, string>): Member {
    const log = createWriteStream(join(logs, `${name}.log`), { flags: 'a' });
    let child: ChildProcess | null = null;
    let meant = false;
    let skewMs = 0;
    let tail = '';
    let hold = false;
    let halted = false;

    const start = () => {
      if (disbanded || hold || halted) return;
      meant = false;
      child = spawn(process.execPath, ['--import', TSX, '--import', PRELOAD, file], {
        cwd: ROOT,
        env: { PATH: process.env['PATH'] ?? '', ...env, CHAOS_SKEW_MS: String(skewMs) },
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      log.write(`-- started at ${moment()}\n`);
      const mine = child;
      mine.stdin?.on('error', () => undefined);
      for (const stream of [mine.stdout, mine.stderr])
        stream?.on('data', (data: Buffer) => {
          log.write(data);
          tail = (tail + data.toString()).slice(-400);
        });
      void once(mine, 'exit').then(async ([code, signal]) => {
        log.write(`-- ended at ${moment()}: ${code ?? signal}\n`);
        if (!meant && !disbanded) fallen.push(`${name} ended with ${code ?? signal}: ${tail}`);
        if (child === mine) child = null;
        await sleep(RESTART_MS);
        if (!child) start();
      });
    };
    const signal = (which: NodeJS.Signals) => child?.kill(which) ?? false;
    const end = async () => {
      hold = true;
      const mine = child;
      if (!mine) return;
      meant = true;
      const exited = once(mine, 'exit');
      mine.kill('SIGCONT');
      mine.kill('SIGTERM');
      const late = setTimeout(() => mine.kill('SIGKILL'), STOP_MS);
      await exited;
      clearTimeout(late);
    };
    const member = {
      name,
      kill() {
        meant = true;
        return signal('SIGKILL');
      },
      async freeze(ms: number) {
        const mine = child;
        mine?.kill('SIGSTOP');
        await sleep(ms);
        mine?.kill('SIGCONT');
      },
      async restart(wrongMs: number) {
        await end();
        skewMs = wrongMs;
        hold = false;
        if (!child) start();
      },
      async halt() {
        halted = true;
        const mine = child;
        if (!mine) return;
        meant = true;
        const exited = once(mine, 'exit');
        mine.kill('SIGKILL');
        await exited;
      },
      go() {
        halted = false;
        if (!child) start();
      },
      skewMs: () => skewMs,
      async end() {
        await end();
        log.end();
      },
    };
    members.push(member);
    start();
    return member;
  }

  return {
    members,
    fallen,
    add,
    async disband() {
      disbanded = true;
      await Promise.all(members.map((member) => member.end()));
    },
  };
}

const moment = () => new Date(now()).toISOString();

/** Between the end of a program and its next start, in ms. */
const RESTART_MS = 300;
