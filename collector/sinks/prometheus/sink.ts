/**
 * The Prometheus sink: a state, not a stream. Writing a window replaces the one before; a scrape is given the latest, and nothing once
 * that has grown too old, so that a dead pipeline does not look like an idle one. Groups and single containers are pages of their own:
 * who scrapes the agents has the containers already.
 */
import type { Frame, LevelTable } from '../../../src/model/batch.ts';
import { selectLevels } from '../levels.ts';
import type { Sink } from '../sink.ts';

export interface PrometheusSinkOptions {
  readonly name?: string;
  /** Whether the single containers are held too, not only the groups. */
  readonly containers: boolean;
  /** Only these levels; all if not set. */
  readonly levels?: readonly string[] | undefined;
  /** A window whose end is longer ago than this is not exposed any more, in milliseconds; 5 minutes if not set. */
  readonly staleAfterMs?: number;
}

export interface PrometheusSink extends Sink {
  /** The groups to be exposed now. The same array as long as it is the same window: renderings are kept by it. */
  groups(nowMs: number): readonly LevelTable[];
  /** The single containers, hosts and other cgroups to be exposed now; likewise. */
  containers(nowMs: number): readonly LevelTable[];
  /** End of the window held, Unix milliseconds; 0 if there is none. */
  readonly windowEndMs: number;
}

/** What the page is called among the sinks. */
export const PAGE_NAME = 'prometheus';

const NOTHING: readonly LevelTable[] = [];

export function createPrometheusSink(options: PrometheusSinkOptions): PrometheusSink {
  const { name = PAGE_NAME, containers, levels, staleAfterMs = 5 * 60_000 } = options;
  const named = levels && new Set(levels);
  const selection = selectLevels((level) => (named?.has(level) ?? true) && (containers || level !== 'container'));
  let groups: readonly LevelTable[] = NOTHING;
  let single: readonly LevelTable[] = NOTHING;
  let endMs = 0;

  function forget(): void {
    groups = NOTHING;
    single = NOTHING;
    endMs = 0;
  }

  function forgetOld(nowMs: number): void {
    if (endMs !== 0 && nowMs - endMs > staleAfterMs) forget();
  }

  return {
    name,
    wants: (frame) => selection.samples(frame),
    async write(frame: Frame) {
      const held = selection.tables(frame);
      groups = held.filter(({ level }) => level !== 'container');
      single = held.filter(({ level }) => level === 'container');
      endMs = frame.endMs;
      return { delivered: selection.samples(frame), dropped: new Map() };
    },
    async close() {
      forget();
    },
    groups(nowMs) {
      forgetOld(nowMs);
      return groups;
    },
    containers(nowMs) {
      forgetOld(nowMs);
      return single;
    },
    get windowEndMs() {
      return endMs;
    },
  };
}
