/** The listing: folders, whether they are in use, and what is in them. Where a sink is behind and the collector runs, it is looked at twice. */
import type { Config } from '../../config/schema.ts';
import { secret } from '../../config/secure.ts';
import type { Clock } from '../../run/clock.ts';
import { isLocked } from '../../run/folderlock.ts';
import { placesOf } from '../top/place.ts';
import { folderFailure } from './failure.ts';
import { type LogFacts, readLog } from './read/log.ts';
import { askSinks, type SinkPage } from './read/running.ts';
import { readSpool, type SpoolFacts } from './read/spool.ts';
import { type Drain, drainOf, isBehind, lookAt, type SinkLook } from './sinks.ts';

export interface Folders {
  readonly collector: string;
  readonly agent: string;
}

export interface ListOptions {
  readonly config: Config;
  readonly folders: Folders;
  readonly clock: Clock;
  /** Between the two looks. */
  readonly watchMs: number;
}

export interface Listing {
  readonly nowMs: number;
  readonly folders: Folders;
  /** Undefined: there is no such folder. */
  readonly log: LogFacts | undefined;
  readonly logInUse: boolean;
  readonly sinks: readonly SinkLook[];
  readonly drains: readonly Drain[];
  /** Why the collector that runs could not be asked. */
  readonly unasked: string | undefined;
  readonly spool: SpoolFacts | undefined;
  readonly spoolInUse: boolean;
}

interface Look {
  readonly log: LogFacts;
  readonly sinks: readonly SinkLook[];
  readonly unasked: string | undefined;
  readonly atMs: number;
}

export async function listingOf(options: ListOptions): Promise<Listing> {
  const { folders, clock, watchMs } = options;
  const spool = await readSpool(folders.agent);
  const found = await readLog(folders.collector);
  const logInUse = found !== undefined && (await lockedFolder(folders.collector));
  let last = found && (await lookOf(options, found, logInUse));
  let drains: readonly Drain[] = [];
  if (last !== undefined && logInUse && last.sinks.some(isBehind)) {
    const first = last;
    await clock.sleep(watchMs);
    last = await lookOf(options, (await readLog(folders.collector)) ?? first.log, true);
    drains = between(first, last);
  }
  return {
    nowMs: clock.now(),
    folders,
    log: last?.log,
    logInUse,
    sinks: last?.sinks ?? [],
    drains,
    unasked: last?.unasked,
    spool,
    spoolInUse: spool !== undefined && (await lockedFolder(folders.agent)),
  };
}

async function lookOf({ config, clock }: ListOptions, log: LogFacts, inUse: boolean): Promise<Look> {
  let pages: Map<string, SinkPage> | undefined;
  let unasked: string | undefined;
  try {
    if (inUse) pages = await ask(config);
  } catch (error) {
    unasked = error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error);
  }
  return { log, sinks: lookAt(log, Object.keys(config.sinks), pages), unasked, atMs: clock.monotonic() };
}

function ask(config: Config): Promise<Map<string, SinkPage>> {
  const collector = placesOf(config).at(-1);
  return askSinks({ url: collector?.url ?? '', token: secret('token', config.token, config.token_file) });
}

/** What is known of a sink by a page the one time and from files the other is not compared. */
function between(first: Look, last: Look): Drain[] {
  if ((first.unasked === undefined) !== (last.unasked === undefined)) return [];
  return last.sinks.flatMap((now) => {
    const before = first.sinks.find(({ sink }) => sink === now.sink);
    return before !== undefined && isBehind(before) ? [drainOf(before, now, last.atMs - first.atMs)] : [];
  });
}

async function lockedFolder(path: string): Promise<boolean> {
  try {
    return await isLocked(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw folderFailure(path, error);
  }
}
