/** Deleting by hand. */
import type { Folder } from '../folder.ts';
import type { Tombstone } from '../types.ts';

export function eraseIn(_folder: Folder, _tombstone: Tombstone, _breathe: () => void): number {
  throw new Error('not yet');
}
