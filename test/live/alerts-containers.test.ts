/**
 * promtool on the alerts of single containers: each fires when it should, with the text a person reads, stays silent when it should not, and
 * resolves. One step is a minute.
 */
import { cases, container, machine, states } from '../support/alertcases.ts';

const MIB = 1024 * 1024;
const warning = { severity: 'warning' };
const critical = { severity: 'critical' };

const db = container('db');

cases('ContainerOomKilled', {
  'fires when a child was killed, for a quarter of an hour': {
    series: [...states(db, 'running x60'), db.series('container_oom_events_total', '0x9 2x50')],
    at: {
      9: [],
      12: [
        {
          labels: { ...db.carries, ...warning },
          summary: 'db on web-1: killed for want of memory',
          description:
            "The kernel killed 2 process(es) of db on web-1 in 15 minutes, because its memory limit or the host's memory was used up.",
        },
      ],
      30: [],
    },
  },
  'fires when the container itself was killed, whose counters are gone; resolves when it is removed': {
    series: [
      ...states(db, 'running x5, exited x5, gone x20'),
      db.series('container_oom_killed', '0x4 1x4 stale'),
      db.series('container_finished_time_seconds', '_x5 300x4 stale'),
    ],
    at: {
      4: [],
      6: [
        {
          labels: { ...db.carries, ...warning },
          summary: 'db on web-1: killed for want of memory',
          description:
            "The kernel killed 1 process(es) of db on web-1 in 15 minutes, because its memory limit or the host's memory was used up.",
        },
      ],
      11: [],
    },
  },
  'is silent when the engine remembers a kill of days ago': {
    series: [
      ...states(db, 'exited x30'),
      db.series('container_oom_killed', '1x30'),
      db.series('container_finished_time_seconds', '-86400x30'),
    ],
    at: { 5: [], 25: [] },
  },
  'is silent with plimsoll.alert.oom=off': {
    series: [container('db', { labels: { container_label_plimsoll_alert_oom: 'off' } })].flatMap((off) => [
      ...states(off, 'running x30'),
      off.series('container_oom_events_total', '0x9 2x20'),
    ]),
    at: { 12: [] },
  },
});

const pod = container('k8s_app_web-7d_shop_0000-1111_4', {
  setup: 'collector',
  labels: {
    container_label_io_kubernetes_container_name: 'app',
    container_label_io_kubernetes_pod_name: 'web-7d',
    container_label_io_kubernetes_pod_namespace: 'shop',
    container_label_io_kubernetes_pod_uid: '0000-1111',
  },
  says: { container: 'app', pod: 'web-7d', namespace: 'shop' },
});
/** Attempts of a pod's container: each is a container of its own. */
const attempt = (number: number) =>
  container(`k8s_app_web-7d_shop_0000-1111_${number}`, {
    labels: {
      container_label_io_kubernetes_container_name: 'app',
      container_label_io_kubernetes_pod_name: 'web-7d',
      container_label_io_kubernetes_pod_namespace: 'shop',
    },
  });
const swarmTask = (task: string, host = 'web-1') =>
  container(`stack_web.1.${task}`, {
    host,
    labels: {
      container_label_com_docker_stack_namespace: 'stack',
      container_label_com_docker_swarm_service_name: 'stack_web',
      container_label_com_docker_swarm_task_name: `stack_web.1.${task}`,
    },
  });
/** Comes at a minute and lasts so long. */
const comes = (from: number, length: number): string => `_x${from} 1x${length - 1} stale`;

