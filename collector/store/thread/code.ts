/**
 * The program of the store's thread as text, to be run from it: a bundle has no files to name, and one executable none at all. `scripts/build.mjs` puts
 * the text in place of this; where nothing has been built (tests) it is made on the spot.
 */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

let made: Promise<string> | undefined;

export function storeProgram(): Promise<string> {
  made ??= bundled();
  return made;
}

async function bundled(): Promise<string> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`./entry${extname(import.meta.url)}`, import.meta.url))],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    write: false,
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
}
