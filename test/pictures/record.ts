/**
 * Lets a real Prometheus watch agents and a collector for a while and keeps its data: `few`, three real containers of a real engine and an agent;
 * `many`, three made-up hosts with a hundred containers each, sent to a real collector.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSender } from '../../agents/send/sender.ts';
import { silent } from '../../src/log.ts';
import { systemClock } from '../../src/run/clock.ts';
import { createEncoder } from '../../src/wire/encode.ts';
import { ADDRESS } from '../support/containers.ts';
import { startDockerd } from '../support/dockerd.ts';
import type { Engine } from '../support/engine.ts';
import { startProgram } from '../support/program.ts';
import { type Prometheus, type ScrapeTarget, startPrometheus } from '../support/prometheus.ts';
import { serviceLabels } from '../support/stage.ts';
import { createHost } from './flotilla.ts';
import { folderOf, type Recording, type StageName } from './places.ts';

/** Seconds between ticks, and so the width of a window and of a scrape. */
export const TICK_S = 2;
const QUIET = { collector: { window: `${TICK_S}s`, lateness: '1s' }, cluster: 'production' };

export async function record(stage: StageName, seconds: number): Promise<void> {
  const before = Math.floor(Date.now() / 1000);
  const running = stage === 'few' ? await few() : await many();
  const { prometheus } = running;
  console.log(`${stage}: watching for ${seconds} s`);
  await systemClock.sleep(seconds * 1000);
  const end = Math.floor(Date.now() / 1000);
  // Its own end writes what it holds in memory.
  await prometheus.end();
  const to = folderOf(stage);
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  cpSync(join(prometheus.dir, 'data'), join(to, 'data'), { recursive: true });
  const recording: Recording = { start: Math.max(before, end - seconds), end, step: TICK_S };
  writeFileSync(join(to, 'recording.json'), JSON.stringify(recording));
  await running.stop();
}

interface Running {
  readonly prometheus: Prometheus;
  stop(): Promise<void>;
}

const scrapes = (collectorUrl: string, agentUrl?: string): ScrapeTarget[] => [
  { job: 'plimsoll', url: `${collectorUrl}/metrics`, intervalSeconds: TICK_S },
  { job: 'plimsoll-containers', url: `${collectorUrl}/metrics/containers`, intervalSeconds: TICK_S },
  ...(agentUrl === undefined
    ? []
    : [
        {
          job: 'plimsoll-agents',
          url: `${agentUrl}/metrics`,
          intervalSeconds: TICK_S,
          keep: '(plimsoll|process|nodejs)_.*',
        },
      ]),
];

async function few(): Promise<Running> {
  const engine = await startDockerd();
  const collector = await startProgram({ command: 'collector', config: QUIET });
  const agent = await startProgram({
    command: 'agent',
    config: {
      node: 'web-1',
      agent: {
        interval: `${TICK_S}s`,
        engines: [`unix://${engine.socket}`],
        filesystem: { interval: '10s' },
        push: { url: collector.collectorUrl },
      },
    },
  });
  const prometheus = await startPrometheus({ scrapes: scrapes(collector.collectorUrl, agent.agentUrl) });
  await startThree(engine);
  return {
    prometheus,
    async stop() {
      await prometheus.stop();
      await agent.stop();
      await collector.stop();
      await engine.stop();
    },
  };
}

/** One that works within a quota and sends, one that holds memory near its limit and writes, one that takes what is sent. */
async function startThree(engine: Engine): Promise<void> {
  const pod = [
    'io.kubernetes.pod.namespace=shop',
    'io.kubernetes.pod.name=shop-worker-0',
    'io.kubernetes.container.name=worker',
  ];
  const labelled = [...serviceLabels('shop', 'worker'), ...pod.flatMap((label) => ['--label', label])];
  const health = ['--health-cmd', 'true', '--health-interval', '5s'];
  const web = { name: 'shop-web-1', flags: [...serviceLabels('shop', 'web'), ...health] };
  await engine.run({ ...web, script: 'while :; do nc -l -p 7000 >/dev/null; done' });
  const address = await engine.field('shop-web-1', ADDRESS);
  const count = 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done';
  const send = `head -c $((50000 + i % 7 * 20000)) /dev/zero | nc -w 1 ${address} 7000`;
  const limits = ['--cpus', '0.2', '--memory', '64m'];
  const work = `while :; do ${count}; ${send}; sleep 0.2; done`;
  await engine.run({ name: 'shop-worker-1', flags: [...labelled, ...limits], script: work });
  const hold = 'dd if=/dev/zero of=/dev/shm/held bs=1M count=50';
  const write = 'while :; do dd if=/dev/zero of=/tmp/f bs=64k count=64; sleep 1; done';
  const db = [...serviceLabels('shop', 'db'), '--memory', '64m', '--pids-limit', '50'];
  await engine.run({ name: 'shop-db-1', flags: db, script: `${hold}; ${write}` });
}

async function many(): Promise<Running> {
  const collector = await startProgram({ command: 'collector', config: QUIET });
  const startMs = Date.now() - 60_000;
  const hosts = ['web-1', 'web-2', 'kube-1'].map((node) => {
    const session = `session-of-${node}`;
    const sender = createSender({
      url: collector.collectorUrl,
      encoder: createEncoder({ node, session }),
      clock: systemClock,
      log: silent,
      timeoutMs: 10_000,
      maxBatches: 1000,
      maxBytes: 64 * 1024 * 1024,
    });
    return { sender, host: createHost(node, { containers: 100, pods: node.startsWith('kube'), startMs }) };
  });
  const tick = (): void => {
    const timeMs = Date.now();
    for (const { sender, host } of hosts) sender.offer({ ...host.batch(timeMs, TICK_S), intervalMs: TICK_S * 1000 });
  };
  tick();
  const timer = setInterval(tick, TICK_S * 1000);
  const prometheus = await startPrometheus({ scrapes: scrapes(collector.collectorUrl) });
  return {
    prometheus,
    async stop() {
      clearInterval(timer);
      for (const { sender } of hosts) await sender.close(1000);
      await prometheus.stop();
      await collector.stop();
    },
  };
}
