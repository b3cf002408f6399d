/**
 * Debian's Podman 4.3 as root, by its Docker-compatible socket: what runs in it is shown with the kernel's own numbers, under its names,
 * also in pods, and also while the service behind the socket is away.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AgentStage, startAgentStage } from '../support/agentstage.ts';
import { expectBracketed, expectEqual } from '../support/bracket.ts';
import {
  type Burning,
  burn,
  killed,
  oomChild,
  type Transfer,
  transfer,
  type Writing,
  writer,
} from '../support/containers.ts';
import { IMAGE, type Running } from '../support/engine.ts';
import { FAMILIES } from '../../src/catalog/index.ts';
import { compareWithKernel } from '../support/sidebyside.ts';
import { cpuCounters, diskCounters, memoryGauges, networkCounters, oomKills } from '../support/kernel.ts';
import { type Podman, startPodman } from '../support/podman.ts';

const STAY = 'trap "exit 0" TERM; sleep 100000 & wait';
const MIB = 1024 * 1024;
const VIEWS = ['agent'] as const;
/** As the kubelet puts them on. */
const KUBELET = {
  'io.kubernetes.pod.name': 'web-0',
  'io.kubernetes.pod.namespace': 'shop',
  'io.kubernetes.pod.uid': '1f0e4a5c',
  'io.kubernetes.container.name': 'front',
};

const NOT_COMPARED = [
  // It is the time of the reading itself.
  /^container_last_seen /,
  // Its threads come and go: nobody else has seen the same ones.
  /^container_cpu_schedstat_\w+ oomchild$/,
  // What threads do at a moment is over at the next.
  /^container_tasks_state (oomchild|writer|net-)/,
  // The disk is shared with all that runs on this machine.
  /^container_fs_inodes_free /,
  // The reader takes Docker's word for having no health check, which Podman does not use; below it is followed by hand.
  /^container_health_/,
];

let podman: Podman;
let stage: AgentStage;
let burner: Burning;
let holder: Running;
let net: Transfer;
let written: Writing;
let oom: Running;

beforeAll(async () => {
  podman = await startPodman();
  const limits = ['--memory', '64m', '--memory-swap', '96m', '--memory-reservation', '48m', '--cpu-shares', '2048'];
  const script = `dd if=/dev/zero of=/dev/shm/held bs=1M count=24; dd if=/dev/zero of=/layer bs=64k count=3; ${STAY}`;
  [burner, holder, net, written, oom] = await Promise.all([
    burn(podman, { name: 'burner', cores: 0.2 }),
    podman.run({ name: 'holder', flags: [...limits, '--pids-limit', '50'], script }),
    transfer(podman, { mebibytes: 5 }),
    writer(podman, { name: 'writer', mebibytes: 4 }),
    oomChild(podman, { name: 'oomchild' }),
    startPod(),
  ]);
  await Promise.all([net.done(), written.done()]);
  stage = await startAgentStage({ engines: [`unix://${podman.socket}`] });
});

afterAll(async () => {
  await stage?.stop();
  await podman?.stop();
});

/** Two containers, and the one that holds what they share. */
async function startPod(): Promise<void> {
  await podman.podman('pod', 'create', '--name', 'web', '--infra-image', IMAGE, '--infra-command', 'sleep 100000');
  const labels = Object.entries(KUBELET).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
  await podman.podman('run', '-d', '--pod', 'web', '--name', 'web-front', ...labels, IMAGE, 'sh', '-c', STAY);
  await podman.podman('run', '-d', '--pod', 'web', '--name', 'web-side', IMAGE, 'sh', '-c', STAY);
}

test('CPU time, periods and throttling lie between two readings of the kernel’s files', async () => {
  await expectBracketed(stage, { container: { name: 'burner' }, shown: cpuCounters(burner.id), views: VIEWS });
  const page = await stage.page();
  expect(page.value('container_spec_cpu_quota', { name: 'burner' })).toBe(burner.quotaMicroseconds);
  expect(page.value('container_spec_cpu_limit_cores', { name: 'burner' })).toBe(0.2);
});

