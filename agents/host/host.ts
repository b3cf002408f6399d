/**
 * Source `host`: the machine as a whole, as the entity `/`, into the families that containers have too (cpu, memory, oom, pids,
 * pressure, diskio) and those that only a machine has. A file that this kernel does not have costs only its own numbers.
 */
import { join } from 'node:path';
import { machineAbsent, machineInfo } from '../../src/catalog/machine.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import { state } from '../../src/catalog/state.ts';
import { TableBuilder } from '../../src/model/builder.ts';
import { labels } from '../../src/model/labels.ts';
import { type Entity, type EntityRow, entityRow } from '../../src/model/table.ts';
import type { Clock } from '../../src/run/clock.ts';
import { KernelFile, readOnce } from '../kernel/files.ts';
import type { Source } from '../source.ts';
import { type Reading, tableOf } from '../kernel/cells.ts';
import { type DiskLine, parseDiskstats, wholeDisks } from '../kernel/diskstats.ts';
import { Floor } from './floor.ts';
import { diskTables } from './hostdisks.ts';
import { cpuTables, machineTable, memoryTables, pidsTable, pressureTable } from './hosttables.ts';
import { type IdentityRoots, machineIdentity } from './identity.ts';
import { parseLoadavg } from './loadavg.ts';
import { hostMemory, parseMeminfo } from './meminfo.ts';
import { parsePressure } from '../kernel/pressure.ts';
import { Rows } from '../kernel/rows.ts';
import { createStack, type Stack } from '../kernel/stack.ts';
import { type CpuMode, parseStat, type Stat } from './stat.ts';
import { readTopology, type Topology } from './topology.ts';
import { parseVmstat, type Vmstat } from './vmstat.ts';

export interface HostOptions extends IdentityRoots {
  /** From {@link createHostEntity}. */
  readonly entity: Entity;
  readonly clock: Clock;
  /** Engines with their versions, as they are by now. */
  readonly engines?: () => string;
  /** What the kernel does not tell, and why. */
  readonly absent?: readonly (readonly [what: string, why: string])[];
}

/** The host as an entity: key and label `id` are `/`, its counters began at boot. Read once; a stepped clock does not change it. */
export function createHostEntity(procRoot: string): Entity {
  const bytes = readOnce(join(procRoot, 'stat'));
  const bootSeconds = bytes ? parseStat(bytes).bootTime : Number.NaN;
  return {
    key: '/',
    kind: 'host',
    startMs: Number.isNaN(bootSeconds) ? 0 : bootSeconds * 1000,
    labels: labels([['id', '/']]),
  };
}

const NO_BYTES = Buffer.alloc(0);
/** What changes only when hardware or the system does is read again after this time. */
const SLOW_MS = 60_000;
/** Seconds by which a CPU time may seem to fall. */
const CPU_TOLERANCE = 3;
const RESOURCES = ['cpu', 'memory', 'io'] as const;

