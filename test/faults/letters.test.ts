/** Writes of which InfluxDB takes a part, and what the judge makes of the sink's dead letters. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Holdings } from './check.ts';
import { lettersIn, samplesOf, withLetters, wrongLetters } from './letters.ts';
import { partly, type Refused } from './partial.ts';
import { type FaultyProxy, startProxy } from './proxy.ts';

const LINES = ['node_containers_cpu,node=n0 usage_seconds_total=12 5000', 'b v=1 2', 'c v=1,w=2i,id="x" 3'];
const body = gzipSync(LINES.join('\n'));
/** The second of three, then the third. */
const random = (): (() => number) => {
  const numbers = [0.4, 0.9];
  return () => numbers.shift() as number;
};

test('a line that is refused is not written, and the answer says which it was, or how many', () => {
  const quoted = partly(body, { encoding: 'gzip', most: 2, says: 'quoted', random: random() });
  expect(quoted.rest).toBe(LINES[0]);
  expect(JSON.parse(quoted.answer)).toEqual({
    error: `partial write: unable to parse '${LINES[1]}': invalid number\nunable to parse '${LINES[2]}': invalid number dropped=0`,
  });
  const counted = partly(Buffer.from(LINES.join('\n')), {
    encoding: undefined,
    most: 2,
    says: 'counted',
    random: random(),
  });
  expect(JSON.parse(counted.answer)).toEqual({ error: 'partial write: points beyond retention policy dropped=2' });
  expect(counted.refused.map(({ line }) => line)).toEqual(LINES.slice(1));
});

describe('the proxy', () => {
  let proxy: FaultyProxy | undefined;
  afterEach(() => proxy?.stop());

  test.each([
    [204, 400, LINES[0]],
    [500, 500, LINES[0]],
  ])('hands on what is good; where the server answers %i, the sender gets %i', async (says, gets, written) => {
    let got = '';
    const server = createServer(async (request, answer) => {
      for await (const piece of request) got += String(piece);
      answer.writeHead(says).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    proxy = await startProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, () => 0.5);
    proxy.become({ do: 'partial', lines: 1, says: 'counted' }, 100);
    const headers = { 'content-encoding': 'gzip' };
    const answer = await fetch(`${proxy.url}/write`, {
      method: 'POST',
      body: gzipSync(LINES.slice(0, 2).join('\n')),
      headers,
    });
    // Half of two lines: the second.
    expect([answer.status, got]).toEqual([gets, written]);
    expect(proxy.refused.map(({ line }) => line)).toEqual(says === 204 ? [LINES[1]] : []);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('dead letters', () => {
  const none = { counter: [], gauge: [] };
  const empty: Holdings = { container: none, service: none, node: none, cluster: none };
  const refused: Refused[] = LINES.map((line) => ({ line, says: 'quoted' }));
  const file = join(mkdtempSync(join(tmpdir(), 'letters-')), 'letters');
  writeFileSync(`${file}.1`, `# 2020 unable to parse 'x'\n${LINES[0]}\n`);
  writeFileSync(file, `# 2020 2 of the next 3 lines: y\n${LINES[1]}\n${LINES[2]}\n`);

  test('are read with their reasons, those of the file before as well', () => {
    expect(lettersIn(file).map(({ line, reason }) => [line, reason.slice(7, 9)])).toEqual([
      [LINES[0], 'un'],
      [LINES[1], '2 '],
      [LINES[2], '2 '],
    ]);
  });

  test('stand for what is not in the store, if it was refused and they hold it', () => {
    const points = withLetters(empty, lettersIn(file), refused).node.counter;
    expect(points).toEqual([{ labels: { node: 'n0' }, points: [[5000, 12]] }]);
    expect(withLetters(empty, [], refused).node.counter).toEqual([]);
    expect(withLetters(empty, lettersIn(file), []).node.counter).toEqual([]);
    // It was sent again, and is there.
    const there = {
      ...empty,
      node: { ...none, counter: [{ labels: { node: 'n0', project: '' }, points: [[5000, 12] as const] }] },
    };
    expect(withLetters(there, lettersIn(file), refused).node.counter).toEqual(there.node.counter);
  });

  test('of lines that were never refused are wrong', () => {
    expect(wrongLetters(lettersIn(file), refused)).toEqual([]);
    expect(wrongLetters(lettersIn(file), refused.slice(1)).join()).toMatch(/never refused: node_containers_cpu/);
  });

  test('are counted by their numbers', () => {
    expect(LINES.map(samplesOf)).toEqual([1, 1, 2]);
  });
});
