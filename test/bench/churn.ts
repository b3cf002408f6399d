/**
 * Containers that come and go, as fast as the engine lets them: what one costs the agent, and whether its memory comes back. An hour at
 * a container a second is 3 600 of them; what matters is that memory does not grow from one third of the run to the next.
 */
import { Pool } from 'undici';
import { IMAGE } from '../support/engine.ts';
import { costOf, mb, pause, type Row } from './process.ts';
import type { Program } from './programs.ts';
import { scraperOf, valueOn } from './scrape.ts';

export interface ChurnOptions {
  readonly agent: Program;
  readonly socket: string;
  readonly count: number;
}

const AT_ONCE = 6;
const LIFE_MS = 500;
/** Memory goes up and down with each collection: the least of so many seconds counts. */
const WATCHED_SECONDS = 12;
const PER_HOUR = 3600;

export async function churn({ agent, socket, count }: ChurnOptions): Promise<Row[]> {
  const engine = new Pool('http://docker', { socketPath: socket, connections: AT_ONCE });
  const scraper = scraperOf(agent.url);
  try {
    const third = Math.ceil(count / 3);
    const rss = [await leastRss(agent.pid)];
    let [cpu, seconds] = [0, 0];
    for (let part = 0; part < 3; part++) {
      const [before, startedMs] = [costOf(agent.pid).cpuSeconds, performance.now()];
      await comeAndGo(engine, { from: part * third, count: third });
      cpu += costOf(agent.pid).cpuSeconds - before;
      seconds += (performance.now() - startedMs) / 1000;
      rss.push(await leastRss(agent.pid));
    }
    const [atFirst, first, , last] = rss as [number, number, number, number];
    const { text } = await scraper.scrape();
    const each = cpu / (3 * third);
    return [
      {
        what: `RSS before, after ${third}, ${2 * third}, ${3 * third} come and gone`,
        value: `${rss.map((bytes) => (bytes / 1e6).toFixed(1)).join(', ')} MB`,
        target: 'flat',
      },
      {
        what: `… growth from before, from the first third (${((3 * third) / seconds).toFixed(1)} a second)`,
        value: `${mb(last - atFirst)}, ${mb(last - first)}`,
        target: `${3 * third} are ${((300 * third) / PER_HOUR).toFixed(0)} % of an hour’s`,
      },
      { what: '… CPU for each that comes and goes', value: `${(each * 1000).toFixed(1)} ms`, target: '' },
      { what: '… ticks missed', value: String(valueOn(text, 'plimsoll_agent_ticks_missed_total')), target: '0' },
      { what: '… readings failed', value: String(down(text)), target: '0' },
    ];
  } finally {
    await scraper.close();
    await engine.destroy();
  }
}

/** How many sources failed at least once: a cgroup that goes in the middle of a reading must not be a failure. */
function down(text: string): number {
  return valueOn(text, 'plimsoll_source_failures_total');
}

async function comeAndGo(engine: Pool, { from, count }: { from: number; count: number }): Promise<void> {
  let next = from;
  const work = async (): Promise<void> => {
    while (next < from + count) await live(engine, `churn-${next++}`);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function live(engine: Pool, name: string): Promise<void> {
  const body = { Image: IMAGE, Cmd: ['sleep', '100'], HostConfig: { Memory: 32 << 20, NetworkMode: 'none' } };
  const { Id } = (await ask(engine, 'POST', `/containers/create?name=${name}`, body)) as { Id: string };
  await ask(engine, 'POST', `/containers/${Id}/start`);
  await pause(LIFE_MS);
  await ask(engine, 'DELETE', `/containers/${Id}?force=1`);
}

async function ask(engine: Pool, method: 'POST' | 'DELETE', path: string, body?: object): Promise<unknown> {
  const json =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const answer = await engine.request({ path, method, ...json });
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

async function leastRss(pid: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let second = 0; second < WATCHED_SECONDS; second++) {
    await pause(1000);
    least = Math.min(least, costOf(pid).rssBytes);
  }
  return least;
}
