/** The text of /proc/vmstat: what the kernel did to find memory, for the machine as a whole. */
import { Lines } from '../kernel/lines.ts';

/** By the kernel's name: pages or events. */
export type Vmstat = ReadonlyMap<string, number>;

export function parseVmstat(bytes: Buffer): Vmstat {
  const lines = new Lines(bytes);
  const found = new Map<string, number>();
  while (lines.next()) {
    const key = lines.word();
    const value = lines.number();
    if (key !== '' && !Number.isNaN(value)) found.set(key, value);
  }
  return found;
}

/** Who reclaims. `pgscan_direct_throttle` and `pgscan_anon` count something else. */
const RECLAIMERS = ['kswapd', 'direct', 'khugepaged', 'proactive'];

/** Pages by whoever scanned or took them, as `pgscan` and `pgsteal` of a cgroup are; NaN where the kernel says nothing. */
export function reclaimed(vmstat: Vmstat, what: 'pgscan' | 'pgsteal'): number {
  const parts = RECLAIMERS.map((who) => vmstat.get(`${what}_${who}`)).filter((value) => value !== undefined);
  return parts.length === 0 ? Number.NaN : parts.reduce((sum, value) => sum + value, 0);
}
