/**
 * The store on its own thread: frames and received samples in, answers out. Holds the heads and the parts, and knows which is which from the manifest.
 * What is not in a part is in the log or in the files of received samples.
 */
import type { Log } from '../../src/log.ts';
import type { Frame } from '../../src/model/batch.ts';
import type { Matcher, Selection, Source } from '../query/source.ts';
import { choose } from './choose.ts';
import type { StoreFiles } from './files.ts';
import { FrameHead } from './head/frames.ts';
import type { Frozen } from './head/frozen.ts';
import { frameLayer, looseLayer } from './head/layers.ts';
import { Loose } from './head/loose.ts';
import type { Layer } from './layer.ts';
import { Folder } from './folder.ts';
import { eraseIn } from './life/erase.ts';
import { type Sealed, sealHeads } from './life/seal.ts';
import { upkeep } from './life/upkeep.ts';
import { type Retention, SLOT_MS } from './life/plan.ts';
import { BlockCache } from './part/cache.ts';
import { partLayer } from './parts.ts';
import { createReceiving, type Receiving } from './received/receiving.ts';
import type { TakingLimits } from './received/taking.ts';
import { createSource } from './source.ts';
import type { StoreStats } from './types.ts';

export interface CoreOptions {
  readonly files: StoreFiles;
  readonly log: Log;
  /** What a scraper would have called the collector. */
  readonly instance: string;
  readonly retention: Retention;
  readonly taking: TakingLimits;
  /** Called every few milliseconds of long work, so that questions are answered meanwhile. */
  readonly breathe: () => void;
  /** Told where the log has to be kept from. */
  readonly onNoted: (seq: number) => void;
  /** With fewer samples than that in memory a quarter of an hour is not sealed for itself, but with the others of its two hours. By default 8 million. */
  readonly fewSamples?: number;
  /** With more than that, and twenty windows, they are sealed before their time. By default 10 million. */
  readonly manySamples?: number;
}

/** Samples in memory at which no more are read. */
const MOST_WINDOWS_SAMPLES = 60_000_000;
/** At which a head is sealed before its time, if it is of so many windows: to read so many from the log at a start takes about a second and a half. */
const MANY_WINDOWS_SAMPLES = 10_000_000;
const MANY_WINDOWS = 20;
const MANY_LOOSE_SAMPLES = 2_000_000;
/** Up to here two hours wait in memory and are sealed as one: to make four parts of them and one of those costs twice as much. To read so many from the log at a start takes about a second. */
const FEW_WINDOWS_SAMPLES = 8_000_000;
const FEW_LOOSE_SAMPLES = 250_000;
const SEAL_EVERY_MS = 15 * 60_000;
/** For the last window before it is due; then what comes in it lies in one part. */
const WINDOW_GRACE_MS = 30_000;
/** Between two attempts at a disk that takes nothing. */
const RETRY_MS = 30_000;

export class StoreCore {
  readonly source: Source;
  readonly receiving: Receiving;
  readonly folder: Folder;
  readonly #options: CoreOptions;
  #loose = new Loose();
  #frames: FrameHead;
  /** Waiting to be sealed; more than one while the disk takes nothing. */
  #frozen: Frozen[] = [];
  #nextSeq: number;
  #primeSeq: number;
  #sealedAtMs = 0;
  #takenOfLog = 0;

