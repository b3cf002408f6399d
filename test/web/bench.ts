/**
 * `npm run bench:page`: the page with 1 000 made-up containers. How long frames are while it is scrolled from end to end (the longest work between
 * two frames), what the browser's memory does over some hundred windows, and what an open page costs the collector. Figures, no judgement.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { CDPSession, Page } from 'playwright-core';
import { open, startBrowser } from '../support/browser.ts';
import { fleetNode } from '../support/fleet.ts';
import { type Program, startProgram } from '../support/program.ts';
import { waitFor } from '../support/wait.ts';
import { crowd } from './crowd.ts';

const CONTAINERS = 1000;
const TABS = 10;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 20);

/** The browser is told to scroll by itself, a screen or so a frame, and notes when frames come and how long scripts kept it. */
const SCROLL = `new Promise((done) => {
  const frames = [], tasks = [];
  new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) tasks.push(duration); }).observe({ type: 'longtask' });
  let last = performance.now(), down = true;
  const step = (now) => {
    frames.push(now - last); last = now;
    scrollBy(0, down ? 400 : -400);
    if (scrollY + innerHeight >= document.documentElement.scrollHeight - 1) down = false;
    if (!down && scrollY === 0) done({ frames: frames.slice(1), tasks });
    else requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})`;

async function main(): Promise<void> {
  const program = await startProgram({
    command: 'collector',
    config: { collector: { window: '1s', lateness: '500ms' } },
  });
  const node = fleetNode({ url: program.collectorUrl, node: 'web-1', containers: crowd(CONTAINERS, 'web-1') });
  await program.ready();
  const browser = await startBrowser();
  const { page, context } = await open(browser, program.collectorUrl);
  await waitFor(async () => (await page.locator('.body .row').count()) > 10, { what: 'rows', timeoutMs: 60_000 });
  await scrolling(page);
  await remembering(page, await context.newCDPSession(page));
  await context.close();
  await tabs(program);
  await browser.close();
  await node.stop();
  await program.stop();
}

async function scrolling(page: Page): Promise<void> {
  const { frames, tasks } = (await page.evaluate(SCROLL)) as { frames: number[]; tasks: number[] };
  frames.sort((a, b) => a - b);
  const at = (share: number): string => (frames[Math.floor((frames.length - 1) * share)] as number).toFixed(1);
  console.log(
    `scrolling ${CONTAINERS} rows: ${frames.length} frames, median ${at(0.5)} ms, 99 % ${at(0.99)} ms, longest ${at(1)} ms`,
  );
  console.log(
    `  tasks of more than 50 ms: ${tasks.length}${tasks.length > 0 ? `, the longest ${Math.max(...tasks).toFixed(0)} ms` : ''}`,
  );
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
