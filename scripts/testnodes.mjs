/**
 * `npm run test:nodes [-- 22 24 test/src/wire …]`: the unit tests on every version of Node that is supported, or on those named; further
 * arguments are files and options for vitest. Ends with a line for each version and one like that of `npm test`.
 */
import { spawnSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { argv, env, exit, stdout } from 'node:process';
import { nodeProgram } from './nodes.mjs';
import { ensureBuilt, ensurePackages, requireNode, say } from './setup.mjs';
import { NONE, tests } from './vitest.mjs';

/** 20 has reached its end of life and still runs; 24 is the one to take; 26 is the one after. */
const MAJORS = [20, 22, 24, 26];

requireNode();
ensurePackages();
ensureBuilt();
const given = argv.slice(2);
const chosen = MAJORS.filter((major) => given.includes(String(major)));
const filters = given.filter((arg) => !chosen.includes(Number(arg)));
const lines = [];
let total = NONE;
for (const major of chosen.length > 0 ? chosen : MAJORS) {
  const node = nodeProgram(major);
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  say(`Node ${version} ...`);
  // On the search path too: tests start programs by the name `node`.
  const environment = { ...env, PATH: `${dirname(node)}${delimiter}${env.PATH}` };
  const { passed, failed } = await tests('unit', filters, environment, node);
  lines.push(`Node ${version}: ${passed} passed, ${failed} failed`);
  total = { passed: total.passed + passed, failed: total.failed + failed };
}
stdout.write(`${[...lines, `${total.passed} passed, ${total.failed} failed`].join('\n')}\n`);
exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
