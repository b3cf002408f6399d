/** `plimsoll queue`: what is told of a folder, whoever is using it. Every window holds 3 numbers: 1 of a service, which is all that the sink `few` wants, and 2 of a node. */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lockFolder } from '../../../../src/run/folderlock.ts';
import { systemClock } from '../../../../src/run/clock.ts';
import { T0 } from '../../../support/tables.ts';
import { stage } from './stage.ts';

const bytesOf = (sizes: Record<string, number>, ending: string): number =>
  Object.entries(sizes).reduce((sum, [name, bytes]) => sum + (name.endsWith(ending) ? bytes : 0), 0);

/** A clock whose sleep is over at once, and does something meanwhile. */
function sleeping(meanwhile: () => Promise<unknown>) {
  let at = 0;
  return {
    ...systemClock,
    now: () => T0 + 100_000,
    monotonic: () => at,
    sleep: async (ms: number) => {
      at += ms;
      await meanwhile();
    },
  };
}

describe('of a folder that nobody uses', () => {
  test('windows, samples, bytes and batches, and what each sink has not got yet', async () => {
    const { run, keep, ask, sizes, log, spool } = stage();
    const { offer, deliver, keeping } = await run(true);
    await offer(0, 1, 2, 3);
    expect(await deliver('all', 1)).toEqual([0]);
    await keeping.close();
    await keep(5, 7);
    const before = { log: sizes('collector'), spool: sizes('agent') };
    const { code, out } = await ask(['--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      time: '2027-01-15T08:01:40.000Z',
      log: {
        folder: log,
        there: true,
        in_use: false,
        windows: 4,
        samples: 12,
        bytes: bytesOf(before.log, '.log'),
        segments: 4,
        from: '2027-01-15T08:00:00.000Z',
        to: '2027-01-15T08:00:40.000Z',
        damaged: [],
      },
      sinks: [
        {
          sink: 'all',
          configured: true,
          behind: true,
          windows: 3,
          samples: 9,
          oldest: '2027-01-15T08:00:10.000Z',
          behind_seconds: 90,
          received: 12,
          delivered: 3,
          dropped: {},
        },
        {
          sink: 'few',
          configured: true,
          behind: true,
          windows: 4,
          samples: 4,
          oldest: '2027-01-15T08:00:00.000Z',
          behind_seconds: 100,
          received: 4,
          delivered: 0,
          dropped: {},
        },
      ],
      spool: {
        folder: spool,
        there: true,
        in_use: false,
        batches: 2,
        samples: 4,
        bytes: bytesOf(before.spool, '.spool'),
        files: 1,
        nodes: ['n'],
        from: '2027-01-15T08:00:05.000Z',
        to: '2027-01-15T08:00:07.000Z',
        damaged: [],
      },
    });
    expect({ log: sizes('collector'), spool: sizes('agent') }).toEqual(before);
  });

  test('in words', async () => {
    const { run, keep, ask, log, spool } = stage();
    const { offer, deliver, keeping } = await run();
    await offer(0, 1, 2);
    await deliver('all');
    await keeping.close();
    await keep(5);
    const lines = (await ask([])).out.split('\n');
    expect(lines.map((line) => line.replace(/[\d.]+[BKM] in/, '# in'))).toEqual([
      `log    ${log}: no collector is running`,
      '       3 windows, 9 samples, # in 1 segment, from 2027-01-15T08:00:00.000Z (1m ago) to 2027-01-15T08:00:30.000Z (1m ago)',
      'sink   all: level',
      '       9 samples received, 9 delivered, none dropped',
      'sink   few: 3 windows, 3 samples wait, behind by 1m; nothing is delivered until the collector runs',
      '       3 samples received, 0 delivered, none dropped',
      `spool  ${spool}: no agent is using it`,
      '       1 batch of n, 2 samples, # in 1 file, from 2027-01-15T08:00:05.000Z (1m ago) to 2027-01-15T08:00:05.000Z (1m ago)',
      '',
    ]);
  });

  test('folders that are not there, and a sink that is not configured any more, are said', async () => {
    const { ask, log, dir } = stage();
    expect((await ask([])).out).toMatch(
      /^log {4}\S+\/collector: there is no such folder.*\nspool {2}\S+\/agent: there is no such folder/s,
    );
    mkdirSync(log);
    writeFileSync(join(log, 'cursor-gone.json'), 'x');
    expect((await ask([])).out).toContain('sink   gone: its place has a wrong checksum');
    expect(readdirSync(dir).sort()).toEqual(['collector', 'plimsoll.yaml']);
  });

  test('a run that was killed: windows that a sink’s place does not know of yet are told apart', async () => {
    const { run, ask } = stage();
    // Its place is written down with the first delivery, and after that not until thirty windows have come.
    const { offer, deliver } = await run();
    await offer(0);
    await deliver('few');
    await offer(1, 2);
    const [, few] = (JSON.parse((await ask(['--json'])).out) as { sinks: object[] }).sinks;
    expect(few).toMatchObject({ windows: 2, samples: 0, windows_not_counted: 2, received: 1, delivered: 1 });
  });
});

