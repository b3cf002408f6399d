/**
 * The log of closed windows in `data_dir`, and each configured sink as a cursor in it. Where nothing is kept, sinks have their queues in memory, and
 * this is not there.
 */
import type { Config } from '../src/config/schema.ts';
import type { Log } from '../src/log.ts';
import type { Frame } from '../src/model/batch.ts';
import { breathe, type Clock } from '../src/run/clock.ts';
import { diskFolder } from './log/disk.ts';
import type { FrameLog } from './log/framelog.ts';
import { type Keeping, openLog } from './log/keeping.ts';
import { refusedPlace, takePlace } from './log/place.ts';
import type { LogLimits } from './log/shelf.ts';
import { type Account, createAccount } from './sinks/account.ts';
import type { Outlet } from './sinks/fanout.ts';
import { storedUpTo } from './store/numbering.ts';

export interface KeptLogOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly outlets: readonly Outlet[];
  /** Told that the window that ends at this time, and all before it, are synced: from now on no crash can lose them. */
  readonly onDurable?: (windowEndMs: number) => void;
}

export interface KeptLog {
  /** Where it is. */
  readonly path: string;
  readonly frames: FrameLog;
  /** The sinks, each with its cursor for a queue. */
  readonly outlets: readonly Outlet[];
  /** The last window of the run before, to go on from. */
  readonly last: Frame | undefined;
  /** Why agents are to wait, in words; undefined while there is room. */
  full(): string | undefined;
  close(): Promise<void>;
}

const MB = 1_000_000;

const FULL =
  'the log holds as much as collector.log.max_bytes allows, and collector.log.when_full is push_back: come again later';

/** Undefined where nothing is kept. Rejects with a ConfigError where the folder that was named cannot be used. */
export async function openKeptLog(options: KeptLogOptions): Promise<KeptLog | undefined> {
  const { config, clock, log, outlets, onDurable } = options;
  const place = await takePlace(config.data_dir, log);
  if (place === undefined) return undefined;
  const accounts = new Map<string, Account>();
  const sinks = outlets.map(({ sink }) => ({
    name: sink.name,
    wants: sink.wants.bind(sink),
    begin(books: ReturnType<Account['books']>): Account {
      const account = createAccount(sink.name, log, books);
      accounts.set(sink.name, account);
      return account;
    },
  }));
  const folder = diskFolder(place.path);
  const told = onDurable === undefined ? {} : { onDurable };
  let keeping: Keeping;
  try {
    const limits = limitsOf(config, outlets);
    const least = storedUpTo(place.path);
    keeping = await openLog({ folder, clock, log, breathe, limits, sinks, least, ...told });
  } catch (error) {
    await place.release();
    // A disk that has filled up since it was tried, a file in it that may not be read.
    const { syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    const refused = refusedPlace(place.path, error as NodeJS.ErrnoException);
    if (config.data_dir !== 'auto') throw refused;
    log.warn({}, `${refused.message}. Until then nothing is kept on disk`);
    return undefined;
  }
  sayWhatWaits(keeping, log);
  return {
    path: place.path,
    frames: keeping.log,
    outlets: outlets.map((outlet) => withCursor(outlet, keeping, accounts)),
    last: keeping.found.last,
    full: () => (keeping.log.shelf.full ? FULL : undefined),
    async close() {
      await keeping.close();
      await place.release();
    },
  };
}

function withCursor(outlet: Outlet, { cursors }: Keeping, accounts: ReadonlyMap<string, Account>): Outlet {
  const queue = cursors.get(outlet.sink.name);
  const account = accounts.get(outlet.sink.name);
  if (queue === undefined || account === undefined) throw new Error(`no cursor for the sink ${outlet.sink.name}`);
  return { ...outlet, kept: { queue, account } };
}

/** While the disk takes nothing, what any sink may have in memory waits there. */
function limitsOf({ collector }: Config, outlets: readonly Outlet[]): LogLimits {
  const { max_bytes: maxBytes, max_age: maxAgeMs, when_full: whenFull } = collector.log;
  return {
    maxBytes,
    maxAgeMs,
    whenFull,
    segmentBytes: Math.max(MB / 16, Math.min(16 * MB, maxBytes / 16)),
    segmentMs: Math.min(3_600_000, maxAgeMs / 8),
    // A restart reads them in a few seconds.
    segmentSamples: 12_000_000,
    heldFrames: Math.max(60, ...outlets.map(({ maxFrames }) => maxFrames)),
    heldSamples: Math.max(5_000_000, ...outlets.map(({ maxSamples }) => maxSamples)),
  };
}

function sayWhatWaits({ cursors, found }: Keeping, log: Log): void {
  for (const { name, frames, samples } of cursors.values()) {
    if (samples > 0)
      log.info({ sink: name, windows: frames, samples }, 'goes on with the windows that it has not got yet');
  }
  const endMs = found.last?.endMs;
  if (endMs !== undefined)
    log.info({ window: new Date(endMs).toISOString() }, 'totals go on from the last window on disk');
}
