/** promtool on the alerts of what containers use and may use, and of services. One step is a minute. */
import { cases, container, states } from '../support/alertcases.ts';

const warning = { severity: 'warning' };
const web = container('web', { setup: 'collector' });
const labelled = (label: string, value: string) =>
  container('web', { setup: 'collector', labels: { [`container_label_plimsoll_alert_${label}`]: value } });
type One = typeof web;

/** Ten periods a second. */
const throttled = (one: One, perMinute: string) => [
  ...states(one, 'running x60'),
  one.series('container_cpu_cfs_periods_total', '0+600x60'),
  one.series('container_cpu_cfs_throttled_periods_total', perMinute),
];
const isThrottled = (one: One, percent: string) => ({
  labels: { ...one.carries, severity: 'info' },
  summary: 'web on web-1: its CPU limit stops it',
  description: `The CPU limit stopped web on web-1 in ${percent} of the periods in which it wanted to work.`,
});

cases('ContainerCpuThrottled', {
  'fires when every second period is throttled for a quarter of an hour; resolves': {
    series: throttled(web, '0+300x35 10500x25'),
    at: { 14: [], 25: [isThrottled(web, '50%')], 45: [] },
  },
  'is silent at a short spike': { series: throttled(web, '0x9 0+600x5 3000x45'), at: { 15: [], 25: [], 32: [] } },
  'is silent without a limit, and of one that sleeps': {
    series: [
      ...states(web, 'running x60'),
      ...states(container('idle'), 'running x60'),
      container('idle').series('container_cpu_cfs_periods_total', '5x60'),
      container('idle').series('container_cpu_cfs_throttled_periods_total', '5x60'),
    ],
    at: { 30: [] },
  },
  'a label’s number wins': { series: throttled(labelled('throttling', '60'), '0+300x60'), at: { 25: [] } },
  'and so does off': { series: throttled(labelled('throttling', 'off'), '0+600x60'), at: { 25: [] } },
});

/** With a limit of half a core. */
const using = (one: One, seconds: string) => [
  ...states(one, 'running x60'),
  one.series('container_cpu_usage_seconds_total', seconds, { cpu: 'total' }),
  one.series('container_spec_cpu_limit_cores', '0.5x60'),
];
const isAbove = (one: One, percent: string) => ({
  labels: { ...one.carries, ...warning },
  summary: 'web on web-1: uses up its CPU limit',
  description: `web on web-1 uses ${percent} of its CPU limit.`,
});

cases('ContainerAboveCpuQuota', {
  // 30 of the 30 seconds that half a core has in a minute.
  'fires when all of the limit is used for a quarter of an hour; resolves': {
    series: using(web, '0+30x35 1050x25'),
    at: { 14: [], 25: [isAbove(web, '100%')], 45: [] },
  },
  'is silent at half of it, and without a limit': {
    series: [
      ...using(web, '0+15x60'),
      ...states(container('free'), 'running x60'),
      container('free').series('container_cpu_usage_seconds_total', '0+240x60', { cpu: 'total' }),
    ],
    at: { 25: [] },
  },
  'a label’s number wins': {
    series: using(labelled('cpu', '40'), '0+15x60'),
    at: { 25: [isAbove(labelled('cpu', '40'), '50%')] },
  },
  'and so does off': { series: using(labelled('cpu', 'off'), '0+30x60'), at: { 25: [] } },
});

const threads = (one: One, now: string) => [
  ...states(one, 'running x60'),
  one.series('container_threads', now),
  one.series('container_threads_max', '100x60'),
];

cases('ContainerPidsNearLimit', {
  'fires at 90 of 100 for five minutes; resolves': {
    series: threads(web, '10x9 90x20 10x30'),
    at: {
      12: [],
      17: [
        {
          labels: { ...web.carries, ...warning },
          summary: 'web on web-1: near its limit of processes',
          description: 'web on web-1 has 90% of the processes and threads that it may have.',
        },
      ],
      31: [],
    },
  },
  'is silent at a short spike': { series: threads(web, '10x9 99x2 10x30'), at: { 11: [], 15: [] } },
  'is silent without a limit': {
    series: [...states(web, 'running x60'), web.series('container_threads', '99999x60')],
    at: { 20: [] },
  },
  'a label’s number wins': { series: threads(labelled('pids', '95'), '90x60'), at: { 20: [] } },
  'and so does off': { series: threads(labelled('pids', 'off'), '99x60'), at: { 20: [] } },
});

const stalled = (one: One, what: 'memory' | 'io', seconds: string) => [
  ...states(one, 'running x60'),
  one.series(`container_pressure_${what}_stalled_seconds_total`, seconds),
];
const isStalled = (one: One, resource: 'memory' | 'io', percent: string) => ({
  labels: { ...one.carries, ...warning, resource },
  summary: `web on web-1: stands still ${resource === 'io' ? 'waiting for disks' : 'for want of memory'}`,
  description: `Everything in web on web-1 waited for ${resource === 'io' ? 'disks' : 'memory'} in ${percent} of the last 5 minutes.`,
});

