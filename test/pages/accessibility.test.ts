import axe from 'axe-core';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, SCREENS } from '../../testing/pages/browser.ts';
import { clinicianPages } from '../../testing/pages/clinician.ts';
import { crawl } from '../../testing/pages/crawl.ts';
import { signIn, startSampleYear, type Sample } from '../../testing/pages/sample.ts';
import { chromiumForTests } from './chromium.ts';

const chromium = await chromiumForTests();

describe.skipIf(chromium === null)('every page of the console and of a clinician', () => {
  let browser: Browser;
  let sample: Sample;
  beforeAll(async () => {
    [browser, sample] = await Promise.all([openBrowser(chromium as string), startSampleYear()]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await sample?.close();
  }, 60_000);

  it.each(SCREENS)(
    'is accessible and fits its screen ($name)',
    async (screen) => {
      const page = await signIn(browser, sample, screen);
      const kinds = await crawl(page, sample.levy.url, async ({ kind }) => {
        expect.soft(await violations(page), kind).toEqual([]);
        expect.soft(await overflow(page), `${kind} is wider than the screen`).toBe(0);
      });
      expect(kinds.length).toBeGreaterThan(10);
      for (const { kind, url } of clinicianPages(sample)) {
        await page.goto(url);
        expect.soft(await violations(page), kind).toEqual([]);
        expect.soft(await overflow(page), `${kind} is wider than the screen`).toBe(0);
      }
      await page.context().close();
    },
    300_000,
  );
});

/** The rules of WCAG 2.2, levels A and AA. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** What breaks a rule on this page, each with its first element. */
async function violations(page: Page): Promise<string[]> {
  // The page's own content policy would refuse an added script; the browser's own way does not.
  await page.evaluate(axe.source);
  const run = `axe.run({ runOnly: ${JSON.stringify(RULES)} })`;
  const found = await page.evaluate<AxeResults>(run);
  return found.violations.map(
    ({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.any[0]?.message ?? ''}`,
  );
}

/** How many pixels the page is wider than the screen. */
function overflow(page: Page): Promise<number> {
  return page
    .evaluate('document.documentElement.scrollWidth - window.innerWidth')
    .then((by) => Math.max(0, by as number));
}
