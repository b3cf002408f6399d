/** Host: one machine (or several side by side), what it is short of, and the containers on it. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { frame } from '../frame.ts';
import { NONE_IS_RIGHT, OF_CPU, OF_LIMIT, OF_TIME, SOME_IS_ODD } from '../looks/limits.ts';
import { bars, lines, type PanelOf, row, stat } from '../looks/panels.ts';
import { alerts, kills, starts } from './annotations.ts';
import { HOST, MACHINE, now, over, rate, sumBy } from './query.ts';
import { containerTable, topContainers, topDisk } from './sections.ts';
import { containerVariables } from './variables.ts';

const eighth = { w: 3, unit: 'short', decimals: 0 };
const machine = (metric: string): string => `machine_${metric}{${HOST}}`;
const cpu = (modes: string): string => rate('machine_cpu_seconds_total', `${HOST}, mode=~"${modes}"`);
/** A device that lies on others is shown by itself; in a sum it would count twice. */
const DISKS = `${MACHINE}, device!~"/dev/(dm-|md|bcache|drbd).*"`;

function figures(): PanelOf[] {
  return [
    stat({ ...eighth, title: 'Up for', unit: 's', queries: [now(`time() - max(${machine('boot_time_seconds')})`)] }),
    stat({ ...eighth, title: 'CPUs', queries: [now(`sum(${machine('cpu_cores')})`)] }),
    stat({ ...eighth, title: 'Memory', unit: 'bytes', queries: [now(`sum(${machine('memory_bytes')})`)] }),
    stat({
      ...eighth,
      title: 'Running',
      help: 'Containers.',
      queries: [now(`sum(node_containers_state{${HOST}, state="running"})`)],
    }),
    stat({
      ...eighth,
      title: 'CPU used',
      unit: 'percentunit',
      steps: OF_CPU,
      queries: [now(`1 - sum(${cpu('idle|iowait')}) / sum(${rate('machine_cpu_seconds_total', HOST)})`)],
    }),
    stat({
      ...eighth,
      title: 'Memory used',
      unit: 'percentunit',
      steps: OF_LIMIT,
      queries: [now(`1 - sum(${machine('memory_available_bytes')}) / sum(${machine('memory_bytes')})`)],
    }),
    stat({
      ...eighth,
      title: 'Restarts',
      help: 'Of containers, by restart policies, in the time shown.',
      steps: SOME_IS_ODD,
      queries: [now(`round(sum(increase(node_containers_restarts_total{${HOST}}[$__range])))`)],
    }),
    stat({
      ...eighth,
      title: 'OOM kills',
      steps: NONE_IS_RIGHT,
      queries: [now(`round(sum(increase(node_containers_oom_events_total{${HOST}}[$__range])))`)],
    }),
  ];
}

function processor(): PanelOf[] {
  const half = { w: 12, unit: 'short', decimals: 2 };
  return [
    lines({
      ...half,
      title: 'CPU by what it was spent on',
      help: 'Cores. The limit is what the machine has.',
      stack: true,
      queries: [
        over(sumBy('mode', cpu('user|nice|system|irq|softirq|steal|iowait')), '{{mode}}'),
        over(`sum(${machine('cpu_cores')})`, 'CPUs limit'),
      ],
    }),
    lines({
      ...half,
      title: 'Load, and CPU of all containers',
      queries: [
        over(machine('load1'), '{{node}} load, 1 minute'),
        over(machine('load15'), '{{node}} load, 15 minutes'),
        over(sumBy('node', rate('node_containers_cpu_usage_seconds_total', HOST)), '{{node}} cores of containers'),
      ],
    }),
  ];
}

function memory(): PanelOf[] {
  const node = (expr: string): string => `max by (node) (${expr})`;
  const pressure = (kind: string): string => sumBy('node', rate(`container_pressure_${kind}_seconds_total`, MACHINE));
  return [
    lines({
      w: 12,
      title: 'Memory',
      help: 'In use is what new programs cannot have. The containers’ part is their working set.',
      unit: 'bytes',
      queries: [
        over(node(`${machine('memory_bytes')} - on (node) ${machine('memory_available_bytes')}`), '{{node}} in use'),
        over(sumBy('node', `node_containers_memory_working_set_bytes{${HOST}}`), '{{node}} containers'),
        over(node(machine('memory_bytes')), '{{node}} limit'),
      ],
    }),
    lines({
      w: 12,
      title: 'Waiting (pressure)',
      help: 'Share of the time in which something on the machine waited. Needs a kernel with PSI.',
      unit: 'percentunit',
      decimals: 1,
      max: 1,
      steps: OF_TIME,
      queries: [
        over(pressure('cpu_waiting'), '{{node}} for a CPU'),
        over(pressure('memory_waiting'), '{{node}} for memory'),
        over(pressure('io_waiting'), '{{node}} for a disk'),
      ],
    }),
  ];
}

function disks(): PanelOf[] {
  const third = { w: 8, unit: 'Bps' };
  const io = (metric: string): string => sumBy('node, device', rate(`container_fs_${metric}`, DISKS));
  return [
    lines({
      ...third,
      title: 'Disk reads and writes',
      queries: [
        over(io('reads_bytes_total'), '{{device}} read · {{node}}'),
        over(io('writes_bytes_total'), '{{device}} written · {{node}}'),
      ],
    }),
    lines({
      ...third,
      title: 'Disks busy',
      help: 'Share of the time in which the disk had something to do.',
      unit: 'percentunit',
      max: 1,
      queries: [over(io('io_time_seconds_total'), '{{device}} · {{node}}')],
    }),
    bars({
      w: 8,
      h: 10,
      title: 'File systems',
      help: 'In use of their size. Empty where agent.filesystem is switched off.',
      unit: 'percentunit',
      max: 1,
      steps: OF_LIMIT,
      queries: [
        now(
          `sort_desc(max by (node, device) (container_fs_usage_bytes{${MACHINE}} / (container_fs_limit_bytes{${MACHINE}} > 0)))`,
          '{{device}} · {{node}}',
        ),
      ],
    }),
  ];
}

function network(): PanelOf[] {
  const by = (metric: string): string => sumBy('node, interface', rate(`container_network_${metric}_total`, MACHINE));
  return [
    lines({
      w: 12,
      title: 'Network of the machine',
      help: 'Interfaces of devices: bridges and the containers’ ends would count the same bytes again.',
      unit: 'Bps',
      queries: [
        over(by('receive_bytes'), '{{interface}} received · {{node}}'),
        over(by('transmit_bytes'), '{{interface}} sent · {{node}}'),
      ],
    }),
    lines({
      w: 12,
      title: 'Network errors and drops',
      rare: true,
      unit: 'pps',
      queries: [
        over(`${by('receive_errors')} + ${by('transmit_errors')}`, '{{interface}} errors · {{node}}'),
        over(
          `${by('receive_packets_dropped')} + ${by('transmit_packets_dropped')}`,
          '{{interface}} dropped · {{node}}',
        ),
      ],
    }),
  ];
}

export function host(): Dashboard {
  return frame({
    store: 'plimsoll',
    name: 'host',
    title: 'Host',
    help: 'A machine, what it is short of, and the containers on it.',
    variables: containerVariables(),
    annotations: [alerts(', host=~"$host|"'), kills(), starts()],
    items: [
      row('Now'),
      ...figures(),
      row('Machine'),
      ...processor(),
      ...memory(),
      ...disks(),
      ...network(),
      row('Containers'),
      ...topContainers(),
      ...topDisk(),
      containerTable(),
    ],
  });
}