test('memory is what the files say, limits as they were set', async () => {
  await expectEqual(stage, { container: { name: 'holder' }, shown: memoryGauges(holder.id), views: VIEWS });
  const page = await stage.page();
  expect(page.value('container_spec_memory_limit_bytes', { name: 'holder' })).toBe(64 * MIB);
  expect(page.value('container_spec_memory_swap_limit_bytes', { name: 'holder' })).toBe(32 * MIB);
  expect(page.value('container_spec_memory_reservation_limit_bytes', { name: 'holder' })).toBe(48 * MIB);
  expect(page.value('container_spec_cpu_shares', { name: 'holder' })).toBe(2048);
  expect(page.value('container_threads_max', { name: 'holder' })).toBe(50);
  // Absent, not zero.
  expect(page.all('container_spec_memory_limit_bytes', { name: 'burner' })).toEqual([]);
  expect(page.all('container_spec_cpu_quota', { name: 'holder' })).toEqual([]);
});

test('network, block io and room on disk', async () => {
  await expectBracketed(stage, {
    container: { name: net.receiver.name },
    shown: networkCounters(net.receiver.pid),
    views: VIEWS,
  });
  await expectBracketed(stage, { container: { name: 'writer' }, shown: diskCounters(written.id), views: VIEWS });
  const page = await stage.page();
  expect(page.value('container_network_receive_bytes_total', { name: net.receiver.name })).toBeGreaterThan(net.bytes);
  expect(page.sum('container_fs_writes_bytes_total', { name: 'writer' })).toBeGreaterThanOrEqual(written.bytes);
  // The file of 192 KiB, and around it folders, Podman's own files and the log.
  const room = page.sum('container_fs_usage_bytes', { name: 'holder' });
  expect(room).toBeGreaterThanOrEqual(192 * 1024);
  expect(room).toBeLessThan(512 * 1024);
});

test('every series of every family of every running container, beside the kernel’s files', async () => {
  const all = await startAgentStage({
    engines: [`unix://${podman.socket}`],
    families: FAMILIES.map(({ name }) => name),
    filesystem: { interval: '1s', volumes: true },
    timestamps: true,
  });
  try {
    const compared = await compareWithKernel({
      engine: podman,
      page: () => all.program.metrics('agent'),
      isCompared: (metric, name) => !NOT_COMPARED.some((is) => is.test(`${metric} ${name}`)),
    });
    console.log(`${compared.series} series of ${compared.containers.size} containers in ${compared.rounds} rounds`);
  } finally {
    await all.stop();
  }
});

test('a child that is killed for want of memory is counted while the container lives', async () => {
  const before = oomKills(oom.id);
  const seen = await stage.until(
    'agent',
    (page) => page.value('container_oom_events_total', { name: 'oomchild' }) > before && page,
    'another kill',
  );
  expect(seen.value('container_oom_events_total', { name: 'oomchild' })).toBeLessThanOrEqual(oomKills(oom.id));
  expect(seen.value('container_state', { name: 'oomchild', state: 'running' })).toBe(1);
});

test('a pod: each container its own numbers, their shared network once, and the kubelet’s labels', async () => {
  const page = await stage.page();
  const members = page
    .labelValues('container_cpu_usage_seconds_total', 'name')
    .filter((name) => /web|infra/.test(name));
  const infra = members.find((name) => name.endsWith('-infra')) as string;
  expect(members).toEqual([infra, 'web-front', 'web-side'].sort());
  const interfaces = page.all('container_network_receive_bytes_total', { interface: 'eth0' });
  expect(interfaces.filter(({ labels }) => members.includes(labels.get('name') ?? '')).length).toBe(1);
  expect(page.all('container_network_receive_bytes_total', { name: infra, interface: 'eth0' }).length).toBe(1);
  const front = page.all('container_memory_usage_bytes', { name: 'web-front' })[0];
  for (const [key, value] of Object.entries(KUBELET)) {
    expect(front?.labels.get(`container_label_${key.replaceAll('.', '_')}`)).toBe(value);
  }
  expect(front?.labels.get('id')).toMatch(/^\/libpod_parent\/[0-9a-f]{64}\/libpod-[0-9a-f]{64}$/);
});

