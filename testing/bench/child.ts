import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A measured process and the JSON it printed. */
export interface Child {
  /** The first line it prints, parsed. */
  first: Promise<Record<string, unknown>>;
  /** Ends its input, which it takes as the wish to end. */
  end(): void;
}

/** Runs a TypeScript file of this folder as a process of its own, with JSON for its argument. */
export function runChild(file: string, argument: unknown = {}): Child {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', path, JSON.stringify(argument)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const first = new Promise<Record<string, unknown>>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => {
      resolve(JSON.parse(line) as Record<string, unknown>);
    });
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code} and said nothing`)));
  });
  return { first, end: () => child.stdin.end() };
}

/** What the process was asked, inside `runChild`'s process. */
export function argument<T>(): T {
  return JSON.parse(process.argv[2] ?? '{}') as T;
}

/** The most memory this process has had, in MB. */
export function peakMb(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}
