/**
 * systemd's units that are no containers, named by patterns in the configuration: services and a slice as systemd makes them, with limits as
 * an administrator would set them. Their numbers are the kernel's, they are in nobody's sum, and they go when they are stopped.
 */
import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import { waitFor } from '../../support/wait.ts';
import { type Sample, valueIn } from '../exposition.ts';
import { PATIENCE_MS, type Plimsoll } from '../plimsoll.ts';
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

export async function units(stage: Stage): Promise<void> {
  const { docker, report } = stage;
  start('busy.service', ['CPUQuota=20%', 'MemoryMax=64M', 'TasksMax=30'], 'while :; do :; done');
  start(ESCAPED, ['MemoryMax=96M', 'CPUWeight=50', 'IOWeight=50', 'Slice=cargo.slice'], HOLD);
  const { id } = await docker.run({ name: 'contained', flags: ['--memory', '32m'], script: 'sleep 100000 & wait' });
  const plimsoll = await stage.watch({ cgroups: ['/system.slice/*.service', '/cargo.slice', '/cargo.slice/*'] });
  const samples = await untilHeld(plimsoll);
  const busy = (metric: string): number | undefined => valueIn(samples, metric, { name: 'busy.service' });
  report.within('busy.service: limit in cores', busy('container_spec_cpu_limit_cores'), [0.2, 0.2]);
  report.within('busy.service: memory limit', busy('container_spec_memory_limit_bytes'), [64 * MIB, 64 * MIB]);
  report.within('busy.service: most tasks', busy('container_threads_max'), [30, 30]);
  for (const path of ['system.slice/busy.service', `cargo.slice/${ESCAPED}`, 'cargo.slice']) {
    await unitSideBySide(report, plimsoll, { name: basename(path), dir: `/sys/fs/cgroup/${path}` });
  }
  await whoIsThere(stage, plimsoll, `/system.slice/docker-${id}.scope`);
  await sums(stage, plimsoll);
  execFileSync('systemctl', ['stop', 'busy.service', ESCAPED]);
  const left = (await plimsoll.fresh()).filter(({ labels }) =>
    ['busy.service', ESCAPED].includes(labels.get('name') ?? ''),
  );
  report.same('units: gone when stopped', [...new Set(left.map(({ metric }) => metric))], []);
}

/** The agent's page once the unit holds what it is to hold and the container beside it is known. */
function untilHeld(plimsoll: Plimsoll): Promise<Sample[]> {
  const isHeld = async (): Promise<Sample[] | false> => {
    const samples = await plimsoll.agent();
    const held = valueIn(samples, 'container_memory_rss', { name: ESCAPED }) ?? 0;
    return held >= 8 * MIB && valueIn(samples, 'container_last_seen', { name: 'contained' }) !== undefined && samples;
  };
  return waitFor(isHeld, { timeoutMs: PATIENCE_MS, everyMs: 500, what: 'the units' });
}

/** What fits the patterns is there once, by its path, and beside it the container; nothing else is. */
async function whoIsThere({ report }: Stage, plimsoll: Plimsoll, container: string): Promise<void> {
  const expected = (): string[] => {
    const script = 'cd /sys/fs/cgroup && ls -d system.slice/*.service cargo.slice cargo.slice/*.service';
    const paths = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trim().split('\n');
    return [...paths.map((path) => `/${path}`), container].sort();
  };
  const shown = async (): Promise<string[]> =>
    (await plimsoll.fresh())
      .filter(({ metric, labels }) => metric === 'container_cpu_usage_seconds_total' && labels.has('name'))
      .map(({ labels }) => labels.get('id') ?? '')
      .sort();
  // systemd may start something of its own meanwhile, which the next search finds.
  const isSame = async (): Promise<boolean> => JSON.stringify(expected()) === JSON.stringify(await shown());
  await waitFor(isSame, { timeoutMs: 60_000 }).catch(() => undefined);
  report.same('units: each that fits, once, by its path', await shown(), expected());
}

/** Sums are over containers alone. */
async function sums({ report }: Stage, plimsoll: Plimsoll): Promise<void> {
  const node = async (metric: string): Promise<number | undefined> => valueIn(await plimsoll.collector(), metric);
  const isThere = async (): Promise<boolean> => (await node('node_containers_spec_memory_limit_bytes')) !== undefined;
  await waitFor(isThere, { timeoutMs: PATIENCE_MS, everyMs: 500, what: 'a window' });
  report.within('units: containers of the node', await node('node_containers'), [1, 1]);
  report.within('units: limits of the node', await node('node_containers_spec_memory_limit_bytes'), [
    32 * MIB,
    32 * MIB,
  ]);
}
