/** Files with secrets that others than their owner may read or write: words for each. */
import { statSync } from 'node:fs';
import { isSecretFileKey, shownPath } from './redact.ts';

/** A certificate is shown to everybody, its key to nobody. */
const PUBLIC = /\.(cert|ca|client_ca)$/;

/** What can be read by all is said where `readable` asks for it; what can be written by all, always. */
export function looseFiles(config: object, { readable = true }: { readonly readable?: boolean } = {}): string[] {
  return [...secretFiles(config, '')].flatMap(([key, file]) => {
    const mode = modeOf(file);
    if (mode & 0o002) return [`${key}: everybody on this machine may write to ${shownPath(file)}: chmod 600 it`];
    if (readable && mode & 0o004 && !PUBLIC.test(key))
      return [
        `${key}: everybody on this machine may read ${shownPath(file)}: chmod 600 it, if others have accounts here`,
      ];
    return [];
  });
}

function* secretFiles(node: unknown, path: string): Generator<[key: string, file: string]> {
  if (typeof node === 'string') {
    if (isSecretFileKey(path)) yield [path, node];
  } else if (typeof node === 'object' && node !== null) {
    for (const [name, child] of Object.entries(node)) yield* secretFiles(child, path === '' ? name : `${path}.${name}`);
  }
}

function modeOf(file: string): number {
  try {
    return statSync(file).mode;
  } catch {
    // That it is not there is said by whoever reads it.
    return 0;
  }
}
