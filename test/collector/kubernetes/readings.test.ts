/** What the last two ticks say of pods and nodes, reckoned by hand; and who is absent. */
import { expect, test } from 'vitest';
import { createReadings, type Readings } from '../../../collector/kubernetes/readings.ts';
import type { Batch } from '../../../src/model/batch.ts';
import { T0, tick } from './ticks.ts';

function after(...batches: Batch[]): Readings {
  const readings = createReadings();
  for (const batch of batches) readings.take(batch);
  return readings;
}

function podNames(readings: Readings, nowMs: number, namespace?: string): string[] {
  return readings.pods(nowMs, namespace).map(({ namespace: ns, name }) => `${ns}/${name}`);
}

test('CPU is what was used between two readings, over the true time between them; memory is the working set of the second', () => {
  const readings = after(
    tick(T0, [{ who: 'shop/web-0/web', cpu: 100, memory: 1_000_000, late: 20 }]),
    tick(T0 + 10_000, [{ who: 'shop/web-0/web', cpu: 102.5, memory: 20_205_568, late: 45 }]),
  );
  // 2.5 s in 10.025 s: 0.249376559 cores.
  expect(readings.pod('shop', 'web-0', T0 + 12_000)).toMatchObject({
    timeMs: T0 + 10_045,
    windowMs: 10_025,
    containers: [{ name: 'web', nanocores: 249_376_559, memory: 20_205_568 }],
  });
});

test('a pod’s time and window are those of its container that was read first', () => {
  const readings = after(
    tick(T0, [
      { who: 'shop/web-0/web', cpu: 1, memory: 1, late: 50 },
      { who: 'shop/web-0/log', cpu: 1, memory: 1, late: 10 },
    ]),
    tick(T0 + 10_000, [
      { who: 'shop/web-0/web', cpu: 2, memory: 1, late: 40 },
      { who: 'shop/web-0/log', cpu: 1, memory: 1, late: 30 },
    ]),
  );
  const pod = readings.pod('shop', 'web-0', T0 + 11_000);
  expect(pod).toMatchObject({ timeMs: T0 + 10_030, windowMs: 10_020 });
  // Sorted by name; one that did nothing has zero, and is there.
  expect(pod?.containers.map(({ name, nanocores }) => [name, nanocores])).toEqual([
    ['log', 0],
    ['web', 100_100_100],
  ]);
});

test('a pod is absent until all its containers have been read twice', () => {
  const old = { who: 'shop/web-0/web', memory: 1 };
  const readings = after(tick(T0, [{ ...old, cpu: 1 }]));
  expect(podNames(readings, T0 + 1000)).toEqual([]);
  // A second container that began long before we first saw it has no rate yet.
  readings.take(
    tick(T0 + 10_000, [
      { ...old, cpu: 2 },
      { who: 'shop/web-0/late', cpu: 5, memory: 1 },
    ]),
  );
  expect(podNames(readings, T0 + 11_000)).toEqual([]);
  readings.take(
    tick(T0 + 20_000, [
      { ...old, cpu: 3 },
      { who: 'shop/web-0/late', cpu: 6, memory: 1 },
    ]),
  );
  expect(podNames(readings, T0 + 21_000)).toEqual(['shop/web-0']);
});

test('a young container is measured from its start: 10 to 60 seconds, and no sooner', () => {
  const young = (age: number) =>
    after(tick(T0, [{ who: 'shop/web-0/web', cpu: 3, memory: 1, startMs: T0 - age }])).pod('shop', 'web-0', T0);
  expect(young(9000)).toBeUndefined();
  // 3 s in 12 s.
  expect(young(12_000)).toMatchObject({ windowMs: 12_000, containers: [{ nanocores: 250_000_000 }] });
  expect(young(61_000)).toBeUndefined();
});

