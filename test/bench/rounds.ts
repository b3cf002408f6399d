/**
 * Real collectors side by side, for machines whose speed changes from second to second: all get the same load, one after the other in each round, and what each used in a
 * round is compared with what another used in the same. A round is one window: each is closed, and where there is a log written, once for every push.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Pool } from 'undici';
import { createEncoder } from '../../src/wire/encode.ts';
import { AGENTS, CONTAINERS, METRICS, push, scrape } from './collector.ts';
import { syntheticAgents } from './load.ts';
import { median } from './process.ts';
import type { Program } from './programs.ts';

const ROUND_MS = 4000;
/** What collectors are started with. */
export const ROUND_FLAGS = [
  '--collector.window',
  '4s',
  '--collector.lateness',
  '4s',
  '--collector.max_series',
  '1000000',
];

export const SAMPLES_PER_TURN = AGENTS * CONTAINERS * METRICS;

export interface Side {
  readonly program: Program;
  turn(timeMs: number, withScrape: boolean): Promise<void>;
}

export function sideOf(program: Program): Side {
  const agents = syntheticAgents({ agents: AGENTS, containers: CONTAINERS, metrics: METRICS });
  const encoders = agents.map((agent) => createEncoder({ node: agent.node, session: `session-of-${agent.node}` }));
  const pool = new Pool(program.url, { connections: 16 });
  return {
    program,
    async turn(timeMs, withScrape) {
      await Promise.all(agents.map((agent, i) => push({ agent, timeMs, pool, encode: encoders[i] as never })));
      if (withScrape) await scrape(program.url);
    },
  };
}

export interface Rounds {
  readonly warmUp: number;
  readonly rounds: number;
  /** A round in so many has a scrape of both pages; none if not given. */
  readonly scrapeEvery?: number;
}

/** CPU seconds of each side by round: those without a scrape, and those with. */
export interface Used {
  readonly plain: readonly number[];
  readonly scraped: readonly number[];
}

export async function inRounds(sides: readonly Side[], { warmUp, rounds, scrapeEvery }: Rounds): Promise<Used[]> {
  const used = sides.map(() => ({ plain: [] as number[], scraped: [] as number[] }));
  await untilNextRound();
  let before = cpuOf(sides);
  for (let round = 0; round < warmUp + rounds; round++) {
    const withScrape = scrapeEvery !== undefined && round % scrapeEvery === 0;
    // Who begins has the fresher round: in turns.
    const timeMs = Math.floor(Date.now() / ROUND_MS) * ROUND_MS;
    for (const side of round % 2 === 0 ? sides : [...sides].reverse()) await side.turn(timeMs, withScrape);
    await untilNextRound();
    const after = cpuOf(sides);
    for (const [s, { plain, scraped }] of used.entries())
      if (round >= warmUp) (withScrape ? scraped : plain).push((after[s] as number) - (before[s] as number));
    before = after;
  }
  return used;
}

/** The middle of one side's CPU per million samples, and of the ratios to another's in the same rounds. */
export function compared(ours: readonly number[], theirs: readonly number[]): { perMillion: number; ratio: number } {
  const ratios = ours.map((seconds, i) => seconds / (theirs[i] as number));
  return { perMillion: (median(ours) * 1e6) / SAMPLES_PER_TURN, ratio: median(ratios) };
}

function cpuOf(sides: readonly Side[]): number[] {
  return sides.map(({ program }) => cpuSecondsOf(program.pid));
}

/** To the nanosecond, over all threads: /proc/<pid>/task/<tid>/schedstat. */
function cpuSecondsOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]),
  );
  return nanoseconds.reduce((a, b) => a + b, 0) / 1e9;
}

function untilNextRound(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ROUND_MS - (Date.now() % ROUND_MS) + 5));
}
