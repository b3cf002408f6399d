/** What is known of one container, host or group at one moment; undefined where it is not known. Base units; rates are per second. */

/** How much of each second something waited, at the worst of the three. */
export interface Waits {
  readonly cpu: number | undefined;
  readonly memory: number | undefined;
  readonly io: number | undefined;
}

export interface Row {
  /** The same in every reading. */
  readonly key: string;
  readonly kind: 'container' | 'host' | 'group';
  readonly id: string;
  /** Empty on an agent's own page, where everything is of one host. */
  readonly node: string;
  readonly name: string;
  readonly image: string;
  /** `project/service`, `namespace/pod`; empty for what is part of none. */
  readonly service: string;
  readonly state: string;
  readonly health: string;
  /** What has no state (a unit's cgroup, a host) runs: it would not be there. */
  readonly runs: boolean;
  readonly exitCode: number | undefined;
  readonly oomKilled: boolean;
  /** Of a group: how many of its members run, of how many. */
  readonly members: { readonly running: number; readonly all: number } | undefined;
  readonly cpuCores: number | undefined;
  readonly cpuLimitCores: number | undefined;
  /** Of the periods with a CPU quota, those in which it stopped the container. */
  readonly throttledShare: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly memoryLimit: number | undefined;
  /** Used of the limit; of a group, over the members that have one. */
  readonly memoryShare: number | undefined;
  readonly memoryParts: { readonly rss?: number; readonly cache?: number; readonly swap?: number };
  readonly rxPerSecond: number | undefined;
  readonly txPerSecond: number | undefined;
  readonly readPerSecond: number | undefined;
  readonly writePerSecond: number | undefined;
  readonly layerBytes: number | undefined;
  readonly waits: Waits;
  readonly threads: number | undefined;
  readonly threadsMax: number | undefined;
  readonly restarts: number | undefined;
  /** Processes killed for want of memory, since the start. */
  readonly oomEvents: number | undefined;
  readonly startMs: number | undefined;
  readonly finishedMs: number | undefined;
  /** When its numbers were read; undefined where only the page's time is known. */
  readonly readMs: number | undefined;
}

/** The largest of those that are known. */
export function worstWait({ cpu, memory, io }: Waits): number | undefined {
  return largest([cpu, memory, io]);
}

export function largest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** The sum of those that are known. */
export function total(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
}
