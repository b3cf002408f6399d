/** Lines that a server will never take, in a file for people: with the reason, bounded, and fit to be sent again. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeadLetters } from '../../../../collector/sinks/influx/deadletters.ts';
import { createInfluxSink } from '../../../../collector/sinks/influx/sink.ts';
import { systemClock } from '../../../../src/run/clock.ts';
import { type Reply, startFakeInflux, type Written } from '../../../support/fakeinflux.ts';
import { frame, T0, table } from '../../../support/tables.ts';

const NOW = Date.UTC(2026, 10, 27, 3, 0, 0);
let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'plimsoll-dead-'));
  file = join(dir, 'letters');
});
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  rmSync(dir, { recursive: true, force: true });
});

const read = (path = file): string => readFileSync(path, 'utf8');

test('a reason stands once above its lines, on one line, with the time', () => {
  const letters = createDeadLetters('k', file, 10_000);
  const conflict = 'field type\n conflict ';
  letters.add(
    [
      { line: 'm v=1 1', reason: conflict },
      { line: 'm v=2 1', reason: conflict },
      { line: 'n v=3 1', reason: 'too old' },
    ],
    NOW,
  );
  expect(read()).toBe(
    '# 2026-11-27T03:00:00.000Z field type conflict\nm v=1 1\nm v=2 1\n# 2026-11-27T03:00:00.000Z too old\nn v=3 1\n',
  );
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('never more than so many bytes: the file before it is put in place of the one before that', () => {
  const letters = createDeadLetters('k', file, 410);
  // A comment of 29 bytes and a line of 12: 41, of which five fit into half of 410.
  for (let i = 0; i < 17; i++) letters.add([{ line: `m v=${String(i).padStart(2, '0')} 1000`, reason: 'r' }], NOW);
  const values = (path: string) => [...read(path).matchAll(/v=(\d+)/g)].map(([, n]) => Number(n));
  expect(values(file)).toEqual([15, 16]);
  expect(values(`${file}.1`)).toEqual([10, 11, 12, 13, 14]);
  expect(statSync(file).size + statSync(`${file}.1`).size).toBeLessThanOrEqual(410);
});

test('what is there is gone on with, and counts', () => {
  writeFileSync(file, `${'x'.repeat(190)}\n`);
  createDeadLetters('k', file, 400).add([{ line: 'm v=1 1', reason: 'r' }], NOW);
  expect(read(`${file}.1`)).toHaveLength(191);
  expect(read()).toContain('m v=1 1');
});

test('more than fits at once is cut after a whole line', () => {
  const many = Array.from({ length: 100 }, (_, i) => ({ line: `m v=${i} 1`, reason: 'r' }));
  createDeadLetters('k', file, 400).add(many, NOW);
  expect(statSync(file).size).toBeLessThanOrEqual(200);
  expect(read()).toMatch(/m v=\d+ 1\n$/);
});

test.each([
  ['a folder that is not there', () => join(dir, 'nowhere', 'letters')],
  ['a folder in its place', () => dir],
])('%s stops the start, naming the key', (_, place) => {
  expect(() => createDeadLetters('sinks.x.dead_letters', place(), 1000)).toThrow(/^sinks\.x\.dead_letters: is "/);
});

test('a file that can no longer be written costs nothing but itself, and is said', () => {
  const letters = createDeadLetters('k', file, 1000);
  mkdirSync(file);
  letters.add([{ line: 'm v=1 1', reason: 'r' }], NOW);
  expect(letters.trouble).toContain('EISDIR');
  rmSync(file, { recursive: true });
  letters.add([{ line: 'm v=1 1', reason: 'r' }], NOW);
  expect(letters.trouble).toBeUndefined();
});

describe('of a sink', () => {
  const line = (n: number): string => `m,n=${n} v=${n} ${T0}`;
  const ten = frame([
    table({ measurement: 'm', columns: ['v'], rows: Array.from({ length: 10 }, (_, i) => [{ n: `${i}` }, [i]]) }),
  ]);
  async function write(reply: (request: Written, index: number) => Reply, version: 1 | 3 = 3) {
    const server = await startFakeInflux(reply);
    const to =
      version === 3
        ? ({ version, database: 'd', noSync: false, token: 'a-t0ken' } as const)
        : { version, database: 'd' };
    const deadLetters = createDeadLetters('k', file, 100_000);
    const sink = createInfluxSink({
      url: server.url,
      to,
      timeoutMs: 2000,
      clock: systemClock,
      deadLetters,
      inFlight: 1,
    });
    stops.push(server.close, sink.close);
    return sink.write(ten, new AbortController().signal);
  }
  /** Without the times. */
  const letters = (): string[] =>
    read()
      .trimEnd()
      .split('\n')
      .map((text) => text.replace(/^# \S+/, '#'));

  test('only the bad lines, each with its own reason', async () => {
    const data = [
      { line_number: 3, original_line: line(2), error_message: 'invalid column type for column v, expected string' },
      { line_number: 8, original_line: line(7), error_message: 'a-t0ken is no time' },
    ];
    const delivery = await write(() => ({
      status: 400,
      body: { error: 'partial write of line protocol occurred', data },
    }));
    expect(delivery).toMatchObject({ delivered: 8, dropped: new Map([['rejected', 2]]) });
    expect(letters()).toEqual([
      '# invalid column type for column v, expected string',
      line(2),
      // A server may quote what it was sent.
      '# … is no time',
      line(7),
    ]);
  });

  test('of version 1: quoted', async () => {
    const error = `partial write: unable to parse '${line(1)}': bad timestamp\nunable to parse '${line(4)}': missing fields dropped=0`;
    await write(() => ({ status: 400, body: { error } }), 1);
    expect(letters()).toEqual(['# bad timestamp', line(1), '# missing fields', line(4)]);
  });

  test('not said which: those that it can be, and how many of them it is', async () => {
    const error = 'partial write: points beyond retention policy dropped=2';
    await write(() => ({ status: 400, body: { error } }), 1);
    expect(letters()).toEqual([
      expect.stringMatching(/^# 2 of the next 10 lines: partial write: points beyond retention policy/),
      ...Array.from({ length: 10 }, (_, i) => line(i)),
    ]);
  });

  test('found by halves', async () => {
    await write(({ lines }) => (lines.includes(line(6)) ? { status: 400, body: 'no' } : {}));
    expect(letters()).toEqual(['# no', line(6)]);
  });

  test('a line that is too large', async () => {
    await write(({ lines }) => (lines.includes(line(5)) ? { status: 413 } : {}));
    expect(letters()).toEqual([
      expect.stringMatching(/^# a line of \d+ bytes is larger than the server takes$/),
      line(5),
    ]);
  });

  test('sent again, once mended, comments and all', async () => {
    await write(({ lines }) => (lines.includes(line(6)) ? { status: 400, body: 'no' } : {}));
    // What every version passes over: the specification of line protocol.
    const sent = read()
      .split('\n')
      .filter((text) => text !== '' && !text.startsWith('#'));
    expect(sent).toEqual([line(6)]);
  });

  test('nothing for what is delivered or waits', async () => {
    await expect(write(() => ({ status: 503 }))).rejects.toThrow('503');
    expect(() => read()).toThrow('ENOENT');
  });
});
