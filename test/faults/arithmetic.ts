/**
 * The truth: what each container of each node counts and holds at each tick, by arithmetic alone. Ticks are numbered by the windows of Unix time and
 * lie in the middle of them, so each window has one tick of each node, and what a window must hold can be said without any record of it.
 */

export interface Cast {
  /** A window's length, and the time between two ticks. */
  readonly windowMs: number;
  readonly nodes: readonly string[];
  readonly containers: number;
  /** The tick at which all counters were zero. */
  readonly zero: number;
}

export const PER_CONTAINER = 2;

/** When the tick is, in true time. */
export function timeOf(tick: number, { windowMs }: Pick<Cast, 'windowMs'>): number {
  return tick * windowMs + windowMs / 2;
}

/** The end of the tick's window. */
export function endOf(tick: number, { windowMs }: Pick<Cast, 'windowMs'>): number {
  return (tick + 1) * windowMs;
}

/** What the container's counter grows by with each tick: another number for each, so that no two can be taken for each other. */
export function rateOf(node: number, container: number): number {
  return 1 + 3 * container + 17 * node;
}

export function counterOf(at: { node: number; container: number; tick: number }, { zero }: Pick<Cast, 'zero'>): number {
  return rateOf(at.node, at.container) * (at.tick - zero);
}

/** Goes up and down. */
export function gaugeOf({ node, container, tick }: { node: number; container: number; tick: number }): number {
  return 4096 * (1000 * (node + 1) + 100 * container + (tick % 97));
}

export function nameOf(node: string, container: number): string {
  return `${node}-c${container}`;
}

/** The first two containers of every node belong to services of all of them, the others to services of their own. */
export function serviceOf(node: string, container: number): { readonly project: string; readonly service: string } {
  if (container < 2) return { project: 'shop', service: container === 0 ? 'web' : 'db' };
  return { project: node, service: `s${container}` };
}

/** Which of a node's containers are in a group: those of a service, or all. */
export function membersOf(cast: Cast, labels: Readonly<Record<string, string>>): readonly (readonly number[])[] {
  return cast.nodes.map((node) => {
    if (labels.node !== undefined && labels.node !== node) return [];
    const all = Array.from({ length: cast.containers }, (_, c) => c);
    if (labels.service === undefined) return all;
    return all.filter((c) => {
      const own = serviceOf(node, c);
      return own.project === labels.project && own.service === labels.service;
    });
  });
}
