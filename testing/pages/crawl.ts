import type { Page } from 'playwright-core';

/** A page of the console: its address, and its kind, in which every id is `:id`. */
export interface ConsolePage {
  kind: string;
  url: string;
}

/** Links that lead to a file or out of the console. */
const LEFT_OUT = /\.(csv|xlsx|json|pdf)$|^\/(queues|docs|metrics)/;

/** Pages of one kind that are opened: a fee that is paid looks other than one that is held. */
const OF_A_KIND = 1;

/**
 * Opens every page of the console that links lead to, beginning at `/console`, one of each kind,
 * and calls `look` on each. The page must be signed in. Gives the kinds in the order of opening.
 */
export async function crawl(
  page: Page,
  base: string,
  look: (shown: ConsolePage) => Promise<void>,
): Promise<string[]> {
  const seen = new Map<string, number>();
  const queue = ['/console'];
  while (queue.length > 0) {
    const path = queue.shift() as string;
    const kind = kindOf(path);
    const opened = seen.get(kind) ?? 0;
    if (opened >= OF_A_KIND) continue;
    seen.set(kind, opened + 1);
    const answer = await page.goto(`${base}${path}`, { waitUntil: 'load' });
    if (answer?.status() !== 200) throw new Error(`${path} answered ${answer?.status()}`);
    await look({ kind, url: path });
    queue.push(...(await linksOf(page, base)));
  }
  return [...seen.keys()];
}

/** The addresses of the console that the page links to, without their fragments. */
async function linksOf(page: Page, base: string): Promise<string[]> {
  const all = await page.$$eval('a[href]', (links) =>
    links.map((link) => (link as unknown as { href: string }).href),
  );
  return all
    .filter((href) => href.startsWith(`${base}/console`))
    .map((href) => href.slice(base.length).split('#')[0] as string)
    .filter((path) => !LEFT_OUT.test(path.split('?')[0] as string));
}

/** An address with `:id` for every id, and without its query. */
export function kindOf(path: string): string {
  return (path.split('?')[0] as string).replaceAll(
    /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g,
    ':id',
  );
}
