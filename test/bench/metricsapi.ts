/**
 * What metrics.k8s.io costs the collector: 1 000 nodes × 30 pods × 2 containers, with the labels of all pods. BENCH_NODES (1000), BENCH_PODS (30). Prints the heap that is held
 * besides the agents' rows, the CPU of a tick of all nodes, and CPU and time of what `kubectl top` and the autoscaler ask, over HTTP.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { watchLabels } from '../../collector/kubernetes/knownlabels.ts';
import { createReadings, type Readings } from '../../collector/kubernetes/readings.ts';
import { addMetricsApi } from '../../collector/kubernetes/routes.ts';
import { cpu } from '../../src/catalog/cpu.ts';
import { memory } from '../../src/catalog/memory.ts';
import { createHttp } from '../../src/http/server.ts';
import type { ApiClient } from '../../src/kubernetes/client.ts';
import { silent } from '../../src/log.ts';
import type { Batch } from '../../src/model/batch.ts';
import { TableBuilder } from '../../src/model/builder.ts';
import type { Family } from '../../src/model/family.ts';
import { labels, NO_LABELS } from '../../src/model/labels.ts';
import { type EntityRow, entityRow } from '../../src/model/table.ts';
import { systemClock } from '../../src/run/clock.ts';
import { printTable, type Row } from './process.ts';

const NODES = Number(process.env.BENCH_NODES ?? 1000);
const PODS = Number(process.env.BENCH_PODS ?? 30);
const NAMESPACES = 100;
const TICK_MS = 10_000;
const START_MS = 1_800_000_000_000;
const GROUP = '/apis/metrics.k8s.io/v1beta1';

interface Node {
  readonly name: string;
  readonly rows: readonly EntityRow[];
}

const namespaceOf = (pod: number): string => `team-${pod % NAMESPACES}`;

function nodes(): Node[] {
  return Array.from({ length: NODES }, (_, n) => ({ name: `node-${n}`, rows: rowsOf(n) }));
}

function rowsOf(n: number): EntityRow[] {
  const host = entityRow({ key: '/', kind: 'host', startMs: 1, labels: labels([['id', '/']]) }, NO_LABELS);
  const rows = [host];
  for (let p = 0; p < PODS; p++) {
    const pod = n * PODS + p;
    for (const container of ['app', 'proxy']) {
      const key = `${pod}-${container}`.padEnd(64, '0');
      const own = labels([
        ['namespace', namespaceOf(pod)],
        ['pod', `app-${pod}`],
        ['container', container],
      ]);
      rows.push(entityRow({ key, kind: 'container', startMs: 1, labels: own }, NO_LABELS));
    }
  }
  return rows;
}

function batchOf({ name, rows }: Node, tick: number): Batch {
  const timeMs = START_MS + tick * TICK_MS;
  const cpus = new TableBuilder<Family, EntityRow>(cpu, rows.length);
  const memories = new TableBuilder<Family, EntityRow>(memory, rows.length);
  for (const [i, row] of rows.entries()) {
    cpus.add(row, timeMs + i);
    cpus.set(cpu.at.usage, 100 + tick * (1 + i / 7));
    memories.add(row, timeMs + i);
    memories.set(memory.at.workingSet, 20_000_000 + i * 4096);
  }
  return {
    ...{ node: name, session: name, seq: tick, timeMs, intervalMs: TICK_MS, tables: [cpus.build(), memories.build()] },
  };
}

/** An API server that has all pods on one page, with five labels each, and tells of no change. */
function apiServer(): ApiClient {
  const items = Array.from({ length: NODES * PODS }, (_, pod) => ({
    metadata: {
      name: `app-${pod}`,
      namespace: namespaceOf(pod),
      labels: {
        ...{
          app: `app-${pod % 1000}`,
          tier: 'web',
          'app.kubernetes.io/name': `app-${pod % 1000}`,
          team: namespaceOf(pod),
        },
        'pod-template-hash': `hash-${pod % 1000}`,
      },
    },
  }));
  return {
    get: async (path) => ({
      items: path.startsWith('/api/v1/pods') ? items.splice(0) : [],
      metadata: { resourceVersion: '1' },
    }),
    post: () => Promise.reject(new Error('nobody is asked about')),
    async *lines(_path, _accept, { signal, onOpen }) {
      onOpen();
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    },
    close: async () => undefined,
  };
}

