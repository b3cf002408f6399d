/**
 * `npm run bench [collector] [agent]`: builds the program and the benchmarks and runs those named, or all. What they measure and which
 * variables shorten them is said in test/bench.
 */
import { argv, exit } from 'node:process';
import { runCompiled } from './compiled.mjs';

exit(runCompiled('test/bench/main.js', argv.slice(2)));
