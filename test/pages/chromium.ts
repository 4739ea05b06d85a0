import { findChromium } from '../../testing/pages/browser.ts';

/**
 * The browser of this machine for the tests of whole pages; null when there is none, which is said
 * in one line. In CI they must run.
 */
export async function chromiumForTests(): Promise<string | null> {
  const chromium = await findChromium(process.env['CHROMIUM']);
  if (chromium) return chromium;
  const skipped = 'Tests of whole pages skipped: no Chromium found, none named in CHROMIUM.';
  if (process.env['CI'] === 'true') throw new Error(`${skipped} In CI they must run.`);
  console.log(skipped);
  return null;
}
