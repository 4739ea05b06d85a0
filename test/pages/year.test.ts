import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStripe } from '../../gateways/stripe/client.ts';
import { plantPeople } from '../../sandbox/samples/plant.ts';
import { usageExports } from '../../sandbox/samples/exports.ts';
import { openBrowser, SCREENS, type Screen } from '../../testing/pages/browser.ts';
import { signIn, startEmpty, type Sample } from '../../testing/pages/sample.ts';
import { chromiumForTests } from './chromium.ts';

const chromium = await chromiumForTests();
const [light, , phone] = SCREENS as readonly [Screen, Screen, Screen];

/** The whole year at a browser: each line is something a person sees or presses. */
async function liveYear(page: Page, { levy }: Sample): Promise<void> {
  const { rosterCsv } = await plantPeople(createStripe(levy.stripeBase));
  const open = (path: string) => page.goto(`${levy.url}${path}`);
  const press = (name: string | RegExp) => page.getByRole('button', { name }).first().click();

  // The roster: chosen, looked at, confirmed.
  await open('/console/people/upload');
  await page.getByLabel('File', { exact: true }).setInputFiles({
    name: 'roster.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(rosterCsv),
  });
  await press('Show what would change');
  await expect.poll(() => page.textContent('main')).toContain('To be added');
  await press(/^Write|^Confirm/);
  await page.getByRole('heading', { name: 'The roster was written' }).waitFor();

  // The exports of the EHR.
  await open('/console/imports/upload');
  await page.getByLabel('Files', { exact: true }).setInputFiles(
    usageExports().map(({ name, bytes }) => {
      return { name, mimeType: 'text/plain', buffer: Buffer.from(bytes) };
    }),
  );
  await press('Read these files');
  await expect.poll(() => page.locator('#uploads h2 a').count(), { timeout: 30_000 }).toBe(3);

  // The year is opened, looked at and approved.
  await open('/console');
  await page.getByLabel('Vendor and year').selectOption('theranest 2026');
  await press('Look');
  await press(/^Open/);
  await page.getByRole('heading', { name: 'TheraNest 2026' }).waitFor();
  const year = page.url().split('?')[0] as string;
  await expect
    .poll(
      async () => {
        await page.goto(year);
        return page.getByLabel('I have read this roster').count();
      },
      { timeout: 60_000 },
    )
    .toBe(1);
  await page.getByLabel('I have read this roster').check();
  await press(/^Approve: \d+ people/);
  await expect.poll(() => page.textContent('main')).toContain('The roster is approved');

  // It runs to its end by itself.
  await expect
    .poll(
      async () => {
        const states = await levy.ledger.reports.fees({ limit: 1_000 });
        return states.filter(({ nextStep }) => nextStep !== null).length;
      },
      { timeout: 90_000, interval: 500 },
    )
    .toBe(0);

  // What is owed is on the desk; the link for another card is sent to all who need one.
  await open('/console/desk?state=needs_card');
  const owed = await page.locator('tbody tr').count();
  expect(owed).toBeGreaterThan(0);
  await page.getByLabel(/^Do to all/).selectOption({ label: 'Send the card link' });
  await press('Show what would happen');
  await press(/^Send the card link: /);
  await page.getByRole('heading', { name: /Send the card link/ }).waitFor();
  await expect
    .poll(
      async () => {
        await page.reload();
        return page.textContent('#standing');
      },
      { timeout: 30_000 },
    )
    .toContain('Finished');

  // The report of the year.
  await page.goto(year);
  await page
    .getByRole('link', { name: /report/i })
    .first()
    .click();
  await expect.poll(() => page.textContent('main')).toContain('Paid');
}

describe.skipIf(chromium === null)('a practice runs its year with a browser alone', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser(chromium as string);
  }, 60_000);
  afterAll(() => browser?.close());

  it.each<[string, Screen, boolean]>([
    ['at a desk', light, true],
    ['on a phone', phone, true],
    ['without scripts', light, false],
  ])(
    '%s',
    async (_, screen, scripts) => {
      const sample = await startEmpty();
      try {
        const page = await signIn(browser, sample, screen, scripts);
        await liveYear(page, sample);
        const { doubleCharges, succeeded } = sample.levy.sandbox.stripe?.books('fee') ?? {};
        expect(doubleCharges).toEqual([]);
        expect(succeeded?.length).toBeGreaterThan(20);
        await page.context().close();
      } finally {
        await sample.close();
      }
    },
    240_000,
  );
});
