/**
 * The contract of a source: one thing that an agent reads. One file each; agents/main.ts lists them.
 */
import type { FamilyTable } from '../src/model/batch.ts';

/** One firing of the agent's ticker. */
export interface Tick {
  /** When the tick began, Unix milliseconds. */
  readonly timeMs: number;
  /** Aborted when the source's deadline has passed or the agent stops. */
  readonly signal: AbortSignal;
}

/**
 * Guarantees: `read` is never called while a previous `read` of the same source has not settled, and never after `close`. The
 * tables are the caller's to keep. A thing that vanished in the middle of the read is left out, it is not an error; `read`
 * rejects only when the source as a whole cannot answer, which becomes `plimsoll_source_up 0` and costs no other source
 * anything. `close` may be called twice.
 */
export interface Source {
  /** One lower-case word: the `source` label of `plimsoll_source_up`. */
  readonly name: string;
  read(tick: Tick): Promise<FamilyTable[]>;
  close(): Promise<void>;
  /**
   * What the reading before this last one had and this one had no time for, with its own times: for /metrics, where what is absent looks
   * gone. The collector has it already.
   */
  held?(): FamilyTable[];
  /** Why it is not up although it answers (with what it knows from before); empty when it is. */
  readonly trouble?: string;
  /** What it left out although it was there, by reason: counters, for those sources that have such reasons. */
  readonly losses?: ReadonlyMap<string, number>;
}
