/** `npm run test:promql -- DIR|FILE… [--only REGEX] [--url http://…]`: runs PromQL test scripts against the engine; see test/promql. */
import { argv, exit } from 'node:process';
import { runCompiled } from './compiled.mjs';

exit(runCompiled('test/promql/main.js', argv.slice(2)));
