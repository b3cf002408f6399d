/** A data folder as programs leave it, and `plimsoll queue` asked as on the command line. */
import { mkdirSync, mkdtempSync, rmSync, statSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { expect, onTestFinished } from 'vitest';
import { createDisk } from '../../../../agents/send/disk.ts';
import { diskFolder } from '../../../../collector/log/disk.ts';
import { type Keeping, openLog } from '../../../../collector/log/keeping.ts';
import { selectNamed } from '../../../../collector/sinks/levels.ts';
import { type Account, createAccount } from '../../../../collector/sinks/account.ts';
import { queueCommand } from '../../../../src/cli/queue/command.ts';
import { requestOf } from '../../../../src/cli/request.ts';
import { silent } from '../../../../src/log.ts';
import type { Frame } from '../../../../src/model/batch.ts';
import type { Clock } from '../../../../src/run/clock.ts';
import { fakeClock } from '../../../support/clock.ts';
import { keepSaid } from '../../../support/said.ts';
import { frame, T0, table } from '../../../support/tables.ts';

/** A window of three numbers: one of a service, two of a node. T0 is 2027-01-15T08:00:00Z. */
export function windowOf(id: number): Frame {
  const timeMs = T0 + id * 10_000;
  const service = table({
    level: 'service',
    measurement: 'service_cpu',
    columns: ['x'],
    rows: [[{ service: 's' }, [id]]],
    timeMs,
  });
  const node = table({
    level: 'node',
    measurement: 'node_cpu',
    columns: ['a', 'b'],
    rows: [[{ node: 'n' }, [id, 2]]],
    timeMs,
  });
  return frame([service, node], timeMs);
}

const SINKS = { all: undefined, few: ['service'] } as const;
export type SinkName = keyof typeof SINKS;

export interface Run {
  readonly keeping: Keeping;
  readonly accounts: ReadonlyMap<string, Account>;
  offer(...ids: number[]): Promise<void>;
  /** Delivers so many windows, the first number of each is the answer. */
  deliver(sink: SinkName, most?: number): Promise<number[]>;
}

export interface Stage {
  readonly dir: string;
  readonly log: string;
  readonly spool: string;
  /** A collector's run on the folder, without its lock. `each`: every window has a segment of its own. */
  run(each?: boolean): Promise<Run>;
  /** An agent's spool keeps batches, of two samples each, whose ticks begin at these seconds after T0. */
  keep(...seconds: number[]): Promise<void>;
  ask(args: readonly string[], more?: Asking): Promise<Answer>;
  /** The bytes of a part of the folder by name: nothing may have changed. */
  sizes(part: 'collector' | 'agent'): Record<string, number>;
}

export interface Asking {
  readonly clock?: Clock;
  readonly out?: Writable;
  /** The collector's address. */
  readonly listen?: string;
}

export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export function stage(): Stage {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-queue-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const log = join(dir, 'collector');
  const spool = join(dir, 'agent');
  return {
    dir,
    log,
    spool,
    run: (each = false) => runOn(log, each),
    async keep(...seconds) {
      const disk = createDisk({ folder: spool, maxBytes: 1e6, maxAgeMs: 1e9, now: () => 0 });
      for (const s of seconds)
        await disk.keep({ node: 'n', session: 's', seq: s, timeMs: T0 + s * 1000, samples: 2 }, Buffer.alloc(50, s));
      await disk.close();
    },
    async ask(args, { clock = fakeClock(T0 + 100_000), out, listen = '127.0.0.1:1' } = {}) {
      const config = join(dir, 'plimsoll.yaml');
      const sinks =
        'sinks: {all: {kind: influxdb1, url: "http://127.0.0.1:1", database: d}, few: {kind: stdout, levels: [service]}}';
      writeFileSync(config, `data_dir: ${dir}\ncollector: {listen: "${listen}"}\n${sinks}\n`);
      const request = requestOf(['node', 'plimsoll', 'queue', ...args, '--config', config], {});
      if (request.do !== 'queue') throw new Error(`not understood: ${JSON.stringify(request)}`);
      const { said, ...streams } = keepSaid();
      const code = await queueCommand({ ...request, clock, ...streams, ...(out && { out }) });
      return { code, ...said };
    },
    sizes: (part) =>
      Object.fromEntries(readdirSync(join(dir, part)).map((name) => [name, statSync(join(dir, part, name)).size])),
  };
}

async function runOn(path: string, each: boolean): Promise<Run> {
  mkdirSync(path, { recursive: true });
  const accounts = new Map<string, Account>();
  const keeping = await openLog({
    folder: diskFolder(path),
    clock: fakeClock(T0),
    log: silent,
    breathe: () => Promise.resolve(),
    limits: {
      maxBytes: 1e9,
      maxAgeMs: 1e12,
      whenFull: 'drop_oldest',
      segmentBytes: each ? 1 : 1e9,
      segmentMs: 1e12,
      segmentSamples: 1e9,
      heldFrames: 1000,
      heldSamples: 1e9,
    },
    sinks: Object.entries(SINKS).map(([name, levels]) => ({
      name,
      wants: selectNamed(levels).samples,
      begin(books) {
        const account = createAccount(name, silent, books);
        accounts.set(name, account);
        return account;
      },
    })),
  });
  // Also of a run that a test takes for killed: its file is open.
  onTestFinished(() => keeping.close());
  return {
    keeping,
    accounts,
    async offer(...ids) {
      for (const id of ids) {
        const window = windowOf(id);
        keeping.log.offer(window);
        for (const [name, levels] of Object.entries(SINKS)) {
          const samples = selectNamed(levels).samples(window);
          accounts.get(name)?.receive(samples);
          keeping.cursors.get(name)?.push({ frame: window, samples });
        }
        await keeping.log.settle();
      }
    },
    async deliver(sink, most = Number.POSITIVE_INFINITY) {
      const given: number[] = [];
      const cursor = keeping.cursors.get(sink);
      while (given.length < most) {
        const taken = await cursor?.take();
        if (taken === undefined) break;
        given.push(taken.frame.tables[0]?.values[0] as number);
        accounts.get(sink)?.settle(taken.samples, { delivered: taken.samples, dropped: new Map() }, 0);
        cursor?.remove();
      }
      // Its place is written down when it takes the next.
      await cursor?.take();
      return given;
    },
  };
}

/** The last line of what was said, for an error that has only one. */
export function expectRefused(answer: Answer, code: number, words: RegExp): void {
  expect([answer.code, answer.out]).toEqual([code, '']);
  expect(answer.err).toMatch(words);
}
