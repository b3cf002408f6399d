/**
 * The store's folder: the manifest and the parts that it names. Changes come as a new manifest; a file that neither it nor the one before names goes.
 */
import type { Log } from '../../src/log.ts';
import { adoptParts } from './adopt.ts';
import type { StoreFiles } from './files.ts';
import {
  EMPTY,
  findManifest,
  type Manifest,
  manifestName,
  manifestNumber,
  type PartEntry,
  writeManifest,
} from './manifest.ts';
import type { BlockCache } from './part/cache.ts';
import { ASIDE, type OpenedPart, openEntry, partName, partNumber } from './parts.ts';
import { receivedNumber } from './received/journal.ts';

export interface FolderOptions {
  readonly files: StoreFiles;
  readonly log: Log;
  readonly cache: BlockCache;
}

/** Parts that take the place of others. */
export interface Replaced {
  readonly removed: readonly PartEntry[];
  readonly added: readonly PartEntry[];
}

/** What changes with a manifest. */
export interface Change {
  /** The newest. */
  readonly added?: readonly PartEntry[];
  readonly replaced?: readonly Replaced[];
  readonly nextSeq?: number;
  readonly primeSeq?: number;
  readonly nextReceived?: number;
}

/** Damaged files that stay, for people to look at. */
const SET_ASIDE = 8;

export class Folder {
  readonly files: StoreFiles;
  readonly #options: FolderOptions;
  #manifest: Manifest;
  #before: Manifest;
  #parts: OpenedPart[];
  #nextPart: number;
  /** A manifest could not be read, and what it names may be wanted. */
  #careful: boolean;
  readonly #unreadable = new Set<string>();
  /** Named by the manifest, and set aside or gone: the next does without. */
  readonly #lost = new Set<string>();
  #held = 0;
  /** Named no more, and still read by somebody. */
  #leaving: OpenedPart[] = [];
  damaged = 0;
  failures = 0;
  /** What the disk said last; undefined while it takes everything. */
  trouble: string | undefined;

  constructor(options: FolderOptions) {
    this.#options = options;
    const { files, log } = options;
    this.files = files;
    const { manifest, before, damaged } = findManifest(files);
    for (const [name, reason] of damaged) {
      this.damaged++;
      log.error(
        { file: name, reason },
        'a manifest of the store cannot be read and is set aside; the one before it serves',
      );
      files.rename(name, name + ASIDE);
    }
    const lost = manifest.number === 0 && damaged.length > 0;
    this.#manifest = lost ? { ...manifest, parts: adoptParts(options) } : manifest;
    this.#before = before ?? EMPTY;
    this.#parts = this.#manifest.parts.flatMap((entry) => this.#opened(entry));
    const numbers = files
      .list()
      .map(partNumber)
      .filter((number) => number > 0);
    this.#nextPart = Math.max(manifest.nextPart, ...numbers.map((number) => number + 1));
    this.#careful = damaged.length > 0;
    this.#removeLeftovers(this.#careful);
  }

