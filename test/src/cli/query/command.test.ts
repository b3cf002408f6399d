/** `plimsoll query` against the API: what is asked, what is printed where, and how it ends. */
import { Writable } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { type QueryAnswer, QueryError } from '../../../../collector/query/query.ts';
import { queryCommand } from '../../../../src/cli/query/command.ts';
import type { QueryOptions } from '../../../../src/cli/query/request.ts';
import { loadConfig } from '../../../../src/config/load.ts';
import { type ApiServer, startApi } from '../../../collector/api/apiserver.ts';
import { arrayStore } from '../../../collector/api/arraystore.ts';
import { fakeClock } from '../../../support/clock.ts';

const NOW = 1_800_000_007_000;
const servers: ApiServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

class Caught extends Writable {
  text = '';
  readonly isTTY: boolean;
  readonly columns = 60;
  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function ran(options: Partial<QueryOptions>, { isTTY = false, flags = {} } = {}): Promise<Ran> {
  const [out, err] = [new Caught(isTTY), new Caught(false)];
  const code = await queryCommand({
    options: { query: 'up', form: undefined, ...options },
    config: loadConfig({ file: undefined, env: {}, flags: new Map(Object.entries(flags)), program: 'query' }),
    clock: fakeClock(NOW),
    out,
    err,
  });
  return { code, out: out.text, err: err.text };
}

const NONE = { warnings: [], infos: [], samples: 0, tookMs: 0 };
const vector = (value: number): QueryAnswer => ({
  type: 'vector',
  series: [{ labels: [['node', 'a']], timesMs: Float64Array.of(NOW), values: Float64Array.of(value) }],
  ...NONE,
});
/** The minute before. */
const END = 1_800_000_000_000;
const matrix: QueryAnswer = {
  type: 'matrix',
  series: [
    {
      labels: [['node', 'a']],
      timesMs: Float64Array.of(END - 120_000, END - 60_000, END),
      values: Float64Array.of(1, 2, 3),
    },
  ],
  ...NONE,
};

async function serverWith(answer: QueryAnswer | QueryError) {
  const store = arrayStore(() => (answer instanceof QueryError ? Promise.reject(answer) : Promise.resolve(answer)));
  const server = await startApi({ store });
  servers.push(server);
  return { store, url: server.url };
}

describe('what is asked', () => {
  test('a moment: now, or what was said', async () => {
    const { store, url } = await serverWith(vector(1));
    await ran({ url });
    await ran({ url, time: '1 hour ago', limit: '3' });
    expect(store.asked.map(({ startMs, stepMs, limit }) => [startMs, stepMs, limit])).toEqual([
      [NOW, 0, undefined],
      [NOW - 3_600_000, 0, 3],
    ]);
  });

  test('a range: whole steps, up to a multiple of one', async () => {
    const { store, url } = await serverWith(matrix);
    await ran({ url: `${url}/api/v1`, range: '1h', step: '15s' });
    await ran({ url, range: '1h' });
    // 1 800 000 007 s is 7 s behind a multiple of 15 s, which is also the step for 240 points of an hour.
    const want = { startMs: NOW - 7000 - 3_600_000, endMs: NOW - 7000, stepMs: 15_000 };
    expect(store.asked).toMatchObject([want, want]);
  });
});

describe('what is printed', () => {
  test('a table over a pipe, a chart on a terminal', async () => {
    const { url } = await serverWith(matrix);
    const piped = await ran({ url, range: '2m', step: '60s' });
    expect(piped.out.split('\n')).toHaveLength(5);
    const shown = await ran({ url, range: '2m', step: '60s' }, { isTTY: true });
    expect(shown.out).toMatch(/[\u2801-\u28ff]/);
    expect((await ran({ url, range: '2m', step: '60s', form: 'table' }, { isTTY: true })).out).toContain('TIME');
  });

  test('JSON and CSV as they are', async () => {
    const { url } = await serverWith({ ...vector(1.5), infos: ['from downsamples'] });
    const json = await ran({ url, form: 'json' });
    expect(JSON.parse(json.out)).toEqual({
      resultType: 'vector',
      result: [{ metric: { node: 'a' }, value: [NOW / 1000, '1.5'] }],
      infos: ['from downsamples'],
    });
    expect(json.err).toBe('plimsoll: from downsamples\n');
    expect((await ran({ url, form: 'csv' })).out).toBe(`time,value,node\n${new Date(NOW).toISOString()},1.5,a\n`);
  });

  test('words where nothing fits', async () => {
    const { url } = await serverWith({ ...vector(1), series: [] });
    const { code, out, err } = await ran({ url });
    expect([code, out]).toEqual([0, '']);
    expect(err).toContain('no series fits');
  });
});

describe('what is wrong', () => {
  test('with the query is shown at its place', async () => {
    const { url } = await serverWith(
      new QueryError('bad_data', '1:4: parse error: unexpected "}"', { from: 3, to: 4 }),
    );
    const { code, err } = await ran({ url, query: 'up{}}' });
    expect(code).toBe(1);
    expect(err.split('\n').slice(0, 3)).toEqual([
      'plimsoll: invalid parameter "query": 1:4: parse error: unexpected "}"',
      '  up{}}',
      '     ^',
    ]);
  });

  test('with the server is said with what to do', async () => {
    const nobody = await ran({ url: 'http://127.0.0.1:9' });
    expect([nobody.code, nobody.err.includes('plimsoll run')]).toEqual([1, true]);
    const nothing = await startApi({ store: undefined });
    servers.push(nothing);
    expect((await ran({ url: nothing.url })).err).toContain('nothing is kept here: set data_dir');
  });

  test.each([
    [{ step: '15s' }, '--step: only a range has steps'],
    [{ range: 'long' }, '--range: is "long"'],
    [{ range: '1h', step: '0s' }, '--step: is "0s"'],
    [{ time: 'soon' }, '--time: is "soon"'],
    [{ limit: '0' }, '--limit: is "0"'],
    [{ url: 'nowhere' }, '--url: is "nowhere"'],
  ])('with %j is said before anything is asked', async (options, words) => {
    await expect(ran({ url: 'http://127.0.0.1:9', ...options })).rejects.toThrow(words);
  });

  test('a chart of a moment is none', async () => {
    const { url } = await serverWith(vector(1));
    await expect(ran({ url, form: 'chart' })).rejects.toThrow('--chart');
  });
});
