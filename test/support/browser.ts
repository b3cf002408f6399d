/** Debian's Chromium through playwright-core, and what a test wants to know of a page: what it asked for, what it complained of. */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { requirePrograms } from './install.ts';
import { waitFor } from './wait.ts';

export interface Seen {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Of every request, in order. */
  readonly requests: string[];
  /** What the page or the browser complained of: exceptions, refused scripts. */
  readonly complaints: string[];
}

export interface SeenOptions {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

export async function startBrowser(): Promise<Browser> {
  requirePrograms('chromium');
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--force-device-scale-factor=1'],
  });
}

export async function open(browser: Browser, url: string, options: SeenOptions = {}): Promise<Seen> {
  const { width = 1280, height = 800, dark = false } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    timezoneId: 'UTC',
  });
  const page = await context.newPage();
  const [requests, complaints] = [[] as string[], [] as string[]];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  await page.goto(url);
  return { page, context, requests, complaints };
}

/** Waits until it is so; an error has what the page says by then. */
export async function until(page: Page, what: string, test: () => Promise<boolean>): Promise<void> {
  await waitFor(test, { what, timeoutMs: 30_000 }).catch(async (error: Error) => {
    throw new Error(`${error.message}\n${await page.evaluate('document.body.innerText')}`, { cause: error });
  });
}
