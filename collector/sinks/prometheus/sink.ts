/**
 * The Prometheus sink: a state, not a stream. Writing a window replaces the one before; a scrape of /metrics is given the
 * latest, and nothing once that has grown too old, so that a dead pipeline does not look like an idle one.
 */
import type { Frame, LevelTable } from '../../../src/model/batch.ts';
import { selectLevels } from '../levels.ts';
import type { Sink } from '../sink.ts';

export interface PrometheusSinkOptions {
  readonly name?: string;
  /** Whether the single containers are exposed, not only the groups. */
  readonly containers: boolean;
  /** Only these levels; all if not set. */
  readonly levels?: readonly string[] | undefined;
  /** A window whose end is longer ago than this is not exposed any more, in milliseconds; 5 minutes if not set. */
  readonly staleAfterMs?: number;
}

export interface PrometheusSink extends Sink {
  /** What is to be exposed now. The same array as long as it is the same window: renderings are kept by it. */
  tables(nowMs: number): readonly LevelTable[];
  /** End of the window held, Unix milliseconds; 0 if there is none. */
  readonly windowEndMs: number;
}

const NOTHING: readonly LevelTable[] = [];

export function createPrometheusSink(options: PrometheusSinkOptions): PrometheusSink {
  const { name = 'prometheus', containers, levels, staleAfterMs = 5 * 60_000 } = options;
  const named = levels && new Set(levels);
  const selection = selectLevels((level) => (named?.has(level) ?? true) && (containers || level !== 'container'));
  let held: readonly LevelTable[] = NOTHING;
  let endMs = 0;

  function forget(): void {
    held = NOTHING;
    endMs = 0;
  }

  return {
    name,
    wants: (frame) => selection.samples(frame),
    async write(frame: Frame) {
      held = selection.tables(frame);
      endMs = frame.endMs;
      return { delivered: selection.samples(frame), dropped: new Map() };
    },
    async close() {
      forget();
    },
    tables(nowMs) {
      if (endMs !== 0 && nowMs - endMs > staleAfterMs) forget();
      return held;
    },
    get windowEndMs() {
      return endMs;
    },
  };
}
