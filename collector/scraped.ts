/** What Prometheus scrapes: the latest window. Frames come in; those of the past pass it by. */
import type { Config } from '../src/config/schema.ts';
import type { Frame } from '../src/model/batch.ts';
import { DRAIN_MS } from './delivering.ts';
import type { Outlet } from './sinks/fanout.ts';
import { createPrometheusSink } from './sinks/prometheus/sink.ts';
import type { Sink } from './sinks/sink.ts';

/** Windows that may close at once after a pause (a stopped machine) without the page counting the older ones as lost. */
const PAGE_FRAMES = 60;

/** What Prometheus scrapes: the latest window, not for longer than it says something. */
export function scrapedPage({ containers, stale_after, window }: Config['collector']) {
  return createPrometheusSink({ containers, staleAfterMs: Math.max(stale_after, 3 * window) });
}

/** The page for Prometheus keeps the latest window, whatever it costs. */
export function scrapedOutlet(page: Sink, past: WeakSet<Frame>, { max_series }: Config['collector']): Outlet {
  const sink = withoutPast(page, past);
  return { sink, maxFrames: PAGE_FRAMES, maxSamples: PAGE_FRAMES * max_series, deadlineMs: DRAIN_MS };
}

/** The page shows what is: a window of the past passes it by. */
function withoutPast(page: Sink, past: WeakSet<Frame>): Sink {
  return {
    name: page.name,
    wants: (frame) => (frame.late !== undefined || past.has(frame) ? 0 : page.wants(frame)),
    write: (frame, signal) => page.write(frame, signal),
    close: () => page.close(),
  };
}
