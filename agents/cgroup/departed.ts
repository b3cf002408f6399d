/**
 * The last readings of containers that have gone, kept for a while: the event that tells of an end may come after the cgroup was
 * removed, and the totals are then still here.
 */
import type { Entity } from '../../src/model/table.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { CgroupReader } from './reader.ts';

/** Kept so long after the container went. */
const KEEP_MS = 60_000;

/** More than this are not kept: the oldest go first. */
const MAX_KEPT = 1000;

interface Gone {
  readonly reader: CgroupReader;
  readonly entity: Entity;
  readonly goneMs: number;
}

export class Departed {
  readonly #clock: Clock;
  /** By container id, in the order in which they went. */
  readonly #gone = new Map<string, Gone>();
  /** Readings thrown away because there were too many. */
  evicted = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes over a reader, closed, with the identity that its last reading belongs to. */
  keep(id: string, reader: CgroupReader, entity: Entity): void {
    this.#gone.delete(id);
    this.#gone.set(id, { reader, entity, goneMs: this.#clock.monotonic() });
    this.#forget();
  }

  /** The reader of a container's run that began at `startMs`, if it is still kept. */
  of(id: string, startMs: number): CgroupReader | undefined {
    this.#forget();
    const gone = this.#gone.get(id);
    return gone?.entity.startMs === startMs ? gone.reader : undefined;
  }

  #forget(): void {
    const oldest = this.#clock.monotonic() - KEEP_MS;
    for (const [id, gone] of this.#gone) {
      if (gone.goneMs >= oldest && this.#gone.size <= MAX_KEPT) break;
      if (gone.goneMs >= oldest) this.evicted++;
      this.#gone.delete(id);
    }
  }
}
