/**
 * `npm run bench:page [scroll]`: the page with 1 000 made-up containers. What a frame costs while it is scrolled from end to end (CPU of the
 * main thread, and on the wall; elements that are made), what the browser's memory does over some hundred windows, and what an open page costs the collector. Figures, no judgement.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { open, startBrowser } from '../support/browser.ts';
import { fleetNode } from '../support/fleet.ts';
import { type Program, startProgram } from '../support/program.ts';
import { waitFor } from '../support/wait.ts';
import { crowd } from './crowd.ts';
import { traced } from './trace.ts';

const CONTAINERS = 1000;
const TABS = 10;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 20);

/** The browser is told to scroll by itself, a screen or so a frame, down and up again. */
const SCROLL = `new Promise((done) => {
  let down = true;
  const step = () => {
    scrollBy(0, down ? 400 : -400);
    if (scrollY + innerHeight >= document.documentElement.scrollHeight - 1) down = false;
    if (!down && scrollY === 0) done();
    else requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})`;

/** The same, counting the elements that are made on the way. */
const COUNTED = `(async () => {
  let made = 0;
  const seen = (changes) => { for (const { addedNodes } of changes) for (const node of addedNodes) made += node.nodeType === 1 ? 1 + node.querySelectorAll('*').length : 0; };
  const observer = new MutationObserver(seen);
  observer.observe(document.querySelector('.table .body'), { childList: true, subtree: true });
  await ${SCROLL};
  seen(observer.takeRecords());
  return made;
})()`;

async function main(): Promise<void> {
  const program = await startProgram({
    command: 'collector',
    config: { collector: { window: '1s', lateness: '500ms' } },
  });
  const node = fleetNode({ url: program.collectorUrl, node: 'web-1', containers: crowd(CONTAINERS, 'web-1') });
  await program.ready();
  const browser = await startBrowser();
  try {
    const { page, context } = await open(browser, program.collectorUrl);
    await waitFor(async () => (await page.locator('.body .row').count()) > 10, { what: 'rows', timeoutMs: 60_000 });
    await scrolling(browser, page);
    if (process.argv.includes('scroll')) return;
    await remembering(page, await context.newCDPSession(page));
    await context.close();
    await tabs(program);
  } finally {
    await browser.close();
    await node.stop();
    await program.stop();
  }
}

async function scrolling(browser: Browser, page: Page): Promise<void> {
  const { frames, framesOnWall, tasks, parts } = await traced(browser, page, () => page.evaluate(SCROLL));
  const work = frames.reduce((sum, each) => sum + each, 0);
  console.log(
    `scrolling ${CONTAINERS} rows down and up: ${frames.length} frames, ${await page.evaluate(COUNTED)} elements made`,
  );
  console.log(
    `  main thread, CPU a frame: ${spread(frames)}; tasks of more than 50 ms: ${tasks.filter((each) => each > 50).length}`,
  );
  console.log(`  the same on the wall: ${spread(framesOnWall)}`);
  const each = [...parts].map(([what, ms]) => `${what} ${(ms / frames.length).toFixed(1)}`);
  console.log(`  of ${(work / frames.length).toFixed(1)} ms a frame: ${each.join(', ')}`);
}

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN).toFixed(1);
  return `median ${at(0.5)} ms, 99 % ${at(0.99)} ms, longest ${at(1)} ms`;
}

async function remembering(page: Page, devtools: CDPSession): Promise<void> {
  const heap = async (): Promise<number> => {
    await devtools.send('HeapProfiler.collectGarbage');
    return (await devtools.send('Runtime.getHeapUsage')).usedSize / 1e6;
  };
  const readings = [await heap()];
  for (let i = 0; i < 4; i++) {
    await page.waitForTimeout((SECONDS * 1000) / 2);
    readings.push(await heap());
  }
  console.log(
    `memory of the page over ${SECONDS * 2} windows: ${readings.map((value) => value.toFixed(1)).join(', ')} MB`,
  );
}

/** CPU of the collector with and without pages that are open; beside it, what one message weighs. */
async function tabs(program: Program): Promise<void> {
  const none = await cpuShare(program);
  const all = await Promise.all(Array.from({ length: TABS }, () => stream(program.collectorUrl)));
  await delay(2000);
  const bytes = all[0]!.bytes();
  const some = await cpuShare(program);
  const perWindow = (all[0]!.bytes() - bytes) / SECONDS;
  for (const { close } of all) close();
  console.log(
    `collector, ${CONTAINERS} containers, windows of 1 s: ${(none * 100).toFixed(1)} % of a core with no page open, ${(some * 100).toFixed(1)} % with ${TABS}`,
  );
  console.log(`  a message is ${(perWindow / 1000).toFixed(0)} kB`);
}

async function cpuShare({ pid }: Program): Promise<number> {
  const ticks = (): number => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return Number(fields[11]) + Number(fields[12]);
  };
  const [before, at] = [ticks(), performance.now()];
  await delay(SECONDS * 1000);
  return (ticks() - before) / 100 / ((performance.now() - at) / 1000);
}

async function stream(url: string) {
  const abort = new AbortController();
  const answer = await fetch(`${url}/page/events`, { signal: abort.signal });
  let bytes = 0;
  const read = async (): Promise<void> => {
    for await (const piece of answer.body as unknown as AsyncIterable<Uint8Array>) bytes += piece.length;
  };
  void read().catch(() => undefined);
  return { bytes: () => bytes, close: () => abort.abort() };
}

await main();
