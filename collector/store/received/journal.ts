/**
 * The files that received samples are in until they are sealed: written and synced before the sender is told. A file that the disk refused something
 * of gets nothing more: the next begins.
 */
import type { StoreFiles, Appender } from '../files.ts';
import { decodeRecords, encodeRecord, type FileLabels, type ReceivedRecord } from './records.ts';

const NAME = /^received-(\d{10})\.log$/;

export function receivedName(number: number): string {
  return `received-${String(number).padStart(10, '0')}.log`;
}

export function receivedNumber(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export class ReceivedJournal {
  readonly #files: StoreFiles;
  #number: number;
  #file: Appender | undefined;
  #there: FileLabels = { file: 0, count: 0 };
  /** Records in the file count. */
  #holds = false;
  bytes = 0;

  /** `number`: of the first file to be written. */
  constructor(files: StoreFiles, number: number) {
    this.#files = files;
    this.#number = number;
  }

  /** The file that is written next, or now. */
  get number(): number {
    return this.#number;
  }

  /** On disk when it returns; throws what the disk says. */
  add(records: readonly ReceivedRecord[]): void {
    try {
      this.#file ??= this.#files.begin(receivedName(this.#number));
      const bytes = Buffer.concat(records.map((record) => encodeRecord(record, this.#there)));
      this.#file.append(bytes);
      this.bytes += bytes.length;
      this.#holds = true;
    } catch (error) {
      const name = receivedName(this.#number);
      const isEmpty = !this.#holds;
      this.rotate();
      if (isEmpty) this.#remove(name);
      throw error;
    }
  }

  /** While the disk is full each attempt begins a file: they are not to be heaped up. */
  #remove(name: string): void {
    try {
      this.#files.remove(name);
    } catch {
      // It goes with the next seal.
    }
  }

  /** What comes from now on is in a new file; answers its number. */
  rotate(): number {
    if (this.#file !== undefined) this.#number++;
    const file = this.#file;
    this.#file = undefined;
    this.#holds = false;
    this.#there = { file: this.#there.file + 1, count: 0 };
    try {
      file?.close();
    } catch {
      // All that counts in it is synced.
    }
    return this.#number;
  }
}

/** What the files from a number on hold, in order; and the number behind them. */
export function readReceived(
  files: StoreFiles,
  from: number,
): { readonly records: ReceivedRecord[]; readonly next: number; readonly torn: string[]; readonly damaged: string[] } {
  const records: ReceivedRecord[] = [];
  const torn: string[] = [];
  const damaged: string[] = [];
  let next = from;
  for (const name of files.list().sort()) {
    const number = receivedNumber(name);
    if (number === undefined || number < from) continue;
    const file = files.open(name);
    try {
      const read = decodeRecords(file.read(0, file.size));
      records.push(...read.records);
      if (read.damaged) damaged.push(name);
      else if (read.torn > 0) torn.push(name);
    } finally {
      file.close();
    }
    next = Math.max(next, number + 1);
  }
  return { records, next, torn, damaged };
}
