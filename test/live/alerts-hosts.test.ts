/** promtool on the alerts of hosts. One step is a minute. */
import { cases, container, machine } from '../support/alertcases.ts';

const GIB = 1024 ** 3;
const warning = { severity: 'warning' };
const web1 = machine('web-1');
const web2 = machine('web-2', 'collector');
type Host = typeof web1;

/** 8 GiB of memory, a limit of 6 GiB for each of two containers. */
const memory = (host: Host, available: string, setup: 'agents' | 'collector' = 'agents') => [
  host.series('machine_memory_bytes', `${8 * GIB}x60`),
  host.series('machine_memory_available_bytes', available),
  ...['a', 'b'].map((name) =>
    container(name, { setup, host: host.carries.host as string }).series(
      'container_spec_memory_limit_bytes',
      `${6 * GIB}x60`,
    ),
  ),
];

cases('HostMemoryOvercommitted', {
  'fires when limits come to 150 % and little is left; resolves': {
    series: memory(web2, `${GIB}x30 ${4 * GIB}x30`, 'collector'),
    at: {
      9: [],
      15: [
        {
          labels: { ...web2.carries, ...warning },
          summary: 'web-2: containers may take more memory than there is, and little is left',
          description:
            'The memory limits of the containers on web-2 come to 150% of its memory, and little of it is still available.',
        },
      ],
      35: [],
    },
  },
  'is silent while there is plenty, at a short want, and without limits': {
    series: [
      ...memory(web1, `${4 * GIB}x20 ${GIB}x5 ${4 * GIB}x30`),
      machine('web-3').series('machine_memory_bytes', `${8 * GIB}x60`),
      machine('web-3').series('machine_memory_available_bytes', `${GIB}x60`),
    ],
    at: { 15: [], 24: [], 40: [] },
  },
});

/** Of 100 GiB, so many used. */
const disk = (host: Host, used: string, device = '/dev/vda1') => [
  host.series('container_fs_usage_bytes', inGib(used), { device }),
  host.series('container_fs_limit_bytes', inGib('100x400'), { device }),
];
function inGib(values: string): string {
  return values
    .replace(/(\d+(?:\.\d+)?)(?=[x+-])/g, (number) => String(Number(number) * GIB))
    .replace(/\+([\d.]+)x/g, (_, step) => `+${Number(step) * (step > 1e6 ? 1 : GIB)}x`);
}

cases('HostDiskFilling', {
  // A tenth of a GiB a minute from 70 of 100: after 100 minutes 80 are used, the rest is full in 200 minutes.
  'fires when a day would do, says how long, on either setup; resolves': {
    series: disk(web2, '70+0.1x110 81x100'),
    at: {
      50: [],
      100: [
        {
          labels: { ...web2.carries, device: '/dev/vda1', ...warning },
          summary: 'web-2: /dev/vda1 fills',
          description:
            'The file system on /dev/vda1 of web-2 is full in 3h 20m 0s if it goes on growing as in the last hours.',
        },
      ],
      180: [],
    },
  },
  'is silent while there is much room, when nothing grows, and after one large file': {
    series: [
      ...disk(web1, '10+0.1x150'),
      ...disk(web1, '97x150', '/dev/vdb'),
      ...disk(web1, '65x20 75x130', '/dev/vdc'),
    ],
    at: { 90: [], 100: [], 140: [] },
  },
});

const pressure = (host: Host, what: string, seconds: string) =>
  host.series(`container_pressure_${what}_seconds_total`, seconds);

cases('HostPressure', {
  'fires for memory, disks and CPU, each with its part of the time; resolves': {
    series: [
      pressure(web1, 'memory_stalled', '0+12x30 360x30'),
      pressure(web1, 'io_stalled', '0+30x30 900x30'),
      pressure(web1, 'cpu_waiting', '0+54x30 1620x30'),
    ],
    at: {
      8: [],
      25: [
        {
          labels: { ...web1.carries, ...warning, resource: 'memory' },
          summary: 'web-1: stands still for want of memory',
          description: 'Everything on web-1 waited for memory in 20% of the last 5 minutes.',
        },
        {
          labels: { ...web1.carries, ...warning, resource: 'io' },
          summary: 'web-1: stands still waiting for disks',
          description: 'Everything on web-1 waited for disks in 50% of the last 5 minutes.',
        },
        {
          labels: { ...web1.carries, ...warning, resource: 'cpu' },
          summary: 'web-1: too little CPU',
          description: 'Something on web-1 waited for a CPU in 90% of the last 5 minutes.',
        },
      ],
      40: [],
    },
  },
  'is silent at a spike, and of a container’s own': {
    series: [
      pressure(web1, 'memory_stalled', '0x9 0+60x3 180x40'),
      pressure(web1, 'io_stalled', '0x9 0+60x3 180x40'),
      pressure(web1, 'cpu_waiting', '0x9 0+60x3 180x40'),
      container('db').series('container_pressure_memory_stalled_seconds_total', '0+60x60'),
    ],
    at: { 12: [], 25: [] },
  },
});
