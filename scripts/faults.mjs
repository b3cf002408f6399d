/** `npm run test:faults [-- --runs 20 --seed 1]`: builds the program and the harness and plays random schedules of faults; see test/faults. */
import { argv, exit } from 'node:process';
import { ensureServers } from './debian.mjs';
import { runCompiled } from './compiled.mjs';

ensureServers();
exit(runCompiled('test/faults/main.js', argv.slice(2)));
