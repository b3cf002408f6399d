/**
 * Dashboards and alerts that were made for cAdvisor, asked of a real Prometheus that scrapes our agent: word for word the queries of
 * 193 (Docker monitoring), 14282 (Cadvisor exporter) and dockprom's container dashboard. Every answer is finite, has the right
 * containers, and numbers that follow from what these do. dockprom's panels on node_load1 and node_disk_* are node_exporter's.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { interfaceBytes, keyIn } from '../support/cgroupfiles.ts';
import { ADDRESS, burn, diskOf } from '../support/containers.ts';
import { engineAt, type Running } from '../support/engine.ts';
import { type Grafana, grafana } from '../support/grafana.ts';
import { cpuReader, kernelFile, V2 } from '../support/kernel.ts';
import { type Program, startProgram } from '../support/program.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { waitFor } from '../support/wait.ts';

const socket = inject('dockerSocket');
const engine = engineAt(socket);
const MIB = 1024 * 1024;
/** All that run, sorted. The last one is dockprom's own, by its label. */
const NAMES = ['burner', 'disk', 'holder', 'receiver', 'sender', 'watcher'];
const OTHERS = NAMES.filter((name) => name !== 'watcher');
/**
 * All containers are younger than the ranges asked for. rate() then divides what they have counted while they were scraped by the
 * whole range. Their counters began at 0, so that is the kernel's number now without their first second or two, and without the
 * time since the last scrape: at most a third of the twelve seconds they have at least.
 */
const UNSEEN = 0.35;

let program: Program;
let prometheus: Prometheus;
let ask: Grafana;
const run: Record<string, Running> = {};

beforeAll(async () => {
  program = await startProgram({
    command: 'agent',
    config: {
      agent: {
        interval: '1s',
        engines: [`unix://${socket}`],
        filesystem: { interval: '1s' },
        // dockprom groups by a label that is not among those allowed by default.
        labels: ['com.docker.compose.*', 'org.label-schema.group'],
      },
    },
  });
  prometheus = await startPrometheus({ scrapes: [{ job: 'cadvisor', url: `${program.agentUrl}/metrics` }] });
  ask = grafana(prometheus);
  await startContainers();
  const twelve = `count(count_over_time(container_network_receive_bytes_total{image!=""}[5m]) >= 12) == ${NAMES.length}`;
  await waitFor(async () => (await prometheus.query(twelve))[0], { timeoutMs: 60_000, everyMs: 200, what: twelve });
});

afterAll(async () => {
  await prometheus?.stop();
  await program?.stop();
  await engine.remove();
});

async function startContainers(): Promise<void> {
  run.burner = await burn(engine, { name: 'burner', cores: 0.2 });
  const held = 'dd if=/dev/zero of=/dev/shm/held bs=1M count=24; sleep 100000';
  run.holder = await engine.run({ name: 'holder', flags: ['--memory', '28m'], script: held });
  run.receiver = await engine.run({ name: 'receiver', script: 'sleep 100000 | nc -l -p 7000 >/dev/null' });
  const address = await engine.field('receiver', ADDRESS);
  const stream = 'while :; do head -c 65536 /dev/zero; sleep 0.2; done';
  run.sender = await engine.run({ name: 'sender', script: `until ${stream} | nc ${address} 7000; do sleep 0.1; done` });
  // The limit is there because a v1 kernel counts block io only where there is some.
  const limits = ['read', 'write'].flatMap((way) => [`--device-${way}-bps`, `/dev/${disk}:1000gb`]);
  const copy = 'dd if=/dev/zero of=/tmp/f bs=64k count=4 oflag=direct; dd if=/tmp/f of=/dev/null bs=64k iflag=direct';
  run.disk = await engine.run({ name: 'disk', flags: limits, script: `while :; do ${copy}; sleep 0.2; done` });
  const label = ['--label', 'org.label-schema.group=monitoring'];
  run.watcher = await engine.run({ name: 'watcher', flags: label, script: 'sleep 100000' });
}
const disk = await diskOf(engine);

function expectAbout(value: number | undefined, expected: number): void {
  expect(value).toBeGreaterThan(expected * (1 - UNSEEN));
  // Prometheus adds up to an interval of a second at either end.
  expect(value).toBeLessThan(expected * (1 + UNSEEN / 2));
}

/** Seconds in user mode, by the kernel. */
function userSeconds(id: string): number {
  if (V2) return keyIn(kernelFile(id, '', 'cpu.stat'), 'user_usec') / 1e6;
  return keyIn(kernelFile(id, 'cpuacct', 'cpuacct.stat'), 'user') / 100;
}

const of = (name: string): Running => run[name] as Running;
/** What each has counted so far by the kernel: divided by a range it is what rate() must answer. */
const cpuOf = (name: string): number => cpuReader(of(name).id)();
const userOf = (name: string): number => userSeconds(of(name).id);
const usersOf = (): number => NAMES.reduce((sum, name) => sum + userOf(name), 0);
const sentBy = (name: string): number => interfaceBytes(of(name).pid).transmitted;
const [FIVE_MINUTES, ONE_MINUTE] = [300, 60];
const keys = (values: ReadonlyMap<string, number>): string[] => [...values.keys()].sort();

