/**
 * `npm run pictures:page [file…]`: the page in a real browser, at three widths, with 0, 3, 100 and 1 000 made-up containers, dark and light, as PNG
 * files below .cache/pictures/page. To be looked at after changing the page. `docs` makes those of README.md, in dashboards/pictures/page.
 */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { open, startBrowser } from '../support/browser.ts';
import { type FleetNode, fleetNode } from '../support/fleet.ts';
import { startProgram } from '../support/program.ts';
import { crowd } from './crowd.ts';

const OUT = resolve('.cache/pictures/page');
const DOCS = resolve('dashboards/pictures/page');
const WIDTHS = [
  [390, 844],
  [1280, 800],
  [1920, 1080],
] as const;
const CROWDS = [0, 3, 100, 1000];

type Shot = (
  name: string,
  size: readonly [number, number],
  dark: boolean,
  act: (page: Page) => Promise<unknown>,
) => Promise<void>;

function shooter(browser: Browser, url: string, folder = OUT): Shot {
  return async (name, [width, height], dark, act) => {
    const { page, context, complaints } = await open(browser, url, { width, height, dark });
    await act(page);
    const file = folder === DOCS ? `${name}.png` : `${name}-${width}-${dark ? 'dark' : 'light'}.png`;
    await page.screenshot({ path: join(folder, file) });
    if (complaints.length > 0) console.log(file, complaints);
    await context.close();
  };
}

async function main(): Promise<void> {
  for (const folder of [OUT, DOCS]) mkdirSync(folder, { recursive: true });
  const only = process.argv.slice(2);
  const browser = await startBrowser();
  const wanted = CROWDS.filter((count) => only.length === 0 || only.includes(String(count)));
  if (only.includes('docs'))
    await withCrowd({ count: 100, seconds: 330 }, (url) => ofReadme(shooter(browser, url, DOCS)));
  for (const count of wanted)
    await withCrowd({ count, seconds: 60 }, (url) => picturesOf(shooter(browser, url), count));
  await browser.close();
}

interface Crowd {
  readonly count: number;
  /** How long there is something to draw of. */
  readonly seconds: number;
}

async function withCrowd({ count, seconds }: Crowd, act: (url: string) => Promise<void>): Promise<void> {
  const program = await startProgram({
    command: 'collector',
    // Two readings each: a machine that is busy with pictures leaves none out.
    config: { collector: { window: '2s', lateness: '1s' } },
  });
  const names = count >= 100 ? ['web-1', 'web-2', 'db-1'] : ['web-1'];
  const nodes: FleetNode[] =
    count === 0
      ? []
      : names.map((node) =>
          fleetNode({ url: program.collectorUrl, node, containers: crowd(Math.ceil(count / names.length), node) }),
        );
  if (count > 0) {
    await program.ready();
    await delay(seconds * 1000);
    await act(program.collectorUrl);
  } else await act(program.collectorUrl);
  for (const node of nodes) await node.stop();
  await program.stop();
}

async function picturesOf(shot: Shot, count: number): Promise<void> {
  for (const size of WIDTHS)
    for (const dark of [false, true]) {
      await shot(`list-${count}`, size, dark, (page) => page.waitForTimeout(count === 0 ? 500 : 6500));
      if (count === 0) continue;
      await shot(`container-${count}`, size, dark, async (page) => {
        await page.locator('.body .name a').first().click();
        await page.locator('select').first().selectOption('5m');
        await page.waitForTimeout(2500);
      });
    }
  if (count >= 100) await further(shot);
}

async function ofReadme(shot: Shot): Promise<void> {
  await shot('containers', [1180, 560], false, (page) => page.waitForTimeout(4500));
  await shot('service', [1180, 620], true, async (page) => {
    await page.goto(`${page.url()}?of=service&project=shop&service=web&range=5m`);
    await page.waitForTimeout(5000);
  });
  await shot('phone', [390, 700], false, (page) => page.waitForTimeout(4500));
}

async function further(shot: Shot): Promise<void> {
  for (const size of WIDTHS) {
    await shot('grouped', size, false, async (page) => {
      await page.goto(`${page.url()}?group=service&sort=cpu`);
      await page.waitForTimeout(1500);
    });
    await shot('hosts', size, true, async (page) => {
      await page.goto(`${page.url()}?view=hosts`);
      await page.waitForTimeout(2500);
    });
    await shot('service', size, false, async (page) => {
      await page.goto(`${page.url()}?of=service&project=shop&service=web&range=5m&compare`);
      await page.waitForTimeout(2500);
    });
    await shot('explore', size, false, async (page) => {
      await page.goto(
        `${page.url()}?view=explore&range=5m&expr=${encodeURIComponent('topk(5, sum by (name) (rate(container_cpu_usage_seconds_total{name!=""}[30s])))')}`,
      );
      await page.waitForTimeout(1500);
    });
    await shot('about', size, true, async (page) => {
      await page.goto(`${page.url()}?view=about`);
      await page.waitForTimeout(6500);
    });
  }
}

await main();