  constructor(options: CoreOptions) {
    this.#options = options;
    const { files, log, taking } = options;
    this.folder = new Folder({ files, log, cache: new BlockCache(32 << 20) });
    this.#nextSeq = this.folder.manifest.nextSeq;
    this.#primeSeq = this.folder.manifest.primeSeq;
    this.#frames = this.#newFrames();
    this.receiving = createReceiving({
      files,
      log,
      limits: taking,
      from: this.folder.manifest.nextReceived,
      heads: () => this.#heads(),
    });
    this.source = createSource({ layersFor: (selection) => this.#layersFor(selection) });
  }

  /** The number of the first frame that is wanted. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** The number of the frame to begin reading at: those before `nextSeq` are for `prime`. */
  get firstSeq(): number {
    return Math.min(this.#primeSeq, this.#nextSeq);
  }

  /** The log is not read on while more could not be held. */
  get full(): boolean {
    return this.#frozen.length > 0 && this.#frames.samples > MOST_WINDOWS_SAMPLES;
  }

  /** A window that is in a part already; the last says which rows were there. */
  prime(frame: Frame): void {
    if (!this.#frames.tells(frame)) return;
    const before = this.#newFrames();
    before.push(frame);
    this.#frames = this.#newFrames(before);
  }

  push(seq: number, frame: Frame): void {
    // What was read at the start may have been due long ago.
    if (this.#sealedAtMs === 0) this.#sealedAtMs = frame.startMs;
    if (this.#frames.tells(frame)) this.#primeSeq = seq;
    this.#frames.push(frame);
    this.#nextSeq = seq + 1;
    this.#takenOfLog += frame.samples;
  }

  /** What is due: sealing, then a step of merging or letting go, and whether there may be another. May take seconds; calls `breathe` meanwhile. */
  tend(nowMs: number): boolean {
    if (this.#sealedAtMs === 0) this.#sealedAtMs = nowMs;
    const again = this.#frozen.length > 0 && Math.abs(nowMs - this.#sealedAtMs) >= RETRY_MS;
    if (again || this.isDue(nowMs)) this.seal(nowMs);
    return this.#frozen.length === 0 && upkeep(this.folder, { ...this.#options, nowMs });
  }

  /** Whether what is in memory is sealed before its time. */
  get #isMuch(): boolean {
    const { samples, windows } = this.#frames;
    if (samples > MOST_WINDOWS_SAMPLES || this.#loose.samples > MANY_LOOSE_SAMPLES) return true;
    const { manySamples = MANY_WINDOWS_SAMPLES } = this.#options;
    return samples > manySamples && windows >= MANY_WINDOWS;
  }

  /** Whether a stretch of time is over that is sealed for itself, or there is much. */
  isDue(nowMs: number): boolean {
    if (this.#isMuch) return true;
    const isOver = (lengthMs: number): boolean =>
      Math.floor(nowMs / lengthMs) !== Math.floor(this.#sealedAtMs / lengthMs);
    if (!isOver(SEAL_EVERY_MS)) return false;
    const { fewSamples = FEW_WINDOWS_SAMPLES } = this.#options;
    const isLittle = this.#frames.samples < fewSamples && this.#loose.samples < FEW_LOOSE_SAMPLES;
    if (isLittle && !isOver(SLOT_MS)) return false;
    const sinceMs = nowMs % SEAL_EVERY_MS;
    const isWaiting = this.#frames.windows > 0 && this.#frames.maxMs < nowMs - sinceMs;
    return !isWaiting || sinceMs >= WINDOW_GRACE_MS;
  }

  /** Makes parts of all that is in memory. What the disk does not take stays, and is tried again. */
  seal(nowMs: number): void {
    this.#sealedAtMs = nowMs;
    if (this.#frozen.length === 0) this.#freeze();
    const { breathe, log } = this.#options;
    for (let head = this.#frozen[0]; head !== undefined; head = this.#frozen[0]) {
      let sealed: Sealed;
      try {
        sealed = sealHeads(this.folder, head, { breathe, nowMs });
      } catch (error) {
        this.folder.refused(error as Error);
        return;
      }
      this.#frozen.shift();
      this.folder.wellAgain();
      this.receiving.healed();
      log.debug({ ...sealed }, 'sealed');
      this.#options.onNoted(this.folder.notedSeq);
    }
  }

  /** Deletes samples of a stretch of time; throws what the disk says. */
  erase(
    matchers: readonly Matcher[],
    { fromMs, toMs, nowMs }: { fromMs: number; toMs: number; nowMs: number },
  ): number {
    this.seal(nowMs);
    if (this.folder.trouble !== undefined) throw new Error(this.folder.trouble);
    return eraseIn(this.folder, { matchers, fromMs, toMs }, this.#options.breathe);
  }

  #freeze(): void {
    const nextReceived = this.receiving.rotate();
    if (this.#frames.windows === 0 && this.#loose.samples === 0) return;
    this.#frozen.push({
      frames: this.#frames,
      loose: this.#loose,
      nextSeq: this.#nextSeq,
      primeSeq: this.#primeSeq,
      nextReceived,
    });
    this.#loose = new Loose();
    this.#frames = this.#newFrames(this.#frames);
  }

  /** `loose` is asked for at the moment: heads change, and what is late goes to the one that is open. */
  #newFrames(before?: FrameHead): FrameHead {
    return new FrameHead({ instance: this.#options.instance, loose: () => this.#loose }, before);
  }

  #heads(): { readonly open: Loose; readonly frozen: readonly Loose[] } {
    return { open: this.#loose, frozen: this.#frozen.map(({ loose }) => loose) };
  }

  #layersFor(selection: Selection): { readonly layers: readonly Layer[]; readonly note: string | undefined } {
    const { parts, note } = choose(this.folder.parts, selection);
    const heads = [...this.#frozen, { frames: this.#frames, loose: this.#loose }];
    const layers = [
      ...parts.map((part) => partLayer(part, (name, error) => this.folder.unreadable(name, error))),
      ...heads.flatMap(({ frames, loose }) => [frameLayer(frames), looseLayer(loose)]),
    ];
    const { fromMs, toMs } = selection;
    return { layers: layers.filter(({ minMs, maxMs }) => maxMs >= fromMs && minMs <= toMs), note };
  }

  close(): void {
    this.receiving.rotate();
    this.folder.close();
  }

  stats(): StoreStats {
    const heads = [...this.#frozen, { frames: this.#frames, loose: this.#loose }];
    const { accepted, dropped } = this.receiving.stats();
    const parts = this.folder.parts;
    const spans = [...parts, ...heads.flatMap(({ frames, loose }) => [frames, loose])];
    return {
      bytes: this.folder.bytes + this.receiving.bytes,
      parts: parts.length,
      series: heads.reduce((sum, { frames, loose }) => sum + frames.series + loose.series, 0),
      minMs: finite(Math.min(...spans.map(({ minMs }) => minMs))),
      maxMs: finite(Math.max(...spans.map(({ maxMs }) => maxMs))),
      taken: new Map([
        ['log', this.#takenOfLog],
        ['received', accepted],
      ]),
      dropped,
      damaged: this.folder.damaged + this.receiving.damaged,
      trouble: this.folder.trouble ?? this.receiving.trouble,
    };
  }
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