test('a container that was started again does not go on from its counter of before', () => {
  const web = { who: 'shop/web-0/web', memory: 1 };
  const readings = after(
    tick(T0, [{ ...web, cpu: 100 }]),
    tick(T0 + 10_000, [{ ...web, cpu: 101 }]),
    // Since its new start 4 s ago it used more than it had in all.
    tick(T0 + 20_000, [{ ...web, cpu: 300, startMs: T0 + 16_000 }]),
  );
  expect(podNames(readings, T0 + 21_000)).toEqual([]);
  readings.take(tick(T0 + 30_000, [{ ...web, cpu: 301, startMs: T0 + 16_000 }]));
  expect(readings.pod('shop', 'web-0', T0 + 31_000)?.containers[0]?.nanocores).toBe(100_000_000);
});

test('a counter that is lower, with a start that is not known, begins anew', () => {
  const web = { who: 'shop/web-0/web', memory: 1, startMs: 0 };
  const readings = after(tick(T0, [{ ...web, cpu: 100 }]), tick(T0 + 10_000, [{ ...web, cpu: 1 }]));
  expect(podNames(readings, T0 + 11_000)).toEqual([]);
});

test('who is not in the newest tick is not there: a container that has ended, a pod that has', () => {
  const both = [
    { who: 'shop/web-0/web', memory: 1 },
    { who: 'shop/web-0/init', memory: 1 },
    { who: 'shop/job-1/job', memory: 1 },
  ];
  const readings = after(
    tick(
      T0,
      both.map((one) => ({ ...one, cpu: 1 })),
    ),
    tick(
      T0 + 10_000,
      both.map((one) => ({ ...one, cpu: 2 })),
    ),
    tick(T0 + 20_000, [{ who: 'shop/web-0/web', cpu: 3, memory: 1 }]),
  );
  expect(podNames(readings, T0 + 21_000)).toEqual(['shop/web-0']);
  expect(readings.pod('shop', 'web-0', T0 + 21_000)?.containers.map(({ name }) => name)).toEqual(['web']);
});

test('a container that was left out of one tick is measured over both', () => {
  const web = { who: 'shop/web-0/web', memory: 1 };
  const other = { who: 'shop/db-0/db', memory: 1 };
  const readings = after(
    tick(T0, [
      { ...web, cpu: 1 },
      { ...other, cpu: 1 },
    ]),
    tick(T0 + 10_000, [{ ...other, cpu: 1 }]),
    tick(T0 + 20_000, [
      { ...web, cpu: 5 },
      { ...other, cpu: 1 },
    ]),
  );
  // 4 s in 20 s.
  expect(readings.pod('shop', 'web-0', T0 + 21_000)).toMatchObject({
    windowMs: 20_000,
    containers: [{ nanocores: 200_000_000 }],
  });
});

test('a node is absent once two of its ticks and ten seconds have passed in silence, and its pods with it', () => {
  const all = (cpu: number) => [
    { who: '/', cpu: cpu * 10, memory: 5_000_001 },
    { who: 'shop/web-0/web', cpu, memory: 1 },
  ];
  const readings = after(tick(T0, all(1)), tick(T0 + 10_000, all(2)));
  const last = T0 + 10_000;
  expect(readings.nodes(last + 30_000)).toEqual([
    { name: 'node-1', timeMs: last, windowMs: 10_000, nanocores: 1e9, memory: 5_000_001 },
  ]);
  expect(readings.nodes(last + 30_001)).toEqual([]);
  expect(readings.node('node-1', last + 30_001)).toBeUndefined();
  expect(podNames(readings, last + 30_001)).toEqual([]);
  readings.housekeep(last + 600_000);
  expect(readings.stats()).toMatchObject({ nodes: 1, containers: 2 });
  readings.housekeep(last + 600_001);
  expect(readings.stats()).toEqual({ nodes: 0, containers: 0, evicted: new Map([['silent_node', 1]]) });
});

