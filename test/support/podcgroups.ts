/**
 * Pods' cgroups as a kubelet makes them, by its driver: folders (`/kubepods/burstable/pod<uid>`), which the runtime makes by itself here, or slices of systemd's
 * (`/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid with _>.slice`), transient units with limits of their own.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { basename, join } from 'node:path';

export type Qos = 'guaranteed' | 'burstable' | 'besteffort';

export interface PodCgroup {
  readonly uid: string;
  readonly qos: Qos;
  /** Bytes. */
  readonly memory: number | undefined;
}

export interface PodCgroups {
  /** From the hierarchies' root. */
  readonly kubepods: string;
  /** Answers its path from the hierarchies' root, which is what CRI is given. */
  make(pod: PodCgroup): string;
  remove(cgroup: string): void;
  removeAll(): void;
}

export function folders(kubepods: string): PodCgroups {
  return {
    kubepods,
    make: ({ uid, qos }) => `${kubepods}${qos === 'guaranteed' ? '' : `/${qos}`}/pod${uid}`,
    remove: () => undefined,
    removeAll() {
      const top = kubepods.split('/')[1] ?? '';
      for (const hierarchy of ['', ...readdirSync('/sys/fs/cgroup')])
        removeTree(join('/sys/fs/cgroup', hierarchy, top));
    },
  };
}

export function slices(): PodCgroups {
  const stop = (...units: string[]): void => void execFileSync('systemctl', ['stop', ...units]);
  return {
    kubepods: '/kubepods.slice',
    make({ uid, qos, memory }) {
      const parent = qos === 'guaranteed' ? 'kubepods' : `kubepods-${qos}`;
      // A dash in a slice's name goes one level down.
      const slice = `${parent}-pod${uid.replaceAll('-', '_')}.slice`;
      startSlice(slice, memory);
      return `/${['kubepods.slice', ...(qos === 'guaranteed' ? [] : [`${parent}.slice`]), slice].join('/')}`;
    },
    remove: (cgroup) => stop(basename(cgroup)),
    removeAll: () => stop('kubepods.slice'),
  };
}

/** With the properties that the kubelet asks systemd for. */
function startSlice(slice: string, memory: number | undefined): void {
  const accounting = ['CPU', 'Memory', 'IO', 'Tasks'].map((what) => [`${what}Accounting`, 'b', 'true']);
  const limits = memory === undefined ? [] : [['MemoryMax', 't', String(memory)]];
  const properties = [['Description', 's', `libcontainer container ${slice}`], ...accounting, ...limits];
  const manager = ['org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager'];
  const call = ['StartTransientUnit', 'ssa(sv)a(sa(sv))', slice, 'replace'];
  const values = [String(properties.length), ...properties.flat(), '0'];
  execFileSync('busctl', ['call', '--quiet', ...manager, ...call, ...values]);
}

/** What the pods' parents leave in a hierarchy. */
function removeTree(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  }
  try {
    rmdirSync(folder);
  } catch (error) {
    console.warn('a cgroup of the tests stays:', folder, String(error));
  }
}
