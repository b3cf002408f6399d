/** Steady state: the agent beside containers that only stay, scraped every five seconds; then a few scrapes as Prometheus makes them. */
import { costOf, mb, median, pause, type Row, share, spread, wakeUpsOf } from './process.ts';
import type { Program } from './programs.ts';
import { type Scrape, scraperOf, seriesOn, valueOn } from './scrape.ts';

export interface SteadyOptions {
  readonly agent: Program;
  readonly enginePid: number;
  readonly seconds: number;
}

const EVERY_MS = 5000;
const GZIP_SCRAPES = 5;

export async function steadyState({ agent, enginePid, seconds }: SteadyOptions): Promise<Row[]> {
  const scraper = scraperOf(agent.url);
  try {
    const before = { agent: costOf(agent.pid), engine: costOf(enginePid), wakeUps: wakeUpsOf(agent.pid) };
    const startedMs = performance.now();
    const plain = await scrapes(seconds, () => scraper.scrape());
    const took = (performance.now() - startedMs) / 1000;
    const after = { agent: costOf(agent.pid), engine: costOf(enginePid), wakeUps: wakeUpsOf(agent.pid) };
    const gzip = await scrapes(GZIP_SCRAPES * (EVERY_MS / 1000), () => scraper.scrape({ gzip: true }));
    const last = plain.at(-1) as Scrape;
    const ticks = distinct(plain.map(({ text }) => valueOn(text, 'plimsoll_agent_tick_duration_seconds')));
    const engineShare = share(after.engine.cpuSeconds - before.engine.cpuSeconds, took);
    return [
      {
        what: `CPU of the agent, over ${took.toFixed(0)} s`,
        value: share(after.agent.cpuSeconds - before.agent.cpuSeconds, took),
        target: '≤ 1.2 %, aim 0.6 %',
      },
      { what: 'CPU of dockerd meanwhile', value: engineShare, target: '≤ 0.2 %' },
      { what: 'RSS two minutes after the start', value: mb(after.agent.rssBytes), target: '≤ 75 MB' },
      { what: '… of it the process’s own', value: mb(after.agent.anonBytes), target: '' },
      { what: 'wake-ups a second', value: ((after.wakeUps - before.wakeUps) / took).toFixed(0), target: '' },
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