cases('ContainerRestartLoop', {
  'fires when the engine starts it again and again; resolves when it holds, and when it is removed': {
    series: [
      ...states(db, 'running x120, gone x60'),
      db.series('container_restarts_total', '0x9 1+1x20 21x90 stale'),
      db.series('container_creation_time_seconds', '-90000x120 stale'),
    ],
    at: {
      10: [],
      29: [
        {
          labels: { host: 'web-1', container: 'db', place: 'web-1/db', ...critical },
          summary: 'db on web-1: starts again and again',
          description: 'db on web-1 has started 20 times in 30 minutes.',
        },
      ],
      70: [],
    },
  },
  'resolves when it is removed in the midst of it': {
    series: [...states(db, 'restarting x20, gone x30'), db.series('container_restarts_total', '0+2x19 stale')],
    at: { 22: [] },
  },
  'fires when a kubelet makes a new container for each attempt': {
    series: [0, 1, 2, 3, 4].flatMap((number) => [
      attempt(number).series('container_state', comes(2 + number * 5, 7), { state: 'running' }),
      attempt(number).series('container_creation_time_seconds', `_x${2 + number * 5} ${(2 + number * 5) * 60}x6 stale`),
    ]),
    at: {
      10: [],
      25: [
        {
          labels: {
            ...{ host: 'web-1', container: 'app', namespace: 'shop', pod: 'web-7d' },
            ...{ place: 'app_web-7d_shop_0000-1111', ...critical },
          },
          summary: 'app on web-1: starts again and again',
          description: 'app in pod shop/web-7d on web-1 has started 5 times in 30 minutes.',
        },
      ],
    },
  },
  'fires when Swarm starts a slot’s task again and again': {
    series: ['a', 'b', 'c', 'd', 'e'].flatMap((task, i) => [
      ...states(swarmTask(task), `gone x${3 + i * 2}, running x2, exited x40`).map(({ series, values }) => ({
        series,
        values: values.replace(/^stale _x/, '_x'),
      })),
      swarmTask(task).series('container_creation_time_seconds', `_x${2 + i * 2} ${(2 + i * 2) * 60}x40`),
    ]),
    at: {
      5: [],
      16: [
        {
          labels: {
            ...{ host: 'web-1', container: 'stack_web.1', project: 'stack', service: 'stack_web' },
            ...{ place: 'stack_web.1', ...critical },
          },
          summary: 'stack_web.1 on web-1: starts again and again',
          description: 'stack_web.1 on web-1 has started 5 times in 30 minutes.',
        },
      ],
    },
  },
  'is silent at a deploy': {
    series: [
      container('db', { id: 'old' }).series('container_state', '1x20 stale', { state: 'running' }),
      container('db', { id: 'old' }).series('container_creation_time_seconds', '-90000x20 stale'),
      container('db', { id: 'new' }).series('container_state', '_x21 1x40', { state: 'running' }),
      container('db', { id: 'new' }).series('container_creation_time_seconds', '_x21 1260x40'),
      container('db', { id: 'new' }).series('container_restarts_total', '_x21 0x3 1x37'),
    ],
    at: { 21: [], 26: [], 40: [] },
  },
  'with plimsoll.alert.restarts=30 twenty are none': {
    series: [container('db', { labels: { container_label_plimsoll_alert_restarts: '30' } })].flatMap((patient) => [
      ...states(patient, 'running x60'),
      patient.series('container_restarts_total', '0x9 1+1x20 21x30'),
    ]),
    at: { 29: [] },
  },
});

cases('ContainerUnhealthy', {
  'fires after two minutes, by the label of Kubernetes’ pod too; resolves': {
    series: [
      ...states(pod, 'running x30'),
      pod.series('container_health_status', '0x5 1x10 0x14', { status: 'unhealthy' }),
      pod.series('container_health_failing_streak', '0x5 3+1x9 0x14'),
    ],
    at: {
      7: [],
      9: [
        {
          labels: { ...pod.carries, ...warning },
          summary: 'app on web-1: unhealthy',
          description:
            'app in pod shop/web-7d on web-1 runs and has failed at least 6 of its own health checks in a row.',
        },
      ],
      20: [],
    },
  },
  'is silent while it is starting, whose checks fail': {
    series: [
      ...states(db, 'running x30'),
      db.series('container_health_status', '1x30', { status: 'starting' }),
      db.series('container_health_status', '0x30', { status: 'unhealthy' }),
      db.series('container_health_failing_streak', '1+1x30'),
    ],
    at: { 10: [], 25: [] },
  },
  'is silent with plimsoll.alert.health=off': {
    series: [container('db', { labels: { container_label_plimsoll_alert_health: 'off' } })].flatMap((off) => [
      ...states(off, 'running x30'),
      off.series('container_health_status', '1x30', { status: 'unhealthy' }),
    ]),
    at: { 10: [] },
  },
});

const wanted = { container_label_plimsoll_alert_down: 'on' };
const watched = container('db', { labels: wanted });
const host = machine();
const isDown = (minutes: string) => ({
  labels: { host: 'web-1', container: 'db', place: 'web-1/db', ...critical },
  summary: 'db on web-1: does not run',
  description: `db on web-1 should run (plimsoll.alert.down=on) and has not for ${minutes}.`,
});

