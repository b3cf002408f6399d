/**
 * `npm run bench:agent`: what the agent costs beside real containers, and whether its ticks stay on time in trouble. Starts a Docker
 * Engine of its own, so it takes root; counts system calls with strace and hangs a file system with bindfs, and says so where they
 * are missing. About thirteen minutes; shorter with BENCH_CONTAINERS (100), BENCH_SETTLE (120 seconds, which have a row of their own),
 * BENCH_SECONDS (120, unscraped and scraped each), BENCH_CHURN (450 containers that come and go), BENCH_CGROUPS (5000 beside the containers)
 * and BENCH_TROUBLE_SECONDS (15 each): 0 leaves a part out.
 */
import { type Dockerd, startDockerd } from '../support/dockerd.ts';
import { churn } from './churn.ts';
import { costOf, pause, printTable, type Row, share } from './process.ts';
import { type Program, startProgram } from './programs.ts';
import { steadyState } from './steady.ts';
import { systemCalls } from './syscalls.ts';
import { hungEngine, hungFilesystem, manyCgroups } from './trouble.ts';

const setting = (name: string, usual: number): number => Number(process.env[name] ?? usual);

const CONTAINERS = setting('BENCH_CONTAINERS', 100);
const SECONDS = setting('BENCH_SECONDS', 120);
const CHURN = setting('BENCH_CHURN', 450);
const CGROUPS = setting('BENCH_CGROUPS', 5000);
const TROUBLE_SECONDS = setting('BENCH_TROUBLE_SECONDS', 15);
const INTERVAL_SECONDS = 10;
/**
 * After this the agent has done with its start. Node compiles what has run often enough, on threads beside it, for the first one and a half
 * minutes of ticks; then it clears up three times what the start has left: a third of the CPU of that time, and not of the weeks after it.
 */
const SETTLE_SECONDS = setting('BENCH_SETTLE', 120);

export async function benchAgent(): Promise<void> {
  const startedMs = performance.now();
  const dockerd = await startDockerd();
  try {
    await startContainers(dockerd);
    const rows = [...(await usual(dockerd)), ...(await troubles(dockerd))];
    const took = ((performance.now() - startedMs) / 60_000).toFixed(1);
    printTable(
      `Agent: ${CONTAINERS} containers, tick ${INTERVAL_SECONDS} s, unscraped and scraped every 5 s (${took} minutes)`,
      rows,
    );
  } finally {
    await dockerd.stop();
  }
}

/** Idle ones, as most are; their files cost the same to read. */
async function startContainers(engine: Dockerd): Promise<void> {
  for (let first = 0; first < CONTAINERS; first += 4) {
    const names = Array.from({ length: Math.min(4, CONTAINERS - first) }, (_, i) => `bench-${first + i}`);
    const flags = ['--memory', '64m', '--cpus', '0.5'];
    await Promise.all(names.map((name) => engine.run({ name, flags, script: 'sleep 100000' })));
  }
}

async function usual(dockerd: Dockerd): Promise<Row[]> {
  const flags = ['--agent.interval', `${INTERVAL_SECONDS}s`, '--agent.engines', `unix://${dockerd.socket}`];
  const agent = await startProgram('agent', flags);
  try {
    const rows = await start(agent);
    rows.push(...(await steadyState({ agent, enginePid: dockerd.pid, seconds: SECONDS })));
    rows.push(...(await systemCalls({ agent, containers: CONTAINERS, intervalSeconds: INTERVAL_SECONDS })));
    if (CHURN > 0) rows.push(...(await churn({ agent, socket: dockerd.socket, count: CHURN })));
    return rows;
  } finally {
    await agent.stop();
  }
}

/** What the start cost, and ticks until it has done with that. */
async function start({ pid }: Program): Promise<Row[]> {
  const before = costOf(pid).cpuSeconds;
  await pause(SETTLE_SECONDS * 1000);
  const seconds = costOf(pid).cpuSeconds - before;
  return [
    { what: 'CPU of the start, until it answers', value: `${before.toFixed(2)} s`, target: '' },
    { what: `… then over ${SETTLE_SECONDS} s, unscraped`, value: share(seconds, SETTLE_SECONDS), target: '' },
  ];
}

async function troubles(dockerd: Dockerd): Promise<Row[]> {
  const common = { socket: dockerd.socket, enginePid: dockerd.pid, seconds: TROUBLE_SECONDS };
  const rows: Row[] = [];
  if (CGROUPS > 0) rows.push(...(await manyCgroups({ ...common, count: CGROUPS, intervalSeconds: INTERVAL_SECONDS })));
  if (TROUBLE_SECONDS > 0) rows.push(...(await hungEngine(common)), ...(await hungFilesystem(common)));
  return rows;
}
