/** `npm run bench [collector] [agent] [log]`: prints what things cost; without names, all of it. */
import { benchAgent } from './agent.ts';
import { benchCollector } from './collector.ts';
import { benchLog } from './log.ts';

const BENCHES: ReadonlyMap<string, () => Promise<void>> = new Map([
  ['collector', benchCollector],
  ['agent', benchAgent],
  ['log', benchLog],
]);

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : BENCHES.keys()) {
  const bench = BENCHES.get(name);
  if (!bench) throw new Error(`no benchmark ${name}; there are ${[...BENCHES.keys()].join(', ')}`);
  await bench();
}
