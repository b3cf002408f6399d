/**
 * What the agent costs for 100 real containers, at a tick of 10 s and a scrape every 5 s: its CPU and memory, the time of a scrape, and the
 * CPU that it causes in the engine. Starts a Docker Engine of its own, so it takes root.
 */
import { startDockerd } from '../support/dockerd.ts';
import type { Engine } from '../support/engine.ts';
import { costOf, median, percentile, printTable } from './process.ts';
import { type Program, startProgram } from './programs.ts';

const CONTAINERS = Number(process.env.BENCH_CONTAINERS ?? 100);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 120);
const SCRAPE_EVERY_MS = 5000;

export async function benchAgent(): Promise<void> {
  const dockerd = await startDockerd();
  try {
    await startContainers(dockerd, CONTAINERS);
    const agent = await startProgram('agent', [
      '--agent.interval',
      '10s',
      '--agent.engines',
      `unix://${dockerd.socket}`,
    ]);
    try {
      await measure(agent, dockerd.pid);
    } finally {
      await agent.stop();
    }
  } finally {
    await dockerd.stop();
  }
}

/** Idle ones, as most are; their files cost the same to read. */
async function startContainers(engine: Engine, count: number): Promise<void> {
  for (let first = 0; first < count; first += 4) {
    const names = Array.from({ length: Math.min(4, count - first) }, (_, i) => `bench-${first + i}`);
    await Promise.all(
      names.map((name) => engine.run({ name, flags: ['--memory', '64m', '--cpus', '0.5'], script: 'sleep 100000' })),
    );
  }
}

async function measure(agent: Program, dockerdPid: number): Promise<void> {
  await pause(12_000);
  const before = { agent: costOf(agent.pid), engine: costOf(dockerdPid) };
  const started = performance.now();
  const seconds: number[] = [];
  let text = '';
  while (performance.now() - started < SECONDS * 1000) {
    const at = performance.now();
    text = await (await fetch(`${agent.url}/metrics`, { headers: { 'accept-encoding': 'identity' } })).text();
    seconds.push((performance.now() - at) / 1000);
    await pause(SCRAPE_EVERY_MS - (performance.now() - at));
  }
  const elapsed = (performance.now() - started) / 1000;
  const after = { agent: costOf(agent.pid), engine: costOf(dockerdPid) };
  const share = (from: number, to: number) => `${(((to - from) / elapsed) * 100).toFixed(2)} % of a core`;
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  const ms = (value: number) => `${(value * 1000).toFixed(1)} ms`;
  printTable(`Agent: ${CONTAINERS} containers, tick 10 s, scrape every 5 s, ${elapsed.toFixed(0)} s`, [
    {
      what: 'CPU of the agent',
      value: share(before.agent.cpuSeconds, after.agent.cpuSeconds),
      target: '≤ 1.2 %, aim 0.6 %',
    },
    {
      what: 'CPU caused in dockerd',
      value: share(before.engine.cpuSeconds, after.engine.cpuSeconds),
      target: '≤ 0.2 %',
    },
    { what: 'RSS', value: `${(after.agent.rssBytes / 1e6).toFixed(0)} MB`, target: '≤ 75 MB' },
    { what: 'series on the page', value: String(series), target: '' },
    { what: 'scrape, median', value: ms(median(seconds)), target: '≤ 15 ms for 7 500 series' },
    { what: 'scrape, 95th percentile', value: ms(percentile(seconds, 0.95)), target: '' },
  ]);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
