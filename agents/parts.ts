/**
 * What an agent is made of before anything is served: engines, sources, the scraper; and what it found, for words. Also decides what
 * happens when a container ends: its last readings, and how it ended, go out at once, and the tick goes on without it.
 */
import { cpus, totalmem } from 'node:os';
import type { Config } from '../src/config/schema.ts';
import type { Log } from '../src/log.ts';
import type { FamilyTable } from '../src/model/batch.ts';
import type { Clock } from '../src/run/clock.ts';
import { isWithinReach } from './cgroup/locate.ts';
import { findMounts } from './cgroup/mounts.ts';
import type { CgroupSource } from './cgroup/source.ts';
import type { Container } from './container.ts';
import { containerFilter } from './docker/filter.ts';
import { detailsOf } from './docker/identity.ts';
import type { ContainerEvent } from './docker/register.ts';
import { type StateSource, stateSource } from './docker/state.ts';
import { statsSource } from './docker/stats.ts';
import { configuredEndpoints, furtherEndpoints } from './endpoints.ts';
import { podDirectoryOf, podLines, podSource } from './kubernetes/api/podsource.ts';
import { runtimesOf } from './kubernetes/folders.ts';
import { type Engine, type Engines, type FoundEngine, startEngines } from './engines.ts';
import { enabledFamilies } from './families.ts';
import { readOnce, setDescriptorBudget } from './kernel/files.ts';
import { createHostEntity } from './host/host.ts';
import { isInsideOne, type Nested, nestedAmong } from './nesting.ts';
import { machineIdentity } from './host/identity.ts';
import { seeKernel } from './kernelseen.ts';
import { lackingLines } from './lacking.ts';
import { createScraper, type Scraper } from './scrape.ts';
import type { Source } from './source.ts';
import { SOURCES, type Surroundings } from './sources.ts';

export interface Found {
  readonly engines: readonly FoundEngine[];
  readonly cgroup: 'v1' | 'v2' | 'hybrid' | 'none';
  /** Cores and memory. */
  readonly host: string;
  /** How it stands with the Kubernetes API server, where it is asked: a line each. */
  readonly pods?: readonly string[];
  /** What this kernel does not tell, a line each, with the remedy. */
  readonly lacking: readonly string[];
}

