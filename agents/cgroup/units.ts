/**
 * Reads the cgroups that are no container, as many as a tick has time for: what is left comes first in the next one. Their files
 * may keep only half of the descriptors, so that containers always find some.
 */
import type { Clock } from '../../src/run/clock.ts';
import { keyOf, sameDirs } from './place.ts';
import { type Builders, CgroupReader, type ReaderOptions } from './reader.ts';
import type { CgroupUnit } from './subtrees.ts';

const DESCRIPTOR_SHARE = 0.5;

/** Nothing is known of their shares. */
const NO_FACTS = { cpuShares: 0 };

export interface UnitOptions extends ReaderOptions {
  readonly clock: Clock;
  /** Whether a folder is a container's, which is read as such. */
  readonly isContainer: (key: string) => boolean;
  /** Whether a container is not to be watched: its cgroup, and what is in it, is then no unit either. Default: none is. */
  readonly isIgnored?: ((id: string) => boolean) | undefined;
}

export interface UnitReading {
  readonly into: Builders;
  readonly signal: AbortSignal;
  /** By the monotonic clock: what has not been read by then is put off. */
  readonly untilMs: number;
  /** Lets others run when this has been running for long. */
  readonly pause: () => Promise<void>;
}

export class UnitReaders {
  readonly #options: UnitOptions;
  /** By path; no more than the subtrees hold. */
  readonly #readers = new Map<string, CgroupReader>();
  #first = 0;
  /** Readings that were left for the next tick. */
  putOff = 0;

  constructor(options: UnitOptions) {
    this.#options = { ...options, descriptorShare: DESCRIPTOR_SHARE };
  }

  async read(all: readonly CgroupUnit[], { into, signal, untilMs, pause }: UnitReading): Promise<void> {
    const { clock, isIgnored } = this.#options;
    const units = isIgnored
      ? all.filter(({ containerId }) => containerId === undefined || !isIgnored(containerId))
      : all;
    this.#keepOnly(units);
    let done = 0;
    while (done < units.length && !signal.aborted && clock.monotonic() < untilMs) {
      this.#readUnit(units[(this.#first + done) % units.length] as CgroupUnit, into);
      done++;
      await pause();
    }
    this.putOff += units.length - done;
    this.#first = units.length === 0 ? 0 : (this.#first + done) % units.length;
  }

  close(): void {
    this.#keepOnly([]);
  }

  #readUnit({ entity, dirs }: CgroupUnit, into: Builders): void {
    const key = keyOf(dirs);
    if (key === undefined || this.#options.isContainer(key)) return;
    let reader = this.#readers.get(entity.key);
    if (reader !== undefined && !sameDirs(reader.dirs, dirs)) this.#drop(entity.key);
    reader = this.#readers.get(entity.key) ?? new CgroupReader(dirs, this.#options);
    this.#readers.set(entity.key, reader);
    if (reader.read(NO_FACTS, this.#options.clock.now())) reader.emit(into, entity);
    else this.#drop(entity.key);
  }

  #keepOnly(units: readonly CgroupUnit[]): void {
    const wanted = new Set(units.map((unit) => unit.entity.key));
    for (const path of this.#readers.keys()) if (!wanted.has(path)) this.#drop(path);
  }

  #drop(path: string): void {
    this.#readers.get(path)?.close();
    this.#readers.delete(path);
  }
}
