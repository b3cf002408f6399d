/**
 * The log and two cursors against a plain list: windows come in, sinks take them or do not, the disk is full for a while, and the machine goes down
 * between any two operations on the disk. What was said to be on disk reaches every sink, in order, with the same numbers; and a sink's books add up.
 */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type Keeping, openLog } from '../../../collector/log/keeping.ts';
import type { LogLimits } from '../../../collector/log/shelf.ts';
import { type Account, createAccount } from '../../../collector/sinks/account.ts';
import { silent } from '../../../src/log.ts';
import type { Frame } from '../../../src/model/batch.ts';
import { fakeClock, settle } from '../../support/clock.ts';
import { crashingDisk } from '../../support/crashingdisk.ts';
import { frame, T0, table } from '../../support/tables.ts';

const SINKS = ['a', 'b'] as const;
type SinkName = (typeof SINKS)[number];

const LIMITS: LogLimits = {
  maxBytes: 1e9,
  maxAgeMs: 1e12,
  whenFull: 'drop_oldest',
  // Three or four windows to a segment.
  segmentBytes: 600,
  segmentMs: 1e9,
  segmentSamples: 1e9,
  heldFrames: 1000,
  heldSamples: 1e9,
};

type Step =
  | { readonly do: 'offer'; readonly samples: number }
  | { readonly do: 'deliver'; readonly sink: SinkName; readonly times: number }
  | { readonly do: 'refuse'; readonly sink: SinkName }
  | { readonly do: 'crash'; readonly after: number; readonly done: boolean }
  | { readonly do: 'full'; readonly full: boolean };

const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('offer' as const), samples: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      sink: fc.constantFrom(...SINKS),
      times: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse' as const), sink: fc.constantFrom(...SINKS) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      after: fc.integer({ min: 0, max: 25 }),
      done: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('full' as const), full: fc.boolean() }) },
);

/** What was handed to a sink: the window's number in the test, and whether it was said that it may have come before. */
interface Given {
  readonly id: number;
  readonly again: boolean;
}

function windowOf(id: number, samples: number): Frame {
  const rows = Array.from({ length: samples }, (_, i) => [{ service: `s${i}` }, [id]] as const);
  return frame([table({ level: 'service', columns: ['service_x'], rows, timeMs: T0 + id * 10_000 })], T0 + id * 10_000);
}

class Run {
  readonly disk = crashingDisk();
  /** Of the process that runs: timers die with it. */
  clock = fakeClock();
  readonly given: Record<SinkName, Given[]> = { a: [], b: [] };
  /** Windows of which it was said that they are on disk. */
  readonly durable = new Set<number>();
  readonly #accounts = new Map<string, Account>();
  readonly #fate: () => number;
  #offered = 0;
  #keeping: Keeping | undefined;

  constructor(fate: () => number) {
    this.#fate = fate;
  }

