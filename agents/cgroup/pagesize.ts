/** The machine's page size, which v2's `memory.numa_stat` needs to be turned into pages: from the vector that the kernel hands to every program. */
import { endianness } from 'node:os';
import { join } from 'node:path';
import { readOnce } from '../kernel/files.ts';

/** `AT_PAGESZ`. */
const PAGE_SIZE_TAG = 6n;

const USUAL_BYTES = 4096;

/** Bytes of a page; 4096 where the vector cannot be read. */
export function pageBytes(procRoot: string): number {
  const bytes = readOnce(join(procRoot, 'self', 'auxv'));
  const at = (offset: number): bigint =>
    endianness() === 'LE' ? (bytes as Buffer).readBigUInt64LE(offset) : (bytes as Buffer).readBigUInt64BE(offset);
  for (let i = 0; bytes !== undefined && i + 16 <= bytes.length; i += 16) {
    if (at(i) === PAGE_SIZE_TAG) return Number(at(i + 8));
  }
  return USUAL_BYTES;
}
