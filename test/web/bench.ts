/**
 * `npm run bench:page [scroll | hour]`: the page with 1 000 made-up containers. What a frame costs while it is scrolled from end to end (CPU of the
 * main thread, and on the wall; elements that are made), what the browser's memory does over some hundred windows, and what an open page costs the collector. Figures, no judgement.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, CDPSession, Page } from 'playwright-core';
import type { Snapshot } from '../../dashboards/web/live/message.ts';
import { begin } from '../../dashboards/web/live/model.ts';
import { pastOf } from '../../dashboards/web/live/past.ts';
import { open, startBrowser } from '../support/browser.ts';
import { fleetNode } from '../support/fleet.ts';
import { type Program, startProgram } from '../support/program.ts';
import { COUNTED, type Counted, SCROLL } from '../support/scrolling.ts';
import { waitFor } from '../support/wait.ts';
import { crowd } from './crowd.ts';
import { hour } from './hour.ts';
import { traced } from './trace.ts';

const CONTAINERS = 1000;
const TABS = 10;
const OPENINGS = 20;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 20);

async function main(): Promise<void> {
  if (process.argv.includes('hour')) {
    const browser = await startBrowser();
    return hour(browser).finally(() => browser.close());
  }
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
  const { made } = (await page.evaluate(COUNTED)) as Counted;
  console.log(`scrolling ${CONTAINERS} rows down and up: ${frames.length} frames, ${made} elements made`);
  console.log(
    `  main thread, CPU a frame: ${spread(frames)}; tasks of more than 50 ms: ${tasks.filter((each) => each > 50).length}`,
  );
  console.log(`  the same on the wall: ${spread(framesOnWall)}`);
  const each = [...parts]
    .map(([what, ms]) => [what, ms / frames.length] as const)
    .filter(([, ms]) => ms >= 0.2)
    .sort(([, a], [, b]) => b - a)
    .map(([what, ms]) => `${what} ${ms.toFixed(1)}`);
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
  await opening(program, none);
}

/** What small curves ask when somebody opens the page, beside what the collector does anyway. */
async function opening(program: Program, share: number): Promise<void> {
  const snapshot = (await (await fetch(`${program.collectorUrl}/page/now`)).json()) as Snapshot;
  // As before anybody has looked.
  const asked = pastOf(begin({ ...snapshot, trails: {} }));
  const [before, at] = [cpuSeconds(program), performance.now()];
  let bytes = 0;
  for (let i = 0; i < OPENINGS; i++)
    for (const { expr, from, to, step } of asked) {
      const params = { query: expr, start: String(from), end: String(to), step: String(step) };
      const answer = await fetch(`${program.collectorUrl}/api/v1/query_range?${new URLSearchParams(params)}`);
      bytes += (await answer.arrayBuffer()).byteLength;
    }
  const cpu = cpuSeconds(program) - before - (share * (performance.now() - at)) / 1000;
  console.log(
    `  small curves of before: ${((cpu / OPENINGS) * 1000).toFixed(0)} CPU ms of the collector an opening, ${(bytes / OPENINGS / 1000).toFixed(0)} kB`,
  );
}

async function cpuShare(program: Program): Promise<number> {
  const [before, at] = [cpuSeconds(program), performance.now()];
  await delay(SECONDS * 1000);
  return (cpuSeconds(program) - before) / ((performance.now() - at) / 1000);
}

function cpuSeconds({ pid }: Program): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
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
