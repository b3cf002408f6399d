/**
 * Batches on disk, for when the collector takes long or the agent stops: bodies come in and are kept in files of checksummed records until they
 * are released, over restarts. Nothing of it is touched while there is nothing to keep. Bounded by bytes and age, the oldest file goes first.
 */
import { join } from 'node:path';
import { FolderInUse, lockFolder } from '../../src/run/folderlock.ts';
import { type Files, machineFiles } from './files.ts';
import { type About, bodyIn, recordOf, scan } from './records.ts';

export interface DiskOptions {
  readonly folder: string;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  readonly now: () => number;
  /** The machine's, unless a test fills the disk. */
  readonly files?: Files | undefined;
}

/** A body that is kept, until it is released. */
export interface Place {
  readonly about: About;
  readonly offset: number;
  readonly length: number;
  readonly segment: Segment;
}

/** One file. */
interface Segment {
  readonly path: string;
  /** Something in it is no record. */
  readonly damaged: boolean;
  readonly places: Set<Place>;
  bytes: number;
  newestMs: number;
}

export interface Opened {
  /** What an earlier run left, oldest first. */
  readonly left: readonly Place[];
  /** Files with something in them that is no record. What is good is kept; when that is released, the file is set aside under this name. */
  readonly damaged: readonly string[];
  /** Ends of files that were being written when the machine or the process ended. */
  readonly torn: number;
}

export interface Disk {
  /** Looks for what an earlier run left. Rejects if that cannot be read, or is in use by another process. */
  open(): Promise<Opened>;
  /** Rejects if nothing could be kept there. Makes nothing. */
  check(): Promise<void>;
  /** Keeps a body, synced when it resolves; what had to make room for it is given up. Rejects where nothing can be written. */
  keep(about: About, body: Uint8Array): Promise<{ readonly place: Place; readonly displaced: readonly Place[] }>;
  /** The body; undefined if it is damaged. */
  body(place: Place): Promise<Buffer | undefined>;
  /** It is needed no more. */
  release(place: Place): Promise<void>;
  /** What has become older than it may. It is given up. */
  expire(): Promise<readonly Place[]>;
  /** The end; what is kept stays. */
  close(): Promise<void>;
  readonly size: { readonly batches: number; readonly bytes: number };
}

/** A file is finished when it is as long, so that what has been delivered goes. */
const SEGMENT_BYTES = 4 * 1024 * 1024;
const SEGMENT = /^(\d{8})\.spool$/;
const DAMAGED = '.damaged';
/** Damaged files that stay. */
const MAX_ASIDE = 4;

export function createDisk(options: DiskOptions): Disk {
  return new SegmentedDisk(options);
}

