/** `npm run test:hostile [-- --minutes 10 --seed 1 --heap 512]`: builds the program and the attackers and lets them loose; see test/hostile. */
import { argv, exit } from 'node:process';
import { runCompiled } from './compiled.mjs';

exit(runCompiled('test/hostile/main.js', argv.slice(2)));
