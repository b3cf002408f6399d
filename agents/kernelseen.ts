/** Looks at what the kernel tells here, once at the start: for agents/lacking.ts, which finds the words. */
import { join } from 'node:path';
import type { CgroupMounts, Hierarchy } from './cgroup/mounts.ts';
import { namesIn, readOnce } from './kernel/files.ts';
import type { Seen } from './lacking.ts';

export function seeKernel(mounts: CgroupMounts, procRoot: string): Seen {
  const text = (...path: string[]): string => readOnce(join(...path))?.toString('latin1') ?? '';
  const unified = mounts.unified === undefined ? '' : text(mounts.unified.mountPoint, 'cgroup.controllers');
  const filesOf = (controller: string): ReadonlySet<string> | undefined => {
    const hierarchy = mounts.controllers.get(controller) ?? mounts.unified;
    return hierarchy && filesBelow(hierarchy);
  };
  return {
    version: mounts.version,
    controllers: new Set([...mounts.controllers.keys(), ...unified.trim().split(/\s+/)]),
    enabled: parseCgroups(text(procRoot, 'cgroups')),
    cmdline: text(procRoot, 'cmdline').trim(),
    hasPressure: text(procRoot, 'pressure/cpu') !== '',
    hasSchedstat: text(procRoot, 'self/schedstat') !== '',
    hasSwap: /^SwapTotal:\s+[1-9]/m.test(text(procRoot, 'meminfo')),
    filesOf,
  };
}

/** `#subsys_name hierarchy num_cgroups enabled`, then a line for each controller. */
export function parseCgroups(text: string): Map<string, boolean> {
  const found = new Map<string, boolean>();
  for (const line of text.split('\n')) {
    const [name = '', , , enabled] = line.trim().split(/\s+/);
    if (!name.startsWith('#') && enabled !== undefined) found.set(name, enabled !== '0');
  }
  return found;
}

/** The root lacks files that all others have. Of several cgroups one may have controllers that another has not. */
function filesBelow({ mountPoint }: Hierarchy): ReadonlySet<string> | undefined {
  const folders = namesIn(mountPoint)
    .filter((name) => !name.includes('.') || name.endsWith('.slice') || name.endsWith('.scope'))
    .map((name) => namesIn(join(mountPoint, name)))
    .filter((names) => names.includes('cgroup.procs'));
  return folders.length === 0 ? undefined : new Set(folders.flat());
}
