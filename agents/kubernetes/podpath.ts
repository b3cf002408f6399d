/**
 * The pod in a cgroup's path, as the kubelet makes them: `/kubepods/burstable/pod<uid>/<id>`, or systemd's
 * `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid with _>.slice/cri-containerd-<id>.scope`. Whatever is in front of `kubepods` (kind's
 * `--cgroup-root`) is part of the path.
 */

export interface PodPath {
  readonly uid: string;
  /** The pod's own cgroup. */
  readonly path: string;
  readonly qos: 'guaranteed' | 'burstable' | 'besteffort';
}

const CGROUPFS = /^(.*\/kubepods(?:\/(burstable|besteffort))?\/pod([0-9a-fA-F-]{32,36}))(?:\/|$)/;
const SYSTEMD = /^(.*\/(?:[^/]*-)?kubepods(?:-(burstable|besteffort))?-pod([0-9a-fA-F_]{32,36})\.slice)(?:\/|$)/;

/** Undefined for a path that is of no pod. */
export function podPathOf(path: string): PodPath | undefined {
  const match = CGROUPFS.exec(path) ?? SYSTEMD.exec(path);
  if (match === null) return undefined;
  const [, pod = '', qos = 'guaranteed', uid = ''] = match;
  return { path: pod, qos: qos as PodPath['qos'], uid: uid.replaceAll('_', '-') };
}
