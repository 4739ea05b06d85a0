import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from '../../testing/pages/browser.ts';
import { createConsoleClient, type ConsoleClient } from '../api/console-client.ts';
import { chromiumForTests } from './chromium.ts';

const chromium = await chromiumForTests();

describe.skipIf(chromium === null)('exports in a browser', () => {
  let browser: Browser;
  let consoleClient: ConsoleClient;
  let page: Page;
  let base: string;
  beforeAll(async () => {
    [browser, consoleClient] = await Promise.all([
      openBrowser(chromium as string),
      createConsoleClient(),
    ]);
    await consoleClient.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = consoleClient.app.server.address() as AddressInfo;
    base = `http://127.0.0.1:${port}`;
    const { cookie } = await consoleClient.visitor('read', 'operate');
    const [name, value] = cookie.split('=') as [string, string];
    const context = await browser.newContext();
    await context.addCookies([{ name, value, url: base }]);
    page = await context.newPage();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await consoleClient?.close();
  });

  const imports = () => consoleClient.feeFixtures.ledger.evidence.imports();
  const HEADER = 'Date of Service,Clinician,Clinician NPI,Billing Code\n';
  const csv = (name: string, rows: string) => ({
    ...{ name, mimeType: 'text/csv', buffer: Buffer.from(`${HEADER}${rows}`) },
  });
  const ROW = '2026-03-01,"Zoë Nuñez-Öztürk",,90834\n';

  it('are sent one by one, each with its outcome in its line', async () => {
    await page.goto(`${base}/console/imports/upload`);
    await page.getByLabel('Files', { exact: true }).setInputFiles([csv('spring.csv', ROW), png()]);
    await page.getByRole('button', { name: 'Read these files' }).click();
    await page.getByRole('link', { name: 'spring.csv' }).waitFor();
    await page.locator('#uploads').getByText('Not read.').waitFor();
    expect(new URL(page.url()).pathname).toBe('/console/imports/upload');
    expect((await imports()).map(({ fileName }) => fileName)).toContain('spring.csv');
  });

  it('are dropped onto the page too', async () => {
    const drop = await page.evaluateHandle(
      `(() => { const all = new DataTransfer();
        all.items.add(new File([${JSON.stringify(HEADER + ROW.replace('03-01', '04-01'))}],
          'dropped.csv')); return all; })()`,
    );
    await page.dispatchEvent('main', 'drop', { dataTransfer: drop });
    await page.getByRole('link', { name: 'dropped.csv' }).waitFor();
  });

  it('leave nothing when they are cancelled', async () => {
    const before = (await imports()).length;
    const queue = page.locator('#uploads');
    const slow = await page.context().newCDPSession(page);
    await slow.send('Network.emulateNetworkConditions', {
      ...{ offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 100_000 },
    });
    await page
      .getByLabel('Files', { exact: true })
      .setInputFiles([csv('long.csv', ROW.repeat(100_000)), csv('waits.csv', ROW)]);
    await page.getByRole('button', { name: 'Read these files' }).click();
    await page.getByText('Sending…').waitFor();
    await page.getByRole('button', { name: 'Cancel waits.csv' }).click();
    await page.getByRole('button', { name: 'Cancel long.csv' }).click();
    await expect.poll(() => queue.getByText('Cancelled. Nothing of it was kept.').count()).toBe(2);
    await slow.detach();
    expect(await imports()).toHaveLength(before);
  }, 30_000);

  it('leave weak findings that the keyboard decides on, with the focus on the next row', async () => {
    await page.goto(`${base}/console/review`);
    const { evidence } = consoleClient.feeFixtures.ledger;
    const before = await evidence.weak(10);
    const focused = () => page.evaluate('document.activeElement.textContent');
    await page.keyboard.press('j');
    expect(await focused()).toBe(before[0]!.name.replace('\u202e', '\ufffd'));
    await page.keyboard.press('a');
    await page.getByText(/^Accepted: .* 3 left here\.$/).waitFor();
    expect(await focused()).toBe(before[1]!.name.replace('\u202e', '\ufffd'));
    await page.keyboard.press('r');
    await page.getByText(/^Refused: .* 2 left here\.$/).waitFor();
    expect((await evidence.weak(10)).map(({ evidenceId }) => evidenceId)).toEqual(
      before.slice(2).map(({ evidenceId }) => evidenceId),
    );
    await page.locator('#weak tbody tr').last().getByRole('button', { name: 'Refuse' }).click();
    await page.getByText(/^Refused: .* 1 left here\.$/).waitFor();
  });
});

function png() {
  const buffer = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
  return { name: 'picture.png', mimeType: 'image/png', buffer };
}
