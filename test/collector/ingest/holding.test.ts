/**
 * Agent and collector between crashes: the real sender with its disk, the real ingest, and a collector whose open windows are lost when it is
 * killed. Whatever happens, every batch that was offered is in the closed windows once.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { createDisk, type Disk } from '../../../agents/send/disk.ts';
import { createSender, type Sender } from '../../../agents/send/sender.ts';
import { createKept } from '../../../collector/ingest/durable.ts';
import { createIngest, type Ingest } from '../../../collector/ingest/ingest.ts';
import type { RememberedSession } from '../../../collector/ingest/sessions.ts';
import { silent } from '../../../src/log.ts';
import type { Batch } from '../../../src/model/batch.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { createEncoder } from '../../../src/wire/encode.ts';
import { fastClock } from '../../agents/send/fake.ts';
import { batch, familyNamed, NODE, rowOf, state, T0, table } from '../../src/wire/batches.ts';
import { waitFor } from '../../support/wait.ts';
import { samplesOf } from './agent.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const WINDOW = 10_000;
const row = rowOf('a');
const nameOf = ({ session, seq }: Pick<Batch, 'session' | 'seq'>): string => `${session}/${seq}`;

/** What is on the collector's disk: the windows that are closed, and the checkpoint. */
interface OnDisk {
  readonly closed: string[];
  endMs: number;
  sessions: readonly RememberedSession[];
  runs: number;
}

/** A collector that closes windows in event time, a window behind its newest batch. */
class Collector {
  readonly #disk: OnDisk;
  readonly #open: Batch[] = [];
  readonly #app: FastifyInstance = Fastify({ forceCloseConnections: true });
  readonly #kept;
  readonly ingest: Ingest;
  port = 0;

  constructor(disk: OnDisk) {
    this.#disk = disk;
    this.#kept = createKept({ run: `run-${++disk.runs}`, afterMs: 2 * WINDOW, fromMs: disk.endMs });
    this.ingest = createIngest({
      push: (given) => this.#push(given),
      familyNamed,
      kept: this.#kept,
      clock: { ...systemClock, now: fastClock().now },
      log: silent,
    });
    this.ingest.remember(disk.sessions);
    this.ingest.route(this.#app);
  }

  async listen(port: number): Promise<void> {
    await this.#app.listen({ host: '127.0.0.1', port });
    this.port = (this.#app.server.address() as AddressInfo).port;
    cleanups.push(() => this.#app.close());
  }

  /** Its open windows are gone. */
  kill(): Promise<void> {
    return this.#app.close();
  }

  #push(given: Batch) {
    const samples = samplesOf(given);
    if (given.timeMs < this.#disk.endMs) return { accepted: 0, dropped: new Map([['too_late', samples]]) };
    this.#open.push(given);
    const endMs = given.timeMs - (given.timeMs % WINDOW) + WINDOW;
    this.#close(endMs - 2 * WINDOW);
    return { accepted: samples, dropped: new Map<string, number>(), endMs };
  }

  /** Closes windows up to there, and writes the checkpoint with them. */
  #close(endMs: number): void {
    if (endMs <= this.#disk.endMs) return;
    const due = this.#open.filter(({ timeMs }) => timeMs < endMs);
    this.#open.splice(0, this.#open.length, ...this.#open.filter(({ timeMs }) => timeMs >= endMs));
    this.#disk.closed.push(...due.map(nameOf));
    this.#disk.endMs = endMs;
    this.#disk.sessions = this.ingest.remembered(endMs);
    this.#kept.durableUpTo(endMs);
  }
}

/** A small generator of the same numbers each time. */
function randomOf(seed: number): (below: number) => number {
  let state32 = seed * 2654435761;
  return (below) => {
    state32 = (Math.imul(state32, 1664525) + 1013904223) >>> 0;
    return Math.floor((state32 / 2 ** 32) * below);
  };
}

class Agent {
  readonly sender: Sender;
  readonly disk: Disk;
  seq = 0;
  readonly #session: string;

  private constructor(sender: Sender, disk: Disk, session: string) {
    this.sender = sender;
    this.disk = disk;
    this.#session = session;
  }

  static async start(
    folder: string,
    port: number,
    { number, now }: { number: number; now: () => number },
  ): Promise<Agent> {
    const disk = createDisk({ folder, maxBytes: 1e7, maxAgeMs: 1e12, now });
    const session = `session-${number}`;
    const { left } = await disk.open();
    const sender = createSender({
      url: `http://127.0.0.1:${port}`,
      encoder: createEncoder({ node: NODE, session }),
      clock: { ...fastClock(), monotonic: now },
      log: silent,
      timeoutMs: 5000,
      maxBatches: 1000,
      maxBytes: 1e8,
      disk,
      left,
    });
    return new Agent(sender, disk, session);
  }

  tick(timeMs: number): string {
    const one = batch(++this.seq, [table(state, [[row, 1]], timeMs)], { session: this.#session, timeMs });
    this.sender.offer(one);
    return nameOf(one);
  }
}

test.each(Array.from({ length: 12 }, (_, i) => i + 1))(
  'nothing is lost and nothing twice, schedule %i',
  async (seed) => {
    const random = randomOf(seed);
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-crashes-'));
    cleanups.push(async () => rmSync(folder, { recursive: true }));
    const onDisk: OnDisk = { closed: [], endMs: T0 - (T0 % WINDOW), sessions: [], runs: 0 };
    let nowMs = T0;
    let collector: Collector | undefined = new Collector(onDisk);
    await collector.listen(0);
    const { port } = collector;
    let agents = 1;
    let agent = await Agent.start(join(folder, 'agent'), port, { number: agents, now: () => nowMs });
    cleanups.push(() => agent.sender.close(0));
    const offered: string[] = [];
    const allTaken = (): boolean => {
      const { inFlight, taken, queued } = agent.sender.stats();
      return !inFlight && taken === queued.batches;
    };

    const restartAgent = async (): Promise<void> => {
      await agent.sender.close(random(2) * 20);
      agent = await Agent.start(join(folder, 'agent'), port, { number: ++agents, now: () => nowMs });
    };
    const restartCollector = async (): Promise<void> => {
      await collector?.kill();
      collector = random(2) === 0 ? undefined : new Collector(onDisk);
      await collector?.listen(port);
    };
    for (let tick = 0; tick < 60; tick++) {
      nowMs += WINDOW;
      offered.push(agent.tick(nowMs));
      // Often the batch is on its way when it happens, often it is not.
      if (random(3) > 0) await waitFor(() => collector === undefined || allTaken());
      if (random(6) === 0) await restartCollector();
      if (random(12) === 0) await restartAgent();
    }
    if (collector === undefined) {
      collector = new Collector(onDisk);
      await collector.listen(port);
    }
    // Two more ticks close what is open; the last two stay.
    for (let tick = 0; tick < 3; tick++) {
      nowMs += WINDOW;
      agent.tick(nowMs);
      await waitFor(allTaken);
    }
    expect(onDisk.closed.filter((name) => offered.includes(name))).toEqual(offered);
    const { dropped } = agent.sender.stats();
    expect([...dropped.keys()].filter((reason) => reason !== 'collector_too_late')).toEqual([]);
  },
);
