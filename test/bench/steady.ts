/**
 * Steady state: the agent beside containers that only stay, first with nobody scraping it, then scraped every five seconds as Prometheus
 * does; then a few plain scrapes. Each of the two costs needs whole minutes, since layers are walked once a minute.
 */
import { costOf, mb, median, pause, type Row, share, spread, wakeUpsOf } from './process.ts';
import type { Program } from './programs.ts';
import { type Scrape, scraperOf, seriesOn, valueOn } from './scrape.ts';

export interface SteadyOptions {
  readonly agent: Program;
  readonly enginePid: number;
  /** For each of the two. */
  readonly seconds: number;
}

const EVERY_MS = 5000;
const PLAIN_SCRAPES = 5;

export async function steadyState({ agent, enginePid, seconds }: SteadyOptions): Promise<Row[]> {
  const scraper = scraperOf(agent.url);
  try {
    const alone = await costDuring(agent.pid, () => pause(seconds * 1000));
    const engineBefore = costOf(enginePid);
    const scraped = await costDuring(agent.pid, () => scrapes(seconds, () => scraper.scrape({ gzip: true })));
    const engineSeconds = costOf(enginePid).cpuSeconds - engineBefore.cpuSeconds;
    const plain = await scrapes(PLAIN_SCRAPES * (EVERY_MS / 1000), () => scraper.scrape());
    const gzip = scraped.result;
    const last = plain.at(-1) as Scrape;
    const ticks = distinct(gzip.map(({ text }) => valueOn(text, 'plimsoll_agent_tick_duration_seconds')));
    return [
      {
        what: `CPU of the agent, unscraped, over ${alone.seconds.toFixed(0)} s`,
        value: share(alone.cpuSeconds, alone.seconds),
        target: '≤ 0.6 %',
      },
      {
        what: `… scraped every 5 s (OpenMetrics, gzip), over ${scraped.seconds.toFixed(0)} s`,
        value: share(scraped.cpuSeconds, scraped.seconds),
        target: '≤ 1.0 %',
      },
      { what: 'CPU of dockerd meanwhile', value: share(engineSeconds, scraped.seconds), target: '≤ 0.2 %' },
      { what: 'RSS after both', value: mb(scraped.after.rssBytes), target: '≤ 85 MB' },
      { what: '… of it the process’s own', value: mb(scraped.after.anonBytes), target: '' },
      { what: 'wake-ups a second, unscraped', value: (alone.wakeUps / alone.seconds).toFixed(0), target: '' },
      { what: 'tick, median / 95th percentile', value: spread(ticks), target: '' },
      { what: 'ticks missed', value: String(valueOn(last.text, 'plimsoll_agent_ticks_missed_total')), target: '0' },
      { what: 'series on the page', value: String(seriesOn(last.text)), target: '' },
      {
        what: 'scrape, median / 95th percentile',
        value: spread(plain.map((one) => one.seconds)),
        target: '≤ 15 ms for 7 500 series',
      },
      {
        what: '… as Prometheus asks (OpenMetrics, gzip)',
        value: spread(gzip.map((one) => one.seconds)),
        target: '',
      },
      {
        what: 'bytes of a scrape, plain / gzip',
        value: `${mb(last.bytes)} / ${mb(median(gzip.map((one) => one.bytes)))}`,
        target: '',
      },
    ];
  } finally {
    await scraper.close();
  }
}

/** What a process used while something went on, and what that gave. */
async function costDuring<T>(pid: number, work: () => Promise<T>) {
  const before = { cost: costOf(pid), wakeUps: wakeUpsOf(pid) };
  const startedMs = performance.now();
  const result = await work();
  const seconds = (performance.now() - startedMs) / 1000;
  const after = costOf(pid);
  const cpuSeconds = after.cpuSeconds - before.cost.cpuSeconds;
  return { result, seconds, after, cpuSeconds, wakeUps: wakeUpsOf(pid) - before.wakeUps };
}

async function scrapes(seconds: number, scrape: () => Promise<Scrape>): Promise<Scrape[]> {
  const all: Scrape[] = [];
  const startedMs = performance.now();
  for (let i = 0; i * EVERY_MS < seconds * 1000; i++) {
    await pause(startedMs + i * EVERY_MS - performance.now());
    all.push(await scrape());
  }
  await pause(startedMs + seconds * 1000 - performance.now());
  return all;
}

/** Without what was seen twice: a tick has one duration, and two scrapes see it. */
function distinct(values: readonly number[]): number[] {
  return [...new Set(values)];
}
