import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStripe } from '../../gateways/stripe/client.ts';
import { plantPeople } from '../../sandbox/samples/plant.ts';
import { usageExports } from '../../sandbox/samples/exports.ts';
import { openBrowser, SCREENS, type Screen } from '../../testing/pages/browser.ts';
import { signIn, startEmpty, type Sample } from '../../testing/pages/sample.ts';
import { chromiumForTests } from './chromium.ts';
import { KEYBOARD, MOUSE, type Hands } from './hands.ts';

const chromium = await chromiumForTests();
const [light, , phone] = SCREENS as readonly [Screen, Screen, Screen];

/**
 * The whole year at a browser, from the console's first page: each line is something that a person
 * sees or does.
 */
async function liveYear(page: Page, { levy }: Sample, hands: Hands): Promise<void> {
  const { rosterCsv } = await plantPeople(createStripe(levy.stripeBase));
  const follow = (name: string | RegExp) => hands.follow(page, name);
  const press = (name: string | RegExp) => hands.press(page, name);

  // The roster: chosen, looked at, confirmed.
  await follow('People');
  await follow('Upload a roster');
  const roster = { name: 'roster.csv', mimeType: 'text/csv', buffer: Buffer.from(rosterCsv) };
  await hands.give(page, 'File', [roster]);
  await press('Show what would change');
  await expect.poll(() => page.textContent('main')).toContain('To be added');
  await press(/^Write|^Confirm/);
  await page.getByRole('heading', { name: 'The roster was written' }).waitFor();

  // The exports of the EHR.
  await follow('Exports');
  await follow('Upload exports');
  const exports = usageExports().map(({ name, bytes }) => {
    return { name, mimeType: 'text/plain', buffer: Buffer.from(bytes) };
  });
  await hands.give(page, 'Files', exports);
  await press('Read these files');
  await expect.poll(() => page.locator('#uploads h2 a').count(), { timeout: 30_000 }).toBe(3);

  // The year is opened, looked at and approved.
  await follow('Overview');
  await hands.choose(page, 'Vendor and year', 'TheraNest 2026, $19.50');
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
  await hands.check(page, 'I have read this roster');
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
  await follow('Failed cards');
  await follow(/^Needs card/);
  await page.waitForURL(/state=needs_card/);
  expect(await page.locator('tbody tr').count()).toBeGreaterThan(0);
  await hands.choose(page, /^Do to all/, 'Send the card link');
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

  // The report of the year: the ledger was compared with Stripe's books, and nothing differed.
  await follow('Overview');
  await follow('TheraNest 2026');
  await follow(/report/i);
  await page.getByRole('heading', { name: 'What the checks found' }).waitFor();
  expect(await page.textContent('main')).toContain('Nothing differed');
}

describe.skipIf(chromium === null)('a practice runs its year with a browser alone', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser(chromium as string);
  }, 60_000);
  afterAll(() => browser?.close());

  it.each<[string, Screen, Hands, boolean]>([
    ['at a desk', light, MOUSE, true],
    ['on a phone', phone, MOUSE, true],
    ['by the keyboard', light, KEYBOARD, true],
    ['without scripts', light, MOUSE, false],
  ])(
    '%s',
    async (_, screen, hands, scripts) => {
      const sample = await startEmpty();
      try {
        const page = await signIn(browser, sample, screen, scripts);
        await liveYear(page, sample, hands);
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
