/** Readings become rows: two pages of text in, numbers out, each worked out by hand. */
import { expect, test } from 'vitest';
import { groupRows } from '../../../../src/cli/top/numbers/groups.ts';
import type { Row } from '../../../../src/cli/top/numbers/row.ts';
import { parseSamples } from '../../../../src/cli/top/read/promtext.ts';
import { readingTimeMs } from '../../../../src/cli/top/read/readtime.ts';
import { sumUp } from '../../../../src/cli/top/read/sums.ts';
import { modelOf, pageWith } from '../../../support/toppage.ts';

const FIRST = `
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{cpu="total",id="/",} 100
machine_cpu_cores{id="/"} 8
container_cpu_usage_seconds_total{cpu="total",id="/docker/a",name="web"} 10
container_spec_cpu_limit_cores{id="/docker/a",name="web"} 0.5
container_cpu_cfs_periods_total{id="/docker/a",name="web"} 100
container_cpu_cfs_throttled_periods_total{id="/docker/a",name="web"} 40
container_network_receive_bytes_total{id="/docker/a",interface="eth0",name="web"} 1000
container_network_receive_bytes_total{id="/docker/a",interface="eth1",name="web"} 500
container_memory_working_set_bytes{id="/docker/a",name="web"} 1048576
container_spec_memory_limit_bytes{id="/docker/a",name="web"} 67108864
container_pressure_io_waiting_seconds_total{id="/docker/a",name="web"} 7
container_state{id="/docker/a",name="web",state="running"} 1
container_state{id="/docker/a",name="web",state="exited"} 0
container_health_status{id="/docker/a",name="web",status="healthy"} 1
container_state{id="/docker/b",name="job",state="exited"} 1
container_exit_code{id="/docker/b",name="job"} 137
`;

// 10 s later: the host used 15 s, web 2 s of CPU; 100 more periods, 95 of them throttled; 3000 + 7000 bytes came in; 4 s of waiting.
const SECOND = FIRST.replace('"/",} 100', '"/",} 115')
  .replace('name="web"} 10\n', 'name="web"} 12\n')
  .replace('_periods_total{id="/docker/a",name="web"} 100', '_periods_total{id="/docker/a",name="web"} 200')
  .replace('name="web"} 40\n', 'name="web"} 135\n')
  .replace('"eth0",name="web"} 1000', '"eth0",name="web"} 4000')
  .replace('"eth1",name="web"} 500', '"eth1",name="web"} 7500')
  .replace('name="web"} 7\n', 'name="web"} 11\n');

const named = (rows: readonly Row[], name: string) => rows.find((row) => row.name === name) as Row;

test('rates are of two readings, interfaces are added up, the host is apart', () => {
  const { hosts, containers } = modelOf(FIRST, SECOND);
  // 15 s in 10 s.
  expect(hosts).toMatchObject([{ name: '(host)', cpuCores: 1.5, cpuLimitCores: 8 }]);
  expect(named(containers, 'web')).toMatchObject({
    state: 'running',
    health: 'healthy',
    runs: true,
    cpuCores: 0.2,
    cpuLimitCores: 0.5,
    throttledShare: 0.95,
    memoryBytes: 1_048_576,
    // 1 MiB of 64.
    memoryShare: 1 / 64,
    // (3000 + 7000) / 10 s
    rxPerSecond: 1000,
    waits: { cpu: undefined, memory: undefined, io: 0.4 },
  });
  expect(named(containers, 'job')).toMatchObject({ state: 'exited', runs: false, exitCode: 137, cpuCores: undefined });
});

test('without an earlier reading there are no rates, and neither after a counter began anew', () => {
  expect(named(modelOf(FIRST).containers, 'web').cpuCores).toBeUndefined();
  const again = named(modelOf(SECOND, FIRST).containers, 'web');
  expect([again.cpuCores, again.rxPerSecond, again.throttledShare]).toEqual([undefined, undefined, undefined]);
  // The reading after that has them again: 2 s in 10 s.
  expect(named(modelOf(SECOND, FIRST, SECOND).containers, 'web').cpuCores).toBe(0.2);
});

test('a container’s rate is over the time between its own two readings', () => {
  const page = (cpu: number, seen: number) =>
    `container_cpu_usage_seconds_total{id="/a",name="a"} ${cpu}\ncontainer_last_seen{id="/a",name="a"} ${seen}\n`;
  // Pages 10 s apart; the container was read 8 s apart: 2 s in 8 s.
  expect(modelOf(page(1, 100), page(3, 108)).containers[0]?.cpuCores).toBe(0.25);
});

test('a container that a tick had no time for keeps its rates, and is not idle', () => {
  const page = (cpu: number, seen: number) =>
    `container_cpu_usage_seconds_total{id="/a",name="a"} ${cpu}\ncontainer_last_seen{id="/a",name="a"} ${seen}\n`;
  expect(modelOf(page(1, 100), page(6, 110), page(6, 110)).containers[0]?.cpuCores).toBe(0.5);
});

