/** `npm run bench [NAME …]`, the names below: prints what things cost; without names, collector and agent. */
import { benchAgent } from './agent.ts';
import { benchAsked } from './asked.ts';
import { benchAway } from './away.ts';
import { benchCollector } from './collector.ts';
import { benchKept } from './kept.ts';
import { benchIngest } from './ingest.ts';
import { benchLog } from './log.ts';
import { benchMetricsApi } from './metricsapi.ts';
import { benchPair } from './pair.ts';
import { benchParts } from './parts.ts';
import { benchPeers } from './peers.ts';
import { benchPods } from './pods.ts';
import { benchQuery } from './query.ts';
import { benchRestart } from './restart.ts';
import { benchSinkDown } from './sinkdown.ts';
import { benchStore } from './store.ts';

const BENCHES: ReadonlyMap<string, () => Promise<void>> = new Map([
  ['collector', benchCollector],
  ['agent', benchAgent],
  ['log', benchLog],
  ['pair', benchPair],
  ['parts', benchParts],
  ['ingest', benchIngest],
  ['store', benchStore],
  ['query', benchQuery],
  ['asked', benchAsked],
  ['peers', benchPeers],
  ['away', benchAway],
  ['restart', benchRestart],
  ['kept', benchKept],
  ['sinkdown', benchSinkDown],
  ['pods', benchPods],
  ['metricsapi', benchMetricsApi],
]);

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : ['collector', 'agent']) {
  const bench = BENCHES.get(name);
  if (!bench) throw new Error(`no benchmark ${name}; there are ${[...BENCHES.keys()].join(', ')}`);
  await bench();
}