cases('ContainerPressure', {
  // 12 of 60 seconds.
  'fires when memory takes a fifth of the time; resolves': {
    series: stalled(web, 'memory', '0+12x30 360x30'),
    at: { 9: [], 20: [isStalled(web, 'memory', '20%')], 40: [] },
  },
  'fires when disks take half of it': {
    series: stalled(web, 'io', '0+30x60'),
    at: { 14: [], 25: [isStalled(web, 'io', '50%')] },
  },
  'is silent when disks take a fifth, and at a spike of both': {
    series: [
      ...stalled(web, 'io', '0+12x60'),
      ...stalled(container('spiky'), 'memory', '0x9 0+60x3 180x50'),
      container('spiky').series('container_pressure_io_stalled_seconds_total', '0x9 0+60x3 180x50'),
    ],
    at: { 12: [], 25: [] },
  },
  'a label’s number wins, for both': {
    series: [...stalled(labelled('pressure', '25'), 'memory', '0+12x60'), ...stalled(container('quiet'), 'io', '0x60')],
    at: { 20: [] },
  },
  'and so does off': { series: stalled(labelled('pressure', 'off'), 'memory', '0+60x60'), at: { 20: [] } },
});

/** On two interfaces, of which one fails. */
const network = (one: One, { packets, errors }: { packets: string; errors: string }) => [
  ...states(one, 'running x60'),
  ...['eth0', 'eth1'].flatMap((name) => {
    const on = { interface: name };
    const failing = name === 'eth0' ? errors : '0x60';
    return [
      one.series('container_network_receive_packets_total', packets, on),
      one.series('container_network_transmit_packets_total', packets, on),
      one.series('container_network_receive_errors_total', failing, on),
      one.series('container_network_transmit_errors_total', '0x60', on),
      one.series('container_network_receive_packets_dropped_total', '0x60', on),
      one.series('container_network_transmit_packets_dropped_total', failing, on),
    ];
  }),
];

cases('ContainerNetworkErrors', {
  // 2 × 240 of 4 × 6000 a minute.
  'fires when 2 % of packets fail, interfaces together; resolves': {
    series: network(web, { packets: '0+6000x60', errors: '0+240x30 7200x30' }),
    at: {
      9: [],
      20: [
        {
          labels: { ...web.carries, ...warning },
          summary: 'web on web-1: loses packets',
          description: '2% of the packets of web on web-1 failed or were dropped in the last 5 minutes.',
        },
      ],
      40: [],
    },
  },
  'is silent of a few packets, all of which fail': {
    series: network(web, { packets: '0+10x60', errors: '0+10x60' }),
    at: { 20: [] },
  },
  'is silent at a burst': {
    series: network(web, { packets: '0+6000x60', errors: '0x9 0+600x2 1200x50' }),
    at: { 12: [], 20: [] },
  },
  'a label’s number wins': {
    series: network(labelled('network', '3'), { packets: '0+6000x60', errors: '0+240x60' }),
    at: { 20: [] },
  },
  'and so does off': {
    series: network(labelled('network', 'off'), { packets: '0+6000x60', errors: '0+2400x60' }),
    at: { 20: [] },
  },
});

const GIB = 1024 ** 3;
const layer = (one: One, bytes: string) => [
  ...states(one, 'running x130'),
  one.series('container_fs_usage_bytes', bytes, { device: '/dev/vda1' }),
];
/** GiB a day, as bytes a minute. */
const aDay = (gib: number) => Math.round((gib * GIB) / 1440);

cases('ContainerDiskLayerGrowing', {
  'fires when it grows by 8 GiB a day for an hour; resolves when it is removed': {
    series: [
      ...states(web, 'running x70, gone x20'),
      web.series('container_fs_usage_bytes', `0+${aDay(8)}x69 stale`, { device: '/dev/vda1' }),
    ],
    at: {
      50: [],
      65: [
        {
          labels: { ...web.carries, ...warning, device: '/dev/vda1' },
          summary: 'web on web-1: its own layer grows',
          description: 'The writable layer and the log of web on web-1 grow by 8GiB a day, on /dev/vda1.',
        },
      ],
      75: [],
    },
  },
  'is silent when a deploy has filled a new layer, and at 4 GiB a day': {
    series: [...layer(web, `0 ${300 * 1024 ** 2}x130`), ...layer(container('slow'), `0+${aDay(4)}x130`)],
    at: { 65: [], 100: [] },
  },
  'a label’s number wins': { series: layer(labelled('disk', '10'), `0+${aDay(8)}x130`), at: { 70: [] } },
  'and so does off': { series: layer(labelled('disk', 'off'), `0+${aDay(800)}x130`), at: { 70: [] } },
});
