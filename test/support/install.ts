/** Says what is missing before a live test fails for a stranger reason. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Throws unless every program can be found and we are root; names `npm test`, which installs them. */
export function requirePrograms(...programs: string[]): void {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const missing = programs.filter((program) => !folders.some((folder) => isExecutable(join(folder, program))));
  if (missing.length > 0) {
    throw new Error(`the live tests need ${missing.join(', ')}; run \`npm test\` as root once, which installs them`);
  }
  if (process.getuid?.() !== 0) throw new Error('the live tests start a Docker Engine and need root');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (_notThere) {
    return false;
  }
}
