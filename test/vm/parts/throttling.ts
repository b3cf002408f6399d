/** A container that burns CPU under a quota: its limit, its use by the kernel's own clock of periods, and everything beside the files. */
import { burn } from '../../support/containers.ts';
import { waitFor } from '../../support/wait.ts';
import { valueIn } from '../exposition.ts';
import { PATIENCE_MS } from '../plimsoll.ts';
import { sideBySide } from '../sidebyside.ts';
import type { Stage } from '../stage.ts';

export async function throttling({ docker, report, watch }: Stage): Promise<void> {
  const plimsoll = await watch({});
  const container = await burn(docker, { name: 'burn', cores: 0.2 });
  const first = await plimsoll.after('burn');
  report.within('burn: limit in cores', valueIn(first, 'container_spec_cpu_limit_cores', { name: 'burn' }), [0.2, 0.2]);
  report.within(
    'burn: quota in microseconds',
    valueIn(first, 'container_spec_cpu_quota', { name: 'burn' }),
    [20_000, 20_000],
  );
  await sideBySide(report, plimsoll, container);
  const used = valueIn(first, 'container_cpu_usage_seconds_total', { name: 'burn' }) ?? Number.NaN;
  const periods = valueIn(first, 'container_cpu_cfs_periods_total', { name: 'burn' }) ?? Number.NaN;
  const later = await waitFor(
    async () => {
      const samples = await plimsoll.after('burn');
      return (valueIn(samples, 'container_cpu_cfs_periods_total', { name: 'burn' }) ?? 0) - periods >= 50 && samples;
    },
    { timeoutMs: PATIENCE_MS, what: '50 periods of burning' },
  );
  const increase = (metric: string, from: number): number =>
    (valueIn(later, metric, { name: 'burn' }) ?? Number.NaN) - from;
  // 0.02 s of CPU in each period of 0.1 s; what is used beyond it in one period is taken off the next.
  const cores =
    increase('container_cpu_usage_seconds_total', used) / (increase('container_cpu_cfs_periods_total', periods) * 0.1);
  report.within('burn: cores used, by periods', cores, [0.16, 0.24]);
}
