/** One look at the sinks: their places in the log and, where the collector runs and answers, its own numbers; two looks say how fast a sink drains. */
import type { SavedCursor } from '../../../collector/log/cursorfile.ts';
import { type LogFacts, windowsOf } from './read/log.ts';
import type { SinkPage } from './read/running.ts';
import type { WindowFacts } from './read/windows.ts';

/** Counts are samples unless named otherwise. */
export interface SinkLook {
  readonly sink: string;
  /** In the configuration; what is not there any more keeps its place, and nothing waits for it. */
  readonly configured: boolean;
  /** Windows and samples that wait. */
  readonly windows: number;
  readonly samples: number;
  /** The last of those windows, of which it is not known yet how many samples the sink wants. */
  readonly uncounted: number;
  /** When the oldest window that waits began; undefined if none does. */
  readonly oldestMs: number | undefined;
  readonly received: number;
  readonly delivered: number;
  readonly dropped: ReadonlyMap<string, number>;
  /** Whether it takes what it is given; undefined where nobody says so. */
  readonly up: boolean | undefined;
  /** Why its place cannot be read. */
  readonly trouble: string | undefined;
}

export interface Drain {
  readonly sink: string;
  /** Delivered, a second. */
  readonly perSecond: number;
  /** Until nothing waits, at this pace; undefined if that is never. */
  readonly levelInMs: number | undefined;
}

/** More than one window waits, since the last one is on its way, and something in them is for the sink. */
export function isBehind({ windows, samples, uncounted }: SinkLook): boolean {
  return windows > 1 && (samples > 0 || uncounted > 1);
}

/** A look at each sink that is configured or has a place in the log. `pages`: what the collector says, if it does. */
export function lookAt(
  log: LogFacts,
  configured: readonly string[],
  pages: ReadonlyMap<string, SinkPage> | undefined,
): SinkLook[] {
  const windows = windowsOf(log);
  const names = new Set([...configured, ...log.cursors.keys()]);
  return [...names].sort().map((sink) => {
    const cursor = log.cursors.get(sink);
    const saved = typeof cursor === 'object' ? cursor : undefined;
    const look = {
      ...lookOf(saved, windows),
      sink,
      configured: configured.includes(sink),
      trouble: typeof cursor === 'string' ? cursor : undefined,
    };
    const page = pages?.get(sink);
    return page === undefined ? look : withPage(look, page, windows);
  });
}

function lookOf(cursor: SavedCursor | undefined, windows: readonly WindowFacts[]) {
  const waiting = cursor === undefined ? [] : windows.filter(({ seq }) => seq >= cursor.next);
  return {
    windows: waiting.length,
    samples: cursor?.waiting.reduce((sum, [, samples]) => sum + samples, 0) ?? 0,
    uncounted: cursor === undefined ? 0 : waiting.filter(({ seq }) => seq > cursor.counted).length,
    oldestMs: waiting[0]?.startMs,
    received: cursor?.received ?? 0,
    delivered: cursor?.delivered ?? 0,
    dropped: new Map(cursor?.dropped),
    up: undefined,
  };
}

/** The place on disk may be behind: windows of which the sink wants nothing are passed without a word. */
function withPage(look: SinkLook, page: SinkPage, written: readonly WindowFacts[]): SinkLook {
  const { samples, windows, received, delivered, dropped, up } = page;
  const oldestMs = windows === 0 ? undefined : written.at(-Math.min(windows, written.length))?.startMs;
  return { ...look, windows, samples, uncounted: 0, oldestMs, received, delivered, dropped, up };
}

/** What has gone in between two looks, and what is left of what waits. */
export function drainOf(before: SinkLook, now: SinkLook, elapsedMs: number): Drain {
  const seconds = elapsedMs / 1000;
  const less = (before.samples - now.samples) / seconds;
  return {
    sink: now.sink,
    perSecond: (now.delivered - before.delivered) / seconds,
    levelInMs: now.samples === 0 ? 0 : less > 0 ? (now.samples / less) * 1000 : undefined,
  };
}
