/** `plimsoll queue export`: windows of the log as lines that are written down here by hand. Window n begins n × 10 s after 08:00:00 UTC, which is 1 800 000 000 s. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { gzipSync } from 'node:zlib';
import { createDisk } from '../../../../agents/send/disk.ts';
import { familyNamed } from '../../../../src/catalog/index.ts';
import { selectionOf } from '../../../../src/cli/queue/taken.ts';
import { schema } from '../../../../src/config/schema.ts';
import { createEncoder } from '../../../../src/wire/encode.ts';
import { frame, T0, table } from '../../../support/tables.ts';
import { batch, NODE, rowOf, table as agentTable } from '../../wire/batches.ts';
import { expectRefused, type Stage, stage } from './stage.ts';

const service = (id: number): string =>
  `{"time":"2027-01-15T08:00:${id}0.000Z","measurement":"service_cpu","level":"service","labels":{"service":"s"},"fields":{"x":${id}}}`;
const node = (id: number): string =>
  `{"time":"2027-01-15T08:00:${id}0.000Z","measurement":"node_cpu","level":"node","labels":{"node":"n"},"fields":{"a":${id},"b":2}}`;

const text = (...lines: string[]): string => lines.map((line) => `${line}\n`).join('');

/** Windows 0 to 3 in a log: all delivered to `all`, one to `few`. */
async function filled(each = false): Promise<Stage> {
  const staged = stage();
  const { offer, deliver, keeping } = await staged.run(each);
  await offer(0, 1, 2, 3);
  await deliver('all');
  await deliver('few', 1);
  await keeping.close();
  return staged;
}

describe('what is exported', () => {
  test('JSON, as the sink stdout writes it: a range has the windows that begin in it', async () => {
    const { ask } = await filled();
    const from = '2027-01-15T08:00:10Z';
    const { code, out, err } = await ask(['export', '--from', from, '--to', '2027-01-15T08:00:30Z']);
    expect([code, out, err]).toEqual([0, text(service(1), node(1), service(2), node(2)), '']);
    // It is 08:01:40: 75 s ago was 08:00:25.
    expect((await ask(['export', '--from', '75s'])).out).toBe(text(service(3), node(3)));
    expect((await ask(['export', '--to', '85s', '--level', 'node'])).out).toBe(text(node(0), node(1)));
  });

  test('line protocol, as InfluxDB takes it', async () => {
    const { ask } = await filled();
    const { out } = await ask(['export', '--format', 'influx', '--from', '75s']);
    expect(out).toBe(text('service_cpu,service=s x=3 1800000030000', 'node_cpu,node=n a=3,b=2 1800000030000'));
  });

  test('what a sink has not got yet, of the levels that it takes', async () => {
    const { ask } = await filled(true);
    expect((await ask(['export', '--sink', 'few'])).out).toBe(text(service(1), service(2), service(3)));
    expect((await ask(['export', '--sink', 'few', '--level', 'node', '--from', '75s'])).out).toBe(text(node(3)));
    expect(await ask(['export', '--sink', 'all'])).toEqual({ code: 0, out: '', err: '' });
  });

  test('for a sink of the kind remote_write not the single containers, unless it asks for them', async () => {
    const window = frame(
      ['container', 'node'].map((level) => table({ level, columns: ['x'], rows: [[{}, [1]]] })),
      T0,
    );
    const taken = (config: object): string[] => {
      const { sinks } = schema.parse({ sinks: { m: { kind: 'remote_write', url: 'http://h', ...config } } });
      return selectionOf('m', { sinks })
        .tables(window)
        .map(({ level }) => level);
    };
    expect(taken({})).toEqual(['node']);
    expect(taken({ containers: true })).toEqual(['container', 'node']);
    expect(taken({ levels: ['container'] })).toEqual(['container']);
  });

  test('the agent’s spool: its batches by the time of their tick, with the node’s name', async () => {
    const { ask, spool } = stage();
    const disk = createDisk({ folder: spool, maxBytes: 1e6, maxAgeMs: 1e9, now: () => 0 });
    const row = rowOf('a');
    for (const seq of [1, 2]) {
      const given = { ...batch(seq, [agentTable(familyNamed('pids')!, [[row, seq]])]), timeMs: T0 + seq * 1000 };
      const { node, session, timeMs } = given;
      const body = createEncoder({ node, session }).encode(given, { full: true });
      await disk.keep({ node, session, seq, timeMs, samples: 1 }, gzipSync(body));
    }
    await disk.close();
    const { code, out, err } = await ask(['export', '--agent', '--from', '2027-01-15T08:00:02Z']);
    expect([code, err]).toEqual([0, '']);
    const [line, ...more] = out
      .trim()
      .split('\n')
      .map((each) => JSON.parse(each) as Record<string, unknown>);
    expect(more).toEqual([]);
    // Read at 1 700 000 000 s, whenever its tick began.
    expect(line).toEqual({
      time: '2023-11-14T22:13:20.000Z',
      measurement: 'container_pids',
      level: 'container',
      labels: { node: NODE, id: 'a'.padEnd(64, '0'), name: 'a' },
      fields: { threads: 2 },
    });
    expectRefused(
      await ask(['export', '--agent', '--level', 'node']),
      1,
      /--level: node is in none of the 2 batches; there are container/,
    );
  });

  test('a folder in use gives what is whole, and nothing in it changes', async () => {
    const { run, ask, sizes, log } = stage();
    const { offer } = await run();
    await offer(0, 1);
    const [name] = readdirSync(log).filter((each) => each.endsWith('.log'));
    const bytes = readFileSync(join(log, name!));
    // As it is while the second is being written.
    writeFileSync(join(log, name!), bytes.subarray(0, -3));
    const before = sizes('collector');
    expect(await ask(['export'])).toEqual({ code: 0, out: text(service(0), node(0)), err: '' });
    expect(sizes('collector')).toEqual(before);
  });
});