cases('ContainerDown', {
  'fires when it has stopped, whatever its exit code; resolves when it runs again': {
    series: [
      ...states(watched, 'running x10, exited x100, running x10'),
      watched.series('container_finished_time_seconds', '_x10 600x99 stale'),
      watched.series('container_exit_code', '_x10 0x99 stale'),
    ],
    at: { 11: [], 14: [isDown('4m 0s')], 100: [isDown('1h 30m 0s')], 112: [] },
  },
  'fires when it has been removed, for an hour': {
    series: [
      host.series('container_last_seen', '0+60x200'),
      ...states(watched, 'running x10, gone x190'),
      watched.series('container_last_seen', '0+60x9 stale'),
    ],
    at: { 11: [], 15: [isDown('6m 0s')], 100: [] },
  },
  'is silent at a deploy: another has taken its place': {
    series: [
      host.series('container_last_seen', '0+60x60'),
      container('db', { labels: wanted, id: 'old' }).series('container_state', '1x20 stale', { state: 'running' }),
      container('db', { labels: wanted, id: 'old' }).series('container_last_seen', '0+60x20 stale'),
      container('db', { labels: wanted, id: 'new' }).series('container_state', '_x22 1x40', { state: 'running' }),
      container('db', { labels: wanted, id: 'new' }).series('container_last_seen', '_x22 1320+60x40'),
    ],
    at: { 22: [], 24: [], 40: [] },
  },
  'is silent when the agent restarts, which knows nothing of anything': {
    series: [
      host.series('container_last_seen', '0+60x10 stale _x9 1200+60x30'),
      watched.series('container_state', '1x10 stale _x9 1x30', { state: 'running' }),
      watched.series('container_last_seen', '0+60x10 stale _x9 1200+60x30'),
    ],
    at: { 12: [], 18: [], 22: [] },
  },
  'is silent of those that have not asked for it': {
    series: [...states(db, 'running x10, exited x50'), db.series('container_finished_time_seconds', '_x10 600x50')],
    at: { 20: [] },
  },
});

cases('ContainerExitedNonZero', {
  'fires for an hour with the exit code; resolves when it is removed': {
    series: [
      ...states(db, 'running x5, exited x70'),
      db.series('container_exit_code', '_x5 3x70'),
      db.series('container_finished_time_seconds', '_x5 300x70'),
    ],
    at: {
      5: [],
      7: [
        {
          labels: { ...db.carries, place: 'web-1/db', ...warning },
          summary: 'db on web-1: ended with exit code 3',
          description: 'db on web-1 ended with exit code 3 within the last hour, and nobody has started it again.',
        },
      ],
      67: [],
    },
  },
  'resolves when it is removed': {
    series: [
      ...states(db, 'exited x5, gone x5'),
      db.series('container_exit_code', '3x4 stale'),
      db.series('container_finished_time_seconds', '0x4 stale'),
    ],
    at: { 6: [] },
  },
  'is silent of one that ended well, one that was stopped (143), and one that was killed by hand (137)': {
    series: [
      { one: container('job'), code: 0 },
      { one: container('stopped'), code: 143 },
      { one: container('killed'), code: 137 },
    ].flatMap(({ one, code }) => [
      ...states(one, 'running x5, exited x50'),
      one.series('container_exit_code', `_x5 ${code}x50`),
      one.series('container_oom_killed', '0x50'),
      one.series('container_finished_time_seconds', '_x5 300x50'),
    ]),
    at: { 10: [], 50: [] },
  },
  'leaves a kill for want of memory to ContainerOomKilled': {
    series: [
      ...states(db, 'running x5, exited x50'),
      db.series('container_exit_code', '_x5 137x50'),
      db.series('container_oom_killed', '0x4 1x50'),
      db.series('container_finished_time_seconds', '_x5 300x50'),
    ],
    at: { 10: [] },
  },
  'is silent between two runs: that is a loop or none': {
    series: [
      ...states(db, 'restarting x50'),
      db.series('container_exit_code', '1x50'),
      db.series('container_finished_time_seconds', '0x50'),
    ],
    at: { 10: [] },
  },
});

const memoryOf = (one: typeof db, mebibytes: string, limit = '100') => [
  one.series('container_memory_working_set_bytes', timesMib(mebibytes)),
  one.series('container_spec_memory_limit_bytes', timesMib(limit)),
];
/** `50x10 90+1x5` in MiB. */
function timesMib(values: string): string {
  return values.replace(/(\d+)(?=[x+-])/g, (number) => String(Number(number) * MIB));
}
const nearLimit = (one: typeof db, percent: string, severity: string) => ({
  labels: { ...one.carries, severity },
  summary: `${one.carries.container} on web-1: near its memory limit`,
  description: `${one.carries.container} on web-1 uses ${percent} of its memory limit, page cache that can be given back not counted.`,
});
const compose = container('shop-db-1', {
  labels: {
    container_label_com_docker_compose_project: 'shop',
    container_label_com_docker_compose_service: 'db',
    container_label_plimsoll_alert_memory: '70%',
  },
  says: { project: 'shop', service: 'db' },
});

