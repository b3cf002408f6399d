/** The machine's files, parsed, as rows of the families that containers have, and of those that only a machine has. */
import { cpu } from '../../src/catalog/cpu.ts';
import { machine, machineCpu } from '../../src/catalog/machine.ts';
import { memory as memoryFamily } from '../../src/catalog/memory.ts';
import { oom } from '../../src/catalog/oom.ts';
import { pids } from '../../src/catalog/pids.ts';
import { pressure } from '../../src/catalog/pressure.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import type { EntityRow } from '../../src/model/table.ts';
import { addCells, builderOf, type Reading, tableOf } from '../kernel/cells.ts';
import type { Loadavg } from './loadavg.ts';
import type { HostMemory } from './meminfo.ts';
import type { Pressure } from '../kernel/pressure.ts';
import { CPU_MODES, type CpuMode, type Stat } from './stat.ts';
import type { Topology } from './topology.ts';
import { reclaimed, type Vmstat } from './vmstat.ts';

/** Families `cpu` and `machine_cpu`. Stolen time is in neither user nor system: nothing of ours ran in it. */
export function cpuTables(
  reading: Reading,
  { cpu: seconds }: Stat,
  rowOf: (mode: CpuMode) => EntityRow,
): FamilyTable[] {
  const of = (mode: CpuMode): number => seconds.get(mode) ?? Number.NaN;
  const user = inTicks(of('user') + of('nice'));
  const system = inTicks(of('system') + of('irq') + of('softirq'));
  const modes = builderOf(machineCpu);
  for (const mode of CPU_MODES) addCells(modes, { row: rowOf(mode), timeMs: reading.timeMs }, { seconds: of(mode) });
  return [tableOf(cpu, reading, { usage: inTicks(user + system), user, system }), modes.build()];
}

/** Sums of hundredths are hundredths: 6036.81, not 6036.8099999999995. */
function inTicks(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}

/** Families `memory` and `oom`. The machine's limit is the memory that it has. */
export function memoryTables(reading: Reading, memory: HostMemory, vmstat: Vmstat): FamilyTable[] {
  return [
    tableOf(memoryFamily, reading, {
      usage: memory.usage,
      workingSet: memory.workingSet,
      rss: memory.rss,
      cache: memory.cache,
      mapped: memory.mapped,
      swap: memory.swap,
      activeFile: memory.activeFile,
      inactiveFile: memory.inactiveFile,
      dirty: memory.dirty,
      writeback: memory.writeback,
      limit: memory.total,
      swapLimit: memory.swapTotal,
      hierarchyPageFaults: vmstat.get('pgfault') ?? Number.NaN,
      hierarchyMajorFaults: vmstat.get('pgmajfault') ?? Number.NaN,
      pgscan: reclaimed(vmstat, 'pgscan'),
      pgsteal: reclaimed(vmstat, 'pgsteal'),
      refaultFile: vmstat.get('workingset_refault_file') ?? Number.NaN,
      refaultAnon: vmstat.get('workingset_refault_anon') ?? Number.NaN,
    }),
    tableOf(oom, reading, { kills: vmstat.get('oom_kill') ?? Number.NaN }),
  ];
}

export function pidsTable(reading: Reading, threads: number, limit: number): FamilyTable {
  return tableOf(pids, reading, { threads, limit });
}

/**
 * Of the resources cpu, memory, io in this order. "full" of the CPU means nothing for a whole machine (the kernel writes 0
 * there), so it is absent.
 */
export function pressureTable(reading: Reading, [cpuPressure, memory, io]: readonly Pressure[]): FamilyTable {
  return tableOf(pressure, reading, {
    cpuWaiting: cpuPressure?.some ?? Number.NaN,
    memoryWaiting: memory?.some ?? Number.NaN,
    memoryStalled: memory?.full ?? Number.NaN,
    ioWaiting: io?.some ?? Number.NaN,
    ioStalled: io?.full ?? Number.NaN,
  });
}

export interface MachineFacts {
  readonly stat: Stat;
  readonly memory: HostMemory;
  readonly loadavg: Loadavg;
  readonly topology: Topology;
}

export function machineTable(reading: Reading, { stat, memory, loadavg, topology }: MachineFacts): FamilyTable {
  return tableOf(machine, reading, {
    load1: loadavg.load1,
    load5: loadavg.load5,
    load15: loadavg.load15,
    cores: stat.cores,
    physicalCores: topology.physicalCores,
    sockets: topology.sockets,
    books: topology.books,
    drawers: topology.drawers,
    memory: memory.total,
    available: memory.available,
    swap: memory.swapTotal,
    bootTime: stat.bootTime,
    running: stat.running,
    blocked: stat.blocked,
    contextSwitches: stat.contextSwitches,
    forks: stat.forks,
  });
}
