/** What ends: children for want of memory, containers that live for two seconds, the engine itself. */
import { execFileSync } from 'node:child_process';
import { oomChild } from '../../support/containers.ts';
import { waitFor } from '../../support/wait.ts';
import { type Sample, valueIn } from '../exposition.ts';
import { PATIENCE_MS, type Plimsoll } from '../plimsoll.ts';
import { sideBySide } from '../sidebyside.ts';
import type { Stage } from '../stage.ts';

export async function childKilled({ docker, report, watch }: Stage): Promise<void> {
  const plimsoll = await watch({});
  const container = await oomChild(docker, { name: 'oomchild', everyMs: 3000 });
  const kills = (samples: readonly Sample[]): number =>
    valueIn(samples, 'container_oom_events_total', { name: 'oomchild' }) ?? 0;
  const samples = await waitFor(
    async () => {
      const now = await plimsoll.after('oomchild');
      return kills(now) >= 2 && now;
    },
    { timeoutMs: PATIENCE_MS, what: 'two OOM kills' },
  );
  report.within('oomchild: OOM kills', kills(samples), [2, 1000]);
  report.within(
    'oomchild: still running',
    valueIn(samples, 'container_state', { name: 'oomchild', state: 'running' }),
    [1, 1],
  );
  // Its memory and its processes come and go in between the readings: only what grows can be compared.
  await sideBySide(report, plimsoll, container, 'up');
}

/**
 * Its own last reading of its cgroup stands in its log; what it did is in its service's totals, and how it ended is known. With the systemd
 * driver, systemd removes a scope at the same notice that tells the agent of its end, and is often first: what then counts is
 * the last of the readings that a young container gets every quarter of a second.
 */
export async function twoSeconds(stage: Stage): Promise<void> {
  const plimsoll = await stage.watch({});
  for (const name of ['short1', 'short2']) await oneShort(stage, plimsoll, name);
}

async function oneShort({ docker, report }: Stage, plimsoll: Plimsoll, name: string): Promise<void> {
  const labels = ['project=vm', `service=${name}`].flatMap((label) => ['--label', `com.docker.compose.${label}`]);
  const script = 'timeout 1 sh -c "while :; do :; done"; sleep 1; cat /sys/fs/cgroup/cpu.stat; exit 7';
  const { id } = await docker.run({ name, flags: labels, script });
  await docker.docker('wait', id);
  const used = Number(/usage_usec (\d+)/.exec(await docker.docker('logs', id))?.[1]) / 1e6;
  const wanted = { project: 'vm', service: name };
  let total: number | undefined;
  // Its window closes some seconds after its end.
  await waitFor(
    async () => {
      total = valueIn(await plimsoll.collector(), 'service_cpu_usage_seconds_total', wanted);
      return (total ?? 0) >= used;
    },
    { timeoutMs: 60_000, everyMs: 500 },
  ).catch(() => undefined);
  report.within(`${name}: CPU seconds in its service`, total, [used - 0.3, used + 1]);
  const samples = await waitFor(
    async () => {
      const now = await plimsoll.agent();
      return valueIn(now, 'container_exit_code', { name }) !== undefined && now;
    },
    { timeoutMs: PATIENCE_MS, everyMs: 500, what: 'the exit code' },
  );
  report.within(`${name}: exit code`, valueIn(samples, 'container_exit_code', { name }), [7, 7]);
}

export async function engineRestarted({ docker, report, watch }: Stage): Promise<void> {
  const plimsoll = await watch({});
  await docker.run({ name: 'ended', script: 'while :; do sleep 1; done' });
  await plimsoll.after('ended');
  execFileSync('systemctl', ['restart', 'docker'], { stdio: 'inherit' });
  const container = await docker.run({ name: 'reborn', script: 'sleep 100000 & wait' });
  const samples = await plimsoll.after('reborn');
  report.within(
    'docker restarted: a new container has its name',
    valueIn(samples, 'container_state', { name: 'reborn', state: 'running' }),
    [1, 1],
  );
  await waitFor(async () => valueIn(await plimsoll.agent(), 'plimsoll_source_up', { source: 'docker' }) === 1, {
    timeoutMs: PATIENCE_MS,
    what: 'the source to be up',
  });
  const now = await plimsoll.agent();
  report.within(
    'docker restarted: one that it ended exposes no CPU',
    now.filter((s) => s.labels.get('name') === 'ended' && s.metric.startsWith('container_cpu_')).length,
    [0, 0],
  );
  await sideBySide(report, plimsoll, container);
}
