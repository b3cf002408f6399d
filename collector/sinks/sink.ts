/**
 * The contract of a sink: one place where closed windows go. One folder each; collector/main.ts lists them.
 */
import type { Frame } from '../../src/model/batch.ts';

/** What became of a frame's samples. `delivered` + the sum of `dropped` is the frame's number of samples that the sink takes. */
export interface Delivery {
  readonly delivered: number;
  /** By reason: samples that the far side will never take (for example `rejected`). Not retried. */
  readonly dropped: ReadonlyMap<string, number>;
  /** What the far side said about what it did not take, for people. */
  readonly problem?: string | undefined;
}

/**
 * Guarantees: each sink has its own bounded queue and one worker; `write` is never called while a previous `write` of the same
 * sink has not settled; frames come in the order of their windows, and the same frame again (the same object, so the same
 * bytes) after a retryable failure. The frame may be kept but not changed. `write` rejects with a SinkError, and gives up soon
 * after `signal` aborts. `close` may be called twice.
 */
export interface Sink {
  /** One lower-case word, the `sink` label of the self-metrics; unique among the configured sinks. */
  readonly name: string;
  /** How many of the frame's samples this sink wants: a sink may be told to leave levels out. */
  wants(frame: Frame): number;
  /** `again`: an earlier run of the program may have delivered this frame already, and was killed before it could take note of that. */
  write(frame: Frame, signal: AbortSignal, again?: boolean): Promise<Delivery>;
  /**
   * For `plimsoll check`: whether the far side can be reached, knows us and has the place to write to, without writing anything. Answers
   * what it found; rejects with a SinkError that says what to do. Without it there is nothing to ask.
   */
  probe?(signal: AbortSignal): Promise<string>;
  close(): Promise<void>;
}
