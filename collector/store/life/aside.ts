/** Damaged parts that are written anew: the damaged file stays aside, and what can be read of it goes on. */
import type { StoreFiles } from '../files.ts';
import type { Folder } from '../folder.ts';
import type { OnDamage } from '../part/rows.ts';
import { ASIDE } from '../parts.ts';

export interface Damaged {
  readonly onDamage: NonNullable<OnDamage>;
  /** Copies of those that something was wrong with; to be made before the folder changes. */
  keep(): void;
}

/** While parts are read to be written anew. */
export function watchDamage(folder: Folder): Damaged {
  const names = new Set<string>();
  return {
    onDamage(damage) {
      names.add(damage.file);
      folder.unreadable(damage.file, damage);
    },
    keep() {
      for (const name of names) keepAside(folder.files, name);
    },
  };
}

const PIECE = 1 << 20;

/** A copy: the manifest before names the file itself. */
export function keepAside(files: StoreFiles, name: string): void {
  const file = files.open(name);
  try {
    const pieces = function* (): Generator<Uint8Array> {
      for (let at = 0; at < file.size; at += PIECE) yield file.read(at, Math.min(PIECE, file.size - at));
    };
    files.write(`${name}.new`, pieces());
    files.rename(`${name}.new`, name + ASIDE);
  } finally {
    file.close();
  }
}
