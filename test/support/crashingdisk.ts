/**
 * A folder in memory that behaves as a disk at its worst: what was not synced is lost in a crash of the machine, in part or whole, names as well as
 * bytes; and it can stop at any operation, before or after that took place. After it has stopped nothing works until `restart`.
 */
import type { FileFacts, Folder, LogFile } from '../../collector/log/files.ts';

interface Content {
  bytes: Buffer;
  /** Of them, so many survive whatever comes. */
  synced: number;
}

export interface CrashingDisk extends Folder {
  /** Stops at the operation after so many more, before or after it is `done`. */
  stopAfter(operations: number, done: boolean): void;
  readonly stopped: boolean;
  /** As the machine comes up again; `fate` answers, from 0 to 1, how much of each thing that was not synced is there. */
  restart(fate: () => number): void;
  /** Until told otherwise, nothing can be written. */
  full: boolean;
  /** Files of which nothing can be read behind so many bytes: a bad place on the disk. */
  readonly bad: Map<string, number>;
  /** The bytes of a file, to spoil them. */
  bytesOf(name: string): Buffer;
}

type Names = Map<string, Content>;

export function crashingDisk(): CrashingDisk {
  let names: Names = new Map();
  /** What the names are after a crash, and what was done to them since. */
  let durable: Names = new Map();
  let undone: ((to: Names) => void)[] = [];
  let left = Number.POSITIVE_INFINITY;
  let lastIsDone = false;
  let stopped = false;
  let generation = 0;

  /** One operation: it may be the one at which all stops, which then has taken place or not. */
  async function operation<T>(born: number, run: () => T): Promise<T> {
    await Promise.resolve();
    if (born !== generation || stopped) throw new Error('the machine is down');
    if (left-- > 0) return run();
    stopped = true;
    if (lastIsDone) run();
    throw new Error('the machine went down');
  }

  function change(edit: (to: Names) => void): void {
    edit(names);
    undone.push(edit);
  }

  function existing(name: string): Content {
    const content = names.get(name);
    if (content === undefined) throw Object.assign(new Error(`ENOENT: ${name}`), { code: 'ENOENT' });
    return content;
  }

  function fileOf(content: Content, born: number, name = ''): LogFile {
    return {
      append: (bytes) =>
        operation(born, () => {
          if (disk.full) {
            content.bytes = Buffer.concat([content.bytes, bytes.subarray(0, bytes.length / 2)]);
            throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
          }
          content.bytes = Buffer.concat([content.bytes, bytes]);
        }),
      readAt: (at, length) =>
        operation(born, () => {
          if (at + length > (disk.bad.get(name) ?? Number.POSITIVE_INFINITY))
            throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
          return Buffer.from(content.bytes.subarray(at, at + length));
        }),
      sync: () =>
        operation(born, () => {
          content.synced = content.bytes.length;
        }),
      close: async () => undefined,
    };
  }

  const disk: CrashingDisk = {
    full: false,
    bad: new Map(),
    list: () =>
      operation(generation, () =>
        [...names]
          .map(([name, { bytes }]): FileFacts => ({ name, bytes: bytes.length }))
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
      ),
    create(name) {
      const born = generation;
      return operation(born, () => {
        if (disk.full) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
        const content: Content = { bytes: Buffer.alloc(0), synced: 0 };
        change((to) => to.set(name, content));
        return fileOf(content, born);
      });
    },
    open(name) {
      const born = generation;
      return operation(born, () => fileOf(existing(name), born, name));
    },
    truncate: (name, length) =>
      operation(generation, () => {
        const content = existing(name);
        content.bytes = content.bytes.subarray(0, length);
        content.synced = Math.min(content.synced, length);
      }),
    rename: (from, to) =>
      operation(generation, () => {
        const content = existing(from);
        change((among) => {
          among.delete(from);
          among.set(to, content);
        });
      }),
    remove: (name) => operation(generation, () => change((among) => among.delete(name))),
    sync: () =>
      operation(generation, () => {
        durable = new Map(names);
        undone = [];
      }),
    stopAfter(operations, done) {
      left = operations;
      lastIsDone = done;
    },
    get stopped() {
      return stopped;
    },
    restart(fate) {
      generation++;
      names = new Map(durable);
      for (const edit of undone.slice(0, Math.round(fate() * undone.length))) edit(names);
      for (const content of new Set(names.values())) {
        const unsynced = content.bytes.length - content.synced;
        content.bytes = content.bytes.subarray(0, content.synced + Math.round(fate() * unsynced));
        content.synced = content.bytes.length;
      }
      durable = new Map(names);
      undone = [];
      left = Number.POSITIVE_INFINITY;
      stopped = false;
    },
    bytesOf: (name) => existing(name).bytes,
  };
  return disk;
}
