/**
 * The catalogue: the only list of families, and so of metric names, kinds, units and help. METRICS.md is generated from
 * it; the wire, the collector and the exposition know no other names. Adding a metric is a row in a family's file; adding a
 * family is a file and a row here.
 */
import type { Family } from '../model/family.ts';
import { blkio } from './blkio.ts';
import { cpu } from './cpu.ts';
import { cpuset } from './cpuset.ts';
import { diskio } from './diskio.ts';
import { filesystem, volume } from './filesystem.ts';
import { disk } from './hostdisk.ts';
import { hugetlb } from './hugetlb.ts';
import { info } from './info.ts';
import { machine, machineAbsent, machineCpu, machineInfo } from './machine.ts';
import { memory } from './memory.ts';
import { memstat } from './memstat.ts';
import { network } from './network.ts';
import { numa } from './numa.ts';
import { oom } from './oom.ts';
import { pids } from './pids.ts';
import { pressure } from './pressure.ts';
import { processes, ulimit } from './process.ts';
import { sched } from './sched.ts';
import { state } from './state.ts';
import { advtcp, tcp } from './tcp.ts';
import { topology } from './topology.ts';
import { udp } from './udp.ts';

/** Every family, in the order of METRICS.md and of the exposition. */
export const FAMILIES: readonly Family[] = [
  cpu,
  memory,
  oom,
  pressure,
  diskio,
  pids,
  network,
  state,
  info,
  disk,
  filesystem,
  volume,
  machine,
  machineCpu,
  machineInfo,
  machineAbsent,
  topology,
  processes,
  ulimit,
  sched,
  tcp,
  advtcp,
  udp,
  memstat,
  blkio,
  hugetlb,
  numa,
  cpuset,
];

const byName = new Map<string, Family>(FAMILIES.map((f) => [f.name, f]));

/** A family by name, or undefined. */
export function familyNamed(name: string): Family | undefined {
  return byName.get(name);
}
