/**
 * An image with the built program and nothing else: node with the libraries it names, and dist/. Made from this machine's files, because
 * base images cannot be pulled everywhere.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Engine } from './engine.ts';

/** The image. */
export const PROGRAM_IMAGE = 'plimsoll-test/program';
/** node inside of it. */
export const NODE_PATH = realpathSync(process.execPath);
/** The image's health check inside of it. */
export const HEALTH_PATH = '/opt/plimsoll/healthcheck.mjs';
/** The program inside of it. */
export const MAIN_PATH = '/opt/plimsoll/dist/src/cli/main.js';

const execute = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Makes {@link PROGRAM_IMAGE} of the build of `npm run build` in a checkout. */
export async function makeProgramImage(engine: Engine, checkout = ROOT): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-test-program-'));
  try {
    const tar = join(dir, 'root.tar');
    const { stdout } = await execute('ldd', [NODE_PATH]);
    const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path as string);
    const files = [NODE_PATH, ...libraries].map((path) => path.slice(1));
    const program = [
      '--transform',
      's,^\\(deploy/\\|\\)\\(dist\\|package.json\\|healthcheck.mjs\\),opt/plimsoll/\\2,',
      '-C',
      checkout,
      'dist',
      'package.json',
      'deploy/healthcheck.mjs',
    ];
    await execute('tar', ['-chf', tar, '-C', '/', ...files, ...program]);
    await engine.docker('import', tar, PROGRAM_IMAGE);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
