/**
 * Which containers lie inside of others: running containers of all engines come in, the ids of those whose numbers another container's
 * hold too go out. What a cgroup counts it counts with all that is below it; kubelet's pods are cgroups, but no containers.
 */
import type { Container } from './container.ts';

/** A running container, and which engine has it. */
export interface Placed {
  readonly container: Container;
  /** Anything that is the same object for containers of one engine. */
  readonly engine: object;
}

export interface Nested {
  /** Their cgroup is below another container's (`--cgroup-parent /docker/<id>`, an engine inside of a container). */
  readonly cgroups: ReadonlySet<string>;
  /** The same of a container that has just ended and is among them no more. */
  isBelow(container: Container): boolean;
  /**
   * Their packets pass through another container's interface: the engine itself is inside of one. With the same engine for both, the
   * inner one has its own cable to the machine's bridge, wherever its cgroup is.
   */
  readonly networks: ReadonlySet<string>;
}

/**
 * Whether an engine whose containers' processes cannot be seen from here runs inside of one of the containers: it tells its host's name,
 * which in a container is the first twelve digits of the id unless somebody set another.
 */
export function isInsideOne(hostName: string, containers: Iterable<Container>): boolean {
  if (!/^[0-9a-f]{12}$/.test(hostName)) return false;
  for (const { id } of containers) if (id.startsWith(hostName)) return true;
  return false;
}

const ID = /[0-9a-f]{64}/g;
const above = new WeakMap<Container, readonly string[]>();

export function nestedAmong(all: Iterable<Placed>): Nested {
  const placed = [...all];
  const engines = new Map(placed.map(({ container, engine }) => [container.id, engine]));
  const cgroups = new Set<string>();
  const networks = new Set<string>();
  for (const { container, engine } of placed) {
    for (const outer of idsAbove(container)) {
      const outerEngine = engines.get(outer);
      // One that is not watched counts nothing: then the inner one's numbers are the only ones.
      if (outerEngine === undefined) continue;
      cgroups.add(container.id);
      if (outerEngine !== engine) networks.add(container.id);
    }
  }
  return { cgroups, networks, isBelow: (container) => idsAbove(container).some((id) => engines.has(id)) };
}

/** The ids of containers in the folders above its own, found once for each container as it is. */
function idsAbove(container: Container): readonly string[] {
  const known = above.get(container);
  if (known !== undefined) return known;
  const { id, cgroup } = container;
  const paths = cgroup === undefined ? [] : [cgroup.unified ?? '', ...cgroup.controllers.values()];
  const found = new Set<string>();
  for (const path of new Set(paths)) {
    const own = path.indexOf(id);
    for (const [outer] of own < 0 ? [] : path.slice(0, own).matchAll(ID)) found.add(outer);
  }
  const ids = [...found];
  above.set(container, ids);
  return ids;
}