export interface PartsOptions {
  readonly settings: Config['agent'];
  readonly node: string;
  readonly session: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Parts {
  readonly engines: Engines;
  readonly scraper: Scraper;
  readonly families: ReadonlySet<string>;
  readonly cgroup: CgroupSource | undefined;
  /** What the machine is, as at the start: the labels of `machine_info`. */
  readonly machine: ReadonlyMap<string, string>;
  found(): Found;
  /** Calls back with the tables of a container that has just started, ended or been removed. */
  onLastReadings(listener: (tables: FamilyTable[]) => void): void;
  close(): Promise<void>;
}

/** Finds and connects everything. Rejects with a ConfigError for a configuration that cannot work. */
export async function startParts({ settings, node, session, clock, log }: PartsOptions): Promise<Parts> {
  setDescriptorBudget(descriptorBudget());
  const families = enabledFamilies(settings);
  const mounts = findMounts({ procRoot: settings.proc, cgroupRoot: settings.cgroup });
  const lacking = lackingLines(seeKernel(mounts, settings.proc), families);
  for (const line of lacking) log.warn({}, line);
  const pods = podDirectoryOf({ settings: settings.kubernetes, node, env: process.env, clock, log });
  // Before the first container has its labels.
  await pods?.start();
  const engines = await startEngines({
    settings,
    mounts,
    endpoints: configuredEndpoints(settings),
    further: (known) => furtherEndpoints(settings, known),
    runtimes: () => runtimesOf(settings),
    filter: filterOf(settings),
    pods,
    clock,
    log,
  });
  const running = (): Iterable<Container> => engines.running();
  const host = createHostEntity(settings.proc);
  const { isIgnored } = engines;
  const nested = (): Nested => nestedAmong(engines.placed());
  const { named } = engines;
  const around: Surroundings = { settings, mounts, running, named, nested, isIgnored, host, families, clock, log };
  const sources = SOURCES.flatMap((make) => make(around) ?? []);
  if (pods !== undefined) sources.push(podSource(pods));
  const scraper = createScraper({
    node,
    session,
    sources,
    deadlineMs: settings.deadline,
    intervalMs: settings.interval,
    clock,
    log,
  });
  const cgroup = sources.find((source): source is CgroupSource => source.name === 'cgroup' && 'readNow' in source);
  const listeners = new Set<(tables: FamilyTable[]) => void>();
  let read = 0;
  const readToo = (engine: Engine): void => {
    const { states, stats } = engineSources(engine, read++, around);
    for (const source of stats === undefined ? [states] : [states, stats]) {
      sources.push(source);
      scraper.add(source);
    }
    engine.inventory.onChange((container, event) => {
      if (!engine.speaksFor(container.id)) return;
      const tables = newsOf(container, event, { states, cgroup });
      if (tables.length > 0) for (const listener of listeners) listener(tables);
    });
  };
  for (const engine of engines.all) readToo(engine);
  engines.onFurther(readToo);
  return {
    engines,
    scraper,
    families,
    cgroup,
    machine: new Map(machineIdentity({ procRoot: settings.proc, sysRoot: settings.sys, rootfs: settings.rootfs })),
    found: () => ({
      engines: engines.found(),
      cgroup: mounts.version,
      host: hostWords(),
      pods: podLines(pods),
      lacking,
    }),
    onLastReadings: (listener) => void listeners.add(listener),
    async close() {
      await Promise.all(sources.map((source) => source.close()));
      await engines.close();
    },
  };
}

interface Tellers {
  readonly states: StateSource;
  readonly cgroup: CgroupSource | undefined;
}

/** What cannot wait for the next tick: the container may be no more by then. */
function newsOf(container: Container, event: ContainerEvent, { states, cgroup }: Tellers): FamilyTable[] {
  // At the start too: a container that ends before the next tick has then been read at least once.
  const read = event === 'start' || event === 'die' ? (cgroup?.readNow(container) ?? []) : [];
  // One that was gone before it could be inspected is only told to have died, as the event describes it.
  const ended = event === 'gone' || (event === 'die' && container.pid === 0);
  return ended ? [...read, ...states.ending(container)] : read;
}

/** What each engine tells by itself: states, and numbers of containers whose files are out of reach. The first needs no number. */
function engineSources(
  engine: Engine,
  i: number,
  around: Surroundings,
): { states: StateSource; stats: Source | undefined } {
  const { families, clock, settings } = around;
  const suffix = i === 0 ? '' : String(i + 1);
  const { alive, status, client } = engine.inventory;
  const inventory = { containers: engine.containers, alive, status, client };
  const states = stateSource({ inventory, clock, name: `${status().runtime === '' ? 'docker' : 'runtime'}${suffix}` });
  if (client === undefined) return { states, stats: undefined };
  return {
    states,
    stats: statsSource({
      inventory: { ...inventory, client },
      clock,
      families,
      wanted: outOfReach(around),
      isInside: () => isInsideOne(status().name, around.running()),
      name: `stats${suffix}`,
      patienceMs: settings.deadline * 0.8,
    }),
  };
}

/** Finds containers whose numbers only the engine can tell: their process is elsewhere, or their cgroup's files are not mounted here. */
function outOfReach({ mounts }: Surroundings): (container: Container) => boolean {
  const known = new WeakMap<Container, boolean>();
  return (container) => {
    const { cgroup, id } = container;
    const found = known.get(container) ?? (cgroup ? !isWithinReach(mounts, cgroup, id) : !detailsOf(container).visible);
    known.set(container, found);
    return found;
  };
}

function filterOf({ include, exclude }: Config['agent']) {
  const rule = (given: Config['agent']['include']) => ({
    name: given.names,
    image: given.images,
    label: given.labels,
    cgroup: given.cgroups,
  });
  return containerFilter({ include: rule(include), exclude: rule(exclude) });
}

/** Three quarters of what the kernel lets this process open; the rest is for sockets, walks and files that are not kept. */
function descriptorBudget(): number {
  const limits = readOnce('/proc/self/limits')?.toString('latin1') ?? '';
  const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1024);
  return Math.min(100_000, Math.floor(soft * 0.75));
}

function hostWords(): string {
  return `${cpus().length} CPUs, ${(totalmem() / 1024 ** 3).toFixed(1)} GiB of memory`;
}
