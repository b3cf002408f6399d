/**
 * Reads the cgroups that are no container, as many as a tick has time for: what is left comes first in the next one. Their files
 * may keep only half of the descriptors, so that containers always find some.
 */
import { keyOf, sameDirs } from './place.ts';
import { type Builders, CgroupReader, type ReaderOptions } from './reader.ts';
import type { CgroupUnit } from './subtrees.ts';
import { type Turn, Turns } from './turns.ts';

const DESCRIPTOR_SHARE = 0.5;

/** Nothing is known of their shares. */
const NO_FACTS = { cpuShares: 0 };

export interface UnitOptions extends ReaderOptions {
  /** Whether it is a container's, which is read as such. `key` is its folder. */
  readonly isContainer: (unit: CgroupUnit, key: string) => boolean;
  /** Whether a container is not to be watched: its cgroup, and what is in it, is then no unit either. Default: none is. */
  readonly isIgnored?: ((id: string) => boolean) | undefined;
}

export class UnitReaders {
  readonly #options: UnitOptions;
  /** By path; no more than the subtrees hold. */
  readonly #readers = new Map<string, CgroupReader>();
  readonly #turns: Turns;
  /** Readings left out because the cgroup's last ones took long. */
  slow = 0;

  constructor(options: UnitOptions) {
    this.#options = { ...options, descriptorShare: DESCRIPTOR_SHARE };
    this.#turns = new Turns(options.clock);
  }

  /** Readings that were left for the next tick. */
  get putOff(): number {
    return this.#turns.putOff;
  }

  /** `held`: for those that are put off. */
  async read(
    all: readonly CgroupUnit[],
    { into, held }: { into: Builders; held: Builders },
    turn: Turn,
  ): Promise<void> {
    const { isIgnored } = this.#options;
    const units = isIgnored
      ? all.filter(({ containerId }) => containerId === undefined || !isIgnored(containerId))
      : all;
    this.#keepOnly(units);
    await this.#turns.each(units, turn, {
      take: (unit) => this.#readUnit(unit, into),
      leave: ({ entity }) => this.#readers.get(entity.key)?.emitHeld(held, entity),
    });
  }

  close(): void {
    this.#keepOnly([]);
  }

  #readUnit(unit: CgroupUnit, into: Builders): void {
    const { entity, dirs } = unit;
    const key = keyOf(dirs);
    if (key === undefined || this.#options.isContainer(unit, key)) return;
    let reader = this.#readers.get(entity.key);
    if (reader !== undefined && !sameDirs(reader.dirs, dirs)) this.#drop(entity.key);
    reader = this.#readers.get(entity.key) ?? new CgroupReader(dirs, this.#options);
    this.#readers.set(entity.key, reader);
    if (reader.rests) this.slow++;
    else if (reader.read(NO_FACTS, this.#options.clock.now())) reader.emit(into, entity);
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