describe('193, Docker monitoring', () => {
  test('containers, memory and CPU in all', async () => {
    expect(await ask.one('count(container_last_seen{image!=""})')).toBe(NAMES.length);
    const memory = await ask.one('sum(container_memory_usage_bytes{image!=""})');
    expect(memory).toBeGreaterThan(24 * MIB);
    // What a shell and its kernel records take, six times, and what is on its way over the network.
    expect(memory).toBeLessThan(24 * MIB + NAMES.length * 16 * MIB);
    const user = await ask.one('sum(rate(container_cpu_user_seconds_total{image!=""}[5m]) * 100)');
    expectAbout(user, (usersOf() / FIVE_MINUTES) * 100);
  });

  test('CPU and memory of each', async () => {
    const cpu = await ask.byName('rate(container_cpu_user_seconds_total{image!=""}[5m]) * 100');
    expect(keys(cpu)).toEqual(NAMES);
    expectAbout(cpu.get('burner'), (userOf('burner') / FIVE_MINUTES) * 100);
    const memory = await ask.byName('container_memory_usage_bytes{image!=""}');
    expect(keys(memory)).toEqual(NAMES);
    expect(memory.get('holder')).toBeGreaterThan(24 * MIB);
    expect(memory.get('burner')).toBeLessThan(16 * MIB);
  });

  test('network of each', async () => {
    const received = await ask.byName('irate(container_network_receive_bytes_total{image!=""}[5m])');
    const sent = await ask.byName('irate(container_network_transmit_bytes_total{image!=""}[5m])');
    expect(keys(received)).toEqual(NAMES);
    expect(keys(sent)).toEqual(NAMES);
    // 64 KiB a fifth of a second: between one and twice as many of these in the second that irate sees.
    for (const bytes of [received.get('receiver'), sent.get('sender')]) {
      expect(bytes).toBeGreaterThanOrEqual(64 * 1024);
      expect(bytes).toBeLessThan(2 * 5 * 64 * 1024 * 1.06);
    }
    expect(sent.get('burner')).toBe(0);
  });
});

describe('14282, Cadvisor exporter', () => {
  const SELECTOR = '{instance=~"$host",name=~"$container",name=~".+"}';
  const all = async (): Promise<Record<string, readonly string[]>> => ({
    host: await ask.labelValues('container_cpu_user_seconds_total', 'instance'),
    container: await ask.labelValues('container_cpu_user_seconds_total{instance=~".+"}', 'name'),
  });

  test('variables', async () => {
    expect(await all()).toEqual({ host: [new URL(program.agentUrl).host], container: NAMES });
  });

  test('CPU, memory, network and age of all and of one', async () => {
    const variables = await all();
    const panels = [
      'sum(rate(container_cpu_usage_seconds_total{…}[5m])) by (name) *100',
      'sum(container_memory_rss{…}) by (name)',
      'sum(container_memory_cache{…}) by (name)',
      'sum(rate(container_network_receive_bytes_total{…}[5m])) by (name)',
      'sum(rate(container_network_transmit_bytes_total{…}[5m])) by (name)',
      '(time() - container_start_time_seconds{…})/86400',
    ].map((text) => text.replace('{…}', SELECTOR));
    const [cpu, rss, cache, received, sent, days] = await Promise.all(
      panels.map((text) => ask.byName(text, variables)),
    );
    for (const panel of [cpu, rss, cache, received, sent, days])
      expect(keys(panel as Map<string, number>)).toEqual(NAMES);
    expectAbout(cpu?.get('burner'), (cpuOf('burner') / FIVE_MINUTES) * 100);
    expect(rss?.get('holder')).toBeLessThan(4 * MIB);
    expect(cache?.get('holder')).toBeGreaterThanOrEqual(24 * MIB);
    const flow = sentBy('sender') / FIVE_MINUTES;
    expectAbout(sent?.get('sender'), flow);
    expectAbout(received?.get('receiver'), flow);
    const started = Date.parse(await engine.field('burner', '.State.StartedAt'));
    // Evaluated a moment ago, on the same clock.
    expect(days?.get('burner')).toBeCloseTo((Date.now() - started) / 86_400_000, 4);
    const one = await ask.byName(panels[0] as string, { ...variables, container: ['burner'] });
    expect(keys(one)).toEqual(['burner']);
  });
});

