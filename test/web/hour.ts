/**
 * `npm run bench:page -- hour`: an hour of windows of a second, as fast as the browser takes them, into a list of containers and into the charts of
 * one. What the pages hold after a garbage collection is the same at the end as after the first ten minutes, or it fails.
 */
import type { Browser, CDPSession, Page } from 'playwright-core';
import { open } from '../support/browser.ts';
import { waitFor } from '../support/wait.ts';
import { type HourServer, hourServer } from './hourserver.ts';

const CONTAINERS = 100;
const MINUTES = Number(process.env.BENCH_MINUTES ?? 60);
/** By then curves are full, and scripts compiled. */
const WARM_UP = Math.min(10, MINUTES / 4);
/** Megabytes, and elements: a page that kept a row of each window would hold fifty times as much. */
const MOST = { heap: 1, nodes: 200 };

/** Asks for the next window when the one before has been drawn. */
const PACE = `new MutationObserver(() => requestAnimationFrame(() => requestAnimationFrame(() => nextWindow())))
  .observe(document.querySelector('.standing'), { childList: true, characterData: true, subtree: true })`;

interface Held {
  readonly heap: number;
  readonly nodes: number;
  readonly listeners: number;
}

export async function hour(browser: Browser): Promise<void> {
  const server = await hourServer(CONTAINERS);
  const list = await open(browser, server.url);
  const charts = await open(browser, `${server.url}/?of=container&node=web-1&id=/docker/1&range=15m`);
  const pages = { list: list.page, charts: charts.page };
  await waitFor(async () => (await charts.page.locator('.uplot').count()) > 4, { what: 'charts', timeoutMs: 60_000 });
  const began = performance.now();
  const before = await afterMinutes(server, charts.page, { minutes: WARM_UP, pages });
  const after = await afterMinutes(server, charts.page, { minutes: MINUTES - WARM_UP, pages });
  console.log(`${MINUTES} minutes passed in ${((performance.now() - began) / 60_000).toFixed(1)}`);
  for (const [name, had] of before) {
    const has = after.get(name) as Held;
    console.log(`${name}: after ${WARM_UP} minutes ${words(had)}; after ${MINUTES} ${words(has)}`);
    if (has.heap - had.heap > MOST.heap || has.nodes - had.nodes > MOST.nodes) {
      console.error(`${name} has grown by more than ${MOST.heap} MB or ${MOST.nodes} elements`);
      process.exitCode = 1;
    }
  }
  for (const { complaints, context } of [list, charts]) {
    if (complaints.length > 0) console.log(complaints);
    await context.close();
  }
  server.close();
}

const paced = new WeakSet<Page>();
let passed: () => void = () => undefined;

async function afterMinutes(
  server: HourServer,
  pacer: Page,
  { minutes, pages }: { minutes: number; pages: Readonly<Record<string, Page>> },
): Promise<Map<string, Held>> {
  let left = minutes * 60;
  const done = new Promise<void>((resolve) => {
    passed = () => (--left > 0 ? void server.next() : resolve());
  });
  if (!paced.has(pacer)) {
    paced.add(pacer);
    await pacer.exposeFunction('nextWindow', () => passed());
    await pacer.evaluate(PACE);
  }
  await server.next();
  await done;
  const held = new Map<string, Held>();
  for (const [name, page] of Object.entries(pages)) held.set(name, await heldBy(page));
  return held;
}

async function heldBy(page: Page): Promise<Held> {
  const devtools: CDPSession = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  await devtools.send('HeapProfiler.collectGarbage');
  const { metrics } = await devtools.send('Performance.getMetrics');
  const metric = (name: string): number => metrics.find((each) => each.name === name)?.value ?? Number.NaN;
  const held = { heap: metric('JSHeapUsedSize') / 1e6, nodes: metric('Nodes'), listeners: metric('JSEventListeners') };
  await devtools.detach();
  return held;
}

function words({ heap, nodes, listeners }: Held): string {
  return `${heap.toFixed(2)} MB, ${nodes} nodes, ${listeners} listeners`;
}
