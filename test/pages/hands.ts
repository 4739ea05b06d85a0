import type { FileChooser, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** A file as a person chooses it. */
export interface ChosenFile {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

/** What a person does at a page: with a mouse, or with the keyboard alone. */
export interface Hands {
  /** Follows the first link with this name. */
  follow(page: Page, name: string | RegExp): Promise<void>;
  /** Presses the first button with this name. */
  press(page: Page, name: string | RegExp): Promise<void>;
  /** Chooses the option with this label of the field with this label. */
  choose(page: Page, label: string | RegExp, option: string): Promise<void>;
  check(page: Page, label: string): Promise<void>;
  /** Gives files to the field with this label. */
  give(page: Page, label: string, files: ChosenFile[]): Promise<void>;
}

const link = (page: Page, name: string | RegExp) => page.getByRole('link', { name }).first();
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).first();

export const MOUSE: Hands = {
  follow: (page, name) => link(page, name).click(),
  press: (page, name) => button(page, name).click(),
  choose: async (page, label, option) => {
    await page.getByLabel(label).selectOption({ label: option });
  },
  check: (page, label) => page.getByLabel(label).check(),
  give: (page, label, files) => page.getByLabel(label, { exact: true }).setInputFiles(files),
};

export const KEYBOARD: Hands = {
  follow: (page, name) => pressOn(page, link(page, name), 'Enter'),
  press: (page, name) => pressOn(page, button(page, name), 'Enter'),
  async choose(page, label, option) {
    const field = page.getByLabel(label);
    await tabTo(page, field);
    // The options in their order, as the arrow keys go through them.
    const labels = await field.locator('option').allInnerTexts();
    const at = labels.findIndex((one) => one.trim() === option);
    expect(at, `${option} among ${labels.join(', ')}`).toBeGreaterThan(-1);
    await page.keyboard.press('Home');
    for (let step = 0; step < at; step += 1) await page.keyboard.press('ArrowDown');
    expect(await field.locator('option:checked').innerText()).toBe(labels[at]);
  },
  check: (page, label) => pressOn(page, page.getByLabel(label), 'Space'),
  async give(page, label, files) {
    const chosen = page.waitForEvent('filechooser');
    await pressOn(page, page.getByLabel(label, { exact: true }), 'Enter');
    const chooser: FileChooser = await chosen;
    await chooser.setFiles(files);
  },
};

async function pressOn(page: Page, target: Locator, key: string): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press(key);
}

/** More stops than any page has. */
const STOPS = 400;

/** Goes to a part of the page by the tab key, and sees that the focus is visible there. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  const isThere = () => target.evaluate((node) => node === node.ownerDocument.activeElement);
  for (let stop = 0; stop < STOPS && !(await isThere()); stop += 1)
    await page.keyboard.press('Tab');
  expect(await isThere(), `the tab key reaches ${target.toString()}`).toBe(true);
  const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
  expect(outline, `the focus on ${target.toString()} is seen`).toMatch(/^(solid|auto)$/);
}
