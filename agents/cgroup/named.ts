/**
 * Cgroups that somebody else knows by name (a kubelet's pods): paths and labels come in at each tick, units to be read go out, the same object for as long as
 * nothing about one changes.
 */
import type { NamedCgroup } from '../container.ts';
import { directoriesAt } from './locate.ts';
import type { CgroupMounts } from './mounts.ts';
import { sameDirs } from './place.ts';
import type { CgroupUnit } from './subtrees.ts';

/** A hierarchy may get the cgroup later than the others. */
const LOOK_AGAIN_TICKS = 6;

export function createNamedUnits(mounts: CgroupMounts): (named: Iterable<NamedCgroup>) => CgroupUnit[] {
  let units = new Map<string, CgroupUnit>();
  let ticks = 0;
  return (named) => {
    const again = ticks++ % LOOK_AGAIN_TICKS === 0;
    const next = new Map<string, CgroupUnit>();
    for (const one of named) {
      const known = units.get(one.path);
      const isSame = known?.entity.labels.key === one.labels.key;
      next.set(one.path, isSame && !again ? known : unitOf(one, mounts, isSame ? known : undefined));
    }
    units = next;
    return [...next.values()];
  };
}

function unitOf({ path, labels }: NamedCgroup, mounts: CgroupMounts, before: CgroupUnit | undefined): CgroupUnit {
  const dirs = directoriesAt(mounts, path);
  if (before !== undefined && sameDirs(before.dirs, dirs)) return before;
  const entity = before?.entity ?? { key: path, kind: 'cgroup' as const, startMs: 0, labels };
  return { entity, dirs, containerId: undefined };
}