  get cache(): BlockCache {
    return this.#options.cache;
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  /** In the order in which they were made. */
  get parts(): readonly OpenedPart[] {
    return this.#parts;
  }

  get bytes(): number {
    return this.#parts.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** The log is needed from there on: the manifest before may have to serve. */
  get notedSeq(): number {
    return this.#before.number === 0 ? 0 : Math.min(this.#before.primeSeq, this.#manifest.primeSeq);
  }

  /** A name for a part that is to be made. */
  newName(kind: string, resolutionMs: number): string {
    return partName(this.#nextPart++, kind, resolutionMs);
  }

  /** From now on the folder is as changed; throws what the disk says, and then it is as it was. */
  commit({ added = [], replaced = [], ...rest }: Change): void {
    const there = this.#manifest.parts.filter(({ name }) => !this.#lost.has(name));
    const parts = [...withReplaced(there, replaced), ...added];
    const names = new Set(parts.map(({ name }) => name));
    const next: Manifest = {
      ...this.#manifest,
      ...rest,
      number: this.#manifest.number + 1,
      nextPart: this.#nextPart,
      parts: parts.map(entryOf),
    };
    writeManifest(this.files, next);
    this.#before = this.#manifest;
    this.#manifest = next;
    this.#leaving.push(...this.#parts.filter(({ name }) => !names.has(name)));
    this.#closeLeaving();
    const known = new Map(this.#parts.map((one) => [one.name, one]));
    this.#parts = next.parts.flatMap((entry) => known.get(entry.name) ?? this.#opened(entry));
    this.#careful = false;
    this.#removeLeftovers(false);
  }

  /** Something in a part cannot be read; the rest of it is answered. Said once for each. */
  unreadable(name: string, error: Error): void {
    if (this.#unreadable.has(name)) return;
    this.#unreadable.add(name);
    this.damaged++;
    this.#options.log.error(
      { err: error, file: name },
      'a part of the store is damaged: what can be read of it is answered; `plimsoll store repair` writes it anew without the rest',
    );
  }

  /** The disk has refused something. */
  refused(error: Error): void {
    this.failures++;
    if (this.trouble === undefined) {
      this.#options.log.error(
        { err: error },
        'the store cannot be written: what is new stays in the log and in memory until it can; make room on the disk of data_dir, or let us write there',
      );
    }
    this.trouble = error.message;
    // What was written in vain would take the room that somebody makes.
    this.#removeLeftovers(this.#careful);
  }

  wellAgain(): void {
    if (this.trouble !== undefined) this.#options.log.info({}, 'the store is written again');
    this.trouble = undefined;
  }

  /** Parts that are open now stay so, whatever takes their place, until the function that it answers is called. */
  hold(): () => void {
    this.#held++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#held--;
      this.#closeLeaving();
    };
  }

  #closeLeaving(): void {
    if (this.#held > 0) return;
    for (const { part } of this.#leaving) part.close();
    this.#leaving = [];
  }

  close(): void {
    for (const { part } of [...this.#parts, ...this.#leaving]) part.close();
  }

  #opened(entry: PartEntry): OpenedPart[] {
    const opened = openEntry(entry, this.#options);
    if (typeof opened === 'object') return [opened];
    if (opened === 'lost') this.#lost.add(entry.name);
    if (!this.#unreadable.has(entry.name)) this.damaged++;
    this.#unreadable.add(entry.name);
    return [];
  }

  /** Nothing, while the disk does not even say what there is. */
  #listed(): string[] {
    try {
      return this.files.list();
    } catch (error) {
      this.#options.log.warn({ err: error }, 'the store’s folder cannot be listed');
      return [];
    }
  }

  /** What a crash or a full disk has left, and what only older manifests name. */
  #removeLeftovers(careful: boolean): void {
    const { files, log } = this.#options;
    const named = new Set([...this.#manifest.parts, ...this.#before.parts].map(({ name }) => name));
    const firstReceived = Math.min(
      this.#manifest.nextReceived,
      this.#before.number === 0 ? 0 : this.#before.nextReceived,
    );
    const manifests = new Set([manifestName(this.#manifest.number), manifestName(this.#before.number)]);
    const names = this.#listed();
    const aside = names.filter((name) => name.endsWith(ASIDE)).sort();
    const gone = names.filter((name) => {
      if (name.endsWith('.new')) return true;
      if (careful) return false;
      if (name.endsWith('.part')) return !named.has(name);
      const received = receivedNumber(name);
      if (received !== undefined) return received < firstReceived;
      return manifestNumber(name) !== undefined && !manifests.has(name);
    });
    for (const name of [...gone, ...aside.slice(0, -SET_ASIDE)]) {
      try {
        files.remove(name);
      } catch (error) {
        log.warn({ err: error, file: name }, 'a file of the store that is no longer needed could not be removed');
      }
    }
  }
}

/** Each in the place of the first that it replaces. */
function withReplaced(parts: readonly PartEntry[], replaced: readonly Replaced[]): PartEntry[] {
  const gone = new Set(replaced.flatMap(({ removed }) => removed.map(({ name }) => name)));
  const result: PartEntry[] = [];
  for (const part of parts) {
    const change = replaced.find(({ removed }) => removed.some(({ name }) => name === part.name));
    if (change !== undefined && !result.some((one) => change.added.includes(one))) result.push(...change.added);
    if (!gone.has(part.name)) result.push(part);
  }
  return result;
}

function entryOf({
  name,
  bytes,
  minMs,
  maxMs,
  resolutionMs,
  rows,
  series,
  samples,
  kind,
  tier,
  madeMs,
}: PartEntry): PartEntry {
  return { name, bytes, minMs, maxMs, resolutionMs, rows, series, samples, kind, tier, madeMs };
}
