/** promtool on the alerts of services, Compose's and Swarm's. One step is a minute. */
import { cases, container, states } from '../support/alertcases.ts';

const critical = { severity: 'critical' };
const warning = { severity: 'warning' };

const member = (name: string, further: Readonly<Record<string, string>> = {}, host = 'web-1') =>
  container(name, {
    host,
    labels: {
      container_label_com_docker_compose_project: 'shop',
      container_label_com_docker_compose_service: 'web',
      ...further,
    },
  });
const [one, two] = [member('shop-web-1'), member('shop-web-2')] as const;
const SHOP = { host: 'web-1', project: 'shop', service: 'web' };

/** Runs, then has ended with a code. */
const ends = (of: typeof one, { after, code, of: length }: { after: number; code: number; of: number }) => [
  ...states(of, `running x${after}, exited x${length - after}`),
  of.series('container_exit_code', `_x${after} ${code}x${length - after}`),
];

const task = (id: string, host: string, slot = 1) =>
  container(`stack_web.${slot}.${id}`, {
    host,
    labels: {
      container_label_com_docker_stack_namespace: 'stack',
      container_label_com_docker_swarm_service_name: 'stack_web',
      container_label_com_docker_swarm_task_name: `stack_web.${slot}.${id}`,
    },
  });

const down = {
  labels: { ...SHOP, ...critical },
  summary: 'shop/web on web-1: nothing of it runs',
  description: 'No container of the service shop/web on web-1 runs; 2 should and failed, or did not start.',
};

cases('ServiceDown', {
  'fires when each has failed or waits to be restarted; resolves when one runs': {
    series: [...ends(one, { after: 5, code: 1, of: 60 }), ...states(two, 'running x5, restarting x20, running x35')],
    at: { 8: [], 12: [down], 27: [] },
  },
  'resolves when they are removed': {
    series: [...states(one, 'dead x15, gone x10'), ...states(two, 'created x15, gone x10')],
    at: { 10: [down], 17: [] },
  },
  'is silent at a deploy of two minutes': {
    series: [
      ...states(one, 'running x10, exited x1, gone x20'),
      one.series('container_exit_code', '_x10 1 stale'),
      ...states(member('shop-web-1'), 'running x1').map(({ series, values }) => ({
        series: series.replace('/docker/shop-web-1', '/docker/new'),
        values: values.replace(/^(\d)x\d+$/, '_x10 $1x20'),
      })),
    ],
    at: { 11: [], 13: [], 18: [] },
  },
  'is silent of a job that is done, of what somebody stopped, and of `docker compose run`': {
    series: [
      ...ends(member('shop-migrate-1'), { after: 3, code: 0, of: 40 }),
      ...ends(member('shop-web-1', { container_label_com_docker_compose_service: 'stopped' }), {
        ...{ after: 3, code: 143, of: 40 },
      }),
      ...ends(member('shop-web-run-0123456789ab', { container_label_com_docker_compose_service: 'run' }), {
        ...{ after: 3, code: 1, of: 40 },
      }),
    ],
    at: { 20: [] },
  },
  'is silent with plimsoll.alert.service=off': {
    series: states(member('shop-web-1', { container_label_plimsoll_alert_service: 'off' }), 'dead x40'),
    at: { 20: [] },
  },
  'of one name on two hosts each is for itself': {
    series: [...states(one, 'running x40'), ...states(member('shop-web-1', {}, 'web-2'), 'dead x40')],
    at: {
      20: [
        {
          labels: { ...SHOP, host: 'web-2', ...critical },
          summary: 'shop/web on web-2: nothing of it runs',
          description: 'No container of the service shop/web on web-2 runs; 1 should and failed, or did not start.',
        },
      ],
    },
  },
  'Swarm’s is one over all hosts: a failed task whose slot goes on elsewhere is no fault, two lost slots are': {
    series: [
      ...ends(task('a', 'web-1', 1), { after: 5, code: 1, of: 60 }),
      ...states(task('b', 'web-2', 1), 'running x20, dead x40'),
      ...ends(task('c', 'web-2', 2), { after: 20, code: 2, of: 60 }),
    ],
    at: {
      15: [],
      30: [
        {
          labels: { project: 'stack', service: 'stack_web', ...critical },
          summary: 'stack/stack_web: nothing of it runs',
          description: 'No container of the service stack/stack_web runs; 2 should and failed, or did not start.',
        },
      ],
    },
  },
});

cases('ServiceDegraded', {
  'fires when one of two has failed for ten minutes; resolves': {
    series: [...states(one, 'running x60'), ...states(two, 'running x5, restarting x30, running x25')],
    at: {
      12: [],
      20: [
        {
          labels: { ...SHOP, ...warning },
          summary: 'shop/web on web-1: some of it does not run',
          description: '1 container(s) of the service shop/web on web-1 failed, or did not start; others run.',
        },
      ],
      37: [],
    },
  },
  'resolves when the failed one is removed': {
    series: [...states(one, 'running x60'), ...states(two, 'dead x20, gone x20')],
    at: { 22: [] },
  },
  'is silent at a scaling down, and when nothing runs: that is ServiceDown': {
    series: [
      ...states(one, 'running x40'),
      ...ends(two, { after: 5, code: 137, of: 40 }),
      ...states(member('shop-db-1', { container_label_com_docker_compose_service: 'db' }), 'dead x40'),
    ],
    at: { 20: [] },
  },
  'is silent of Swarm’s history: old tasks that failed, in a slot that runs': {
    series: [
      ...ends(task('a', 'web-1', 1), { after: 1, code: 1, of: 40 }),
      ...ends(task('b', 'web-1', 1), { after: 2, code: 1, of: 40 }),
      ...states(task('c', 'web-2', 1), 'running x40'),
      ...states(task('d', 'web-2', 2), 'running x40'),
    ],
    at: { 20: [] },
  },
});
