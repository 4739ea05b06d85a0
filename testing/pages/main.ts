import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findChromium, openBrowser, SCREENS } from './browser.ts';
import { clinicianPages } from './clinician.ts';
import { crawl } from './crawl.ts';
import { signIn, startSampleYear } from './sample.ts';

// Writes a picture of every page of the console and of a clinician, of the demo year, on every
// screen.
const { values } = parseArgs({
  options: { out: { type: 'string', default: 'screenshots' } },
});

const chromium = await findChromium(process.env['CHROMIUM']);
if (!chromium) throw new Error('No Chromium was found: install one, or name it in CHROMIUM.');
await mkdir(values.out, { recursive: true });
const browser = await openBrowser(chromium);
const sample = await startSampleYear();
try {
  for (const screen of SCREENS) {
    const page = await signIn(browser, sample, screen);
    await crawl(page, sample.levy.url, async ({ kind }) => {
      const name = kind.slice(1).replaceAll('/', '-').replaceAll(':', '');
      const path = join(values.out, `${name}.${screen.name}.png`);
      await page.screenshot({ path, fullPage: true });
      console.log(path);
    });
    for (const { kind, url } of clinicianPages(sample)) {
      await page.goto(url);
      const path = join(values.out, `${kind.slice(1).replaceAll('/', '-')}.${screen.name}.png`);
      await page.screenshot({ path, fullPage: true });
      console.log(path);
    }
    await page.context().close();
  }
} finally {
  await browser.close();
  await sample.close();
}