export async function benchMetricsApi(): Promise<void> {
  const all = nodes();
  const before = held();
  const readings = createReadings();
  const takeMs = Array.from({ length: 10 }, (_, tick) => cpuOfTick(readings, all, tick));
  const ofReadings = held() - before;
  const known = watchLabels(apiServer(), { clock: systemClock, log: silent });
  while (known.pod(namespaceOf(0), 'app-0') === undefined) await systemClock.sleep(10);
  const ofLabels = held() - before - ofReadings;
  const nowMs = START_MS + 9 * TICK_MS + 1000;
  const http = createHttp({
    setting: 'bench',
    address: { host: '127.0.0.1', port: 0 },
    guard: { token: undefined, tls: undefined },
    ...{ maxBodyBytes: 1024, maxConnections: 100, clock: systemClock, log: silent, onRefused: () => undefined },
  });
  addMetricsApi(http.app, {
    ...{ readings, labels: known, clock: { now: () => nowMs }, log: silent },
    onAnswered: () => undefined,
  });
  const url = await http.listen();
  const selector = `labelSelector=${encodeURIComponent('app=app-7')}`;
  const asked: [string, string][] = [
    ['top pods -A, first after a tick', `${GROUP}/pods`],
    ['top pods -A', `${GROUP}/pods`],
    [`top pods of one of ${NAMESPACES} namespaces`, `${GROUP}/namespaces/team-7/pods`],
    ['autoscaler: one namespace, one selector', `${GROUP}/namespaces/team-7/pods?${selector}`],
    ['top nodes', `${GROUP}/nodes`],
    ['one pod', `${GROUP}/namespaces/team-7/pods/app-7`],
  ];
  const rows: Row[] = [];
  for (const [i, [what, path]] of asked.entries())
    rows.push({ what, value: await measured(url + path, i === 0 ? 1 : 20), target: '' });
  await http.close();
  await known.stop();
  const count = readings.stats().containers;
  const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
  const row = (what: string, value: string): Row => ({ what, value, target: '' });
  printTable(`metrics.k8s.io: ${NODES} nodes, ${NODES * PODS} pods, ${count} containers and nodes`, [
    row('readings, MB held (bytes each)', `${mb(ofReadings)} (${Math.round(ofReadings / count)})`),
    row('labels of all pods, MB held (bytes each)', `${mb(ofLabels)} (${Math.round(ofLabels / NODES / PODS)})`),
    row('a tick of all nodes, CPU ms', median(takeMs).toFixed(1)),
  ]);
  printTable('Questions: CPU ms of server and client together; ms; kB', rows);
}

async function measured(url: string, times: number): Promise<string> {
  const [cpus, walls]: [number[], number[]] = [[], []];
  let size = 0;
  for (let i = 0; i < times; i++) {
    const used = process.cpuUsage();
    const from = performance.now();
    size = (await (await fetch(url)).arrayBuffer()).byteLength;
    walls.push(performance.now() - from);
    const { user, system } = process.cpuUsage(used);
    cpus.push((user + system) / 1000);
  }
  return `${median(cpus).toFixed(1)}; ${median(walls).toFixed(1)}; ${(size / 1000).toFixed(1)}`;
}

/** In a function of its own, so that nothing of its batches is held after. */
function cpuOfTick(readings: Readings, all: readonly Node[], tick: number): number {
  const batches = all.map((node) => batchOf(node, tick));
  const before = process.cpuUsage();
  for (const batch of batches) readings.take(batch);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

/** Heap and array buffers after a collection. */
function held(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
