/**
 * `npm run test:faults -- crowd [--agents 1000 --outage 60 --interval 10 --no-store]`: so many agents, each with the program's own sender and its spool on disk, in one
 * process; the collector is killed, and when it is back all of them come at once with what they kept. Fails if one counts a loss, or if
 * the collector's memory is not what it was before, give or take a half.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { createDisk } from '../../agents/send/disk.ts';
import { createSender, type Sender } from '../../agents/send/sender.ts';
import { silent } from '../../src/log.ts';
import { systemClock } from '../../src/run/clock.ts';
import { createEncoder } from '../../src/wire/encode.ts';
import { type SyntheticAgent, syntheticAgents } from '../bench/load.ts';
import { costOf, mb, printTable } from '../bench/process.ts';
import { fetchText } from '../support/http.ts';
import { freePort } from '../support/ports.ts';
import { type Server, serverDir, startServer } from '../support/servers.ts';
import { waitFor } from '../support/wait.ts';
import { PROGRAM } from './places.ts';

const { values } = parseArgs({
  options: {
    'no-store': { type: 'boolean', default: false },
    agents: { type: 'string', default: '1000' },
    outage: { type: 'string', default: '60' },
    interval: { type: 'string', default: '10' },
    containers: { type: 'string', default: '5' },
  },
});
const AGENTS = Number(values.agents);
const INTERVAL_MS = Number(values.interval) * 1000;
const OUTAGE_MS = Number(values.outage) * 1000;
/** Ticks before the outage when all agents are known, and at the end. */
const CALM_TICKS = 2;
const DRAIN_MS = 10 * 60_000;
/** Batches that an agent holds in normal times: two windows and an answer. */
const USUAL = 5;
/** What the collector may have at most, of what it had before. */
const MOST_GROWTH = 1.5;

interface Member {
  readonly agent: SyntheticAgent;
  readonly sender: Sender;
}

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-crowd-'));
const { server, url } = await startCollector();
const members = syntheticAgents({ agents: AGENTS, containers: Number(values.containers), metrics: 8 }).map(memberOf);
let peak = 0;
let peakMs = 0;
const watching = setInterval(() => {
  const now = rssOf(server.pid);
  if (now > peak) peakMs = performance.now();
  peak = Math.max(peak, now);
}, 100);
let ticking = true;
const ticks = Promise.all(members.map(tick));

// Whom no window on disk knows, a restart does not wait for.
await waitFor(() => members.every(({ sender }) => sender.stats().acknowledged.batches > 0), {
  ...{ timeoutMs: DRAIN_MS, everyMs: 200, what: 'all agents to be known' },
});
await delay(CALM_TICKS * INTERVAL_MS);
const before = peak;
await server.end('SIGKILL');
console.log(
  `the collector is killed, with ${mb(before)} of memory at most; ${AGENTS} agents keep what they read for ${values.outage} s`,
);
await delay(OUTAGE_MS);
const kept = sum(({ queued }) => queued.batches);
peak = 0;
const backMs = performance.now();
await server.start();
await waitFor(() => members.every(({ sender }) => sender.stats().queued.batches <= USUAL), {
  ...{ timeoutMs: DRAIN_MS, everyMs: 200, what: 'all agents to be level again' },
}).catch((error: unknown) => console.log(String(error)));
const seconds = (performance.now() - backMs) / 1000;
const after = peak;
const peakSeconds = (peakMs - backMs) / 1000;
const { cpuSeconds } = costOf(server.pid);
await delay(CALM_TICKS * INTERVAL_MS);
ticking = false;
clearInterval(watching);
const lost = new Map<string, number>();
for (const { sender } of members)
  for (const [reason, { samples }] of sender.stats().dropped) lost.set(reason, (lost.get(reason) ?? 0) + samples);
const settled = rssOf(server.pid);
const row = (what: string, value: string, target = '') => ({ what, value, target });
printTable(`${AGENTS} agents reconnect at once after ${values.outage} s`, [
  row('batches kept when the collector came back', String(kept)),
  row('until all agents were level again', `${seconds.toFixed(1)} s`),
  row('times real time', (Number(values.outage) / seconds).toFixed(1)),
  row('samples that an agent counts as lost', JSON.stringify(Object.fromEntries(lost)), '{}'),
  row('requests that had to be repeated', String(sum(({ retries }) => retries))),
  row('collector’s memory, at most: before / after', `${mb(before)} / ${mb(after)}`, `≤ ${MOST_GROWTH} times`),
  row('… the most of it, after the start', `${peakSeconds.toFixed(1)} s`),
  row('… and at the end', mb(settled)),
  row('CPU of the collector from its start till then', `${cpuSeconds.toFixed(1)} s`),
  row('load average', loadavg()[0]?.toFixed(1) ?? ''),
]);
const held = lost.size === 0 && server.pid !== 0 && after <= MOST_GROWTH * before;
console.log(held ? 'held' : 'NOT held');
await server.end('SIGKILL');
await ticks;
await Promise.all(members.map(({ sender }) => sender.close(0)));
await server.stop();
rmSync(folder, { recursive: true, force: true });
process.exitCode = held ? 0 : 1;

async function startCollector(): Promise<{ readonly server: Server; readonly url: string }> {
  const dir = serverDir('crowd-collector');
  const listen = `127.0.0.1:${await freePort()}`;
  const config = join(dir, 'plimsoll.yaml');
  const window = `${INTERVAL_MS}ms`;
  const collector = { listen, window, lateness: window };
  const store = { enabled: !values['no-store'] };
  writeFileSync(config, stringify({ data_dir: join(dir, 'data'), collector, store, log: { format: 'json' } }));
  const started = await startServer({
    name: 'crowd-collector',
    file: process.execPath,
    args: [PROGRAM, 'collector', '--config', config],
    dir,
    ready: () => fetchText(`http://${listen}/healthz`),
  });
  return { server: started, url: `http://${listen}` };
}

function memberOf(agent: SyntheticAgent): Member {
  const { node } = agent;
  const disk = createDisk({ folder: join(folder, node), maxBytes: 1e9, maxAgeMs: 7 * 86400_000, now: Date.now });
  const sender = createSender({
    ...{ url, timeoutMs: 10_000, disk, clock: systemClock, log: silent },
    ...{ maxBatches: 360, maxBytes: 64e6, spill: { tickMs: INTERVAL_MS } },
    encoder: createEncoder({ node, session: `session-of-${node}` }),
  });
  return { agent, sender };
}

/** Spread over the interval, as agents that started at different times are. */
async function tick({ agent, sender }: Member): Promise<void> {
  await delay(Math.random() * INTERVAL_MS);
  while (ticking) {
    sender.offer(agent.batch(Date.now()));
    await delay(INTERVAL_MS);
  }
}

function sum(of: (stats: ReturnType<Sender['stats']>) => number): number {
  return members.reduce((all, { sender }) => all + of(sender.stats()), 0);
}

/** 0 while it does not run. */
function rssOf(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return 0;
  }
}
