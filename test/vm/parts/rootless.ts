/**
 * Engines without root's rights on a host where systemd gives a user controllers of its own: Podman and Docker of one user. Their
 * containers have cgroups like any others, below the user's slice; root's agent sees them, and so does an agent that the user runs itself.
 */
import { burn, transfer, writer } from '../../support/containers.ts';
import { type Engine, engineAt, makeImage, type Running } from '../../support/engine.ts';
import { waitFor } from '../../support/wait.ts';
import { type Sample, valueIn } from '../exposition.ts';
import { PATIENCE_MS, startPlimsoll } from '../plimsoll.ts';
import { EVERYTHING, everySeries, sideBySide } from '../sidebyside.ts';
import type { Stage } from '../stage.ts';
import { asUser, BECOME, delegatedControllers, enableUser, RUNTIME_DIR, USER_CGROUP } from '../user.ts';
import { isCompared, reportPlace } from './podman.ts';

const MIB = 1024 * 1024;
const DOCKERD = '/usr/share/docker.io/contrib/dockerd-rootless.sh';

interface Rootless {
  readonly what: string;
  readonly socket: string;
  start(): void;
  stop(): void;
  /** What makes two containers reach each other. */
  readonly network: readonly string[];
  readonly scope: (id: string) => string;
}

export async function rootlessPodman(stage: Stage): Promise<void> {
  await rootless(stage, {
    what: 'rpodman',
    socket: `${RUNTIME_DIR}/podman/podman.sock`,
    start: () => asUser('systemctl', '--user', 'start', 'podman.socket'),
    stop: () => asUser('systemctl', '--user', 'stop', 'podman.socket', 'podman.service'),
    network: ['--network', 'bridge'],
    scope: (id) => `${USER_CGROUP}/user.slice/libpod-${id}.scope`,
  });
}

export async function rootlessDocker(stage: Stage): Promise<void> {
  await rootless(stage, {
    what: 'rdocker',
    socket: `${RUNTIME_DIR}/docker.sock`,
    start: () =>
      asUser('systemd-run', '--user', '--unit=docker', '-p', 'Delegate=yes', '-p', 'KillMode=mixed', ...ENV, DOCKERD),
    stop: () => asUser('systemctl', '--user', 'stop', 'docker.service'),
    network: [],
    scope: (id) => `${USER_CGROUP}/user.slice/docker-${id}.scope`,
  });
}

/** The user's manager does not look where Debian keeps daemons. */
const ENV = ['--setenv=PATH=/usr/sbin:/usr/bin:/sbin:/bin'];

async function rootless(stage: Stage, { what, socket, start, stop, network, scope }: Rootless): Promise<void> {
  const { report, docker } = stage;
  await enableUser();
  report.same(`${what}: controllers of the user`, delegatedControllers(), ['cpu', 'cpuset', 'io', 'memory', 'pids']);
  start();
  const engine = engineAt(socket);
  try {
    await waitFor(() => engine.docker('version'), { timeoutMs: PATIENCE_MS, everyMs: 500, what: `${what} to answer` });
    await makeImage(engine);
    await docker.run({ name: 'of-root', script: 'sleep 100000 & wait' });
    await containersOf(stage, engine, { what, network, scope });
  } finally {
    await engine.remove();
    stop();
  }
}

async function containersOf(
  stage: Stage,
  engine: Engine,
  { what, network, scope }: Pick<Rootless, 'what' | 'network' | 'scope'>,
): Promise<void> {
  const { report } = stage;
  const burner = await burn(engine, {
    name: `${what}-burn`,
    cores: 0.1,
    flags: ['--memory', '64m', '--pids-limit', '50'],
  });
  const written = await writer(engine, { name: `${what}-writer`, mebibytes: 4 });
  const net = await transfer(engine, { name: `${what}-net`, mebibytes: 1, flags: [...network] });
  await Promise.all([written.done(), net.done()]);
  const containers = [burner, written, net.receiver];
  const plimsoll = await stage.watch({ ...EVERYTHING, engines: [`unix://${engine.socket}`] });
  const samples = await plimsoll.after(burner.name);
  const of = (name: string, metric: string, more = {}) => valueIn(samples, metric, { name, ...more });
  report.within(`${what}-burn: limit in cores`, of(burner.name, 'container_spec_cpu_limit_cores'), [0.1, 0.1]);
  report.within(`${what}-burn: memory limit`, of(burner.name, 'container_spec_memory_limit_bytes'), [
    64 * MIB,
    64 * MIB,
  ]);
  reportPlace(report, samples, burner, scope(burner.id));
  const bytes = of(written.name, 'container_fs_writes_bytes_total', { device: '/dev/vda' });
  report.within(`${what}-writer: bytes on /dev/vda`, bytes, [written.bytes, written.bytes + MIB]);
  for (const each of containers) await sideBySide(report, plimsoll, each);
  await everySeries(report, { what, engine, page: () => plimsoll.page(), containers: 4, isCompared });
  await byTheUser(stage, engine, { what, burner });
}

/** An agent that the user runs: the same numbers; what it may not read, and what is not its own, is absent. */
async function byTheUser(
  { report, checkout }: Stage,
  engine: Engine,
  { what, burner }: { what: string; burner: Running },
): Promise<void> {
  // A folder of another of the user's ids, which the user itself may not look into.
  const secret = 'mkdir /secret; touch /secret/x; chown -R 5:5 /secret; chmod 700 /secret; sleep 100000 & wait';
  const hidden = await engine.run({ name: `${what}-hidden`, script: secret });
  const plimsoll = await startPlimsoll({ checkout, settings: { ...EVERYTHING, engines: ['auto'] }, become: BECOME });
  try {
    await sideBySide(report, plimsoll, { ...burner, name: burner.name });
    await everySeries(report, {
      what: `${what}, seen by the user`,
      engine,
      page: () => plimsoll.page(),
      containers: 5,
      isCompared: (metric, name) => isCompared(metric) && !(name === hidden.name && OF_LAYER.test(metric)),
    });
    const samples = await plimsoll.fresh();
    const layer = (s: readonly Sample[]) =>
      s.filter((one) => one.labels.get('name') === hidden.name && OF_LAYER.test(one.metric));
    report.same(
      `${what}-hidden: size of a layer that the user may not read`,
      layer(samples).map(({ metric }) => metric),
      [],
    );
    const others = samples.filter(({ labels }) => labels.get('name') === 'of-root');
    report.same(
      `${what}, seen by the user: containers of root's engine`,
      others.map(({ metric }) => metric),
      [],
    );
  } finally {
    await plimsoll.stop();
  }
}

const OF_LAYER = /^container_fs_(usage_bytes|inodes_used|limit_bytes)$/;
