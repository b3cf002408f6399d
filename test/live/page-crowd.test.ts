/**
 * The collector's page over three hundred made-up containers: small curves begin with what the store says of the time before it was opened, and who
 * scrolls sees each row.
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { open, startBrowser, until } from '../support/browser.ts';
import { type FleetNode, fleetNode } from '../support/fleet.ts';
import { type Program, startProgram } from '../support/program.ts';
import { COUNTED, type Counted } from '../support/scrolling.ts';
import { waitFor } from '../support/wait.ts';
import { crowd } from '../web/crowd.ts';

const CONTAINERS = 300;
/** It works in waves of about a minute, between nothing and two cores. */
const WAVES = 'shop-frontend-1';

let browser: Browser;
let collector: Program;
let node: FleetNode;

beforeAll(async () => {
  browser = await startBrowser();
  collector = await startProgram({
    command: 'collector',
    config: { collector: { window: '1s', lateness: '500ms' } },
  });
  node = fleetNode({ url: collector.collectorUrl, node: 'web-1', containers: crowd(CONTAINERS, 'web-1') });
  await collector.ready();
});

afterAll(async () => {
  await browser?.close();
  await node?.stop();
  await collector?.stop();
});

/** What the API says of its CPU in each of thirty seconds from `from` on; in three windows there are two readings. */
async function asked(from: number): Promise<number[]> {
  const query = `rate(container_cpu_usage_seconds_total{name="${WAVES}"}[3s])`;
  const params = { query, start: String(from), end: String(from + 29), step: '1' };
  const answer = await fetch(`${collector.collectorUrl}/api/v1/query_range?${new URLSearchParams(params)}`);
  const { data } = (await answer.json()) as { data: { result: { values: [number, string][] }[] } };
  return (data.result[0]?.values ?? []).map(([, value]) => Number(value));
}

/** A curve's points, as shares of the highest that there is room for: 20 of its 22 pixels. */
function heights(path: string): number[] {
  return [...path.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => (21 - Number(y)) / 20);
}

/** In one moment: its curve, and the time of day that the page is of. */
const SEEN = `[
  document.querySelector('.body a[title=${WAVES}]')?.closest('.row').querySelector('.spark path').getAttribute('d') ?? '',
  document.querySelector('.standing').textContent,
]`;

test('a small curve begins before the page was opened, with what the API says of then', async () => {
  const seconds = (): number => Math.floor(Date.now() / 1000);
  // More than a curve has is kept, before anybody has looked.
  await waitFor(async () => (await asked(seconds() - 40)).length === 30, { what: 'thirty windows', timeoutMs: 90_000 });
  const { page, context, complaints } = await open(browser, `${collector.collectorUrl}/?q=${WAVES}`);
  let [path, standing] = ['', ''];
  await until(page, 'a whole curve', async () => {
    [path, standing] = (await page.evaluate(SEEN)) as [string, string];
    return heights(path).length === 30;
  });
  const shown = Date.parse(`1970-01-01T${/[\d:]{8}/.exec(standing)![0]}Z`) / 1000;
  const end = seconds() - ((seconds() - shown) % 86_400);
  // The oldest ten: the newest are those that the page has seen itself.
  const drawn = heights(path).slice(0, 10);
  const kept = (await asked(end - 29)).slice(0, 10);
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  // A height is a share of the highest, in tenths of a pixel.
  const scale = sum(drawn) / sum(kept);
  expect(kept).toHaveLength(10);
  for (const [i, value] of kept.entries()) expect(Math.abs(drawn[i]! - value * scale)).toBeLessThan(0.01);
  expect(complaints).toEqual([]);
  await context.close();
});

test('who scrolls through them sees each, and makes no elements: those of a row that leaves are the next one’s', async () => {
  // By name: an order that no window changes.
  const { page, context } = await open(browser, `${collector.collectorUrl}/?ended&sort=name&up`);
  await until(page, 'all of them', async () =>
    (await page.locator('.tools [role=status]').innerText()).startsWith(`${CONTAINERS} shown`),
  );
  const { made, rows } = (await page.evaluate(COUNTED)) as Counted;
  expect(rows).toBe(CONTAINERS);
  // Down and up are 600 rows, of some forty elements each; a mark here and there comes and goes.
  expect(made).toBeLessThan(CONTAINERS / 2);
  await context.close();
});

test('a host that says nothing any more keeps its rows for a while; then the page says so, and not that there is no container', async () => {
  const { page, context } = await open(browser, collector.collectorUrl);
  await until(page, 'rows', async () => (await page.locator('.body .row').count()) > 0);
  await node.stop();
  // Fifteen seconds, which are more than three of its windows.
  await until(page, 'what has come of it', async () =>
    /No host has said anything for \d/.test(await page.locator('main').innerText()),
  );
  expect(await page.locator('.body .row').count()).toBe(0);
  await context.close();
});