test('a page’s time is that of its readings, so that a page asked for twice in a tick gives no rate of zero', () => {
  const at = (text: string) => readingTimeMs(sumUp(parseSamples(text)));
  const seen = 'container_last_seen{id="/docker/a"} 1700000000.25\ncontainer_last_seen{id="/docker/b"} 1700000000.5';
  const tick = 'plimsoll_agent_last_tick_seconds 1700000000';
  expect(at(`${seen}\n${tick}`)).toBe(1_700_000_000_500);
  // Without a container there is none.
  expect(at(tick)).toBe(1_700_000_000_000);
  expect(at('plimsoll_collector_last_window_seconds 1700000010')).toBe(1_700_000_010_000);
  expect(at('container_cpu_usage_seconds_total{id="/"} 100')).toBeUndefined();
});

test('two hosts keep their own rows, though both have "/" and a unit of one name', () => {
  const page = (a: number, b: number) =>
    ['web-1', 'web-2']
      .flatMap((node) => [
        `container_cpu_usage_seconds_total{cpu="total",id="/",node="${node}"} ${node === 'web-1' ? a : b}`,
        `container_memory_working_set_bytes{id="/system.slice/cron.service",node="${node}"} ${node === 'web-1' ? 1 : 2}`,
      ])
      .join('\n');
  const { hosts, containers } = modelOf(page(100, 900), page(101, 905));
  // 1 s and 5 s of CPU in 10 s; added up they were 60 % of one host.
  expect(hosts.map(({ node, cpuCores }) => [node, cpuCores])).toEqual([
    ['web-1', 0.1],
    ['web-2', 0.5],
  ]);
  expect(containers.map(({ node, memoryBytes }) => [node, memoryBytes])).toEqual([
    ['web-1', 1],
    ['web-2', 2],
  ]);
});

test('label values come back as they were before they were escaped', () => {
  const [sample] = parseSamples('m{a="x\\"y\\\\z\\nw",b="}"} 1.5e3 1700000000000\n');
  expect([...(sample?.labels ?? [])]).toEqual([
    ['a', 'x"y\\z\nw'],
    ['b', '}'],
  ]);
  expect(sample?.value).toBe(1500);
});

test('services by the words of Compose, Swarm and Kubernetes; sums, the worst of what cannot be added', () => {
  const compose = (service: string) =>
    `container_label_com_docker_compose_project="shop",container_label_com_docker_compose_service="${service}"`;
  const page = (cpu: number) =>
    pageWith([
      { name: 'shop-web-1', labels: compose('web'), cpu, memory: 100 },
      { name: 'shop-web-2', labels: compose('web'), cpu: 2 * cpu, memory: 200 },
      { name: 'shop-web-3', labels: compose('web'), state: 'exited' },
      {
        name: 'x.1',
        labels: 'container_label_com_docker_stack_namespace="x",container_label_com_docker_swarm_service_name="x_db"',
      },
      {
        name: 'k8s_p',
        labels: 'container_label_io_kubernetes_pod_namespace="prod",container_label_io_kubernetes_pod_name="p-1"',
      },
      { name: 'alone' },
    ]);
  const groups = groupRows(modelOf(page(1), page(11)).containers, 'service');
  expect(groups.map(({ name }) => name)).toEqual(['shop/web', 'x_db', 'prod/p-1', '(no service)']);
  // 10 s and 20 s of CPU in 10 s.
  expect(groups[0]).toMatchObject({ members: { running: 2, all: 3 }, cpuCores: 3, memoryBytes: 300 });
});

test('a collector whose page of containers is off has its groups, with what they are called', () => {
  const page = (cpu: number) => `
service_containers{project="shop",service="web"} 4
service_state{project="shop",service="web",state="running"} 3
service_state{project="shop",service="web",state="exited"} 1
service_cpu_usage_seconds_total{project="shop",service="web"} ${cpu}
service_memory_limit_utilization_ratio{project="shop",service="web"} 0.5
node_containers{node="web-1"} 9
node_containers_cpu_usage_seconds_total{node="web-1"} ${10 * cpu}
node_cpu_seconds_total{cpu="0",mode="idle"} 5
`;
  const { groups, containers } = modelOf(page(1), page(2));
  expect(containers).toEqual([]);
  expect(groups.map(({ name, members, cpuCores, memoryShare }) => [name, members, cpuCores, memoryShare])).toEqual([
    ['service shop/web', { running: 3, all: 4 }, 0.1, 0.5],
    ['node web-1', { running: 0, all: 9 }, 1, undefined],
  ]);
});

test('a pod’s container is called by its pod and its own name, pause by the pod; both are of the workload, or of the pod', () => {
  const pod = 'id="/kubepods/pod1/c1",name="3235900b",namespace="shop",pod="web-0"';
  const pause = 'id="/kubepods/pod1/s1",name="9a441797",namespace="shop",pod="web-0",workload="web"';
  const page = `
container_memory_working_set_bytes{${pod},container="web"} 1048576
container_memory_working_set_bytes{${pause}} 4096
`;
  const { containers } = modelOf(page, page);
  expect(containers.map(({ name, service }) => [name, service]).sort()).toEqual([
    ['web-0', 'shop/web'],
    ['web-0/web', 'shop/web-0'],
  ]);
});
