/** The text of /proc/<pid>/mountinfo, which of its mounts are file systems worth a series, and where a container's layer is. */
import { isLocalName } from './local.ts';

export interface Mount {
  /** `254:0`, as the kernel numbers it. */
  readonly numbers: string;
  /** What part of the file system is mounted, `/` for all of it. */
  readonly root: string;
  /** Where. */
  readonly point: string;
  /** What the paths of all that is in it begin with: the point, with a slash at its end. */
  readonly inside: string;
  readonly type: string;
  /** `/dev/vda`, `server:/export`, `tank/data`. */
  readonly source: string;
  /** The file system's own options, not unescaped. */
  readonly options: string;
}

/** One entry per line that can be understood, in the order in which they were mounted. */
export function parseMountinfo(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const words = line.split(' ');
    // Between the options and the dash stands any number of optional fields.
    const dash = words.indexOf('-', 6);
    const [, , numbers, root, point] = words;
    const [type, source, options = ''] = words.slice(dash + 1);
    if (dash < 0 || !numbers || !root || !point || !type || source === undefined) return [];
    const where = { point: unescaped(point), inside: insideOf(unescaped(point)) };
    return [{ numbers, root: unescaped(root), ...where, type, source: unescaped(source), options }];
  });
}

function insideOf(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

/** The kernel writes blanks and the like as three octal digits. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** They answer from another machine, or do not answer. */
const NETWORK = new Set(['nfs', 'nfs4', 'cifs', 'smb3', 'ceph', '9p', 'afs', 'lustre', 'glusterfs', 'beegfs']);
/** File systems of their own devices, whose source need not be in /dev. */
const LOCAL = new Set(['zfs', 'btrfs', 'bcachefs']);
/** Images that are always full. */
const IMAGES = new Set(['squashfs', 'iso9660', 'erofs', 'cramfs', 'udf']);

export function isNetworkMount({ type }: Mount): boolean {
  return NETWORK.has(type);
}

/** A server or a process answers for it, and may not. */
export function isServedMount(mount: Mount): boolean {
  return isNetworkMount(mount) || mount.type.startsWith('fuse') || mount.type === 'virtiofs';
}

/** Whether something is mounted below that may wait for somebody else: even to look at its place is to ask there. */
export function hasForeignBelow(path: string, mounts: readonly Mount[]): boolean {
  const below = insideOf(path);
  return mounts.some((mount) => mount.point.startsWith(below) && !isLocalName(mount.type));
}

/**
 * One mount for each file system on a disk or a server: where all of it is mounted rather than a part, then the shortest path.
 * Those that a server or a process answers for come last, so that one that hangs delays no disk.
 */
export function realMounts(mounts: readonly Mount[]): Mount[] {
  // A later mount at the same place hides the earlier one.
  const visible = new Map(mounts.map((mount) => [mount.point, mount]));
  const chosen = new Map<string, Mount>();
  for (const mount of visible.values()) {
    if (!isReal(mount)) continue;
    const other = chosen.get(mount.source);
    if (!other || isBetter(mount, other)) chosen.set(mount.source, mount);
  }
  const all = [...chosen.values()];
  return [...all.filter((mount) => !isServedMount(mount)), ...all.filter(isServedMount)];
}

function isReal(mount: Mount): boolean {
  if (IMAGES.has(mount.type)) return false;
  return mount.source.startsWith('/dev/') || LOCAL.has(mount.type) || isNetworkMount(mount);
}

function isBetter(a: Mount, b: Mount): boolean {
  if ((a.root === '/') !== (b.root === '/')) return a.root === '/';
  return a.point.length < b.point.length;
}

/** The mount that a path is on: the one with the longest path above it, the last mounted of equals. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let best: Mount | undefined;
  for (const mount of mounts) {
    // Compared for each directory that is measured, with each mount of a machine that has hundreds.
    if (mount.point.length < (best?.point.length ?? 0)) continue;
    if (path.startsWith(mount.inside) || path === mount.point) best = mount;
  }
  return best;
}

/** A container's writable layer by its own mounts: the upper directory of the overlay at its root, as the host names it. */
export function upperDirIn(mounts: readonly Mount[]): string | undefined {
  const root = mounts.findLast((mount) => mount.point === '/');
  if (root?.type !== 'overlay') return undefined;
  const option = root.options.split(',').find((one) => one.startsWith('upperdir='));
  const dir = option && unescaped(option.slice('upperdir='.length));
  // A relative one belongs to a working directory that we do not know.
  return dir?.startsWith('/') ? dir : undefined;
}
