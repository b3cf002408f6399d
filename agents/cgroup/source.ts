/**
 * The source of everything that cgroup files say: containers first, then the other cgroups of the configuration. The machine as a
 * whole is not here: /proc knows it on either version, the root cgroup's files do not.
 */
import type { Log } from '../../src/log.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { Container, NamedCgroup } from '../container.ts';
import type { Source, Tick } from '../source.ts';
import { Departed } from './departed.ts';
import { FinalWatch } from './final.ts';
import type { CgroupDirs } from './locate.ts';
import type { CgroupMounts } from './mounts.ts';
import { OpenCgroups } from './open.ts';
import { KnownFiles } from './known.ts';
import { keyOf } from './place.ts';
import { type Builders, type OnFailure, tablesOf } from './reader.ts';
import type { Surroundings } from './spec.ts';
import { createNamedUnits } from './named.ts';
import type { CgroupUnit, Subtrees } from './subtrees.ts';
import { Turns } from './turns.ts';
import { UnitReaders } from './units.ts';

export interface CgroupSourceOptions {
  readonly mounts: CgroupMounts;
  /** Everything that runs now; those without a cgroup are passed over. */
  readonly containers: () => Iterable<Container>;
  /** Tells, at a moment, whose cgroup is below another container's: shown, and counted there. Default: nobody's. */
  readonly nested?: () => (container: Container) => boolean;
  /** Names of the families wanted; those that do not come from cgroup files are ignored. */
  readonly families: ReadonlySet<string>;
  readonly clock: Clock;
  readonly log: Log;
  readonly around: Surroundings;
  /** Lets others run between two pieces of work. */
  readonly breathe: () => Promise<void>;
  readonly subtrees?: Subtrees | undefined;
  /** Cgroups that are known by name, read before those that were only found. Default: none. */
  readonly named?: (() => Iterable<NamedCgroup>) | undefined;
  /** Whether a container is not to be watched, although it may be among the other cgroups. */
  readonly isIgnored?: (id: string) => boolean;
  /** How long a reading may take before other cgroups than containers are put off to the next. Default 1 500 ms. */
  readonly budgetMs?: number;
  /** The same for the containers, which come first. Default: as long as the others. */
  readonly containersMs?: number;
}

/** What happened so far, for the self-metrics. */
export interface CgroupCounts {
  /** Unexpected errors, by family. */
  readonly failures: ReadonlyMap<string, number>;
  /** Cgroups that were removed while they were read. */
  readonly vanished: number;
  /** Readings of cgroups that were put off because the time for them was up. */
  readonly putOff: number;
  /** Readings of cgroups that were left out because the last ones took long. */
  readonly slow: number;
  /** Last readings thrown away because too many were kept. */
  readonly evicted: number;
  /** Containers whose end cannot be watched for. */
  readonly unwatched: number;
}

export interface CgroupSource extends Source {
  /**
   * Reads one container at once, outside a tick. When its cgroup has gone already, the tables are those of its last reading, with
   * that reading's times; empty if it was never read.
   */
  readNow(container: Container): FamilyTable[];
  readonly counts: CgroupCounts;
}

const BUDGET_MS = 1500;
/** However long the containers took, the others get on. */
const LEAST_MS = 50;

/** So seldom does a kernel get new kinds of files. */
const LOOK_AGAIN_TICKS = 60;

/** Work in one piece before others get a turn. */
const PIECE_MS = 5;

