/**
 * A real process that seals and merges all the time, killed at moments of chance on a real disk: whatever it had answered for is there, and what the log has
 * comes once. STORE_KILLS says how many times (`npm run test:store` for 200).
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';
import { openAt, replay } from './killed.ts';
import { toldByStore } from './model.ts';

const KILLS = Number(process.env.STORE_KILLS ?? 6);
const HERE = fileURLToPath(new URL('./killed.ts', import.meta.url));

/** Lets it go on from a step until it has answered for some more; answers the last that it has. */
function runUntilKilled(
  program: string,
  folder: string,
  { from, more }: { from: number; more: number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(execPath, [program, folder, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let last = from - 1;
    child.stdout.on('data', (bytes: Buffer) => {
      // The last line may be cut.
      for (const line of bytes.toString().split('\n').slice(0, -1)) last = Math.max(last, Number(line));
      if (last >= from + more) child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('exit', (code, signal) =>
      signal === 'SIGKILL' ? resolve(last) : reject(new Error(`ended with ${code}`)),
    );
  });
}

test(
  `killed ${KILLS} times, it has all that it answered for`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-killed-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'store');
    const program = join(folder, 'killed.mjs');
    await build({
      entryPoints: [HERE],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: program,
      logLevel: 'error',
    });
    const { mkdirSync } = await import('node:fs');
    mkdirSync(path);
    let last = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      // From a few steps to some hours and days of sealing and merging.
      last = await runUntilKilled(program, path, { from: last + 1, more: 5 + ((kill * 37) % 160) });
      const core = openAt(path);
      // What it did after its last word is in its files, or not.
      const upTo = Math.max(last, core.nextSeq - 1);
      replay(core, upTo);
      const count = (metric: string): number => {
        const told = toldByStore(core.source, [{ name: '__name__', op: '=', value: metric }], [0, 1e14]);
        return [...told.values()].reduce((sum, points) => sum + points.length, 0);
      };
      expect(count('container_load')).toBe(upTo);
      expect(count('x')).toBeGreaterThanOrEqual(last);
      expect(count('x')).toBeLessThanOrEqual(upTo + 1);
      expect(core.folder.damaged).toBe(0);
      core.close();
      last = upTo;
    }
  },
  60_000 + KILLS * 10_000,
);
