/** `npm run fuzz [-- wire answers promtext engine config received] [--inputs 1000000] [--seed 1]`: see test/fuzz. */
import { argv, exit } from 'node:process';
import { runCompiled } from './compiled.mjs';

exit(runCompiled('test/fuzz/main.js', argv.slice(2)));
