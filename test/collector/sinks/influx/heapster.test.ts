/** Windows as Heapster would have written them: measurements, tags, units, whole numbers; rates of two windows, the same however often they are made. */
import { expect, test } from 'vitest';
import { heapsterEncoder } from '../../../../collector/sinks/influx/heapster/encoder.ts';
import { createHeapsterSchema } from '../../../../collector/sinks/influx/heapster/tables.ts';
import { heapsterFrame } from '../../../support/heapsterframes.ts';
import { T0 } from '../../../support/tables.ts';

type Schema = ReturnType<typeof createHeapsterSchema>;

function lines(schema: Schema, step: number): string[] {
  return schema
    .tables(heapsterFrame(step))
    .flatMap((table) => [...heapsterEncoder.lines(table)].map(({ text }) => text ?? ''));
}

function of(all: readonly string[], measurement: string): string[] {
  return all.filter((line) => line.startsWith(`${measurement},`)).sort();
}

const schema = (): Schema => createHeapsterSchema({ cluster: 'east' });

test('memory/usage of containers, their pods, namespaces, the cluster; the node is the whole machine', () => {
  // The window's end is its time.
  const at = T0 + 10_000;
  expect(of(lines(schema(), 0), 'memory/usage')).toEqual([
    `memory/usage,cluster_name=east,container_base_image=db:16,container_name=db,namespace_name=data,nodename=n1,pod_name=db-0,type=pod_container value=30i ${at}`,
    `memory/usage,cluster_name=east,container_base_image=shop/log:1,container_name=log,namespace_name=shop,nodename=n1,pod_name=web-0,type=pod_container value=200i ${at}`,
    `memory/usage,cluster_name=east,container_base_image=shop/web:1,container_name=web,namespace_name=shop,nodename=n1,pod_name=web-0,type=pod_container value=5000i ${at}`,
    `memory/usage,cluster_name=east,namespace_name=data,nodename=n1,pod_name=db-0,type=pod value=30i ${at}`,
    `memory/usage,cluster_name=east,namespace_name=data,type=ns value=30i ${at}`,
    `memory/usage,cluster_name=east,namespace_name=shop,nodename=n1,pod_name=web-0,type=pod value=5200i ${at}`,
    `memory/usage,cluster_name=east,namespace_name=shop,type=ns value=5200i ${at}`,
    `memory/usage,cluster_name=east,nodename=n1,type=node value=60000i ${at}`,
    `memory/usage,cluster_name=east,type=cluster value=5230i ${at}`,
  ]);
});

test('rates come with the second window: millicores as whole numbers, bytes a second as they are', () => {
  const one = schema();
  expect(lines(one, 0).filter((line) => /_rate/.test(line))).toEqual([]);
  const second = lines(one, 1);
  const at = T0 + 20_000;
  // 2.5 s and 0.1 s in 10 s, 1 s in the other pod; 5 s of the machine's four cores.
  expect(of(second, 'cpu/usage_rate').map((line) => line.replace(/^.*type=/, ''))).toEqual([
    `pod_container value=100i ${at}`,
    `pod_container value=10i ${at}`,
    `pod_container value=250i ${at}`,
    `pod value=100i ${at}`,
    `ns value=100i ${at}`,
    `pod value=260i ${at}`,
    `ns value=260i ${at}`,
    `node value=500i ${at}`,
    `cluster value=360i ${at}`,
  ]);
  expect(of(second, 'network/rx_rate')).toEqual([
    `network/rx_rate,cluster_name=east,namespace_name=shop,nodename=n1,pod_name=web-0,type=pod value=10 ${at}`,
  ]);
  expect(of(second, 'cpu/node_utilization')).toEqual([
    `cpu/node_utilization,cluster_name=east,nodename=n1,type=node value=0.125 ${at}`,
  ]);
});

test('counters in nanoseconds, uptime in milliseconds, file systems by resource_id', () => {
  const all = lines(schema(), 1);
  const at = T0 + 20_000;
  const ends = (measurement: string, type: string): string[] =>
    of(all, measurement)
      .filter((line) => line.includes(`type=${type} `))
      .map((line) => line.replace(/^.* value=/, ''));
  expect(ends('cpu/usage', 'node')).toEqual([`1005000000000i ${at}`]);
  // The pod's older container began a minute before T0; the window ends 20 s after.
  expect(ends('uptime', 'pod')).toEqual([`80000i ${at}`]);
  expect(of(all, 'filesystem/usage').map((line) => line.replace(/.*(resource_id=\S*,type=\S+) value=/, '$1 '))).toEqual(
    [
      `resource_id=/,type=pod_container 12i ${at}`,
      `resource_id=/dev/sda1,type=node 900i ${at}`,
      `resource_id=/dev/sdb1,type=node 50i ${at}`,
    ],
  );
  expect(ends('memory/node_utilization', 'node')).toEqual([`0.25 ${at}`]);
});

test('a window made again is the same; one of the past has no rates and spoils none', () => {
  const one = schema();
  lines(one, 0);
  const second = lines(one, 1);
  expect(lines(one, 1)).toEqual(second);
  expect(lines(one, 0).filter((line) => /_rate/.test(line))).toEqual([]);
  expect(of(lines(one, 2), 'cpu/usage_rate')).toHaveLength(9);
});

test('what a sink is said to have received is counted alike before and after: points that are no rates', () => {
  const one = schema();
  for (const step of [0, 1]) {
    const frame = heapsterFrame(step);
    const said = one.samples(frame);
    const counted = one
      .tables(frame)
      .flatMap((table) => [...heapsterEncoder.lines(table)].map(({ samples }) => samples));
    expect(counted.reduce((sum, n) => sum + n, 0)).toBe(said);
  }
});
