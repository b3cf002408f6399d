/** Which code has run, from the engine's own counters: tells whether an input reached something that none before it did. */
import { type Profiler, Session } from 'node:inspector';

/** Remembers what has run; several may look at the same counters in turn, not at the same time. */
export interface Tracker {
  /** Whether code of ours has run since the last question that had never run before. */
  isNew(): boolean;
  /** Characters of the functions that have run at least once, and how many of them have not. */
  readonly seen: { readonly all: number; readonly missing: number };
}

export interface Coverage {
  /** One that has seen nothing yet. */
  tracker(): Tracker;
  stop(): void;
}

type Range = readonly [start: number, end: number];

/** `ours`: the scripts that count. */
export function startCoverage(ours: RegExp): Coverage {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

  function take(): Profiler.ScriptCoverage[] {
    let found: Profiler.ScriptCoverage[] = [];
    // Answered before the call returns.
    session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
      found = result.filter(({ url }) => ours.test(url));
    });
    return found;
  }

  return { tracker: () => createTracker(take), stop: () => session.disconnect() };
}

function createTracker(take: () => Profiler.ScriptCoverage[]): Tracker {
  /** What has never run, by function. */
  const missing = new Map<string, readonly Range[]>();
  const sizes = new Map<string, number>();

  function note(url: string, { ranges }: Profiler.FunctionCoverage): boolean {
    const whole = ranges[0];
    if (whole === undefined || whole.count === 0) return false;
    const key = `${url} ${whole.startOffset} ${whole.endOffset}`;
    const idle = ranges.filter(({ count }) => count === 0).map((r): Range => [r.startOffset, r.endOffset]);
    const before = missing.get(key) ?? [[whole.startOffset, whole.endOffset] as Range];
    const after = both(before, idle);
    missing.set(key, after);
    sizes.set(key, whole.endOffset - whole.startOffset);
    return length(after) < length(before);
  }

  return {
    isNew() {
      let found = false;
      for (const { url, functions } of take()) for (const one of functions) found = note(url, one) || found;
      return found;
    },
    get seen() {
      const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);
      return { all: sum(sizes.values()), missing: sum([...missing.values()].map(length)) };
    },
  };
}

/** The parts that lie in both lists. Ranges nested in others do no harm. */
function both(a: readonly Range[], b: readonly Range[]): readonly Range[] {
  const found: Range[] = [];
  for (const [aStart, aEnd] of a) {
    for (const [bStart, bEnd] of b) {
      const start = Math.max(aStart, bStart);
      const end = Math.min(aEnd, bEnd);
      if (start < end && !found.some(([s, e]) => s <= start && end <= e)) found.push([start, end]);
    }
  }
  return found;
}

function length(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [start, end]) => sum + end - start, 0);
}