export function createCgroupSource(options: CgroupSourceOptions): CgroupSource {
  const { clock, log, subtrees, budgetMs = BUDGET_MS, containersMs = budgetMs } = options;
  const failures = new Map<string, number>();
  const onFailure: OnFailure = (family, dirs, error) => {
    const before = failures.get(family) ?? 0;
    failures.set(family, before + 1);
    if (before === 0) log.warn({ family, cgroup: keyOf(dirs), err: error }, 'a cgroup file could not be read');
  };
  const onSlow = (dirs: CgroupDirs, tookMs: number): void =>
    log.warn({ cgroup: keyOf(dirs), tookMs }, 'a cgroup takes long to read, and is read more seldom from now on');
  const departed = new Departed(clock);
  const finalWatch = new FinalWatch({ clock, log, readAgain: (id) => open.readAgain(id) });
  const known = new KnownFiles();
  const open: OpenCgroups = new OpenCgroups({ ...options, known, onFailure, onSlow, departed, finalWatch });
  let running: ReadonlySet<string> = new Set();
  // One that has not had its first turn yet is known by its name only.
  const isContainer = (unit: CgroupUnit, key: string): boolean => open.owns(key) || running.has(containerAt(unit));
  const units = new UnitReaders({ ...options, known, onFailure, onSlow, isContainer });
  const turns = new Turns(clock);
  const nestedNow = () => options.nested?.() ?? (() => false);
  const pause = pauses(options);
  const namedUnits = createNamedUnits(options.mounts);
  let ticks = 0;
  let held: FamilyTable[] = [];

  function unitsNow(): CgroupUnit[] {
    const named = namedUnits(options.named?.() ?? []);
    const paths = new Set(named.map(({ entity }) => entity.key));
    return [...named, ...[...(subtrees?.units() ?? [])].filter(({ entity }) => !paths.has(entity.key))];
  }

  return {
    name: 'cgroup',
    async read({ signal }: Tick) {
      if (ticks++ % LOOK_AGAIN_TICKS === 0) known.forget();
      const into: Builders = new Map();
      const startedMs = clock.monotonic();
      const containers = [...options.containers()].filter(({ cgroup }) => cgroup !== undefined);
      const late: Builders = new Map();
      held = [];
      const nested = nestedNow();
      const how = (container: Container) => ({ shownOnly: nested(container) });
      await turns.each(
        containers,
        { signal, untilMs: startedMs + containersMs, pause },
        {
          take: (container) => open.read(container)?.emit(into, container.entity, how(container)),
          leave: (container) => open.readerOf(container)?.emitHeld(late, container.entity, how(container)),
        },
      );
      if (signal.aborted) return tablesOf(into);
      running = new Set(containers.map(({ id }) => id));
      open.keepOnly(running);
      await subtrees?.tick();
      const untilMs = Math.max(startedMs + budgetMs, clock.monotonic() + LEAST_MS);
      await units.read(unitsNow(), { into, held: late }, { signal, untilMs, pause });
      held = tablesOf(late);
      return tablesOf(into);
    },
    held: () => held,
    readNow(container) {
      const into: Builders = new Map();
      open.readFinal(container)?.emit(into, container.entity, { last: true, shownOnly: nestedNow()(container) });
      return tablesOf(into);
    },
    get counts() {
      return {
        failures,
        vanished: open.vanished,
        putOff: turns.putOff + units.putOff,
        slow: open.slow + units.slow,
        evicted: departed.evicted,
        unwatched: finalWatch.unwatched,
      };
    },
    get losses() {
      const { vanished, putOff, slow, evicted, unwatched } = this.counts;
      return new Map([
        ['vanished', vanished],
        ['put_off', putOff],
        ['slow', slow],
        ['last_reading_evicted', evicted],
        ['end_not_watched', unwatched],
      ]);
    },
    async close() {
      finalWatch.close();
      open.close();
      units.close();
      await subtrees?.close();
    },
  };
}

/** The container whose cgroup it is by its name; '' for one that is none's, or is only somewhere in one. */
function containerAt({ entity, containerId = '' }: CgroupUnit): string {
  return entity.key.indexOf(containerId) > entity.key.lastIndexOf('/') ? containerId : '';
}

/** Makes a function that gives others a turn when the work since the last turn has become long. */
function pauses({ clock, breathe }: CgroupSourceOptions): () => Promise<void> | undefined {
  let sinceMs = clock.monotonic();
  const pause = async (): Promise<void> => {
    await breathe();
    sinceMs = clock.monotonic();
  };
  return () => (clock.monotonic() - sinceMs < PIECE_MS ? undefined : pause());
}
