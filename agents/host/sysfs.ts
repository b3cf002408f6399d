/** Small helpers for sysfs, where each fact is a file of its own. What is not there is nothing, not an error. */
import { join } from 'node:path';
import { namesIn, readOnce } from '../kernel/files.ts';

/** The number in names such as `cpu12`, `node0`, ascending, with the folder's path. */
export function numbered(dir: string, stem: string): { readonly number: number; readonly path: string }[] {
  const pattern = new RegExp(`^${stem}(\\d+)$`);
  return namesIn(dir)
    .flatMap((name) => {
      const match = pattern.exec(name);
      return match ? [{ number: Number(match[1]), path: join(dir, name) }] : [];
    })
    .sort((a, b) => a.number - b.number);
}

/** A file's text without the space around it; '' if there is none. */
export function textIn(...path: string[]): string {
  return (
    readOnce(join(...path))
      ?.toString('latin1')
      .trim() ?? ''
  );
}