cases('ContainerMemoryNearLimit', {
  'fires at 90 %, critical at 96 % as well, and resolves': {
    series: [...states(db, 'running x60'), ...memoryOf(db, '50x9 90x10 96x10 50x30', '100x60')],
    at: {
      12: [],
      17: [nearLimit(db, '90%', 'warning')],
      25: [nearLimit(db, '96%', 'warning'), nearLimit(db, '96%', 'critical')],
      40: [],
    },
  },
  'is silent at a short spike': {
    series: [...states(db, 'running x60'), ...memoryOf(db, '50x9 99x1 50x50', '100x60')],
    at: { 10: [], 11: [], 16: [] },
  },
  'is silent without a limit': {
    series: [...states(db, 'running x60'), db.series('container_memory_working_set_bytes', '9999999999x60')],
    at: { 30: [] },
  },
  'a label’s number wins: 70 % on a service of Compose, and 80 % is critical neither by default nor by the label': {
    series: [...states(compose, 'running x60'), ...memoryOf(compose, '80x60', '100x60')],
    at: { 10: [nearLimit(compose, '80%', 'warning')] },
  },
  'with a label of 70 critical is 90: two thirds of the rest': {
    series: [...states(compose, 'running x60'), ...memoryOf(compose, '91x60', '100x60')],
    at: { 10: [nearLimit(compose, '91%', 'warning'), nearLimit(compose, '91%', 'critical')] },
  },
  'a label of 100 or of one digit is a number as well': {
    series: [
      { one: container('full', { labels: { container_label_plimsoll_alert_memory: '100' } }), used: '99x60' },
      { one: container('low', { labels: { container_label_plimsoll_alert_memory: '5' } }), used: '6x60' },
    ].flatMap(({ one, used }) => [...states(one, 'running x60'), ...memoryOf(one, used, '100x60')]),
    at: {
      10: [nearLimit(container('low', { labels: { container_label_plimsoll_alert_memory: '5' } }), '6%', 'warning')],
    },
  },
  'a label that is no number leaves the default': {
    series: [container('db', { labels: { container_label_plimsoll_alert_memory: 'plenty' } })].flatMap((odd) => [
      ...states(odd, 'running x60'),
      ...memoryOf(odd, '90x60', '100x60'),
    ]),
    at: {
      10: [
        nearLimit(container('db', { labels: { container_label_plimsoll_alert_memory: 'plenty' } }), '90%', 'warning'),
      ],
    },
  },
  'off is off: of memory alone, and of everything': {
    series: [
      container('quiet', { labels: { container_label_plimsoll_alert_memory: 'off' } }),
      container('silent', { labels: { container_label_plimsoll_alert: 'off' } }),
    ].flatMap((off) => [...states(off, 'running x60'), ...memoryOf(off, '99x60', '100x60')]),
    at: { 20: [] },
  },
  'is silent of what cAdvisor exposes beside us, and its limit of 0': {
    series: [
      {
        series: 'container_memory_working_set_bytes{job="cadvisor",instance="a:8080",id="/docker/x",name="x"}',
        values: '5x60',
      },
      {
        series: 'container_spec_memory_limit_bytes{job="cadvisor",instance="a:8080",id="/docker/x",name="x"}',
        values: '0x60',
      },
    ],
    at: { 20: [] },
  },
});

cases('ContainerMemoryFillsSoon', {
  'fires when four hours would do, says how long; resolves': {
    // One MiB a minute from 700 of 1000: after 50 minutes the other 250 are full in 250 minutes, after 80 the other 220 in 220.
    series: [
      ...states(db, 'running x140'),
      ...memoryOf(db, '700+1x100 800x40', '1000x140'),
      db.series('container_start_time_seconds', '-3600x140'),
    ],
    at: {
      50: [],
      80: [
        {
          labels: { ...db.carries, ...warning },
          summary: 'db on web-1: its memory fills',
          description:
            'db on web-1 reaches its memory limit in 3h 40m 0s if it goes on growing as in the last half hour.',
        },
      ],
      115: [],
    },
  },
  'is silent while a cache fills after the start': {
    series: [
      ...states(db, 'running x100'),
      ...memoryOf(db, '100+50x15 850x84', '1000x100'),
      db.series('container_start_time_seconds', '0x100'),
    ],
    at: { 16: [], 31: [], 45: [], 60: [] },
  },
});