test('what comes between two ticks, late, or twice changes nothing', () => {
  const web = { who: 'shop/web-0/web', memory: 1 };
  const readings = after(tick(T0, [{ ...web, cpu: 1 }]), tick(T0 + 10_000, [{ ...web, cpu: 2 }]));
  const before = readings.pods(T0 + 11_000);
  readings.take(tick(T0 + 10_500, [{ ...web, cpu: 9 }], { intervalMs: 0 }));
  readings.take(tick(T0 + 5000, [{ ...web, cpu: 1.5 }]));
  readings.take(tick(T0 + 10_000, [{ ...web, cpu: 2 }]));
  // A tick whose source of containers was late says nothing of who is there.
  readings.take(tick(T0 + 10_900, []));
  expect(readings.pods(T0 + 11_000)).toEqual(before);
});

test('pause, a pod’s own cgroup and containers of no pod are nobody’s; the kubelet’s labels on Docker are as good', () => {
  const docker = (container: string) => ({
    container_label_io_kubernetes_pod_namespace: 'shop',
    container_label_io_kubernetes_pod_name: 'old-0',
    container_label_io_kubernetes_container_name: container,
  });
  const all = (cpu: number) => [
    { who: 'shop/web-0/', cpu, memory: 1 },
    { who: '//', cpu, memory: 1, id: 'a', labels: docker('web') },
    { who: '//', cpu, memory: 1, id: 'b', labels: docker('POD') },
    { who: '//', cpu, memory: 1, id: 'c' },
  ];
  const readings = after(tick(T0, all(1)), tick(T0 + 10_000, all(2)));
  expect(podNames(readings, T0 + 11_000)).toEqual(['shop/old-0']);
  expect(readings.pods(T0 + 11_000)[0]?.containers.map(({ name }) => name)).toEqual(['web']);
});

test('a container made anew under its name in one pod counts once; a pod made anew on another node, too', () => {
  const web = { who: 'shop/web-0/web', memory: 1 };
  const [first, second] = [
    { ...web, id: 'first', startMs: T0 - 900_000 },
    { ...web, id: 'second', startMs: T0 - 600_000 },
  ];
  const readings = createReadings();
  for (const [i, cpu] of [1, 2].entries()) {
    const at = T0 + i * 10_000;
    readings.take(
      tick(at, [
        { ...first, cpu },
        { ...second, cpu: 3 * cpu },
      ]),
    );
    readings.take(tick(at + 1000, [{ ...second, id: 'third', cpu: 5 * cpu }], { node: 'node-2' }));
  }
  const [pod, ...more] = readings.pods(T0 + 12_000);
  expect(more).toEqual([]);
  expect(pod?.containers).toHaveLength(1);
  // 5 s in 10 s, of node-2, which was read last.
  expect(pod?.containers[0]?.nanocores).toBe(500_000_000);
  expect(readings.pod('shop', 'web-0', T0 + 12_000)).toEqual(pod);
});

test('lists are in the order of namespace and name, and of one namespace if so wished', () => {
  const names = ['b/a/x', 'a/z/x', 'a/b/x', 'a/B/x'];
  const all = (cpu: number) => names.map((who) => ({ who, cpu, memory: 1 }));
  const readings = after(tick(T0, all(1)), tick(T0 + 10_000, all(2)));
  expect(podNames(readings, T0 + 10_000)).toEqual(['a/B', 'a/b', 'a/z', 'b/a']);
  expect(podNames(readings, T0 + 10_000, 'b')).toEqual(['b/a']);
  expect(podNames(readings, T0 + 10_000, 'none')).toEqual([]);
});

test('containers over the number that may be held are not taken, and counted', () => {
  const readings = createReadings(2);
  const all = ['a/a/a', 'a/b/b', 'a/c/c'].map((who) => ({ who, cpu: 1, memory: 1 }));
  readings.take(tick(T0, all));
  expect(readings.stats()).toEqual({ nodes: 1, containers: 2, evicted: new Map([['limit', 1]]) });
  // Those that go make room: after six ticks without them.
  for (let i = 1; i <= 7; i++) readings.take(tick(T0 + i * 10_000, [{ who: 'a/a/a', cpu: 1, memory: 1 }]));
  expect(readings.stats().containers).toBe(1);
});
