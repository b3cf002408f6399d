/** A listing as an object for `--json`: base units, times in ISO 8601, what is not known left out. */
import type { Listing } from './listing.ts';
import { windowsOf } from './read/log.ts';
import { isBehind } from './sinks.ts';

export function toldAsJson(listing: Listing): object {
  return {
    time: iso(listing.nowMs),
    log: logObject(listing),
    sinks: sinkObjects(listing),
    spool: spoolObject(listing),
  };
}

function logObject({ folders, log, logInUse, unasked }: Listing): object {
  if (log === undefined) return { folder: folders.collector, there: false };
  const windows = windowsOf(log);
  const times = { from: least(windows.map(({ startMs }) => startMs)), to: most(windows.map(({ endMs }) => endMs)) };
  return {
    folder: log.path,
    there: true,
    in_use: logInUse,
    windows: windows.length,
    samples: sum(windows.map(({ samples }) => samples)),
    bytes: sum(log.segments.map(({ bytes }) => bytes)),
    segments: log.segments.length,
    ...(windows.length === 0 ? {} : { from: iso(times.from), to: iso(times.to) }),
    damaged: log.damaged,
    ...(unasked === undefined ? {} : { not_asked: unasked }),
  };
}

function sinkObjects({ nowMs, sinks, drains }: Listing): object[] {
  return sinks.map((look) => {
    const { sink, configured, windows, samples, uncounted, oldestMs, received, delivered, dropped, up, trouble } = look;
    const drain = drains.find((each) => each.sink === sink);
    return {
      sink,
      configured,
      behind: isBehind(look),
      windows,
      samples,
      ...(uncounted === 0 ? {} : { windows_not_counted: uncounted }),
      ...(oldestMs === undefined ? {} : { oldest: iso(oldestMs), behind_seconds: (nowMs - oldestMs) / 1000 }),
      received,
      delivered,
      dropped: Object.fromEntries(dropped),
      ...(up === undefined ? {} : { up }),
      ...(drain === undefined ? {} : { delivered_per_second: drain.perSecond }),
      ...(drain?.levelInMs === undefined ? {} : { level_in_seconds: drain.levelInMs / 1000 }),
      ...(trouble === undefined ? {} : { trouble }),
    };
  });
}

function spoolObject({ folders, spool, spoolInUse }: Listing): object {
  if (spool === undefined) return { folder: folders.agent, there: false };
  const abouts = spool.files.flatMap(({ batches }) => batches.map(({ about }) => about));
  const times = abouts.map(({ timeMs }) => timeMs);
  return {
    folder: spool.path,
    there: true,
    in_use: spoolInUse,
    batches: abouts.length,
    samples: sum(abouts.map(({ samples }) => samples)),
    bytes: sum(spool.files.map(({ bytes }) => bytes)),
    files: spool.files.length,
    nodes: [...new Set(abouts.map(({ node }) => node))].sort(),
    ...(times.length === 0 ? {} : { from: iso(least(times)), to: iso(most(times)) }),
    damaged: spool.damaged,
  };
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** Not by spreading: there may be more than a call takes. */
export function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

export function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}

export function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
