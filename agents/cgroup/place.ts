/**
 * One cgroup's folders and the files kept open in them. It notices when the cgroup goes while it is being read, which is no error:
 * a file that was there is lost, or a file was not found and neither is its folder.
 */
import { existsSync } from 'node:fs';
import { KernelFile } from '../kernel/files.ts';
import type { KnownFiles } from './known.ts';
import type { CgroupDirs } from './locate.ts';

/** The name under which {@link Place.file} finds the unified hierarchy. */
export const UNIFIED = '';

export interface PlaceOptions {
  /** Of the descriptors that may be kept open; see {@link KernelFile}. */
  readonly share?: number | undefined;
  /** What the controllers of v1 are known to have. */
  readonly known?: KnownFiles | undefined;
}

/** What the reading under way has found in a file, kept until the next one. */
interface Copy {
  reading: number;
  bytes: Buffer | undefined;
}

export class Place {
  readonly dirs: CgroupDirs;
  readonly #share: number;
  readonly #known: KnownFiles | undefined;
  #files: KernelFile[] = [];
  /** Files that several families read. */
  readonly #shared = new Map<KernelFile, Copy>();
  #reading = 0;
  #settingsDue = true;
  #missed = false;
  #lost = false;

  constructor(dirs: CgroupDirs, { share = 1, known }: PlaceOptions = {}) {
    this.dirs = dirs;
    this.#share = share;
    this.#known = known;
  }

  /** The folder in a controller's hierarchy, if there is one. */
  dir(controller: string): string | undefined {
    return controller === UNIFIED ? this.dirs.unified : this.dirs.controllers.get(controller);
  }

  /** A file to read; undefined where its hierarchy is not mounted or has no such file. It is opened at its first reading. */
  file(controller: string, name: string): KernelFile | undefined {
    const dir = this.dir(controller);
    if (dir === undefined) return undefined;
    if (controller !== UNIFIED && this.#known?.has(controller, dir, name) === false) return undefined;
    const known = this.#files.find((file) => file.dir === dir && file.name === name);
    if (known !== undefined) {
      this.#shared.set(known, { bytes: undefined, reading: 0 });
      return known;
    }
    const file = new KernelFile(dir, name, this.#share);
    this.#files.push(file);
    return file;
  }

  /**
   * Begins a reading of all families: each file is read once in it, settings only if they are due. On v2 files that were missing are
   * looked for again with the settings: somebody may have switched a controller on. On v1 the kernel does not have them.
   */
  begin(settingsDue: boolean): void {
    this.#reading++;
    this.#settingsDue = settingsDue;
    if (!settingsDue) return;
    for (const file of this.#files) if (file.dir === this.dirs.unified) file.retry();
  }

  get settingsDue(): boolean {
    return this.#settingsDue;
  }

  /** The file's bytes, good until the next reading of any file; undefined if there is none. Throws what is unexpected (EIO). */
  read(file: KernelFile | undefined): Buffer | undefined {
    if (file === undefined || file.gone) return undefined;
    const shared = this.#shared.get(file);
    if (shared === undefined) return this.#readNow(file);
    if (shared.reading !== this.#reading) {
      shared.bytes = copyOf(this.#readNow(file), shared.bytes);
      shared.reading = this.#reading;
    }
    return shared.bytes;
  }

  #readNow(file: KernelFile): Buffer | undefined {
    const bytes = file.read();
    if (bytes === undefined) {
      if (file.lost) this.#lost = true;
      else this.#missed = true;
    }
    return bytes;
  }

  /** Whether the cgroup has been removed, as far as the readings since the last question have shown. */
  vanished(): boolean {
    const gone = this.#lost || (this.#missed && !this.#exists());
    this.#missed = false;
    return gone;
  }

  /** Closes every file. */
  close(): void {
    for (const file of this.#files) file.close();
    this.#files = [];
    this.#shared.clear();
  }

  #exists(): boolean {
    const { unified, controllers } = this.dirs;
    return (unified === undefined || existsSync(unified)) && [...controllers.values()].every((dir) => existsSync(dir));
  }
}

/** In the place of an earlier copy where that has the length. */
function copyOf(bytes: Buffer | undefined, earlier: Buffer | undefined): Buffer | undefined {
  if (bytes === undefined || bytes.length !== earlier?.length) return bytes && Buffer.from(bytes);
  bytes.copy(earlier);
  return earlier;
}

/** Whether two cgroups are in the same folders. */
export function sameDirs(a: CgroupDirs, b: CgroupDirs): boolean {
  if (a.unified !== b.unified || a.controllers.size !== b.controllers.size) return false;
  for (const [name, dir] of a.controllers) if (b.controllers.get(name) !== dir) return false;
  return true;
}

/** One folder that stands for the cgroup; undefined when there is nothing to read at all. */
export function keyOf(dirs: CgroupDirs): string | undefined {
  return dirs.controllers.get('memory') ?? dirs.unified ?? dirs.controllers.values().next().value;
}
