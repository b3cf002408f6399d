/**
 * One scrape: all sources side by side, each under its own deadline, into one batch. A source that fails or is late answers
 * `up 0` and costs nobody else the tick; one that is still busy with the tick before is left alone.
 */
import type { Log } from '../src/log.ts';
import type { Batch, FamilyTable } from '../src/model/batch.ts';
import { countSamples } from '../src/model/table.ts';
import { linkedAbort } from '../src/run/abort.ts';
import type { Clock } from '../src/run/clock.ts';
import { within } from '../src/run/lifecycle.ts';
import type { Source } from './source.ts';

/** How a source did in the last scrape. */
export interface SourceHealth {
  readonly source: string;
  up: boolean;
  /** Seconds that the last reading took, or the deadline. */
  seconds: number;
  samples: number;
  failures: number;
  lastError: string;
  /** See {@link Source}. */
  readonly losses: ReadonlyMap<string, number>;
}

export interface ScraperOptions {
  readonly node: string;
  readonly session: string;
  readonly sources: readonly Source[];
  readonly deadlineMs: number;
  /** Between two ticks. */
  readonly intervalMs?: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Scraper {
  /** Never rejects. */
  scrape(timeMs: number, signal: AbortSignal): Promise<Batch>;
  /** A batch with the next number, of tables that came about outside a tick (a container's last readings). Of a later number its time is never earlier: while a tick is read it has the tick's. */
  batchOf(timeMs: number, tables: readonly FamilyTable[]): Batch;
  /** What the last scrape had no time for, as it was read before; see {@link Source.held}. */
  held(): FamilyTable[];
  /** One more source from the next tick on. */
  add(source: Source): void;
  readonly health: readonly SourceHealth[];
}

interface Watched {
  readonly source: Source;
  readonly health: SourceHealth;
  busy: boolean;
}

const NO_LOSSES: ReadonlyMap<string, number> = new Map();

export function createScraper(options: ScraperOptions): Scraper {
  const { node, session, sources, deadlineMs, intervalMs, clock, log } = options;
  const watched: Watched[] = sources.map(watchedOf);
  const health = watched.map((one) => one.health);
  let seq = 0;
  /** Of the tick that is being read. */
  let readingMs = Number.POSITIVE_INFINITY;

  async function readOne(one: Watched, timeMs: number, signal: AbortSignal): Promise<FamilyTable[]> {
    const startedMs = clock.monotonic();
    try {
      const tables = await readWithin(one, timeMs, { signal, deadlineMs, clock });
      one.health.samples = tables.reduce((sum, table) => sum + countSamples(table), 0);
      const { trouble = '' } = one.source;
      if (trouble === '') isUp(one);
      else isDown(one, trouble, () => log.warn({ source: one.source.name }, `source is not up: ${trouble}`));
      return tables;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      isDown(one, text || 'failed', () => log.warn({ source: one.source.name, err: error }, 'source failed'));
      one.health.samples = 0;
      return [];
    } finally {
      one.health.seconds = (clock.monotonic() - startedMs) / 1000;
    }
  }

  function isUp({ source, health: one }: Watched): void {
    if (!one.up && one.lastError !== '') log.info({ source: source.name }, 'source answers again');
    one.up = true;
    one.lastError = '';
  }

  /** Says it on change only: a source that stays down is a metric, not a line per tick. */
  function isDown({ health: one }: Watched, why: string, say: () => void): void {
    if (one.up || one.lastError === '') say();
    one.up = false;
    one.failures++;
    one.lastError = why;
  }

  return {
    health,
    held: () => watched.flatMap(({ source, health }) => (health.up ? (source.held?.() ?? []) : [])),
    add(source) {
      const one = watchedOf(source);
      watched.push(one);
      health.push(one.health);
    },
    batchOf: (timeMs, tables) => ({
      node,
      session,
      seq: ++seq,
      timeMs: Math.min(timeMs, readingMs),
      tables: tables.filter((t) => t.rows.length > 0),
    }),
    async scrape(timeMs, signal) {
      readingMs = timeMs;
      const all = await Promise.all(watched.map((one) => readOne(one, timeMs, signal)));
      readingMs = Number.POSITIVE_INFINITY;
      const batch = this.batchOf(timeMs, all.flat());
      return intervalMs === undefined ? batch : { ...batch, intervalMs };
    },
  };
}

function watchedOf(source: Source): Watched {
  const health: SourceHealth = {
    source: source.name,
    up: false,
    seconds: 0,
    samples: 0,
    failures: 0,
    lastError: '',
    // Asked each time: some sources count elsewhere and make the map when they are asked.
    get losses() {
      return source.losses ?? NO_LOSSES;
    },
  };
  return { source, busy: false, health };
}

async function readWithin(
  one: Watched,
  timeMs: number,
  { signal, deadlineMs, clock }: { signal: AbortSignal; deadlineMs: number; clock: Clock },
): Promise<FamilyTable[]> {
  if (one.busy) throw new Error('still reading for an earlier tick');
  one.busy = true;
  const late = linkedAbort(signal);
  const read = one.source.read({ timeMs, signal: late.signal }).finally(() => {
    one.busy = false;
    late.release();
  });
  try {
    return await within(read, { clock, deadlineMs, what: `source ${one.source.name}` });
  } finally {
    late.abort(new Error('deadline passed'));
    // What a late reading ends with has been reported as late already.
    read.catch(() => undefined);
  }
}
