/**
 * systemd's units that are no containers, named by patterns in the configuration: services and a slice as systemd makes them, with limits as
 * an administrator would set them. Their numbers are the kernel's, they are in nobody's sum, and they go when they are stopped.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { waitFor } from '../../support/wait.ts';
import { type Sample, valueIn } from '../exposition.ts';
import { PATIENCE_MS } from '../plimsoll.ts';
import { unitSideBySide } from '../sidebyside.ts';
import type { Stage } from '../stage.ts';

const MIB = 1024 * 1024;
/** `held-back`, as systemd escapes it: the backslash is part of the unit's name and of its cgroup's. */
const ESCAPED = 'held\\x2dback.service';
const HOLD = `held=$(head -c ${8 * MIB} /dev/zero | tr '\\0' x); dd if=/dev/zero of=/var/tmp/held bs=64k count=16 conv=fsync; sleep 100000 & wait`;

function start(unit: string, properties: readonly string[], script: string): void {
  const flags = properties.flatMap((property) => ['-p', property]);
  execFileSync('systemd-run', ['--quiet', `--unit=${unit}`, ...flags, 'busybox', 'sh', '-c', script]);
}

export async function units({ docker, report, watch }: Stage): Promise<void> {
  start('busy.service', ['CPUQuota=20%', 'MemoryMax=64M', 'TasksMax=30'], 'while :; do :; done');
  start(ESCAPED, ['MemoryMax=96M', 'CPUWeight=50', 'IOWeight=50', 'Slice=cargo.slice'], HOLD);
  await docker.run({ name: 'contained', flags: ['--memory', '32m'], script: 'sleep 100000 & wait' });
  const plimsoll = await watch({ cgroups: ['/system.slice/*.service', '/cargo.slice', '/cargo.slice/*'] });
  const isThere = async (): Promise<Sample[] | false> => {
    const samples = await plimsoll.agent();
    const used = valueIn(samples, 'container_memory_rss', { name: ESCAPED }) ?? 0;
    return used >= 8 * MIB && valueIn(samples, 'container_last_seen', { name: 'contained' }) !== undefined && samples;
  };
  const samples = await waitFor(isThere, { timeoutMs: PATIENCE_MS, everyMs: 500, what: 'the units' });
  const busy = (metric: string): number | undefined => valueIn(samples, metric, { name: 'busy.service' });
  report.within('busy.service: limit in cores', busy('container_spec_cpu_limit_cores'), [0.2, 0.2]);
  report.within('busy.service: memory limit', busy('container_spec_memory_limit_bytes'), [64 * MIB, 64 * MIB]);
  report.within('busy.service: most tasks', busy('container_threads_max'), [30, 30]);
  await unitSideBySide(report, plimsoll, { name: 'busy.service', dir: '/sys/fs/cgroup/system.slice/busy.service' });
  await unitSideBySide(report, plimsoll, { name: ESCAPED, dir: `/sys/fs/cgroup/cargo.slice/${ESCAPED}` });
  await unitSideBySide(report, plimsoll, { name: 'cargo.slice', dir: '/sys/fs/cgroup/cargo.slice' });
  const idsOf = (all: readonly Sample[]): string[] =>
    all
      .filter(({ metric, labels }) => metric === 'container_cpu_usage_seconds_total' && labels.has('name'))
      .map(({ labels }) => labels.get('id') ?? '')
      .sort();
  const running = execFileSync('sh', [
    '-c',
    'cd /sys/fs/cgroup && ls -d system.slice/*.service cargo.slice cargo.slice/*/',
  ]);
  const services = running
    .toString()
    .trim()
    .split('\n')
    .map((path) => `/${path.replace(/\/$/, '')}`);
  const scope = (await docker.field('contained', '.Id')).trim();
  report.same(
    'units: each service of the slices once, by its path',
    idsOf(await plimsoll.fresh()),
    [...services, `/system.slice/docker-${scope}.scope`].sort(),
  );
  const node = async (metric: string): Promise<number | undefined> => valueIn(await plimsoll.collector(), metric);
  await waitFor(async () => (await node('node_containers')) !== undefined, {
    timeoutMs: PATIENCE_MS,
    what: 'a window',
  });
  report.within('units: containers of the node', await node('node_containers'), [1, 1]);
  report.within('units: limits of the node', await node('node_spec_memory_limit_bytes'), [32 * MIB, 32 * MIB]);
  execFileSync('systemctl', ['stop', 'busy.service', ESCAPED]);
  const later = await plimsoll.fresh();
  const left = later.filter(({ labels }) => ['busy.service', ESCAPED].includes(labels.get('name') ?? ''));
  report.same(
    'units: gone when stopped',
    left.map(({ metric }) => metric),
    [],
  );
  const pid1 = /^0::(.*)/m.exec(readFileSync('/proc/1/cgroup', 'utf8'))?.[1];
  report.same(
    'units: systemd itself, which no pattern fits',
    idsOf(later).filter((id) => id === pid1),
    [],
  );
}
