/** `npm run bench [collector] [agent] [log] [pair] [away] [pods] [parts] [store] [query] [peers] [metricsapi]`: prints what things cost; without names, the first two. */
import { benchAgent } from './agent.ts';
import { benchAway } from './away.ts';
import { benchCollector } from './collector.ts';
import { benchLog } from './log.ts';
import { benchMetricsApi } from './metricsapi.ts';
import { benchPair } from './pair.ts';
import { benchParts } from './parts.ts';
import { benchPeers } from './peers.ts';
import { benchPods } from './pods.ts';
import { benchQuery } from './query.ts';
import { benchStore } from './store.ts';

const BENCHES: ReadonlyMap<string, () => Promise<void>> = new Map([
  ['collector', benchCollector],
  ['agent', benchAgent],
  ['log', benchLog],
  ['pair', benchPair],
  ['parts', benchParts],
  ['store', benchStore],
  ['query', benchQuery],
  ['peers', benchPeers],
  ['away', benchAway],
  ['pods', benchPods],
  ['metricsapi', benchMetricsApi],
]);

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : ['collector', 'agent']) {
  const bench = BENCHES.get(name);
  if (!bench) throw new Error(`no benchmark ${name}; there are ${[...BENCHES.keys()].join(', ')}`);
  await bench();
}