  async open(): Promise<Keeping> {
    while (this.#keeping === undefined) {
      try {
        this.#keeping = await openLog({
          folder: this.disk,
          clock: this.clock,
          log: silent,
          breathe: () => Promise.resolve(),
          limits: LIMITS,
          sinks: SINKS.map((name) => ({
            name,
            wants: (window: Frame) => window.samples,
            begin: (books) => {
              const account = createAccount(name, silent, books);
              this.#accounts.set(name, account);
              return account;
            },
          })),
          onDurable: (endMs) => this.durable.add((endMs - T0) / 10_000 - 1),
        });
      } catch (error) {
        if (!this.disk.stopped && !this.disk.full) throw error;
        this.disk.full = false;
        this.disk.restart(this.#fate);
      }
    }
    return this.#keeping;
  }

  async step(step: Step): Promise<void> {
    const keeping = await this.open();
    if (step.do === 'full') this.disk.full = step.full;
    if (step.do === 'crash') this.disk.stopAfter(step.after, step.done);
    if (step.do === 'offer') this.#offer(keeping, windowOf(this.#offered++, step.samples));
    if (step.do === 'deliver') for (let i = 0; i < step.times; i++) await this.#deliver(keeping, step.sink);
    if (step.do === 'refuse' && (await keeping.cursors.get(step.sink)?.take()))
      keeping.cursors.get(step.sink)?.putBack();
    await this.clock.advance(10_000);
    await keeping.log.settle();
    await settle();
    if (this.disk.stopped) this.#restart();
    else this.#checkBooks(keeping);
  }

  /** Everything that is on disk has been handed to everybody. */
  async drain(): Promise<void> {
    this.disk.full = false;
    this.disk.stopAfter(Number.POSITIVE_INFINITY, false);
    const keeping = await this.open();
    await this.clock.advance(10_000);
    await keeping.log.settle();
    for (const sink of SINKS) while (await this.#deliver(keeping, sink));
    await settle();
    this.#checkBooks(keeping);
    for (const sink of SINKS) {
      const { samples, frames } = keeping.cursors.get(sink) ?? {};
      expect({ samples, frames }).toEqual({ samples: 0, frames: 0 });
      const { received, delivered, dropped } = (this.#accounts.get(sink) as Account).books();
      expect({ delivered, dropped: [...dropped] }).toEqual({ delivered: received, dropped: [] });
    }
  }

  #restart(): void {
    this.#keeping = undefined;
    this.clock = fakeClock();
    this.disk.full = false;
    this.disk.restart(this.#fate);
  }

  #offer({ log, cursors }: Keeping, window: Frame): void {
    log.offer(window);
    for (const [sink, cursor] of cursors) {
      this.#accounts.get(sink)?.receive(window.samples);
      cursor.push({ frame: window, samples: window.samples });
    }
  }

  async #deliver({ cursors }: Keeping, sink: SinkName): Promise<boolean> {
    const cursor = cursors.get(sink);
    const taken = await cursor?.take();
    // With the machine the sink's worker has stopped, too.
    if (taken === undefined || this.disk.stopped) return false;
    const { frame: window, samples, again } = taken;
    const id = (window.startMs - T0) / 10_000;
    // To the number: what comes from disk is what was offered.
    expect(window.tables[0]?.values).toEqual(new Float64Array(samples).fill(id));
    this.given[sink].push({ id, again: again === true });
    cursor?.remove();
    this.#accounts.get(sink)?.settle(samples, { delivered: samples, dropped: new Map() }, 0);
    return true;
  }

  #checkBooks({ cursors }: Keeping): void {
    for (const [sink, cursor] of cursors) {
      const { received, delivered, dropped } = (this.#accounts.get(sink) as Account).books();
      const lost = [...dropped.values()].reduce((sum, count) => sum + count, 0);
      expect(received, `the books of ${sink}`).toBe(delivered + lost + cursor.samples);
    }
  }
}

describe('a log on a machine that goes down at any moment', () => {
  property.prop([fc.array(STEP, { maxLength: 40 }), fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true }))], {
    numRuns: 300,
  })('loses nothing that it said was on disk, keeps the order, and its books add up', async (steps, fates) => {
    const run = new Run(() => fates.next().value as number);
    for (const step of steps) await run.step(step);
    await run.drain();
    for (const sink of SINKS) {
      const given = run.given[sink];
      const ids = new Set(given.map(({ id }) => id));
      expect([...run.durable].filter((id) => !ids.has(id))).toEqual([]);
      // A window comes after the one before it, or is that one again, and then it says so. (Of what was delivered while the disk was full, nobody
      // could take note.)
      if (steps.some((step) => step.do === 'full' && step.full)) continue;
      given.forEach(({ id, again }, i) => {
        const before = given[i - 1]?.id ?? -1;
        if (id <= before) expect({ id, again }).toEqual({ id: before, again: true });
      });
    }
  });
});
