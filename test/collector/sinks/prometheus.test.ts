/** The Prometheus sink: the last window, of the levels asked for, until it is too old. */
import { expect, test } from 'vitest';
import { createPrometheusSink } from '../../../collector/sinks/prometheus/sink.ts';
import { frame, T0, table } from '../../support/tables.ts';

const signal = new AbortController().signal;
const tables = [
  table({
    columns: ['container_v'],
    rows: [
      [{ name: 'a' }, [1]],
      [{ name: 'b' }, [2]],
    ],
  }),
  table({ level: 'service', columns: ['service_v'], rows: [[{ service: 's' }, [3]]] }),
  table({ level: 'node', columns: ['node_v'], rows: [[{ node: 'n' }, [4]]] }),
];

test.each([
  [{ containers: true }, ['container', 'service', 'node'], 4],
  [{ containers: false }, ['service', 'node'], 2],
  [{ containers: true, levels: ['node', 'container'] }, ['container', 'node'], 3],
  [{ containers: false, levels: ['container', 'node'] }, ['node'], 1],
])('%j', async (options, levels, samples) => {
  const sink = createPrometheusSink({ ...options, staleAfterMs: 60_000 });
  expect(sink.wants(frame(tables))).toBe(samples);
  expect(await sink.write(frame(tables), signal)).toEqual({ delivered: samples, dropped: new Map() });
  const shown = [...sink.containers(T0 + 10_000), ...sink.groups(T0 + 10_000)];
  expect(shown.map((t) => t.level)).toEqual(levels);
  expect(sink.groups(T0 + 10_000).map((t) => t.level)).not.toContain('container');
});

test('a new window replaces the one before; the same window is the same array', async () => {
  const sink = createPrometheusSink({ containers: true, staleAfterMs: 60_000 });
  expect([...sink.groups(T0), ...sink.containers(T0)]).toEqual([]);
  await sink.write(frame(tables), signal);
  const first = [sink.groups(T0 + 10_000), sink.containers(T0 + 10_000)];
  expect(sink.groups(T0 + 15_000)).toBe(first[0]);
  expect(sink.containers(T0 + 15_000)).toBe(first[1]);
  await sink.write(frame(tables.slice(1), T0 + 10_000), signal);
  expect(sink.groups(T0 + 20_000)).toHaveLength(2);
  expect(sink.containers(T0 + 20_000)).toHaveLength(0);
  expect(sink.windowEndMs).toBe(T0 + 20_000);
});

test('a window whose end is too long ago is gone', async () => {
  const sink = createPrometheusSink({ containers: true, staleAfterMs: 60_000 });
  await sink.write(frame(tables), signal);
  // It ends at T0 + 10 s.
  expect([...sink.groups(T0 + 70_000), ...sink.containers(T0 + 70_000)]).toHaveLength(3);
  expect([...sink.containers(T0 + 70_001), ...sink.groups(T0 + 70_001)]).toEqual([]);
  expect(sink.windowEndMs).toBe(0);
});
