/**
 * Two collectors side by side, for machines whose speed changes from second to second: this build and another one (`BENCH_AGAINST`, the
 * path of its dist/src/cli/main.js) get the same load in turns, and each turn's CPU is compared with the turn beside it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Pool } from 'undici';
import { createEncoder } from '../../src/wire/encode.ts';
import { AGENTS, COLLECTOR_FLAGS, CONTAINERS, METRICS, push, scrape, untilNextSecond } from './collector.ts';
import { syntheticAgents } from './load.ts';
import { costOf, median, printTable } from './process.ts';
import { type Program, startProgram } from './programs.ts';

const WARM_UP_TURNS = 10;
const TURNS = Number(process.env.BENCH_TICKS ?? 40);
/** A turn in so many has a scrape of both pages. */
const SCRAPE_EVERY = 5;

interface Side {
  readonly program: Program;
  readonly turn: (withScrape: boolean) => Promise<number>;
  readonly cpu: number[];
  readonly scraped: number[];
}

export async function benchPair(): Promise<void> {
  const against = process.env.BENCH_AGAINST;
  if (against === undefined)
    throw new Error('BENCH_AGAINST: not set; legal is the path of another build, …/dist/src/cli/main.js');
  const sides = [await side(), await side(against)];
  try {
    for (let turn = 0; turn < WARM_UP_TURNS + TURNS; turn++) {
      // Who begins has the fresher second: in turns.
      for (const { turn: take, cpu, scraped } of turn % 2 === 0 ? sides : [...sides].reverse()) {
        const withScrape = turn % SCRAPE_EVERY === 0;
        const seconds = await take(withScrape);
        if (turn >= WARM_UP_TURNS) (withScrape ? scraped : cpu).push(seconds);
      }
    }
    report(sides as [Side, Side]);
  } finally {
    for (const { program } of sides) await program.stop();
  }
}

async function side(path?: string): Promise<Side> {
  const program = await startProgram('collector', COLLECTOR_FLAGS, [], path);
  const agents = syntheticAgents({ agents: AGENTS, containers: CONTAINERS, metrics: METRICS });
  const encoders = agents.map((agent) => createEncoder({ node: agent.node, session: `session-of-${agent.node}` }));
  const pool = new Pool(program.url, { connections: 16 });
  const turn = async (withScrape: boolean): Promise<number> => {
    await untilNextSecond();
    const before = cpuSecondsOf(program.pid);
    const timeMs = Math.floor(Date.now() / 1000) * 1000;
    await Promise.all(agents.map((agent, i) => push({ agent, timeMs, pool, encode: encoders[i] as never })));
    // The window of the turn before closes within this second.
    await untilNextSecond();
    if (withScrape) await scrape(program.url);
    return cpuSecondsOf(program.pid) - before;
  };
  return { program, turn, cpu: [], scraped: [] };
}

/** To the nanosecond, over all threads: /proc/<pid>/task/<tid>/schedstat. */
function cpuSecondsOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]),
  );
  return nanoseconds.reduce((a, b) => a + b, 0) / 1e9;
}

function report([ours, theirs]: [Side, Side]): void {
  const perMillion = 1e6 / (AGENTS * CONTAINERS * METRICS);
  const row = (what: string, a: readonly number[], b: readonly number[]) => ({
    what,
    value: `${(median(a) * perMillion).toFixed(3)} / ${(median(b) * perMillion).toFixed(3)}`,
    target: `ratio of the turns, median: ${median(a.map((seconds, i) => seconds / (b[i] as number))).toFixed(3)}`,
  });
  printTable(`Two collectors in turns, ${TURNS} each: this build / the other`, [
    row('CPU seconds per million samples, turns without a scrape', ours.cpu, theirs.cpu),
    row('the same, with a scrape of both pages as plain text', ours.scraped, theirs.scraped),
    {
      what: 'RSS',
      value: [ours, theirs].map(({ program }) => mb(costOf(program.pid).rssBytes)).join(' / '),
      target: '',
    },
  ]);
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
