/** Received samples, from the asking to the disk and into the head. Several writers at once share one sync. */
import type { Log } from '../../../src/log.ts';
import type { MetricInfo } from '../../query/source.ts';
import type { StoreFiles } from '../files.ts';
import type { WriteOutcome } from '../types.ts';
import { ReceivedJournal, readReceived } from './journal.ts';
import { type KnownSamples, type Packed, Unpacker } from './packing.ts';
import { type Heads, Places } from './places.ts';
import { admit, type Infos, learn, putSeries, type Taken, type TakingLimits } from './taking.ts';

export interface ReceivingOptions {
  readonly files: StoreFiles;
  readonly log: Log;
  readonly limits: TakingLimits;
  /** The first file whose samples are in no part. */
  readonly from: number;
  readonly heads: () => Heads;
}

export interface Asked {
  readonly series: Packed;
  readonly info: readonly MetricInfo[];
}

export interface Receiving {
  /** All of them are on disk, or counted, when it returns. */
  take(asked: readonly Asked[], nowMs: number): WriteOutcome[];
  /** What comes from now on is in a new file; answers its number. */
  rotate(): number;
  /** The disk takes what is written again. */
  healed(): void;
  stats(): { readonly accepted: number; readonly dropped: ReadonlyMap<string, number> };
  readonly bytes: number;
  /** Files that were found damaged at the start. */
  readonly damaged: number;
  readonly trouble: string | undefined;
}

export function createReceiving({ files, log, limits, from, heads }: ReceivingOptions): Receiving {
  const infos: Infos = new Map();
  const counted = new Map<string, number>();
  let accepted = 0;
  let trouble: string | undefined;
  const unpacker = new Unpacker();
  const places = new Places(heads, infos);
  const found = readReceived(files, from);
  for (const name of found.torn)
    log.warn({ file: name }, 'received samples end within a record that was being written');
  for (const name of found.damaged)
    log.error({ file: name }, 'received samples are damaged: what is behind the damaged place in the file is lost');
  for (const { series, info } of found.records) {
    learn(infos, info);
    for (const one of series) putSeries(places.of(one.known), one);
  }
  const journal = new ReceivedJournal(files, found.next);

  function write(
    taken: readonly { readonly kept: readonly KnownSamples[]; readonly info: readonly MetricInfo[] }[],
  ): Error | undefined {
    const records = taken.filter(({ kept, info }) => kept.length > 0 || info.length > 0);
    if (records.length === 0) return undefined;
    try {
      journal.add(records.map(({ kept, info }) => ({ series: kept, info })));
      if (trouble !== undefined) log.info({}, 'received samples are written again');
      trouble = undefined;
      return undefined;
    } catch (error) {
      if (trouble === undefined)
        log.error({ err: error }, 'received samples cannot be written, and are refused until they can');
      trouble = (error as Error).message;
      return error as Error;
    }
  }

  /** Puts what is on disk to its places. */
  function settle(taken: Taken, failed: Error | undefined): WriteOutcome {
    const { kept, dropped } = taken;
    let { accepted: own, problem } = taken;
    if (failed !== undefined) {
      dropped.set('unwritable', own);
      problem = `the store cannot be written: ${failed.message}`;
      own = 0;
    }
    let others = 0;
    if (failed === undefined) for (const one of kept) others += putSeries(places.of(one.known), one);
    if (others > 0) {
      dropped.set('duplicate', others);
      problem ??= 'a sample of that time is there already, with another value';
    }
    own -= others;
    accepted += own;
    for (const [reason, count] of dropped) counted.set(reason, (counted.get(reason) ?? 0) + count);
    return { accepted: own, dropped, ...(problem === undefined ? {} : { problem }) };
  }

  return {
    take(asked, nowMs) {
      const room = places.room();
      const taken = asked.map(({ series, info }) => ({
        ...admit(unpacker.unpack(series), { limits, nowMs, room }),
        info,
      }));
      const failed = write(taken);
      for (const { info } of asked) learn(infos, info);
      return taken.map((one) => settle(one, failed));
    },
    rotate() {
      places.forget();
      return journal.rotate();
    },
    healed() {
      trouble = undefined;
    },
    stats: () => ({ accepted, dropped: counted }),
    get bytes() {
      return journal.bytes;
    },
    damaged: found.damaged.length,
    get trouble() {
      return trouble;
    },
  };
}
