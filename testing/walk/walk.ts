import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';

/** A walk through the code: the files a reader opens to follow one subject, in their order. */
export interface Walk {
  opened: { file: string; lines: number }[];
  lines: number;
  /** What is wrong with the page: files that are gone, not connected, or imported and not named. */
  problems: string[];
}

/** Most files and lines of a walk that is still read in one go. */
export const WALK_LIMITS = { files: 20, lines: 2_800 };

/** Reads a file of the project by its path from the root; null when there is none. */
export type ReadSource = (path: string) => Promise<string | null>;

/** The project's files from `root`. */
export function readFrom(root: URL): ReadSource {
  return (path) => readFile(new URL(path, root), 'utf8').catch(() => null);
}

/**
 * Checks a page that walks through the code. The page lists the opened files as numbered links, and
 * under the heading "Left closed" every file that an opened one imports and a reader need not open.
 *
 * @param page  the page's path from the root, such as `docs/one-charge.md`
 */
export async function checkWalk(page: string, read: ReadSource): Promise<Walk> {
  const text = await read(page);
  if (text === null) return { opened: [], lines: 0, problems: [`there is no ${page}`] };
  const [body = '', rest = ''] = text.split(/^## Left closed$/m);
  const listed = linksOf(body, /^\d+\. /, page);
  const closed = new Set(linksOf(rest, /^- /, page));
  const sources = new Map<string, string>();
  const problems: string[] = [];
  for (const file of [...listed, ...closed]) {
    const source = await read(file);
    if (source === null) problems.push(`${file} is not there`);
    else sources.set(file, source);
  }
  const opened = listed.flatMap((file) => {
    const source = sources.get(file);
    return source === undefined ? [] : [{ file, lines: source.trimEnd().split('\n').length }];
  });
  const importsOf = (file: string) => relativeImports(file, sources.get(file) ?? '');
  for (const [at, { file }] of opened.entries()) {
    const before = opened.slice(0, at).map((one) => one.file);
    const isConnected =
      at === 0 ||
      before.some((one) => importsOf(one).includes(file) || importsOf(file).includes(one)) ||
      isProcessor(file, before, sources);
    if (!isConnected) problems.push(`nothing opened before leads to ${file}`);
    for (const imported of importsOf(file))
      if (!listed.includes(imported) && !closed.has(imported))
        problems.push(`${file} imports ${imported}, which is neither opened nor left closed`);
  }
  for (const file of closed)
    if (!opened.some((one) => importsOf(one.file).includes(file)))
      problems.push(`${file} is left closed, and no opened file imports it`);
  const lines = opened.reduce((sum, one) => sum + one.lines, 0);
  if (opened.length > WALK_LIMITS.files) problems.push(`${opened.length} files are too many`);
  if (lines > WALK_LIMITS.lines) problems.push(`${lines} lines are too many`);
  return { opened, lines, problems };
}

/** The files that the lines with this beginning link to, from the root. */
function linksOf(markdown: string, beginning: RegExp, page: string): string[] {
  return markdown.split('\n').flatMap((line) => {
    const link = beginning.test(line) ? /\]\(([^)#]+)/.exec(line)?.[1] : undefined;
    return link ? [posix.join(posix.dirname(page), link)] : [];
  });
}

function relativeImports(file: string, source: string): string[] {
  return [...source.matchAll(/from '(\.[^']+)'/g)].map(([, specifier = '']) =>
    posix.join(posix.dirname(file), specifier),
  );
}

/** Handed over by the queue: a processor is named after its job in the table of jobs. */
function isProcessor(file: string, before: string[], sources: Map<string, string>): boolean {
  const jobs = before.includes('jobs/jobs.ts') ? (sources.get('jobs/jobs.ts') ?? '') : '';
  const name = posix.basename(file, '.ts');
  return file.startsWith('workers/') && new RegExp(`^  '?${name}'?: \\{$`, 'm').test(jobs);
}
