/**
 * `npm run test:faults [-- --runs 20 --seed 1]`: builds the program and the harness and plays random schedules of faults; `-- crowd`: a thousand
 * agents that come back at once. See test/faults.
 */
import { argv, exit } from 'node:process';
import { ensureServers } from './debian.mjs';
import { runCompiled } from './compiled.mjs';

const isCrowd = argv[2] === 'crowd';
if (!isCrowd) ensureServers();
exit(runCompiled(`test/faults/${isCrowd ? 'crowd' : 'main'}.js`, argv.slice(isCrowd ? 3 : 2)));
