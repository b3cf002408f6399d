/** The dashboard of a container, second part: network, disk, and what the engine says of it. */
import { SOME_IS_ODD } from '../looks/limits.ts';
import { lines, type PanelOf } from '../looks/panels.ts';
import { table } from '../looks/table.ts';
import { cells, CHOSEN, moving, over, sumBy, topGauge, topMoving, topRate } from './query.ts';

const BY = 'node, name';
const NAME = '{{name}}';
const gauge = (metric: string): string => sumBy(BY, `container_${metric}{${CHOSEN}}`);
/** Packets that came to nothing. */
const lostPackets = (way: string): string =>
  topMoving(
    moving((rateOf) =>
      ['errors', 'packets_dropped']
        .map((what) => sumBy(BY, rateOf(`container_network_${way}_${what}_total`, CHOSEN)))
        .join(' + '),
    ),
  );

const counter = (title: string, metric: string, unit: string, help = ''): PanelOf =>
  lines({ w: 12, title, help, unit, queries: [over(topRate(BY, `container_${metric}`, CHOSEN), NAME)] });

export function network(): PanelOf[] {
  return [
    counter('Network received', 'network_receive_bytes_total', 'Bps'),
    counter('Network sent', 'network_transmit_bytes_total', 'Bps'),
    lines({
      w: 12,
      title: 'Packets with errors or dropped',
      rare: true,
      unit: 'pps',
      queries: [over(lostPackets('receive'), `${NAME} received`), over(lostPackets('transmit'), `${NAME} sent`)],
    }),
    lines({
      w: 12,
      title: 'Threads',
      help: 'Threads and processes. Limits are in the table below.',
      unit: 'short',
      decimals: 0,
      queries: [over(topGauge(BY, 'container_threads', CHOSEN), NAME)],
    }),
  ];
}

export function disk(): PanelOf[] {
  const help = 'On cgroup v1 with Linux 6.10 and later only for disks with an io limit.';
  return [
    counter('Disk reads', 'fs_reads_bytes_total', 'Bps', help),
    counter('Disk writes', 'fs_writes_bytes_total', 'Bps', help),
    lines({
      w: 12,
      title: 'Disk operations',
      help,
      unit: 'iops',
      queries: [
        over(topRate(BY, 'container_fs_reads_total', CHOSEN), `${NAME} reads`),
        over(topRate(BY, 'container_fs_writes_total', CHOSEN), `${NAME} writes`),
      ],
    }),
    lines({
      w: 12,
      title: 'Writable layer and log',
      help: 'What the container has written into its own layer. Empty where agent.filesystem is switched off.',
      unit: 'bytes',
      queries: [over(topGauge(BY, 'container_fs_usage_bytes', CHOSEN), NAME)],
    }),
  ];
}

export function what(): PanelOf {
  return table({
    title: 'What they are',
    help: 'As the engine says. The exit code is that of the last run, while the container does not run.',
    h: 8,
    labels: [
      { label: 'name', title: 'Container', width: 200 },
      { label: 'node', title: 'Host' },
      { label: 'image', title: 'Image', width: 220 },
      { label: 'runtime', title: 'Runtime' },
      { label: 'network_mode', title: 'Network' },
      { label: 'restart_policy', title: 'Restart policy' },
      { label: 'hostname', title: 'Host name' },
    ],
    numbers: [
      {
        title: 'info',
        query: cells(
          `max by (${BY}, image, runtime, network_mode, restart_policy, hostname) (container_info{${CHOSEN}})`,
        ),
        hidden: true,
      },
      {
        title: 'CPU limit',
        query: cells(gauge('spec_cpu_limit_cores')),
        decimals: 2,
      },
      { title: 'Memory limit', query: cells(gauge('spec_memory_limit_bytes')), unit: 'bytes' },
      { title: 'Threads limit', query: cells(gauge('threads_max')), decimals: 0 },
      {
        title: 'Exit code',
        query: cells(`max by (${BY}) (container_exit_code{${CHOSEN}})`),
        decimals: 0,
        steps: SOME_IS_ODD,
      },
    ],
  });
}
