/** The system's Docker in the ways it can be set up: as Debian does, with cgroups of its own making, with containerd's image store. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { burn, transfer, writer } from '../../support/containers.ts';
import { type Engine, IMAGE, makeImage } from '../../support/engine.ts';
import { waitFor } from '../../support/wait.ts';
import { valueIn } from '../exposition.ts';
import { cgroupPath } from '../kernel.ts';
import { PATIENCE_MS } from '../plimsoll.ts';
import { EVERYTHING, everySeries, sideBySide } from '../sidebyside.ts';
import type { Stage } from '../stage.ts';
import { reportPlace } from './podman.ts';

const MIB = 1024 * 1024;
const STAY = 'trap "exit 0" TERM; sleep 100000 & wait';

/** Docker as Debian sets it up: every series of every family. */
export async function everything({ docker, report, watch }: Stage): Promise<void> {
  await burn(docker, { name: 'burner', cores: 0.1, flags: ['--cpu-shares', '2048'] });
  const limits = ['--memory', '64m', '--memory-swap', '96m', '--memory-reservation', '32m', '--cpuset-cpus', '0'];
  const script = `dd if=/dev/zero of=/dev/shm/held bs=1M count=8; dd if=/dev/zero of=/layer bs=64k count=3; ${STAY}`;
  await docker.run({ name: 'holder', flags: [...limits, '--pids-limit', '50'], script });
  const [written, net] = [await writer(docker, { mebibytes: 2 }), await transfer(docker, { mebibytes: 1 })];
  await Promise.all([written.done(), net.done()]);
  await docker.run({ name: 'paused', script: STAY });
  await docker.docker('pause', 'paused');
  const plimsoll = await watch(EVERYTHING);
  await everySeries(report, { what: 'docker', engine: docker, page: () => plimsoll.page(), containers: 6 });
}

/** Runs something under a Docker with other settings, and puts back what was there. */
async function configured(docker: Engine, settings: unknown, work: () => Promise<void>): Promise<void> {
  const restart = async (): Promise<void> => {
    // Restarts that follow each other soon are refused otherwise.
    execFileSync('systemctl', ['reset-failed', 'docker.service', 'docker.socket']);
    execFileSync('systemctl', ['restart', 'docker'], { stdio: 'inherit' });
    await waitFor(() => docker.docker('version'), { timeoutMs: PATIENCE_MS, everyMs: 500, what: 'docker' });
  };
  await docker.remove();
  mkdirSync('/etc/docker', { recursive: true });
  writeFileSync('/etc/docker/daemon.json', JSON.stringify(settings));
  try {
    await restart();
    await work();
    await docker.remove();
  } finally {
    rmSync('/etc/docker/daemon.json');
    await restart();
  }
}

/** Docker makes the cgroups itself: `/docker/<id>`. */
export async function cgroupfsDriver({ docker, report, watch }: Stage): Promise<void> {
  await configured(docker, { 'exec-opts': ['native.cgroupdriver=cgroupfs'] }, async () => {
    report.same('cgroupfs: the driver', await docker.docker('info', '--format', '{{.CgroupDriver}}'), 'cgroupfs');
    const plimsoll = await watch({});
    const container = await burn(docker, { name: 'c-burn', cores: 0.2, flags: ['--memory', '64m'] });
    const net = await transfer(docker, { name: 'c-net', mebibytes: 1 });
    await net.done();
    const samples = await plimsoll.after('c-burn');
    reportPlace(report, samples, container, `/docker/${container.id}`);
    const of = (metric: string): number | undefined => valueIn(samples, metric, { name: 'c-burn' });
    report.within('c-burn: limit in cores', of('container_spec_cpu_limit_cores'), [0.2, 0.2]);
    report.within('c-burn: memory limit', of('container_spec_memory_limit_bytes'), [64 * MIB, 64 * MIB]);
    await sideBySide(report, plimsoll, container);
    await sideBySide(report, plimsoll, net.receiver);
  });
}

/** Images and layers are containerd's: the engine does not say where a layer is, and the kernel's list of mounts does. */
export async function containerdStore({ docker, report, watch }: Stage): Promise<void> {
  await configured(docker, { features: { 'containerd-snapshotter': true } }, async () => {
    const driver = await docker.docker('info', '--format', '{{json .DriverStatus}}');
    report.check('containerd store: in use', {
      expected: 'io.containerd.snapshotter',
      found: driver,
      ok: driver.includes('io.containerd.snapshotter'),
    });
    await makeImage(docker);
    const plimsoll = await watch(EVERYTHING);
    const script = `dd if=/dev/zero of=/layer bs=1M count=16 conv=fsync; ${STAY}`;
    const container = await docker.run({ name: 's-layer', flags: ['--memory', '256m'], script });
    const size = async (): Promise<number | undefined> => {
      const samples = await plimsoll.agent();
      return samples.find(
        ({ metric, labels }) => metric === 'container_fs_usage_bytes' && labels.get('name') === 's-layer',
      )?.value;
    };
    await waitFor(async () => ((await size()) ?? 0) >= 16 * MIB, {
      timeoutMs: PATIENCE_MS,
      everyMs: 500,
      what: 'the layer',
    });
    // The file, and around it folders, what Docker puts into every container, and the log.
    report.within('s-layer: room on disk', await size(), [16 * MIB, 16.5 * MIB]);
    const samples = await plimsoll.after('s-layer');
    const image = valueIn(samples, 'container_memory_usage_bytes', {
      name: 's-layer',
      image: IMAGE,
      id: cgroupPath(container),
    });
    report.within('s-layer: its image and its path', image === undefined ? 0 : 1, [1, 1]);
    await sideBySide(report, plimsoll, container);
    await everySeries(report, { what: 'containerd store', engine: docker, page: () => plimsoll.page(), containers: 1 });
  });
}
