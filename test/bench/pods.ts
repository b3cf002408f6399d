/**
 * `npm run bench pods`: what an agent costs on a node with many pods (simulatednode.ts), as root: until it has them all, a tick, memory, what it watches, and pods that come and go. Some minutes; shorter with
 * BENCH_PODS (500, each with pause and two containers) and BENCH_TICKS (30, of one second).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { waitFor } from '../support/wait.ts';
import { costOf, mb, ms, pause, printTable, type Row } from './process.ts';
import { type Program, startProgram } from './programs.ts';
import { simulateNode } from './simulatednode.ts';

const PODS = Number(process.env.BENCH_PODS ?? 500);
const TICKS = Number(process.env.BENCH_TICKS ?? 30);
const CONTAINERS = 2;
const TICK_MS = 1000;
/** Until Node has compiled what runs often. */
const SETTLE_TICKS = TICKS;

export async function benchPods(): Promise<void> {
  const node = simulateNode();
  try {
    node.add(PODS, CONTAINERS);
    const startedMs = performance.now();
    const agent = await startProgram('agent', [...node.flags, '--agent.interval', '1s']);
    try {
      const rows = await costs(agent, startedMs);
      rows.push(...(await churn(agent, node)));
      printTable(`Agent: ${PODS} pods, each with pause and ${CONTAINERS} containers, tick ${TICK_MS / 1000} s`, rows);
    } finally {
      await agent.stop();
    }
  } finally {
    node.close();
  }
}

async function costs(agent: Program, startedMs: number): Promise<Row[]> {
  await until(agent, PODS, 'all containers');
  const startSeconds = (performance.now() - startedMs) / 1000;
  const { cpuSeconds } = costOf(agent.pid);
  const samples = await sampleCount(agent);
  await pause(SETTLE_TICKS * TICK_MS);
  const tick = await tickSeconds(agent);
  const { rssBytes } = costOf(agent.pid);
  return [
    { what: 'start, until it shows every container', value: `${startSeconds.toFixed(1)} s`, target: '' },
    { what: '… CPU', value: `${cpuSeconds.toFixed(2)} s`, target: '' },
    { what: 'numbers a tick', value: String(samples), target: '' },
    { what: 'CPU of a tick', value: ms(tick), target: '' },
    { what: '… at a tick every 10 s', value: `${((tick / 10) * 100).toFixed(2)} % of a core`, target: '' },
    { what: '… and container', value: `${((tick / (PODS * (CONTAINERS + 2))) * 1e6).toFixed(0)} µs`, target: '' },
    { what: 'resident memory', value: mb(rssBytes), target: '' },
    { what: 'folders watched (inotify)', value: String(watchesOf(agent.pid)), target: '' },
    { what: 'kernel files kept open', value: String(readdirSync(`/proc/${agent.pid}/fd`).length), target: '' },
  ];
}

/** A tenth of the pods go, and as many come. */
async function churn(agent: Program, node: ReturnType<typeof simulateNode>): Promise<Row[]> {
  const few = Math.max(1, Math.floor(PODS / 10));
  const usual = await tickSeconds(agent);
  const before = costOf(agent.pid).cpuSeconds;
  const beganMs = performance.now();
  node.remove(few);
  node.add(few, CONTAINERS);
  await until(agent, PODS + few, 'the new ones');
  const ticks = (performance.now() - beganMs) / TICK_MS;
  const more = costOf(agent.pid).cpuSeconds - before - ticks * usual;
  return [{ what: `${few} pods that go and ${few} that come, each`, value: ms(Math.max(0, more) / few), target: '' }];
}

/** CPU time of one tick, over many. */
async function tickSeconds(agent: Program): Promise<number> {
  const before = { cpu: costOf(agent.pid).cpuSeconds, ticks: await value(agent, 'plimsoll_agent_ticks_total') };
  await pause(TICKS * TICK_MS);
  const ticks = (await value(agent, 'plimsoll_agent_ticks_total')) - before.ticks;
  return (costOf(agent.pid).cpuSeconds - before.cpu) / Math.max(1, ticks);
}

/** Until the newest of them is there too, and none that has gone. */
async function until(agent: Program, newest: number, what: string): Promise<void> {
  const count = PODS * (CONTAINERS + 1);
  const shown = async (): Promise<boolean> => {
    const page = await text(agent);
    const running = [...page.matchAll(/^container_last_seen\{[^}]*pod="pod-(\d+)"/gm)].map(([, n]) => Number(n));
    return running.length === count && Math.max(...running) >= newest;
  };
  await waitFor(shown, { timeoutMs: 120_000, everyMs: 250, what });
}

async function sampleCount(agent: Program): Promise<number> {
  return [...(await text(agent)).matchAll(/^plimsoll_source_samples\{[^}]*\} (\d+)/gm)].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
}

async function value(agent: Program, metric: string): Promise<number> {
  return Number(new RegExp(`^${metric} (\\S+)`, 'm').exec(await text(agent))?.[1]);
}

async function text({ url }: Program): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

function watchesOf(pid: number): number {
  const infos = readdirSync(`/proc/${pid}/fdinfo`).map((fd) => readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1'));
  return infos.reduce((sum, info) => sum + (info.match(/^inotify wd:/gm)?.length ?? 0), 0);
}
