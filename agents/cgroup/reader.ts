/**
 * One cgroup: opens what the wanted families need, reads them together at one moment and keeps the last complete reading, which
 * outlives the cgroup.
 */
import type { Family } from '../../src/model/family.ts';
import { NO_LABELS } from '../../src/model/labels.ts';
import { TableBuilder } from '../../src/model/builder.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import { type Entity, type EntityRow, entityRow } from '../../src/model/table.ts';
import type { Clock } from '../../src/run/clock.ts';
import { V1_BLKIO, V1_DISKIO, V2_BLKIO, V2_DISKIO } from './diskio.ts';
import { V1_HUGETLB, V2_HUGETLB } from './hugetlb.ts';
import type { KnownFiles } from './known.ts';
import type { CgroupDirs } from './locate.ts';
import { V1_NUMA, V2_NUMA } from './numa.ts';
import { Patience } from './patience.ts';
import { Place } from './place.ts';
import { type Owner, RowSet } from './rows.ts';
import type { Facts, FamilyReader, FamilySpec, Surroundings } from './spec.ts';
import { V1_SPECS } from './v1.ts';
import { V2_SPECS } from './v2.ts';

/** Every way to read a family. v1's come first: on a hybrid host a controller that is mounted as v1 has nothing on v2. */
const SPECS: readonly FamilySpec[] = [
  ...V1_SPECS,
  V1_DISKIO,
  V1_BLKIO,
  V1_HUGETLB,
  V1_NUMA,
  ...V2_SPECS,
  V2_DISKIO,
  V2_BLKIO,
  V2_HUGETLB,
  V2_NUMA,
];

/** The families that this source can give. */
export const CGROUP_FAMILIES: ReadonlySet<string> = new Set(SPECS.map((spec) => spec.family.name));

/** Tables in the making, by family. */
export type Builders = Map<Family, TableBuilder<Family, EntityRow>>;

/** Told of a family of one cgroup that could not be read, for an unexpected reason. */
export type OnFailure = (family: string, dirs: CgroupDirs, error: unknown) => void;

export interface ReaderOptions {
  readonly families: ReadonlySet<string>;
  readonly around: Surroundings;
  readonly clock: Clock;
  readonly onFailure: OnFailure;
  /** Told once of a cgroup whose reading takes long, and how long. */
  readonly onSlow?: (dirs: CgroupDirs, tookMs: number) => void;
  /** See {@link KernelFile}. */
  readonly descriptorShare?: number;
  readonly known?: KnownFiles | undefined;
}

/** How long what somebody sets (limits, weights) may stay unread while nobody tells of a change. */
const SETTINGS_MS = 60_000;

interface Part {
  readonly rows: RowSet;
  readonly reader: FamilyReader;
}

export class CgroupReader {
  readonly dirs: CgroupDirs;
  readonly #place: Place;
  readonly #parts: readonly Part[];
  readonly #options: ReaderOptions;
  readonly #patience = new Patience();
  #plain: EntityRow | undefined;
  #held = false;
  #done: Part[] = [];
  /** For whom settings were read, and when. */
  #settingsFor: Facts | undefined;
  #settingsMs = 0;

  constructor(dirs: CgroupDirs, options: ReaderOptions) {
    this.dirs = dirs;
    this.#place = new Place(dirs, { share: options.descriptorShare, known: options.known });
    this.#options = options;
    this.#parts = specsFor(dirs, options.families).map((spec) => ({
      rows: new RowSet(spec.family, (owner) => this.#plainRow(owner)),
      reader: spec.open(this.#place, options.around),
    }));
  }

  /** Whether it took so long lately that it is not to be read now; there is then no fresh reading to emit. */
  get rests(): boolean {
    return this.#patience.rests(this.#options.clock.monotonic());
  }

  /**
   * Reads every family now. False when the cgroup was removed meanwhile: the reading before this one then stays the last.
   * `timeMs` is the moment, Unix milliseconds. Settings are read when the facts are others than before, and once a minute.
   */
  read(facts: Facts, timeMs: number): boolean {
    const { clock, onSlow } = this.#options;
    const startedMs = clock.monotonic();
    const startedCpuMs = this.#patience.doubtful ? clock.cpu() : undefined;
    const isThere = this.#read(facts, timeMs);
    const endedMs = clock.monotonic();
    const ms = endedMs - startedMs;
    const cpuMs = startedCpuMs === undefined ? undefined : clock.cpu() - startedCpuMs;
    if (this.#patience.note({ ms, cpuMs }, endedMs)) onSlow?.(this.dirs, ms);
    return isThere;
  }

  #read(facts: Facts, timeMs: number): boolean {
    const settingsDue = facts !== this.#settingsFor || Math.abs(timeMs - this.#settingsMs) >= SETTINGS_MS;
    this.#place.begin(settingsDue);
    this.#done = [];
    for (const part of this.#parts) {
      part.rows.begin();
      try {
        part.reader.read(part.rows, facts);
        this.#done.push(part);
      } catch (error) {
        this.#options.onFailure(part.rows.family.name, this.dirs, error);
      }
    }
    if (this.#place.vanished()) return false;
    if (settingsDue) {
      this.#settingsFor = facts;
      this.#settingsMs = timeMs;
    }
    for (const part of this.#done) part.rows.commit(timeMs);
    this.#held = false;
    return true;
  }

  /**
   * Appends the reading just made; with `last`, the last complete one of each family, however old. `shownOnly`: another cgroup's
   * numbers hold these too.
   */
  emit(into: Builders, entity: Entity, { last = false, shownOnly = false } = {}): void {
    for (const { rows } of this.#parts) {
      let builder = into.get(rows.family);
      if (builder === undefined) {
        builder = new TableBuilder<Family, EntityRow>(rows.family);
        into.set(rows.family, builder);
      }
      rows.emit(builder, { entity, shownOnly }, !last);
    }
  }

  /**
   * Appends the last reading once more, with its own times, because there is no time for another; only once: what is put off again is
   * absent.
   */
  emitHeld(into: Builders, entity: Entity, { shownOnly = false } = {}): void {
    if (this.#held) return;
    this.#held = true;
    this.emit(into, entity, { last: true, shownOnly });
  }

  /** Closes the files. The last reading can still be had. */
  close(): void {
    this.#place.close();
  }

  #plainRow({ entity, shownOnly }: Owner): EntityRow {
    if (this.#plain?.entity !== entity || (this.#plain.shownOnly === true) !== shownOnly)
      this.#plain = entityRow(entity, NO_LABELS, shownOnly);
    return this.#plain;
  }
}

/** The finished tables; those without a row are left out. */
export function tablesOf(builders: Builders): FamilyTable[] {
  const tables: FamilyTable[] = [];
  for (const builder of builders.values()) if (builder.size > 0) tables.push(builder.build());
  return tables;
}

/** For each wanted family the first way to read it that the cgroup's folders allow. */
function specsFor(dirs: CgroupDirs, families: ReadonlySet<string>): FamilySpec[] {
  const chosen = new Map<string, FamilySpec>();
  for (const spec of SPECS) {
    const { name } = spec.family;
    const there = spec.controllers.length === 0 ? dirs.unified : spec.controllers.some((c) => dirs.controllers.has(c));
    if (families.has(name) && there && !chosen.has(name)) chosen.set(name, spec);
  }
  return [...chosen.values()];
}
