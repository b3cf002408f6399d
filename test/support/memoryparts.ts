/**
 * A store's folder in memory. It can stop at any call, in the middle of writing too, and then nothing works until `restart`; what was not renamed by
 * then is there as a crash leaves it: under its hidden name, cut short.
 */
import type { PartFile, PartFiles } from '../../collector/store/types.ts';

export interface MemoryParts extends PartFiles {
  readonly bytes: Map<string, Buffer>;
  /** Stops at the call (a chunk that is written is one) after so many more. */
  stopAfter(calls: number): void;
  restart(): void;
  /** Where has been read, oldest first. */
  readonly reads: { readonly name: string; readonly at: number; readonly length: number }[];
}

export function memoryParts(): MemoryParts {
  const bytes = new Map<string, Buffer>();
  const reads: { name: string; at: number; length: number }[] = [];
  let left = Number.POSITIVE_INFINITY;
  const call = (): void => {
    if (left-- <= 0) throw new Error('the machine went down');
  };
  const existing = (name: string): Buffer => {
    const found = bytes.get(name);
    if (found === undefined) throw Object.assign(new Error(`ENOENT: ${name}`), { code: 'ENOENT', syscall: 'open' });
    return found;
  };
  return {
    bytes,
    reads,
    stopAfter: (calls) => {
      left = calls;
    },
    restart: () => {
      left = Number.POSITIVE_INFINITY;
    },
    write(name, chunks) {
      const written: Uint8Array[] = [];
      for (const chunk of chunks) {
        call();
        written.push(Buffer.from(chunk));
        bytes.set(name, Buffer.concat(written));
      }
      call();
    },
    rename(from, to) {
      call();
      bytes.set(to, existing(from));
      bytes.delete(from);
    },
    remove(name) {
      call();
      bytes.delete(name);
    },
    list: () => [...bytes.keys()].sort(),
    size: (name) => existing(name).length,
    open(name): PartFile {
      const content = existing(name);
      return {
        size: content.length,
        read(at, length) {
          reads.push({ name, at, length });
          return content.subarray(at, at + length);
        },
        close: () => undefined,
      };
    },
  };
}
