/**
 * Makes a part: tables go in, row by row; a file comes out that is complete or not there. It is written under a hidden name, synced, and then renamed.
 */
import type { PartFiles, PartInfo, RowChunk, TableChunk } from '../types.ts';
import { sealBlock } from './code/block.ts';
import { type GroupEntry, GroupWriter } from './group.ts';
import { encodeDirectory } from './index/directory.ts';
import { LabelWriter } from './index/labelwriter.ts';
import { encodeRoot, type Place, type TableEntry } from './index/root.ts';
import { KnownTimes } from './knowntimes.ts';
import { partHead, partTail, sliceMsFor } from './layout.ts';
import { streamsOf } from './streams.ts';

export interface WriteOptions {
  /** 0, the default: raw. */
  readonly resolutionMs?: number;
  /** Whether blocks are deflated, as they are by default: for what is merged soon it is not worth the while. */
  readonly deflates?: boolean;
}

/** What nobody reads: a file that is being written, or that a crash has left. Remove those when the folder is opened. */
export const HIDDEN = '.new';

/** Writes the part `name`. Where there are no rows there is no file, and the answer has `rows` 0. */
export function writePart(
  files: PartFiles,
  name: string,
  tables: Iterable<TableChunk>,
  options: WriteOptions = {},
): PartInfo {
  const hidden = name + HIDDEN;
  const writer = new PartWriter(options);
  try {
    files.write(hidden, writer.chunks(tables));
    if (writer.info.rows > 0) files.rename(hidden, name);
    else files.remove(hidden);
  } catch (error) {
    removeIfPossible(files, hidden);
    throw error;
  }
  return { name, bytes: writer.info.rows > 0 ? writer.at : 0, ...writer.info };
}

/** What stands in the way of writing most often stands in the way of this, too; the name is hidden, and removed at the next start. */
function removeIfPossible(files: PartFiles, hidden: string): void {
  try {
    files.remove(hidden);
  } catch {
    // The first error is the one to tell.
  }
}

class PartWriter {
  readonly #resolutionMs: number;
  readonly #sliceMs: number;
  readonly #deflates: boolean;
  readonly #labels = new LabelWriter();
  readonly #times = new KnownTimes();
  readonly #tables: TableEntry[] = [];
  #minMs = Number.POSITIVE_INFINITY;
  #maxMs = Number.NEGATIVE_INFINITY;
  #rows = 0;
  #series = 0;
  #samples = 0;
  at = 0;

  constructor({ resolutionMs = 0, deflates = true }: WriteOptions) {
    this.#resolutionMs = resolutionMs;
    this.#sliceMs = sliceMsFor(resolutionMs);
    this.#deflates = deflates;
  }

  get info(): Omit<PartInfo, 'name' | 'bytes'> {
    return {
      minMs: this.#minMs,
      maxMs: this.#maxMs,
      resolutionMs: this.#resolutionMs,
      rows: this.#rows,
      series: this.#series,
      samples: this.#samples,
    };
  }

  *chunks(tables: Iterable<TableChunk>): Generator<Uint8Array> {
    yield this.#put(partHead());
    for (const table of tables) yield* this.#table(table);
    const { pairs, sets } = this.#labels.finish();
    const [pairsBlock, pairsPlace] = this.#block(pairs);
    yield pairsBlock;
    const [setsBlock, setsPlace] = this.#block(sets);
    yield setsBlock;
    const root = { info: this.info, sliceMs: this.#sliceMs, pairs: pairsPlace, sets: setsPlace, tables: this.#tables };
    const [rootBlock, rootPlace] = this.#block(encodeRoot(root));
    yield rootBlock;
    yield this.#put(partTail(rootPlace));
  }

  *#table({ level, measurement, columns, rows }: TableChunk): Generator<Uint8Array> {
    const streams = streamsOf(columns, this.#resolutionMs);
    const group = new GroupWriter(streams, { sliceMs: this.#sliceMs, deflates: this.#deflates });
    const groups: GroupEntry[] = [];
    let count = 0;
    let before: RowChunk | undefined;
    for (const row of rows) {
      if (row.timesMs.length === 0) continue;
      checkRow(row, before, `${level} ${measurement}`);
      before = row;
      group.add(row, this.#labels.set(row.labels));
      count++;
      if (group.isFull) yield* this.#group(group, groups);
    }
    if (group.rows > 0) yield* this.#group(group, groups);
    if (count === 0) return;
    const [block, place] = this.#block(encodeDirectory(groups, this.#sliceMs));
    yield block;
    const slices = groups.flatMap((entry) => entry.slices);
    const entry: TableEntry = {
      level,
      measurement,
      columns,
      rows: count,
      minMs: slices.reduce((least, { minMs }) => Math.min(least, minMs), Number.POSITIVE_INFINITY),
      maxMs: slices.reduce((most, { maxMs }) => Math.max(most, maxMs), Number.NEGATIVE_INFINITY),
      timesBytes: slices.reduce((sum, { timesAt, timesBytes }) => sum + (timesAt > 0 ? 0 : timesBytes), 0),
      streamBytes: streams.map((_, s) => slices.reduce((sum, { streamBytes }) => sum + (streamBytes[s] ?? 0), 0)),
      groups: place,
    };
    this.#tables.push(entry);
    this.#minMs = Math.min(this.#minMs, entry.minMs);
    this.#maxMs = Math.max(this.#maxMs, entry.maxMs);
    this.#rows += count;
    this.#series += group.series;
    this.#samples += group.samples;
  }

  *#group(group: GroupWriter, groups: GroupEntry[]): Generator<Uint8Array> {
    const { entry, blocks } = group.finish(this.at, this.#times);
    groups.push(entry);
    for (const block of blocks) yield this.#put(block);
  }

  #block(payload: Uint8Array): [Uint8Array, Place] {
    const at = this.at;
    const block = this.#put(sealBlock(payload, this.#deflates));
    return [block, { at, length: block.length }];
  }

  #put(bytes: Uint8Array): Uint8Array {
    this.at += bytes.length;
    return bytes;
  }
}

/** What would be read back as something else must not be written. */
function checkRow({ labels, timesMs }: RowChunk, before: RowChunk | undefined, table: string): void {
  if (before !== undefined && before.labels.key >= labels.key) {
    throw new Error(
      `rows of ${table} must be sorted by their labels, each once: ${labels.key} behind ${before.labels.key}`,
    );
  }
  for (let i = 0; i < timesMs.length; i++) {
    const time = timesMs[i] as number;
    if (Number.isSafeInteger(time) && (i === 0 || time > (timesMs[i - 1] as number))) continue;
    throw new Error(`times of ${labels.key} in ${table} must be integers and ascend: ${time} behind ${timesMs[i - 1]}`);
  }
}