test('a flipped bit costs what is behind it in its segment, is said, and the rest is there', async () => {
  const { ask, log } = await filled(true);
  const names = readdirSync(log).filter((each) => each.endsWith('.log'));
  const path = join(log, names.at(-2)!);
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
  const { code, out, err } = await ask(['export', '--level', 'service', '--from', '95s']);
  expect([code, out]).toEqual([1, text(service(1), service(3))]);
  expect(err).toBe(
    `plimsoll: ${names.at(-2)} cannot be read from byte 8 on: wrong checksum; what is behind it is left out\n`,
  );
});

test('whoever reads slowly is waited for: one piece at a time is handed over', async () => {
  const { ask } = await filled();
  const taken: string[] = [];
  let most = 0;
  const out = new Writable({
    highWaterMark: 1,
    decodeStrings: false,
    write(piece: string, _, done) {
      most = Math.max(most, this.writableLength);
      taken.push(piece);
      setImmediate(done);
    },
  });
  expect((await ask(['export'], { out })).code).toBe(0);
  expect(taken.map((piece) => piece.split('\n').length - 1)).toEqual([2, 2, 2, 2]);
  // One window of two lines was never joined by the next.
  expect(most).toBe(Math.max(...taken.map(({ length }) => length)));
});

describe('what cannot be exported is said', () => {
  test('a level that no window has', async () => {
    const { ask } = await filled();
    expectRefused(
      await ask(['export', '--level', 'servce']),
      1,
      /^plimsoll: --level: servce is in none of the 4 windows; there are node, service\n$/,
    );
  });

  test('a folder that is not there', async () => {
    const { ask } = stage();
    expectRefused(await ask(['export']), 1, /^plimsoll: \S+\/collector: there is no such folder/);
  });

  test.each([
    [['--from', 'yesterday'], /--from: is "yesterday": must be a time such as "2027-01-15T08:00:00Z", or how long ago/],
    [['--from', '2027-13-15'], /--from: is "2027-13-15"/],
    [['--from', '1h', '--to', '2h'], /--to: is "2h": must be later than --from, "1h"/],
    [['--sink', 'main'], /--sink: is "main": must be one of all, few/],
    [['--sink', 'all', '--agent'], /--agent is its spool, and --sink what waits for a sink: keep one/],
    [['--level', 'a,,b'], /--level: is "a,,b": must be levels/],
  ])('%j', async (args, words) => {
    const { ask } = await filled();
    await expect(ask(['export', ...args])).rejects.toThrow(words);
  });

  test('no folder at all', async () => {
    const { ask } = stage();
    await expect(ask(['export', '--data_dir', 'none'])).rejects.toThrow(/data_dir: is "none": nothing is kept on disk/);
  });
});