describe('dockprom, Docker containers', () => {
  const REST = 'image!="",container_label_org_label_schema_group=""';

  test('single figures', async () => {
    const cores = (readFileSync('/proc/stat', 'utf8').match(/^cpu\d+ /gm) ?? []).length;
    expect(await ask.one('machine_cpu_cores')).toBe(cores);
    const load = 'sum(rate(container_cpu_user_seconds_total{image!=""}[1m])) / count(machine_cpu_cores) * 100';
    expectAbout(await ask.one(load), (usersOf() / ONE_MINUTE) * 100);
    const user = await ask.one('sum(rate(container_cpu_user_seconds_total{image!=""}[1m]))');
    expectAbout(user, usersOf() / ONE_MINUTE);
    expect(await ask.one('sum(container_memory_usage_bytes{image!=""})')).toBeGreaterThan(24 * MIB);
    // Of the machine's file systems and the containers' layers, as with cAdvisor.
    expect(await ask.one('sum(container_fs_usage_bytes)')).toBeGreaterThan(24 * MIB);
    expect(await ask.one('scalar(count(container_memory_usage_bytes{image!=""}) > 0)')).toBe(NAMES.length);
  });

  test('graphs by container, without the monitoring itself', async () => {
    // dockprom divides by the number of machines, not of CPUs.
    const machines = await ask.one('scalar(count(machine_cpu_cores))');
    const cpu = await ask.byName(
      `sum by (name) (rate(container_cpu_usage_seconds_total{${REST}}[1m])) / scalar(count(machine_cpu_cores)) * 100`,
    );
    expect(keys(cpu)).toEqual(OTHERS);
    expectAbout(cpu.get('burner'), (cpuOf('burner') / ONE_MINUTE / machines) * 100);
    for (const metric of ['container_memory_usage_bytes', 'container_memory_cache']) {
      const memory = await ask.byName(`sum by (name)(${metric}{${REST}})`);
      expect(keys(memory), metric).toEqual(OTHERS);
      expect(memory.get('holder'), metric).toBeGreaterThanOrEqual(24 * MIB);
    }
    const flow = sentBy('sender') / ONE_MINUTE;
    const network = (way: string) => `sum by (name) (rate(container_network_${way}_bytes_total{${REST}}[1m]))`;
    const [received, sent] = [await ask.byName(network('receive')), await ask.byName(network('transmit'))];
    expect(keys(received)).toEqual(OTHERS);
    expectAbout(received.get('receiver'), flow);
    expectAbout(sent.get('sender'), flow);
    const monitoring =
      'sum by (name) (container_memory_usage_bytes{container_label_org_label_schema_group="monitoring"})';
    expect(keys(await ask.byName(monitoring))).toEqual(['watcher']);
  });

  test('reads and writes by container', async () => {
    for (const way of ['reads', 'writes']) {
      const rates = await ask.byName(`sum(irate(container_fs_${way}_bytes_total{image!=""}[5m])) by (name)`);
      expect(NAMES, way).toEqual(expect.arrayContaining(keys(rates)));
      // 256 KiB each way, at most five times a second.
      expect(rates.get('disk'), way).toBeGreaterThan(0);
      expect(rates.get('disk'), way).toBeLessThan(2 * 5 * 256 * 1024);
    }
  });
});

describe('alerts', () => {
  test('memory against its limit: those that have one, and never a division by zero', async () => {
    const plain = await ask.byName('container_memory_working_set_bytes{name!=""} / container_spec_memory_limit_bytes');
    expect(keys(plain)).toEqual(['holder']);
    const rule =
      '(sum(container_memory_working_set_bytes{name!=""}) BY (instance, name) / sum(container_spec_memory_limit_bytes > 0) BY (instance, name) * 100) > 80';
    const firing = await ask.byName(rule);
    // 24 of 28 MiB are 85.7 %.
    expect(keys(firing)).toEqual(['holder']);
    expect(firing.get('holder')).toBeGreaterThan((24 / 28) * 100);
    expect(firing.get('holder')).toBeLessThanOrEqual(100);
    expect(
      (await ask.panel('container_memory_working_set_bytes / container_spec_memory_limit_bytes')).length,
    ).toBeGreaterThan(0);
  });

  test('throttling: the share of periods, of those that have a quota', async () => {
    const share =
      'sum(increase(container_cpu_cfs_throttled_periods_total[5m])) by (name) / sum(increase(container_cpu_cfs_periods_total[5m])) by (name)';
    const throttled = await ask.byName(share);
    expect(keys(throttled)).toEqual(['burner']);
    const stat = kernelFile(of('burner').id, 'cpu', 'cpu.stat');
    expectAbout(throttled.get('burner'), keyIn(stat, 'nr_throttled') / keyIn(stat, 'nr_periods'));
    expect(throttled.get('burner')).toBeLessThanOrEqual(1);
  });

  test('CPU over 80 %, and containers not seen for a minute: none here', async () => {
    const busy = '(sum(rate(container_cpu_usage_seconds_total{name!=""}[3m])) BY (instance, name) * 100) > 80';
    expect(await ask.panel(busy)).toEqual([]);
    expect(await ask.panel('time() - container_last_seen > 60')).toEqual([]);
    expect(await ask.panel('absent(container_last_seen)')).toEqual([]);
  });
});
