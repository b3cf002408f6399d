/** How long a container's tasks ran and waited for a CPU. */
import { family, type MetricDef } from '../model/family.ts';

/** Of a group the time lost waiting is asked for; the time on a CPU is what the family cpu has. */
const counter = (metric: string, unit: 'seconds' | 'none', help: string, source: string): MetricDef => ({
  metric,
  kind: 'counter',
  unit,
  grouped: metric.includes('runqueue') && ['total'],
  help,
  source: `/proc/<pid>/task/<tid>/schedstat, ${source}`,
});

export const sched = family({
  name: 'sched',
  help: 'Scheduler statistics over all threads. What ends between two readings is lost; costs three system calls per thread.',
  byDefault: false,
  metrics: {
    run: counter('container_cpu_schedstat_run_seconds_total', 'seconds', 'Time on a CPU.', '1st value (ns)'),
    queue: counter(
      'container_cpu_schedstat_runqueue_seconds_total',
      'seconds',
      'Time ready to run, waiting for a CPU.',
      '2nd value (ns)',
    ),
    periods: counter(
      'container_cpu_schedstat_run_periods_total',
      'none',
      'Times a thread was put on a CPU.',
      '3rd value',
    ),
  },
});