export function createHostSource(options: HostOptions): Source {
  const { procRoot, sysRoot, entity, clock } = options;
  const row = entityRow(entity, labels([]));
  const files = {
    stat: new KernelFile(procRoot, 'stat'),
    meminfo: new KernelFile(procRoot, 'meminfo'),
    vmstat: new KernelFile(procRoot, 'vmstat'),
    loadavg: new KernelFile(procRoot, 'loadavg'),
    threadsMax: new KernelFile(procRoot, 'sys/kernel/threads-max'),
    diskstats: new KernelFile(procRoot, 'diskstats'),
    pressure: RESOURCES.map((name) => new KernelFile(join(procRoot, 'pressure'), name)),
  };
  const modeRows = new Rows('mode');
  const deviceRows = new Rows('device');
  const floor = new Floor<CpuMode>(CPU_TOLERANCE);
  const stack = createStack(options);
  const slow = slowFacts(options);
  const absent = (options.absent ?? []).map(([what, why]) =>
    entityRow(
      entity,
      labels([
        ['what', what],
        ['why', why],
      ]),
    ),
  );

  function machineTables(): FamilyTable[] {
    const statBytes = files.stat.read();
    if (!statBytes) throw new Error(`${files.stat.path} cannot be read: is procRoot right?`);
    const cpuReading = { row, timeMs: clock.now() };
    const stat = withFloor(parseStat(statBytes), floor);
    const memoryReading = { row, timeMs: clock.now() };
    const memory = hostMemory(parseMeminfo(files.meminfo.read() ?? NO_BYTES));
    const vmstat: Vmstat = parseVmstat(files.vmstat.read() ?? NO_BYTES);
    const loadavg = parseLoadavg(files.loadavg.read() ?? NO_BYTES);
    const threadsMax = Number.parseInt(files.threadsMax.read()?.toString('latin1') ?? '', 10);
    const { topology, info } = slow(procRoot, sysRoot);
    return [
      ...cpuTables(cpuReading, stat, (mode) => modeRows.of(entity, mode) as EntityRow),
      ...memoryTables(memoryReading, memory, vmstat),
      pidsTable(memoryReading, loadavg.threads, threadsMax),
      machineTable(cpuReading, { stat, memory, loadavg, topology }),
      tableOf(machineInfo, { row: info, timeMs: cpuReading.timeMs }, { info: 1 }),
    ];
  }

  return {
    name: 'host',
    async read() {
      const tables = machineTables();
      const pressures = files.pressure.map((file) => parsePressure(file.read() ?? NO_BYTES));
      tables.push(pressureTable({ row, timeMs: clock.now() }, pressures));
      const disks = wholeDisks(parseDiskstats(files.diskstats.read() ?? NO_BYTES));
      const inside = insideOthers(disks, stack);
      tables.push(
        ...diskTables(disks, clock.now(), (line) => deviceRows.of(entity, `/dev/${line.name}`, inside.has(line))),
      );
      tables.push(stateTable({ row, timeMs: clock.now() }), absentTable(absent, clock.now()));
      modeRows.sweep();
      deviceRows.sweep();
      return tables.filter((table) => table.rows.length > 0);
    },
    async close() {
      for (const file of Object.values(files).flat()) file.close();
    },
  };
}

/** The disks that lie on others of them: a volume of the device mapper, a RAID. */
function insideOthers(disks: readonly DiskLine[], stack: Stack): ReadonlySet<DiskLine> {
  const numbersOf = ({ major, minor }: DiskLine): string => `${major}:${minor}`;
  const all = new Set(disks.map(numbersOf));
  return new Set(disks.filter((line) => [...stack.below(numbersOf(line))].some((below) => all.has(below))));
}

/** What cAdvisor says of every cgroup, the root too: that it is there, and since when. */
function stateTable(reading: Reading): FamilyTable {
  const { startMs } = reading.row.entity;
  const started = startMs > 0 ? startMs / 1000 : Number.NaN;
  return tableOf(state, reading, { lastSeen: reading.timeMs / 1000, started });
}

function absentTable(rows: readonly EntityRow[], timeMs: number): FamilyTable {
  const table = new TableBuilder<typeof machineAbsent, EntityRow>(machineAbsent, rows.length);
  for (const row of rows) {
    table.add(row, timeMs);
    table.set(machineAbsent.at.absent, 1);
  }
  return table.build();
}

function withFloor(stat: Stat, floor: Floor<CpuMode>): Stat {
  return { ...stat, cpu: new Map([...stat.cpu].map(([mode, seconds]) => [mode, floor.hold(mode, seconds)])) };
}

interface SlowFacts {
  readonly topology: Topology;
  readonly info: EntityRow;
}

/** Topology and identity, read again once a minute; the row stays the same object while the labels do. */
function slowFacts(options: HostOptions): (procRoot: string, sysRoot: string) => SlowFacts {
  let facts: SlowFacts | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  return (procRoot, sysRoot) => {
    const nowMs = options.clock.monotonic();
    if (facts && nowMs - readAtMs < SLOW_MS) return facts;
    readAtMs = nowMs;
    const engines = options.engines?.() ?? '';
    const info = entityRow(options.entity, labels([...machineIdentity(options), ['engines', engines]]));
    const same = facts?.info.labels.key === info.labels.key;
    facts = { topology: readTopology(procRoot, sysRoot), info: facts && same ? facts.info : info };
    return facts;
  };
}
