/**
 * A store's folder in memory that behaves as a disk at its worst: what was not synced is lost in a crash, whole or in part, and it can stop at any
 * operation, before or after that took place. After it has stopped nothing works until `restart`.
 */
import type { StoreFiles } from '../../collector/store/files.ts';

interface Content {
  bytes: Buffer;
  /** Of them, so many survive whatever comes. */
  synced: number;
}

export interface StoreDisk extends StoreFiles {
  /** Stops at the operation after so many more, before or after it is `done`. */
  stopAfter(operations: number, done: boolean): void;
  readonly stopped: boolean;
  /** As the machine comes up again; `fate` answers, from 0 to 1, how much of each thing that was not synced is there. */
  restart(fate: () => number): void;
  /** Until told otherwise, nothing can be written. */
  full: boolean;
  /** The bytes of a file, to spoil them. */
  bytesOf(name: string): Buffer;
}

type Names = Map<string, Content>;

export function storeDisk(): StoreDisk {
  let names: Names = new Map();
  /** What the names are after a crash, and what was done to them since. */
  let durable: Names = new Map();
  let undone: ((to: Names) => void)[] = [];
  let left = Number.POSITIVE_INFINITY;
  let lastIsDone = false;
  let stopped = false;

  function operation<T>(run: () => T): T {
    if (stopped) throw new Error('the machine is down');
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

  function refuse(): void {
    if (disk.full) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  }

  function created(name: string): Content {
    // A name is made on a full disk too, as most file systems do.
    return operation(() => {
      const content: Content = { bytes: Buffer.alloc(0), synced: 0 };
      change((to) => to.set(name, content));
      return content;
    });
  }

  function add(content: Content, bytes: Uint8Array): void {
    operation(() => {
      content.bytes = Buffer.concat([content.bytes, disk.full ? bytes.subarray(0, bytes.length / 2) : bytes]);
      refuse();
    });
  }

  function sync(content: Content): void {
    operation(() => {
      content.synced = content.bytes.length;
    });
  }

  function syncNames(): void {
    operation(() => {
      durable = new Map(names);
      undone = [];
    });
  }

  const disk: StoreDisk = {
    full: false,
    write(name, chunks) {
      const content = created(name);
      for (const chunk of chunks) add(content, chunk);
      sync(content);
    },
    rename(from, to) {
      operation(() => {
        const content = existing(from);
        change((among) => {
          among.delete(from);
          among.set(to, content);
        });
      });
      syncNames();
    },
    remove: (name) => operation(() => change((among) => among.delete(name))),
    list: () => operation(() => [...names.keys()]),
    size: (name) => operation(() => existing(name).bytes.length),
    open(name) {
      const content = operation(() => existing(name));
      return {
        get size() {
          return content.bytes.length;
        },
        read: (at, length) => operation(() => Buffer.from(content.bytes.subarray(at, at + length))),
        close: () => undefined,
      };
    },
    begin(name) {
      const content = created(name);
      syncNames();
      return {
        append(bytes) {
          add(content, bytes);
          sync(content);
        },
        close: () => undefined,
      };
    },
    stopAfter(operations, done) {
      left = operations;
      lastIsDone = done;
    },
    get stopped() {
      return stopped;
    },
    restart(fate) {
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
