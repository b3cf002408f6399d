/** What was before the table began, and the table of a moment that is past. */
import { describe, expect, test } from 'vitest';
import { AskError, type Ask, type Asking } from '../../../../src/cli/query/client.ts';
import { memory } from '../../../../src/cli/top/numbers/model.ts';
import { trails } from '../../../../src/cli/top/numbers/trails.ts';
import { PAST_MS, pastOf } from '../../../../src/cli/top/past/history.ts';
import { momentAt } from '../../../../src/cli/top/past/moment.ts';
import { pageWith, readingAt, screenOf, T0 } from '../../../support/toppage.ts';

const NOW = T0;
const MINUTE = 60_000;

interface Asked {
  readonly path: string;
  readonly params: Asking;
}

/** A server that answers so, and what it was asked. */
function server(answer: (asked: Asked) => unknown): { ask: Ask; asked: Asked[] } {
  const asked: Asked[] = [];
  const ask: Ask = async <T>(path: string, params: Asking) => {
    asked.push({ path, params });
    return { data: answer({ path, params }) as T, warnings: [], infos: [] };
  };
  return { ask, asked };
}

const matrix = (...series: readonly (readonly [metric: object, values: readonly number[]])[]) => ({
  resultType: 'matrix',
  result: series.map(([metric, values]) => ({
    metric,
    values: values.map((value, i) => [(NOW - (values.length - i) * MINUTE) / 1000, String(value)]),
  })),
});

describe('the past of the curves', () => {
  test('is a quarter of an hour of CPU and memory, by host and id', async () => {
    const { ask, asked } = server(({ params }) =>
      String(params.query).includes('rate')
        ? matrix([{ node: 'h', id: '/a' }, [0.5, 0.25]])
        : matrix([{ node: 'h', id: '/a' }, [100, 200]]),
    );
    const past = await pastOf({ ask, nowMs: NOW + 7000, byNode: true });
    expect(past.get(JSON.stringify(['h', '/a']))).toEqual({
      timesMs: [NOW - 2 * MINUTE, NOW - MINUTE],
      cpu: [0.5, 0.25],
      memory: [100, 200],
    });
    expect(asked.map(({ params }) => [params.start, params.end])).toEqual(
      [0, 1].map(() => [(NOW - 15 * MINUTE) / 1000, NOW / 1000]),
    );
  });

  test('on an agent\u2019s page an id that two hosts have belongs to neither', async () => {
    const { ask } = server(() =>
      matrix([{ node: 'a', id: '/' }, [1]], [{ node: 'b', id: '/' }, [2]], [{ node: 'b', id: '/docker/x' }, [3]]),
    );
    const past = await pastOf({ ask, nowMs: NOW, byNode: false });
    expect([...past.keys()]).toEqual([JSON.stringify(['', '/docker/x'])]);
  });

  test('is nothing where nobody answers', async () => {
    const ask: Ask = () => Promise.reject(new AskError('nobody', { status: 404 }));
    expect(await pastOf({ ask, nowMs: NOW, byNode: true })).toEqual(new Map());
  });

  test('lets the curves of the table begin in the past, and say so', () => {
    const kept = memory(readingAt(0, pageWith([{ name: 'web', cpu: 0, memory: 100 }])));
    kept.take(readingAt(10, pageWith([{ name: 'web', cpu: 5, memory: 100 }])));
    const size = { columns: 160, rows: 24 };
    const title = () => screenOf(kept.model!, { size }).find((line) => line.includes('CPU %'))!;
    expect(title()).toContain('CPU 2 min');
    const timesMs = [NOW - 12 * MINUTE, NOW - 11.5 * MINUTE];
    kept.recall(new Map([[kept.model!.containers[0]!.key, { timesMs, cpu: [1, 1], memory: [50, 50] }]]), PAST_MS);
    expect(title()).toContain('CPU 15 min');
    // What has no room is called what it is called in the head.
    const narrow = screenOf(kept.model!, { size: { columns: 50, rows: 24 } }).join('\n');
    expect(narrow).toMatch(/no room for .*MEM 15 min/);
    expect(narrow).not.toContain('MEM 2 min');
    expect(kept.model!.trails.of(kept.model!.containers[0]!.key)!.memory).toEqual([50, 50, 100]);
  });

  test('is not pushed out by readings of every second', () => {
    const kept = trails();
    const rows = memory().take(readingAt(0, pageWith([{ name: 'web', memory: 1 }]))).containers;
    const [row] = rows;
    kept.add(rows, NOW);
    kept.recall(new Map([[row!.key, { timesMs: [NOW - PAST_MS], cpu: [1], memory: [1] }]]));
    for (let second = 1; second <= 900; second++) kept.add(rows, NOW + second * 1000);
    const { timesMs } = kept.of(row!.key)!;
    // The last reading before ten seconds are over stays: one every nine, 100 in 15 minutes, with the first and the one of the past.
    expect(timesMs).toHaveLength(102);
    expect(timesMs[0]).toBe(NOW - PAST_MS);
    expect(timesMs.at(-1)).toBe(NOW + 900_000);
  });
});

describe('the table of a moment', () => {
  const sample = (metric: string, value: number) => ({
    metric: {
      __name__: metric,
      node: 'h',
      id: '/docker/a',
      name: 'web',
      ...(metric.endsWith('_state') ? { state: 'running' } : {}),
    },
    value: [NOW / 1000, String(value)],
  });

  test('has the rates of the minute before it', async () => {
    const { ask, asked } = server(({ params }) => ({
      resultType: 'vector',
      result: [
        sample('container_cpu_usage_seconds_total', params.time === NOW / 1000 ? 130 : 100),
        sample('container_memory_working_set_bytes', 1024),
        sample('container_state', 1),
      ],
    }));
    const { before, at } = await momentAt(ask, NOW);
    const [row] = memory(before).take(at).containers;
    // 30 seconds of CPU in 60 seconds.
    expect(row).toMatchObject({ name: 'web', node: 'h', state: 'running', cpuCores: 0.5, memoryBytes: 1024 });
    expect(asked.map(({ params }) => params.time)).toEqual([NOW / 1000, NOW / 1000 - 60]);
  });

  test('of which nothing is kept is said to be so', async () => {
    const { ask } = server(() => ({ resultType: 'vector', result: [] }));
    await expect(momentAt(ask, NOW)).rejects.toThrow(/--at: of .* nothing is kept/);
  });
});
