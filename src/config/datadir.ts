/**
 * The folder for what must outlive the process: the key `data_dir` and who runs us come in, the folder of one part goes out, or that there is none.
 * The agent's and the collector's are apart, so that one folder serves both.
 */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import * as z from 'zod';

const LEGAL = 'must be a folder with its whole path, such as "/var/lib/plimsoll", or "auto" or "none"';

/** The key. `auto`: where such things belong. `none`: nothing is kept. */
export const dataDir = z
  .string({ error: () => LEGAL })
  .refine((text) => text === 'auto' || text === 'none' || isAbsolute(text), LEGAL)
  .default('auto')
  .describe(
    'folder for what must outlive the process; auto: /var/lib/plimsoll for root, else plimsoll in $XDG_STATE_HOME or ~/.local/state; none: nothing is kept',
  );

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isRoot: boolean;
}

const OURS: Surroundings = { env: process.env, isRoot: process.getuid?.() === 0 };

/** The folder of a part; undefined if nothing is to be kept. It need not exist. */
export function dataFolder(
  setting: string,
  part: 'agent' | 'collector',
  { env, isRoot }: Surroundings = OURS,
): string | undefined {
  if (setting === 'none') return undefined;
  if (setting !== 'auto') return join(setting, part);
  if (isRoot) return join('/var/lib/plimsoll', part);
  const given = env.XDG_STATE_HOME;
  // A relative one is to be ignored, says its specification.
  const state = given !== undefined && isAbsolute(given) ? given : join(env.HOME || homedir(), '.local/state');
  return join(state, 'plimsoll', part);
}
