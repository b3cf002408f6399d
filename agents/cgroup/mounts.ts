/**
 * Which cgroup hierarchies there are and where this process sees them: from `<procRoot>/self/mountinfo`, or under a root that
 * the configuration names. One mount per controller, several controllers in one mount, the unified hierarchy, and both
 * side by side all come out as the same record.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { foldersIn, namesDownTo } from './namespace.ts';

/** One mounted hierarchy. */
export interface Hierarchy {
  /** Where we see it. */
  readonly mountPoint: string;
  /** The cgroup that is at the mount point: `/`, or a part of the tree. */
  readonly root: string;
  /**
   * In a cgroup namespace with the tree above it mounted: the names of the folders from the mount point down to the namespace. The
   * kernel's paths are relative to that; {@link hostPaths} makes them the mount's. Else empty.
   */
  readonly above: readonly string[];
}

export interface CgroupMounts {
  /** `hybrid`: controllers on v1 with the unified hierarchy beside them. `none`: nothing visible. */
  readonly version: 'v1' | 'v2' | 'hybrid' | 'none';
  readonly unified: Hierarchy | undefined;
  /** v1: by controller, `name=systemd` included. Empty on a pure v2 host. */
  readonly controllers: ReadonlyMap<string, Hierarchy>;
}

export interface MountOptions {
  /** `/proc`, or where the host's is mounted. */
  readonly procRoot: string;
  /** What stands for `/sys/fs/cgroup`; wins over what mountinfo says. */
  readonly cgroupRoot?: string | undefined;
  /** Our own process, as the cgroup files name it. */
  readonly pid?: number;
}

export interface MountLine {
  readonly mountPoint: string;
  readonly root: string;
  readonly type: 'cgroup' | 'cgroup2';
  /** The super block's options: the controllers, on v1. */
  readonly options: readonly string[];
}

/** Finds the hierarchies. Nothing visible is not an error: `version` is then `none`. */
export function findMounts(options: MountOptions): CgroupMounts {
  const lines = cgroupLines(mountinfo(options.procRoot));
  const { cgroupRoot, pid = process.pid } = options;
  const visible =
    cgroupRoot === undefined ? lines.filter((line) => existsSync(line.mountPoint)) : underRoot(cgroupRoot, lines);
  return mountsOf(visible, pid);
}

function mountinfo(procRoot: string): string {
  try {
    return readFileSync(join(procRoot, 'self', 'mountinfo'), 'utf8');
  } catch (error) {
    // A root of our own choosing needs no mountinfo; without either there is nothing to be seen.
    if (error instanceof Error && 'code' in error) return '';
    throw error;
  }
}

/** The cgroup mounts among the lines of a mountinfo; of several mounts of one hierarchy the first that shows the most. */
export function cgroupLines(text: string): MountLine[] {
  const found: MountLine[] = [];
  for (const line of text.split('\n')) {
    const [before, after] = line.split(' - ');
    const type = after?.split(' ')[0];
    if (before === undefined || after === undefined || (type !== 'cgroup' && type !== 'cgroup2')) continue;
    const fields = before.split(' ');
    const options = (after.split(' ')[2] ?? '').split(',');
    if (fields.length < 5) continue;
    found.push({ type, root: unescaped(fields[3] as string), mountPoint: unescaped(fields[4] as string), options });
  }
  return found;
}

/** mountinfo writes space, tab, newline and backslash as `\040` and so on. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** How much of a hierarchy a mount shows: one whose root lies above ours shows the most, one far below the least. */
function depthOf(root: string): number {
  let depth = 0;
  for (const part of root.split('/')) depth += part === '' ? 0 : part === '..' ? -1 : 1;
  return depth;
}

const NOT_CONTROLLERS = new Set([
  'rw',
  'ro',
  'xattr',
  'clone_children',
  'noprefix',
  'cpuset_v2_mode',
  'nsdelegate',
  'none',
]);

function mountsOf(lines: readonly MountLine[], pid: number): CgroupMounts {
  const best = new Map<string, MountLine>();
  for (const line of lines) {
    for (const name of line.type === 'cgroup2' ? [''] : controllersOf(line)) {
      const other = best.get(name);
      if (!other || depthOf(line.root) < depthOf(other.root)) best.set(name, line);
    }
  }
  // Controllers in one mount are one hierarchy.
  const made = new Map<MountLine, Hierarchy>();
  for (const line of best.values()) if (!made.has(line)) made.set(line, hierarchyOf(line, pid));
  const controllers = new Map<string, Hierarchy>();
  for (const [name, line] of best) if (name !== '') controllers.set(name, made.get(line) as Hierarchy);
  const unifiedLine = best.get('');
  const unified = unifiedLine && made.get(unifiedLine);
  return { version: versionOf(unified, controllers), unified, controllers };
}

function controllersOf({ options }: MountLine): string[] {
  return options.filter((name) => !NOT_CONTROLLERS.has(name) && !name.startsWith('release_agent='));
}

/** A root of `/../..` lies above our cgroup namespace: if our own place below it is found, it is the root of all that we name. */
function hierarchyOf({ mountPoint, root }: MountLine, pid: number): Hierarchy {
  const levels = /^(\/\.\.)+$/.test(root) ? root.split('/').length - 1 : 0;
  const above = levels === 0 ? undefined : namesDownTo(mountPoint, levels, pid);
  return above ? { mountPoint, root: '/', above } : { mountPoint, root, above: [] };
}

function versionOf(
  unified: Hierarchy | undefined,
  controllers: ReadonlyMap<string, Hierarchy>,
): CgroupMounts['version'] {
  const v1 = [...controllers.keys()].some((name) => !name.startsWith('name='));
  if (v1) return unified ? 'hybrid' : 'v1';
  return unified ? 'v2' : 'none';
}

/** The mounts as they look under a root of the configuration's: the v2 hierarchy itself, or a folder for each hierarchy. */
function underRoot(cgroupRoot: string, lines: readonly MountLine[]): MountLine[] {
  if (existsSync(join(cgroupRoot, 'cgroup.controllers'))) {
    return [{ type: 'cgroup2', mountPoint: cgroupRoot, root: rootOf(cgroupRoot, lines), options: [] }];
  }
  return foldersIn(cgroupRoot).map((name) => folderAsMount(cgroupRoot, name, lines));
}

/** A folder called `cpu,cpuacct`, `systemd` or `unified`; what mountinfo says of a mount of that name is believed first. */
function folderAsMount(cgroupRoot: string, name: string, lines: readonly MountLine[]): MountLine {
  const mountPoint = join(cgroupRoot, name);
  const known = lines.find((line) => basename(line.mountPoint) === name);
  const root = rootOf(mountPoint, lines);
  if (known) return { ...known, mountPoint, root };
  if (name === 'unified' || existsSync(join(mountPoint, 'cgroup.controllers'))) {
    return { type: 'cgroup2', mountPoint, root, options: [] };
  }
  return { type: 'cgroup', mountPoint, root, options: name === 'systemd' ? ['name=systemd'] : name.split(',') };
}

/** The root field of the mount at exactly this place; a bind mount of the whole hierarchy, or a test's folder, has `/`. */
function rootOf(mountPoint: string, lines: readonly MountLine[]): string {
  return lines.find((line) => line.mountPoint === mountPoint)?.root ?? '/';
}
