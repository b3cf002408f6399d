/** Nodes on which no agent may run: what their kubelets answer becomes batches as an agent's. */
import type { Batch } from '../src/model/batch.ts';
import type { SelfMetrics } from '../src/self/metrics.ts';
import type { ProgramSurroundings } from '../src/surroundings.ts';
import { startKubelets } from './kubelet/poll.ts';

export function askKubelets(
  { config, clock, log, life }: ProgramSurroundings,
  accept: (batch: Batch) => void,
  self: SelfMetrics,
): void {
  const kubelets = startKubelets({ settings: config.collector.kubelets, accept, clock, log });
  self.expose('plimsoll_kubelet_up', () => [...kubelets.up()].map(([node, up]) => [[node], up ? 1 : 0]));
  life.onStop('kubelets', () => kubelets.stop());
}
