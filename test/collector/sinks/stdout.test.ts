/** The stdout sink: lines of JSON that a log shipper can read, at the reader's pace. */
import { PassThrough, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createStdoutSink } from '../../../collector/sinks/stdout/sink.ts';
import { waitFor } from '../../support/wait.ts';
import { frame, table } from '../../support/tables.ts';

const signal = new AbortController().signal;

function memory(): { stream: Writable; text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return { stream, text: () => chunks.join('') };
}

/** About 100 bytes a line. */
const long = frame([
  table({ columns: ['v'], rows: Array.from({ length: 2000 }, (_, i) => [{ name: `container-${i}` }, [i]]) }),
]);

test('a line for each row that has a number', async () => {
  const { stream, text } = memory();
  const sink = createStdoutSink({ stream });
  const given = frame([
    table({
      measurement: 'container_cpu',
      columns: ['usage', 'limit'],
      rows: [
        [{ name: 'a "b"\n', id: 'x' }, [0.5, Number.NaN]],
        [{ name: 'none' }, [Number.NaN, Number.NaN]],
      ],
      timeMs: 1_700_000_000_123,
    }),
    table({
      measurement: 'node_cpu',
      level: 'node',
      columns: ['v'],
      rows: [
        [
          [
            ['__proto__', 'p'],
            ['node', 'n'],
          ],
          [1e21],
        ],
      ],
    }),
  ]);
  expect(await sink.write(given, signal)).toEqual({ delivered: 2, dropped: new Map() });
  expect(text()).toBe(
    '{"time":"2023-11-14T22:13:20.123Z","measurement":"container_cpu","level":"container","labels":{"id":"x","name":"a \\"b\\"\\n"},"fields":{"usage":0.5}}\n' +
      '{"time":"2027-01-15T08:00:00.000Z","measurement":"node_cpu","level":"node","labels":{"__proto__":"p","node":"n"},"fields":{"v":1e+21}}\n',
  );
  for (const line of text().trimEnd().split('\n')) JSON.parse(line);
});

test('only the levels asked for', async () => {
  const { stream, text } = memory();
  const sink = createStdoutSink({ stream, levels: ['node'] });
  const given = frame([
    table({ columns: ['v'], rows: [[{ name: 'a' }, [1]]] }),
    table({ level: 'node', columns: ['v'], rows: [[{ node: 'n' }, [2]]] }),
  ]);
  expect(sink.wants(given)).toBe(1);
  await sink.write(given, signal);
  expect(text().match(/"level":"\w+"/g)).toEqual(['"level":"node"']);
});

test('a reader that stops makes it wait; nothing more than a buffer is written meanwhile', async () => {
  const stream = new PassThrough({ highWaterMark: 1000 });
  const sink = createStdoutSink({ stream });
  const writing = sink.write(long, signal);
  await waitFor(() => stream.writableNeedDrain);
  expect(stream.writableLength + stream.readableLength).toBeLessThan(4000);
  let lines = 0;
  stream.on('data', (chunk: Buffer) => {
    lines += String(chunk).split('\n').length - 1;
  });
  expect((await writing).delivered).toBe(2000);
  await waitFor(() => lines === 2000);
});

test('given up and tried again, no line comes twice', async () => {
  const stream = new PassThrough({ highWaterMark: 1000 });
  const sink = createStdoutSink({ stream });
  const impatient = new AbortController();
  const first = sink.write(long, impatient.signal);
  await waitFor(() => stream.writableNeedDrain);
  impatient.abort();
  await expect(first).rejects.toMatchObject({ reason: 'timeout', retryable: true });
  const chunks: string[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(String(chunk)));
  expect((await sink.write(long, signal)).delivered).toBe(2000);
  await waitFor(() => chunks.join('').split('\n').length === 2001);
  const names = chunks
    .join('')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { labels: { name: string } }).labels.name);
  expect(new Set(names).size).toBe(2000);
});

test('a closed pipe is told, not thrown at the process', async () => {
  const stream = new PassThrough();
  const sink = createStdoutSink({ stream });
  stream.destroy(new Error('EPIPE'));
  await expect(sink.write(long, signal)).rejects.toMatchObject({
    reason: 'closed',
    retryable: false,
    message: 'the standard output is closed: EPIPE',
  });
});

test('what an earlier run may have written already is marked on every line', async () => {
  const { stream, text } = memory();
  const sink = createStdoutSink({ stream });
  const given = frame([
    table({
      columns: ['v'],
      rows: [
        [{ name: 'a' }, [1]],
        [{ name: 'b' }, [2]],
      ],
    }),
  ]);
  await sink.write(given, signal, true);
  await sink.write(frame([table({ columns: ['v'], rows: [[{ name: 'c' }, [3]]] })]), signal);
  const said = text()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { again?: boolean; labels: object });
  expect(said.map(({ again, labels }) => [labels, again])).toEqual([
    [{ name: 'a' }, true],
    [{ name: 'b' }, true],
    [{ name: 'c' }, undefined],
  ]);
});
