/**
 * The system's Podman behind its Docker-compatible socket, with systemd as its cgroup manager: containers are scopes in `machine.slice`,
 * their processes and limits in the cgroup `container` that crun makes below.
 */
import { execFileSync } from 'node:child_process';
import { burn, transfer, writer } from '../../support/containers.ts';
import { type Engine, engineAt, IMAGE, makeImage, type Running } from '../../support/engine.ts';
import { waitFor } from '../../support/wait.ts';
import { type Sample, valueIn } from '../exposition.ts';
import { cgroupPath } from '../kernel.ts';
import { PATIENCE_MS, type Plimsoll } from '../plimsoll.ts';
import type { Report } from '../report.ts';
import { EVERYTHING, everySeries, sideBySide } from '../sidebyside.ts';
import type { Stage } from '../stage.ts';

const SOCKET = '/run/podman/podman.sock';
const STAY = 'trap "exit 0" TERM; sleep 100000 & wait';
const MIB = 1024 * 1024;
const LABEL = 'com.docker.compose.service=x';

export async function podman({ report, watch }: Stage): Promise<void> {
  execFileSync('systemctl', ['start', 'podman.socket']);
  const engine = engineAt(SOCKET);
  try {
    await makeImage(engine);
    const plimsoll = await watch({ ...EVERYTHING, engines: [`unix://${SOCKET}`] });
    await oneByOne(report, plimsoll, engine);
    await pod(report, plimsoll, engine);
    await ended(report, plimsoll, engine);
  } finally {
    execFileSync('podman', ['pod', 'rm', '--force', '--time', '0', '--all'], { stdio: 'inherit' });
    await engine.remove();
    execFileSync('systemctl', ['stop', 'podman.socket', 'podman.service']);
  }
}

async function oneByOne(report: Report, plimsoll: Plimsoll, engine: Engine): Promise<void> {
  const burner = await burn(engine, { name: 'p-burn', cores: 0.1, flags: ['--label', LABEL, '--memory', '64m'] });
  const written = await writer(engine, { name: 'p-writer', mebibytes: 4, flags: ['--pids-limit', '50'] });
  const net = await transfer(engine, { name: 'p-net', mebibytes: 1 });
  await Promise.all([written.done(), net.done()]);
  const samples = await plimsoll.after('p-burn');
  const of = (metric: string): number | undefined =>
    valueIn(samples, metric, { name: 'p-burn', container_label_com_docker_compose_service: 'x' });
  report.within('p-burn: limit in cores, with its label', of('container_spec_cpu_limit_cores'), [0.1, 0.1]);
  report.within('p-burn: memory limit', of('container_spec_memory_limit_bytes'), [64 * MIB, 64 * MIB]);
  report.within('p-burn: running', valueIn(samples, 'container_state', { name: 'p-burn', state: 'running' }), [1, 1]);
  reportPlace(report, samples, burner, `/machine.slice/libpod-${burner.id}.scope`);
  const bytes = valueIn(samples, 'container_fs_writes_bytes_total', { name: 'p-writer', device: '/dev/vda' });
  report.within('p-writer: bytes on /dev/vda', bytes, [written.bytes, written.bytes + MIB]);
  for (const each of [burner, written, net.receiver]) await sideBySide(report, plimsoll, each);
  await everySeries(report, { what: 'podman', engine, page: () => plimsoll.page(), containers: 4, isCompared });
}

/** The reader takes Docker's word for having no health check, which Podman does not use. */
export function isCompared(metric: string): boolean {
  return !metric.startsWith('container_health_');
}

/** One row for each container, under the path of the cgroup that carries its id: where the kernel has it, and where it is expected. */
export function reportPlace(report: Report, samples: readonly Sample[], container: Running, expected: string): void {
  const ids = samples
    .filter(
      ({ metric, labels }) => metric === 'container_memory_usage_bytes' && labels.get('id')?.includes(container.id),
    )
    .map(({ labels }) => labels.get('id'));
  report.same(`${container.name}: once, by the path of its outer cgroup`, ids, [cgroupPath(container)]);
  report.same(`${container.name}: where it is`, cgroupPath(container), expected);
}

/** Two containers share a network: it is shown once. */
async function pod(report: Report, plimsoll: Plimsoll, engine: Engine): Promise<void> {
  const run = (...args: string[]): string => execFileSync('podman', args, { encoding: 'utf8' }).trim();
  run('pod', 'create', '--name', 'web', '--infra-image', IMAGE, '--infra-command', 'sleep 100000');
  run('run', '-d', '--pod', 'web', '--name', 'web-front', IMAGE, 'sh', '-c', STAY);
  const samples = await plimsoll.after('web-front');
  const members = ['Id', 'State.Pid'].map((field) => run('inspect', '--format', `{{.${field}}}`, 'web-front'));
  const front = { name: 'web-front', id: members[0] ?? '', pid: Number(members[1]) };
  const slice = /^(\/machine\.slice\/machine-libpod_pod_[0-9a-f]{64}\.slice)\//.exec(cgroupPath(front))?.[1];
  reportPlace(report, samples, front, `${slice}/libpod-${front.id}.scope`);
  const networks = samples.filter(
    ({ metric, labels }) =>
      metric === 'container_network_receive_bytes_total' && labels.get('id')?.startsWith(`${slice}/`),
  );
  report.same(
    'pod: its network once',
    networks.map(({ labels }) => labels.get('name')?.endsWith('-infra')),
    [true],
  );
  await engine.remove('web-front');
}

async function ended(report: Report, plimsoll: Plimsoll, engine: Engine): Promise<void> {
  await engine.docker('run', '-d', '--name', 'p-seven', IMAGE, 'sh', '-c', 'exit 7');
  const samples = await waitFor(
    async () => {
      const now = await plimsoll.agent();
      return valueIn(now, 'container_exit_code', { name: 'p-seven' }) !== undefined && now;
    },
    { timeoutMs: PATIENCE_MS, everyMs: 500, what: 'the exit code' },
  );
  report.within('p-seven: exit code', valueIn(samples, 'container_exit_code', { name: 'p-seven' }), [7, 7]);
  report.within('p-seven: exited', valueIn(samples, 'container_state', { name: 'p-seven', state: 'exited' }), [1, 1]);
}
