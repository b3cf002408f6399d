/** One moment of a recorded host as the engine and /proc tell it: who there is, where its files are, which labels it must have. */
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { textOf } from './text.mjs';

const LABELS = [
  'com.docker.compose.project',
  'com.docker.compose.service',
  'io.kubernetes.pod.name',
  'io.kubernetes.pod.namespace',
  'io.kubernetes.pod.uid',
  'io.kubernetes.container.name',
];

/** On v2 nothing of /proc was recorded at t0, so that of t1 stands in, as it does in the test. */
export function readMoment(host, version, moment) {
  const dir = join(host, moment);
  const proc = existsSync(join(dir, 'proc')) ? join(dir, 'proc') : join(host, 't1', 'proc');
  const api = (name) => JSON.parse(readFileSync(join(dir, 'api', `${name}.json`), 'utf8'));
  const timeMs = Number(textOf(join(dir, 'time')));
  const containers = api('containers').map(({ Id }) =>
    containerOf(api(`inspect-${Id}`), { cgroupRoot: join(dir, 'cgroup'), proc, version }),
  );
  return { version, proc, timeMs, info: api('info'), containers };
}

/** A container of whatever host: its inspection, and where its files are. */
export function containerOf(inspect, { cgroupRoot, proc, version }) {
  const { Id, Name, State, Config } = inspect;
  const runs = State.Status === 'running' || State.Status === 'paused';
  const pid = runs ? State.Pid : 0;
  const cgroupLines = (textOf(join(proc, String(pid), 'cgroup')) ?? '').split('\n').map((line) => line.split(':'));
  // `4:memory:/docker/…` on v1, `0::/system.slice/…` on v2.
  const ofProcess = cgroupLines.find(([, controllers]) => controllers === (version === 'v1' ? 'memory' : ''))?.[2];
  // Some runtimes have a cgroup for the processes below the one that carries the id.
  const path = ofProcess?.includes(Id) ? new RegExp(`.*${Id}[^/]*`).exec(ofProcess)[0] : ofProcess;
  const expectedPath = version === 'v1' ? `/docker/${Id}` : `/system.slice/docker-${Id}.scope`;
  const labels = { id: path ?? expectedPath, name: Name.replace('/', ''), image: Config.Image };
  for (const key of LABELS) {
    if (Config.Labels[key]) labels[`container_label_${key.replace(/[^a-zA-Z0-9]/g, '_')}`] = Config.Labels[key];
  }
  return {
    inspect,
    labels,
    runs,
    pid: path === undefined ? 0 : pid,
    /** The folder of a controller on v1, the one folder on v2; undefined where the recording has none. */
    folder: (controller) => {
      if (path === undefined) return undefined;
      const folder = join(cgroupRoot, version === 'v1' ? controller : '', path);
      // crun's, with all limits.
      const below = join(folder, 'container');
      if (existsSync(below)) return below;
      return existsSync(folder) ? folder : undefined;
    },
    network: path === undefined ? undefined : readlinkSync(join(proc, String(pid), 'ns/net')),
  };
}
