/**
 * The agent over a recorded host: the kernel's files from the archive, the engine's answers from a fake engine on a real socket, the
 * clock standing at the moment of the recording. One moment is one agent, that starts, reads once and stops.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onlyEnabled } from '../../agents/families.ts';
import { startParts } from '../../agents/parts.ts';
import { schema } from '../../src/config/schema.ts';
import { silent } from '../../src/log.ts';
import type { Batch, FamilyTable } from '../../src/model/batch.ts';
import { labelValue } from '../../src/model/labels.ts';
import { fakeClock } from './clock.ts';
import { answerAs, type FakeEngine, fakeEngine } from './fakeengine.ts';
import { type HostVersion, type Moment, type RecordedHost, recordedHost } from './fixture.ts';

/** Families that are off by default and whose files are in the recordings. */
export const SWITCHED_ON = ['advtcp', 'blkio', 'cpuset', 'hugetlb', 'memstat', 'numa', 'process', 'ulimit'];

/** What the recordings cannot show, and why. */
export const NOT_RECORDED: ReadonlyMap<string, string> = new Map([
  ['filesystem', 'the sizes of file systems are asked of the kernel, not of files'],
  ['volume', 'the same'],
  ['tcp', 'net/tcp was not recorded'],
  ['udp', 'net/udp was not recorded'],
  ['sched', 'schedstat was not recorded'],
  ['topology', 'caches and NUMA nodes were not recorded'],
]);

/** Columns that would read as 0 because the folder `fd` of each process was not recorded. */
const WITHOUT_FD = new Set(['container_file_descriptors', 'container_sockets']);

/** What a test may change before the agent reads: copies of the recorded files, and the engine's answers. */
export interface Changeable {
  /** A recorded container's process folder below /proc. */
  procOf(container: string): string;
  /** A recorded container's cgroup folder on v2. To be asked for once. */
  cgroupOf(container: string): string;
  readonly proc: string;
  /** The engine's answer about a container, to be changed in place. */
  inspectionOf(container: string): Inspection;
}

/** The parts of an inspection that tests change. */
export interface Inspection {
  readonly Id: string;
  readonly State: { readonly Pid: number; Health?: { Status: string; FailingStreak: number } };
  readonly HostConfig: { CpuShares: number };
}

export interface RecordedOptions {
  readonly families?: readonly string[];
  readonly change?: (host: Changeable) => void;
}

/** Reads everything once, as `plimsoll agent` would have at that moment, on a node called `recorded-v1` or `-v2`. */
export async function batchAt(version: HostVersion, moment: Moment, options: RecordedOptions = {}): Promise<Batch> {
  const host = recordedHost(version, moment);
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-recorded-'));
  const engine = fakeEngine();
  try {
    layOut(dir, host.procRoot, host.api('info') as Facts);
    answerAs(engine, host);
    if (version === 'v2') mirror(host.cgroupRoot, join(dir, 'cgroup'));
    options.change?.(changeable(dir, host, engine));
    await engine.start();
    const parts = await startParts({
      settings: schema.parse({
        agent: {
          engines: [`unix://${engine.socket}`],
          proc: join(dir, 'proc'),
          sys: join(dir, 'sys'),
          rootfs: join(dir, 'rootfs'),
          cgroup: version === 'v2' ? join(dir, 'cgroup') : host.cgroupRoot,
          families: options.families ?? SWITCHED_ON,
          filesystem: { enabled: false },
        },
      }).agent,
      node: `recorded-${version}`,
      session: `${version} ${moment}`,
      clock: fakeClock(host.timeMs),
      log: silent,
    });
    try {
      const batch = await parts.scraper.scrape(host.timeMs, new AbortController().signal);
      const down = parts.scraper.health.filter(({ up }) => !up);
      if (down.length > 0) throw new Error(`sources failed: ${JSON.stringify(down)}`);
      const tables = onlyEnabled(batch.tables, parts.families);
      return { ...batch, tables: tables.map((table) => inOrder(withoutFd(table))) };
    } finally {
      await parts.close();
    }
  } finally {
    await engine.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

function changeable(dir: string, host: RecordedHost, engine: FakeEngine): Changeable {
  const inspectionOf = (name: string) => engine.answers.get(`/containers/${host.idOf(name)}/json`) as Inspection;
  return {
    proc: join(dir, 'proc'),
    inspectionOf,
    procOf: (name) => join(dir, 'proc', String(inspectionOf(name).State.Pid)),
    cgroupOf(name) {
      const scope = join(SLICE, `docker-${host.idOf(name)}.scope`);
      const copy = join(dir, 'cgroup', scope);
      rmSync(copy);
      cpSync(join(host.cgroupRoot, scope), copy, { recursive: true });
      return copy;
    },
  };
}

/** Where the containers are on the recorded v2 host. */
const SLICE = 'system.slice';

/** The recorded tree by links, each container's folder one of its own, which a copy can replace. */
function mirror(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    if (name === SLICE) mirror(join(from, name), join(to, name));
    else symlinkSync(join(from, name), join(to, name));
  }
}

/** Of the engine's /info: what the recording has no file for. */
interface Facts {
  readonly KernelVersion: string;
  readonly OperatingSystem: string;
  readonly Architecture: string;
}

/** The host's /proc, with the three facts that only the engine's answer has recorded, so that this machine's own do not get in. */
function layOut(dir: string, procRoot: string, facts: Facts): void {
  cpSync(procRoot, join(dir, 'proc'), { recursive: true, verbatimSymlinks: true });
  const files = {
    'proc/sys/kernel/osrelease': facts.KernelVersion,
    'proc/sys/kernel/arch': facts.Architecture,
    'rootfs/etc/os-release': `PRETTY_NAME="${facts.OperatingSystem}"`,
  };
  for (const [name, line] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), `${line}\n`);
  }
}

function withoutFd(table: FamilyTable): FamilyTable {
  const { shape, rows, values } = table;
  if (!shape.columns.some(({ metric }) => WITHOUT_FD.has(metric))) return table;
  const kept = values.map((value, i) =>
    WITHOUT_FD.has(shape.columns[Math.floor(i / rows.length)]!.metric) ? Number.NaN : value,
  );
  return { ...table, values: kept };
}

/** Rows by their names: which of the engine's answers arrives first is chance. */
function inOrder(table: FamilyTable): FamilyTable {
  const { rows, timesMs, values } = table;
  const text = rows.map(({ labels }) => JSON.stringify([labelValue(labels, 'name') ?? '', labels.values]));
  const order = rows.map((_, r) => r).sort((a, b) => (text[a]! < text[b]! ? -1 : 1));
  return {
    ...table,
    rows: order.map((r) => rows[r]!),
    timesMs: Float64Array.from(order, (r) => timesMs[r]!),
    values: values.map((_, i) => values[i - (i % rows.length) + order[i % rows.length]!]!),
  };
}