class SegmentedDisk implements Disk {
  readonly #options: DiskOptions;
  readonly #files: Files;
  /** Oldest first. */
  readonly #segments: Segment[] = [];
  #current: Segment | undefined;
  #unlock: (() => void) | undefined;
  #number = 0;
  /** Given up, and nobody has been told yet. */
  #gone: Place[] = [];
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: DiskOptions) {
    this.#options = options;
    this.#files = options.files ?? machineFiles;
  }

  open(): Promise<Opened> {
    return this.#inTurn(() => this.#open());
  }

  check(): Promise<void> {
    return this.#files.tryWriting(this.#options.folder);
  }

  keep(about: About, body: Uint8Array): Promise<{ place: Place; displaced: Place[] }> {
    return this.#inTurn(async () => {
      const record = recordOf(about, body);
      await this.#files.makeFolder(this.#options.folder);
      await this.#lock();
      // First, so that what cannot be removed does not leave a record on the disk that the caller takes for unwritten.
      await this.#makeRoom(record.length);
      const segment = await this.#append(record);
      const place = { about, offset: segment.bytes - record.length, length: record.length, segment };
      segment.places.add(place);
      segment.newestMs = Math.max(segment.newestMs, about.timeMs);
      return { place, displaced: this.#told() };
    });
  }

  async body({ segment, offset, length }: Place): Promise<Buffer | undefined> {
    return bodyIn(await this.#files.readAt(segment.path, offset, length));
  }

  release(place: Place): Promise<void> {
    return this.#inTurn(async () => {
      const { segment } = place;
      if (!segment.places.delete(place) || segment.places.size > 0) return;
      if (segment === this.#current) this.#current = undefined;
      // Otherwise given up already, for room or age.
      if (this.#segments.includes(segment)) await this.#putAway(segment);
    });
  }

  expire(): Promise<Place[]> {
    return this.#inTurn(async () => {
      const { now, maxAgeMs } = this.#options;
      const old = this.#segments.filter(({ newestMs }) => now() - newestMs > maxAgeMs);
      for (const segment of old) await this.#giveUp(segment);
      // Those that could not be removed when they were released.
      for (const segment of this.#segments.filter(({ places }) => places.size === 0)) await this.#putAway(segment);
      return this.#told();
    });
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#unlock?.();
      this.#unlock = undefined;
    });
  }

  get size(): { readonly batches: number; readonly bytes: number } {
    let batches = 0;
    let bytes = 0;
    for (const segment of this.#segments) {
      batches += segment.places.size;
      bytes += segment.bytes;
    }
    return { batches, bytes };
  }

  async #open(): Promise<Opened> {
    const names = (await this.#files.list(this.#options.folder)).filter((name) => SEGMENT.test(name)).sort();
    if (names.length === 0) return { left: [], damaged: [], torn: 0 };
    await this.#lock();
    const damaged: string[] = [];
    const known = new Set<string>();
    let tails = 0;
    for (const name of names) {
      const { segment, torn } = await this.#load(name);
      if (torn) tails++;
      if (segment.damaged) damaged.push(segment.path + DAMAGED);
      onlyNew(segment, known);
      this.#segments.push(segment);
      if (segment.places.size === 0) await this.#putAway(segment);
    }
    return { left: this.#segments.flatMap(({ places }) => [...places]), damaged, torn: tails };
  }

  async #load(name: string): Promise<{ readonly segment: Segment; readonly torn: boolean }> {
    const path = join(this.#options.folder, name);
    const bytes = await this.#files.read(path);
    const { records, end, damaged } = scan(bytes);
    const torn = end < bytes.length;
    if (torn) await this.#files.truncate(path, end);
    const segment: Segment = { path, damaged: damaged > 0, places: new Set(), bytes: end, newestMs: 0 };
    for (const found of records) {
      segment.places.add({ ...found, segment });
      segment.newestMs = Math.max(segment.newestMs, found.about.timeMs);
    }
    return { segment, torn };
  }

  async #lock(): Promise<void> {
    if (this.#unlock !== undefined) return;
    const { folder } = this.#options;
    try {
      this.#unlock = await lockFolder(folder);
    } catch (error) {
      if (!(error instanceof FolderInUse)) throw error;
      throw new FolderInUse(`${folder} is in use by another agent: give each its own data_dir`, { cause: error });
    }
    // Files of before, and of others that had the folder meanwhile, are not written over.
    for (const name of await this.#files.list(folder))
      this.#number = Math.max(this.#number, Number(/^(\d{8})\.spool/.exec(name)?.[1] ?? 0));
  }

  async #append(record: Buffer): Promise<Segment> {
    const segment = this.#segmentFor(record.length);
    try {
      await this.#files.append(segment.path, segment.bytes, record);
    } catch (error) {
      await this.#abandon(segment);
      throw error;
    }
    segment.bytes += record.length;
    return segment;
  }

  #segmentFor(bytes: number): Segment {
    const { folder, maxBytes } = this.#options;
    const most = Math.min(SEGMENT_BYTES, maxBytes / 8);
    if (this.#current !== undefined && this.#current.bytes + bytes <= most) return this.#current;
    const path = join(folder, `${String(++this.#number).padStart(8, '0')}.spool`);
    this.#current = { path, damaged: false, places: new Set(), bytes: 0, newestMs: 0 };
    this.#segments.push(this.#current);
    return this.#current;
  }

  /** What came of a failed writing is a torn tail, if it cannot be cut: nothing more is written behind it. */
  async #abandon(segment: Segment): Promise<void> {
    this.#current = undefined;
    if (segment.bytes > 0) return this.#files.truncate(segment.path, segment.bytes).catch(() => undefined);
    this.#segments.splice(this.#segments.indexOf(segment), 1);
    await this.#files.remove(segment.path).catch(() => undefined);
  }

  async #makeRoom(bytes: number): Promise<void> {
    while (this.#segments.length > 1 && this.size.bytes + bytes > this.#options.maxBytes)
      await this.#giveUp(this.#segments[0] as Segment);
  }

  /** A file goes, and what is in it. What a later failure keeps from being told is told with the next answer. */
  async #giveUp(segment: Segment): Promise<void> {
    await this.#files.remove(segment.path);
    this.#forget(segment);
    this.#gone.push(...segment.places);
  }

  #told(): Place[] {
    return this.#gone.splice(0);
  }

  #forget(segment: Segment): void {
    this.#segments.splice(this.#segments.indexOf(segment), 1);
    if (segment === this.#current) this.#current = undefined;
  }

  /** Nothing in it is needed. What was damaged stays for whoever wants to know why. */
  async #putAway(segment: Segment): Promise<void> {
    const { path, damaged } = segment;
    if (damaged) await this.#files.rename(path, path + DAMAGED);
    else await this.#files.remove(path);
    this.#forget(segment);
    if (!damaged) return;
    const { folder } = this.#options;
    const aside = (await this.#files.list(folder)).filter((name) => name.endsWith(DAMAGED)).sort();
    for (const name of aside.slice(0, -MAX_ASIDE)) await this.#files.remove(join(folder, name));
  }

  /** One change after the other: a file that is written to must not be removed meanwhile. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#last.then(change);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

/** A record whose writing failed behind its last byte may have been written again. */
function onlyNew({ places }: Segment, known: Set<string>): void {
  for (const place of places) {
    const key = JSON.stringify([place.about.session, place.about.seq]);
    if (known.has(key)) places.delete(place);
    known.add(key);
  }
}
