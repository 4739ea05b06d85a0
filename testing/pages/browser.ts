import { access } from 'node:fs/promises';
import { chromium, type Browser } from 'playwright-core';

/** Where Debian, Fedora and macOS put the browser. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** The path of a Chromium: `given` (CHROMIUM) or a usual place; null when there is none. */
export async function findChromium(given?: string): Promise<string | null> {
  for (const path of given ? [given] : PLACES)
    if (await access(path).then(() => true, () => false)) return path; // prettier-ignore
  return null;
}

/** Starts a browser without a window. The caller closes it. */
export function openBrowser(executablePath: string): Promise<Browser> {
  // Chromium's own sandbox refuses to run as root, as in a container. All pages opened are ours.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}

/** A screen that pages are looked at on. */
export interface Screen {
  name: string;
  width: number;
  height: number;
  colorScheme: 'light' | 'dark';
}

/** A desk, a desk at night, and a phone. */
export const SCREENS: readonly Screen[] = [
  { name: 'light', width: 1280, height: 900, colorScheme: 'light' },
  { name: 'dark', width: 1280, height: 900, colorScheme: 'dark' },
  { name: 'phone', width: 390, height: 844, colorScheme: 'light' },
];
