/** Where the checkout and the built program are, whether this runs compiled or not. */
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

function rootFrom(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : rootFrom(dirname(folder));
}

export const ROOT = rootFrom(dirname(fileURLToPath(import.meta.url)));

/** The program as `npm run build` makes it; another one can be named, to compare two. */
export const PROGRAM = process.env.FAULTS_PROGRAM ?? join(ROOT, 'dist', 'src', 'cli', 'main.js');

/** Gives a program another clock. */
export const SHIFTED_CLOCK = join(ROOT, 'test', 'faults', 'shiftedclock.mjs');

/** The generator as one file for Node, without the libraries in it. */
export async function bundledAgent(): Promise<string> {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const outfile = join(mkdtempSync(join(ROOT, '.cache', 'faults-')), 'agent.mjs');
  await build({
    ...{ absWorkingDir: ROOT, entryPoints: ['test/faults/agent.ts'], outfile },
    ...{ bundle: true, platform: 'node', format: 'esm', packages: 'external' },
  });
  return outfile;
}