test('exit codes, restarts, health, a rename and a removal are followed by events', async () => {
  await killed(podman, { name: 'killed' });
  const starved = ['--memory', '16m', '--memory-swap', '16m', IMAGE, 'tail', '/dev/zero'];
  await podman.docker('run', '-d', '--name', 'starved', ...starved);
  await podman.docker('run', '-d', '--name', 'again', '--restart', 'on-failure:2', IMAGE, 'sh', '-c', 'exit 7');
  await podman.docker('run', '-d', '--name', 'checked', '--health-cmd', 'test -e /tmp/up', IMAGE, 'sh', '-c', STAY);
  const health = (status: string) => ({ name: 'checked', status });
  await stage.until('agent', (page) => page.value('container_health_status', health('starting')) === 1, 'starting');
  // systemd's timers would run it; there is none here.
  await podman.docker('exec', 'checked', 'touch', '/tmp/up');
  await podman.podman('healthcheck', 'run', 'checked');
  await stage.until('agent', (page) => page.value('container_health_status', health('healthy')) === 1, 'healthy');
  const ended = await stage.until(
    'agent',
    (page) =>
      page.value('container_restarts_total', { name: 'again' }) === 2 &&
      page.all('container_exit_code', { name: 'again' }).length === 1 &&
      page,
    'the second restart',
  );
  expect(ended.value('container_exit_code', { name: 'again' })).toBe(7);
  expect(ended.value('container_state', { name: 'again', state: 'exited' })).toBe(1);
  expect(ended.value('container_oom_killed', { name: 'again' })).toBe(0);
  expect(ended.value('container_exit_code', { name: 'killed' })).toBe(137);
  // Podman says of it, too, that it was not killed for want of memory: of one that was killed nobody knows.
  expect(ended.value('container_exit_code', { name: 'starved' })).toBe(137);
  expect(ended.all('container_oom_killed', { name: 'starved' })).toEqual([]);
  await podman.docker('rename', 'checked', 'renamed');
  await podman.remove('killed', 'again', 'starved');
  await stage.until(
    'agent',
    (page) => {
      const names = page.labelValues('container_start_time_seconds', 'name');
      return (
        names.includes('renamed') && !names.some((name) => ['checked', 'killed', 'again', 'starved'].includes(name))
      );
    },
    'the new name alone',
  );
});

test('the service away and back: the containers go on under their names', async () => {
  const names = (await stage.page()).labelValues('container_cpu_usage_seconds_total', 'name');
  const up = async (value: number): Promise<void> => {
    await stage.until('agent', (page) => page.value('plimsoll_engine_up') === value, `plimsoll_engine_up ${value}`);
  };
  await podman.end();
  await up(0);
  await expectBracketed(stage, { container: { name: 'burner' }, shown: cpuCounters(burner.id), views: VIEWS });
  expect((await stage.page()).labelValues('container_cpu_usage_seconds_total', 'name')).toEqual(names);
  await podman.start();
  await up(1);
  await podman.run({ name: 'later', script: STAY });
  const page = await stage.until(
    'agent',
    (p) => p.all('container_last_seen', { name: 'later' })[0] && p,
    'the next one',
  );
  expect(page.labelValues('container_cpu_usage_seconds_total', 'name')).toEqual([...names, 'later'].sort());
  await expectBracketed(stage, { container: { name: 'burner' }, shown: cpuCounters(burner.id), views: VIEWS });
  expect(names.filter((name) => /^[0-9a-f]{12,}$/.test(name))).toEqual([]);
});
