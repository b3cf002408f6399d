/**
 * The containers' cgroups that are open: a reader for each, opened at the first sight of a container, replaced when it restarts
 * or its cgroup moves, and closed when it goes.
 */
import type { Log } from '../../src/log.ts';
import type { Entity } from '../../src/model/table.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { CgroupPaths, Container } from '../container.ts';
import type { Departed } from './departed.ts';
import type { FinalWatch } from './final.ts';
import type { KnownFiles } from './known.ts';
import { type CgroupDirs, crunGroupIn, directoriesOf, isComplete } from './locate.ts';
import type { CgroupMounts } from './mounts.ts';
import { keyOf, sameDirs } from './place.ts';
import { CgroupReader, type OnFailure, type ReaderOptions } from './reader.ts';
import type { Facts, Surroundings } from './spec.ts';

export interface OpenOptions {
  readonly mounts: CgroupMounts;
  readonly families: ReadonlySet<string>;
  readonly around: Surroundings;
  readonly clock: Clock;
  readonly log: Log;
  readonly onFailure: OnFailure;
  readonly onSlow: NonNullable<ReaderOptions['onSlow']>;
  readonly departed: Departed;
  readonly finalWatch?: FinalWatch | undefined;
  readonly known?: KnownFiles | undefined;
}

interface Entry {
  readonly reader: CgroupReader;
  /** The folder that stands for the cgroup. */
  readonly key: string;
  /** Whether every hierarchy that its paths name has it; one that is just being made may still lack some. */
  readonly complete: boolean;
  /** Whether its end is watched for. */
  followed: boolean;
  paths: CgroupPaths;
  entity: Entity;
  facts: Facts;
}

export class OpenCgroups {
  readonly #options: OpenOptions;
  readonly #entries = new Map<string, Entry>();
  /** Which containers say that a folder is theirs. More than one: it is nobody's (not delegated to them). */
  readonly #owners = new Map<string, Set<string>>();
  /** Cgroups that were removed while they were read. */
  vanished = 0;
  /** Readings left out because the cgroup's last ones took long. */
  slow = 0;

  constructor(options: OpenOptions) {
    this.#options = options;
  }

  /** Reads a container now. Undefined when it has no cgroup (any more) that is its own. */
  read(container: Container): CgroupReader | undefined {
    const entry = this.#entryOf(container);
    if (entry === undefined || this.#isShared(entry.key)) return undefined;
    if (entry.reader.rests) {
      this.slow++;
      return undefined;
    }
    if (this.#readEntry(entry, container)) return entry.reader;
    this.#drop(container.id);
    // It may have been restarted since: then another cgroup is in its place.
    const again = this.#entryOf(container);
    if (again !== undefined && this.#readEntry(again, container)) return again.reader;
    if (again !== undefined) this.#drop(container.id);
    this.vanished++;
    return undefined;
  }

  /** Reads a container now if its cgroup is still there and no slow one, else finds the reader that read it last. */
  readFinal(container: Container): CgroupReader | undefined {
    const { id, entity } = container;
    const entry = this.#entries.get(id);
    if (entry?.entity.startMs === entity.startMs) {
      if (entry.reader.rests || this.#readEntry(entry, container)) return entry.reader;
      this.#drop(id);
    }
    return this.#options.departed.of(id, entity.startMs) ?? (container.cgroup && this.read(container));
  }

  /** The reader of a container that is not to be read now. */
  readerOf({ id, entity, cgroup }: Container): CgroupReader | undefined {
    const entry = this.#entries.get(id);
    const isSame = cgroup !== undefined && entry?.entity === entity && !this.#isShared(entry.key);
    return isSame ? entry.reader : undefined;
  }

  /** Reads a container again that was read before: its end is near. */
  readAgain(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.reader.rests || entry.reader.read(entry.facts, this.#options.clock.now())) return;
    this.#drop(id);
    this.vanished++;
  }

  /** Whether a folder is a container's, or the scope around one. */
  owns(key: string): boolean {
    return this.#owners.has(key) || this.#owners.has(crunGroupIn(key));
  }

  /** Closes the readers of all other containers. */
  keepOnly(live: ReadonlySet<string>): void {
    for (const id of this.#entries.keys()) if (!live.has(id)) this.#drop(id);
  }

  close(): void {
    this.keepOnly(new Set());
  }

  #readEntry(entry: Entry, container: Container): boolean {
    entry.entity = container.entity;
    entry.facts = container;
    const timeMs = this.#options.clock.now();
    if (!entry.followed) this.#follow(entry, container, timeMs);
    return entry.reader.read(container, timeMs);
  }

  /** Watches for the end. An agent that starts late finds old containers, of which little can be lost. */
  #follow(entry: Entry, { id, entity }: Container, timeMs: number): void {
    entry.followed = true;
    const ageMs = entity.startMs > 0 ? timeMs - entity.startMs : 0;
    this.#options.finalWatch?.follow(id, entry.reader.dirs, ageMs);
  }

  #entryOf(container: Container): Entry | undefined {
    const { id, cgroup } = container;
    const known = this.#entries.get(id);
    if (cgroup === undefined || (known?.complete && known.paths === cgroup)) return known;
    const dirs = directoriesOf(this.#options.mounts, cgroup, id);
    if (known !== undefined && sameDirs(known.reader.dirs, dirs)) {
      known.paths = cgroup;
      return known;
    }
    if (known !== undefined) this.#drop(id);
    return this.#open(container, cgroup, dirs);
  }

  #open(container: Container, paths: CgroupPaths, dirs: CgroupDirs): Entry | undefined {
    const { id, entity } = container;
    const key = keyOf(dirs);
    if (key === undefined) return undefined;
    const entry: Entry = {
      reader: new CgroupReader(dirs, this.#options),
      key,
      complete: isComplete(this.#options.mounts, dirs, paths, id),
      followed: false,
      paths,
      entity,
      facts: container,
    };
    this.#entries.set(id, entry);
    this.#own(key, id);
    return entry;
  }

  #drop(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    const owners = this.#owners.get(entry.key);
    owners?.delete(id);
    if (owners?.size === 0) this.#owners.delete(entry.key);
    this.#options.finalWatch?.forget(id);
    entry.reader.close();
    this.#options.departed.keep(id, entry.reader, entry.entity);
  }

  #own(key: string, id: string): void {
    const owners = this.#owners.get(key) ?? new Set();
    this.#owners.set(key, owners.add(id));
    if (owners.size === 2) {
      const told = { cgroup: key, containers: [...owners] };
      this.#options.log.warn(
        told,
        'several containers are in one cgroup: its numbers are nobody’s own and are left out',
      );
    }
  }

  #isShared(key: string): boolean {
    return (this.#owners.get(key)?.size ?? 0) > 1;
  }
}