describe('of a folder that is being written to', () => {
  test('a record that is not whole yet is no window and no damage, wherever it ends', async () => {
    const { run, ask, log } = stage();
    const { offer, keeping } = await run();
    await offer(0, 1);
    const [name] = readdirSync(log).filter((each) => each.endsWith('.log'));
    const two = readFileSync(join(log, name!));
    await offer(2);
    const three = readFileSync(join(log, name!));
    await keeping.close();
    for (let end = two.length; end < three.length; end += 5) {
      writeFileSync(join(log, name!), three.subarray(0, end));
      expect(JSON.parse((await ask(['--json'])).out)).toMatchObject({ log: { windows: 2, samples: 6, damaged: [] } });
      expect(readFileSync(join(log, name!)).length).toBe(end);
    }
    // A file that had been made longer and not yet been written.
    writeFileSync(join(log, name!), Buffer.concat([two, Buffer.alloc(100)]));
    expect(JSON.parse((await ask(['--json'])).out)).toMatchObject({ log: { windows: 2, damaged: [] } });
    appendFileSync(join(log, name!), 'x'.repeat(100));
    writeFileSync(join(log, name!), Buffer.concat([two, Buffer.alloc(24, 1), Buffer.alloc(0x1010101, 1)]));
    expect(JSON.parse((await ask(['--json'])).out)).toMatchObject({
      log: { windows: 2, damaged: [`${name} has at byte ${two.length} what is no record of a window`] },
    });
  });

  test('how fast a sink drains, by the collector’s page: 500 delivered in 5 s, 300 fewer wait, 700 left at 60 a second', async () => {
    const { run, ask, log } = stage();
    const { offer } = await run();
    await offer(0, 1);
    const release = await lockFolder(log);
    onTestFinished(release);
    // The log has two windows: the third, which the page has already, is not on disk yet.
    const page = (queued: number, delivered: number): string =>
      [
        `plimsoll_sink_queue_samples{sink="all"} ${queued}`,
        'plimsoll_sink_queue_frames{sink="all"} 3',
        'plimsoll_sink_samples_received_total{sink="all"} 2000',
        `plimsoll_sink_samples_delivered_total{sink="all"} ${delivered}`,
        'plimsoll_sink_samples_dropped_total{sink="all",reason="rejected"} 7',
        'plimsoll_sink_up{sink="all"} 0',
        '',
      ].join('\n');
    const pages = [page(1000, 100), page(700, 600)];
    const server = createServer((_, answer) => answer.end(pages.shift())).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const listen = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const clock = sleeping(async () => undefined);
    const told = JSON.parse((await ask(['--json'], { clock, listen })).out) as { log: object; sinks: object[] };
    expect(told.log).toMatchObject({ in_use: true });
    expect(told.log).not.toHaveProperty('not_asked');
    expect(told.sinks[0]).toMatchObject({
      sink: 'all',
      windows: 3,
      samples: 700,
      oldest: '2027-01-15T08:00:00.000Z',
      received: 2000,
      delivered: 600,
      dropped: { rejected: 7 },
      up: false,
      delivered_per_second: 100,
      level_in_seconds: 700 / 60,
    });
  });

  test('and by the files where the page is not to be had: 2 windows of 3 in 5 s', async () => {
    const { run, ask, log } = stage();
    const { offer, deliver, keeping } = await run();
    await offer(0, 1, 2, 3, 4);
    await keeping.close();
    const next = await run();
    const release = await lockFolder(log);
    onTestFinished(release);
    void deliver;
    const clock = sleeping(() => next.deliver('all', 2));
    const { out } = await ask([], { clock });
    expect(out).toContain(`log    ${log}: a collector is running`);
    expect(out).toContain('the collector could not be asked (connect ECONNREFUSED 127.0.0.1:1): as its files have it');
    // 6 of 15 in 5 s are 1.2 a second; 9 are left, for 7.5 s.
    expect(out).toContain('sink   all: 3 windows, 9 samples wait, behind by 1m; drains 1 sample a second, level in 7s');
    expect(out).toContain('sink   few: 5 windows, 5 samples wait, behind by 1m; does not drain');
  });
});
