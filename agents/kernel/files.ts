/**
 * Kernel files kept open and read in place: about six times cheaper than opening them at each tick. A reading is a view
 * into one shared buffer, good until the next reading; parse it before you read on.
 *
 * Facts this rests on: a kept descriptor read again at offset 0 gives current values; once a cgroup is removed the read
 * fails with ENODEV, once a process has gone procfs fails with ESRCH (or gives ENOENT by path). Such a file is closed and
 * reads as undefined from then on. procfs hands out about a page at a time, so reading goes on until nothing comes.
 *
 * Reading waits for the kernel, and the whole process with it. Kernel files answer, if slowly at times: which cgroup takes long is
 * measured, and it is read more seldom (agents/cgroup/patience.ts); what a tick has no time for comes first in the next one. Not covered is
 * a file that never answers, such as a FIFO put in its place: only whoever may write to the cgroup file system's mount can do that.
 */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';

/** Errors that mean "the thing has gone, or this kernel does not have it": no data, not a failure. */
const NO_DATA = new Set(['ENOENT', 'ENODEV', 'ESRCH', 'ENOTDIR', 'EOPNOTSUPP', 'ENOTSUP', 'EINVAL', 'EACCES', 'EPERM']);

/** A procfs or cgroupfs file larger than this is cut; /proc/net/tcp of a busy host is the largest that is read. */
const MAX_BYTES = 8 * 1024 * 1024;

let shared = Buffer.allocUnsafe(64 * 1024);

/**
 * Views of its first bytes, by their number: most files give as many bytes at each tick as at the one before, and a view made for each of
 * thousands of readings would be most of a tick's garbage.
 */
let views: Buffer[] = [];
/** Longer ones are rare, and of many lengths. */
const MAX_VIEW = 1024;

/** How many descriptors all `KernelFile`s of the process may keep open together; beyond it files are opened for each read. */
let budget = 4096;
let kept = 0;

/** Sets how many descriptors may be kept open; the rest of the process needs some too. */
export function setDescriptorBudget(descriptors: number): void {
  budget = descriptors;
}

/** How many descriptors are kept open now. */
export function descriptorsKept(): number {
  return kept;
}

/** One file, opened at its first reading and kept. */
export class KernelFile {
  readonly dir: string;
  readonly name: string;
  readonly #share: number;
  #fd = -1;
  #gone = false;
  #read = false;

  /**
   * Folder and name apart, because those are shared by many files and the path by none: 5 000 cgroups have 150 000 paths. `share`: the part
   * of the budget of descriptors up to which this file may be kept open; less for what is less important.
   */
  constructor(dir: string, name: string, share = 1) {
    this.dir = dir;
    this.name = name;
    this.#share = share;
  }

  /** Put together at each opening, thousands of times a tick where descriptors are short: no more than an addition. */
  get path(): string {
    return `${this.dir}/${this.name}`;
  }

  /** True once a reading found the file missing; it is not tried again before {@link retry}. */
  get gone(): boolean {
    return this.#gone;
  }

  /** True once the file has gone after it had been read: the thing it belongs to was removed, or the file was. */
  get lost(): boolean {
    return this.#gone && this.#read;
  }

  /** Lets the next reading look again for a file that never was there: it may have come since. */
  retry(): void {
    if (!this.#read) this.#gone = false;
  }

  /**
   * The file's bytes now, as a view that the next reading of any file overwrites; undefined if the file is not there (any
   * more) or may not be read. Throws on anything else, for example EIO.
   */
  read(): Buffer | undefined {
    if (this.#gone) return undefined;
    let fd = this.#fd;
    try {
      if (fd < 0) fd = openSync(this.path, 'r');
      const bytes = readWhole(fd);
      this.#read = true;
      return bytes;
    } catch (error) {
      if (!isNoData(error)) throw error;
      this.#gone = true;
      return undefined;
    } finally {
      this.#keepOrClose(fd);
    }
  }

  /** Closes the descriptor; a later reading opens it anew unless the file was gone. */
  close(): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
    kept--;
  }

  #keepOrClose(fd: number): void {
    if (fd < 0) return;
    if (this.#gone) {
      if (this.#fd >= 0) kept--;
      closeSync(fd);
      this.#fd = -1;
    } else if (this.#fd < 0) {
      if (kept < budget * this.#share) {
        this.#fd = fd;
        kept++;
      } else {
        closeSync(fd);
      }
    }
  }
}

/** Reads a file once, without keeping it; the view is overwritten by the next reading. Undefined if there is none. */
export function readOnce(path: string): Buffer | undefined {
  let fd = -1;
  try {
    fd = openSync(path, 'r');
    return readWhole(fd);
  } catch (error) {
    if (isNoData(error)) return undefined;
    throw error;
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}

/** The names in a folder; none if there is no such folder (any more) or it may not be read. */
export function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (isNoData(error)) return [];
    throw error;
  }
}

/** Whether an error means that there is nothing to read. */
export function isNoData(error: unknown): boolean {
  return error instanceof Error && 'code' in error && NO_DATA.has(String(error.code));
}

function readWhole(fd: number): Buffer {
  let length = 0;
  for (;;) {
    const n = readSync(fd, shared, length, shared.length - length, length);
    if (n === 0) break;
    length += n;
    // A short reading that ends a line is the end of the file: one system call for nearly every cgroup file.
    if (n < 3072 && shared[length - 1] === 10 && length === n) break;
    if (length === shared.length) {
      if (length >= MAX_BYTES) break;
      const larger = Buffer.allocUnsafe(shared.length * 2);
      shared.copy(larger, 0, 0, length);
      shared = larger;
      views = [];
    }
  }
  return viewOf(length);
}

function viewOf(length: number): Buffer {
  if (length > MAX_VIEW) return shared.subarray(0, length);
  let view = views[length];
  if (view === undefined) {
    view = shared.subarray(0, length);
    views[length] = view;
  }
  return view;
}
