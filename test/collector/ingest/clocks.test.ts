/** Agents whose clocks are off: how that is learnt, and that none of their samples is lost by it. */
import { describe, expect, test } from 'vitest';
import { createAggregator } from '../../../collector/aggregate/aggregator.ts';
import { AGGREGATOR_DEFAULTS } from '../../../collector/aggregate/options.ts';
import { createAgentClock, sentMsOf } from '../../../collector/ingest/clocks.ts';
import { createIngest } from '../../../collector/ingest/ingest.ts';
import { shifter } from '../../../collector/ingest/shift.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { createEncoder } from '../../../src/wire/encode.ts';
import { recordedLog } from '../../agents/send/fake.ts';
import { batch, container, familyNamed, load, rowOf, SESSION, T0, table } from '../../src/wire/batches.ts';
import { expositionLines } from '../../support/exposition.ts';

describe('how far a clock is off', () => {
  /** Offsets after pushes that were on their way for so long, by clocks that are off by so much. */
  const offsetsAfter = (pushes: readonly (readonly [offMs: number, delayMs: number])[]): (number | undefined)[] => {
    const clock = createAgentClock();
    return pushes.map(([offMs, delayMs], i) => {
      const receivedMs = T0 + i * 10_000;
      clock.note(receivedMs - delayMs + offMs, receivedMs);
      return clock.offsetMs;
    });
  };

  test('up to a second is nothing', () => {
    expect(
      offsetsAfter([
        [0, 20],
        [900, 0],
        [-900, 0],
      ]),
    ).toEqual([0, 0, 0]);
  });
  test('25 s behind and 70 s ahead are known with the first push', () => {
    expect(offsetsAfter([[-25_000, 5]])).toEqual([-25_005]);
    expect(offsetsAfter([[70_000, 5]])).toEqual([69_995]);
  });
  test('one push that took three seconds is no clock that is behind; two that say the same are', () => {
    expect(
      offsetsAfter([
        [0, 10],
        [0, 3000],
        [0, 10],
      ]),
    ).toEqual([0, 0, 0]);
    expect(
      offsetsAfter([
        [-3000, 10],
        [-3000, 10],
      ]),
    ).toEqual([0, -3010]);
  });
  test('what lay here for eight seconds while we stood still is no clock that is behind; more than that is', () => {
    const held = createAgentClock();
    held.note(T0, T0 + 10);
    // SIGSTOP from T0 + 10 s to T0 + 18 s.
    expect(held.note(T0 + 10_000, T0 + 18_000, 7500)).toBe(false);
    expect(held.offsetMs).toBe(0);
    expect(held.note(T0 + 20_000, T0 + 50_000, 7500)).toBe(true);
    expect(held.offsetMs).toBe(-30_000);
  });
  test('it stays the same while the clock does, however the network varies', () => {
    expect(
      offsetsAfter([
        [-25_000, 5],
        [-25_000, 700],
        [-25_000, 0],
      ]),
    ).toEqual([-25_005, -25_005, -25_005]);
  });
  test('a clock that is set begins anew, in both directions', () => {
    expect(
      offsetsAfter([
        [0, 0],
        [3_600_000, 0],
        [0, 0],
        [-3_600_000, 0],
        [0, 0],
      ]),
    ).toEqual([0, 3_600_000, 0, -3_600_000, 0]);
  });
  test('the header is Unix milliseconds or nothing', () => {
    expect(sentMsOf('1700000000000')).toBe(T0);
    for (const header of [undefined, '', '-5', '1.5', '1e3', 'now', '9'.repeat(16), ['1', '2']])
      expect(sentMsOf(header)).toBeUndefined();
  });
});

test('what is put into our time: readings and starts; what is not known stays so; rows stay the same objects', () => {
  const known = rowOf('a', 'sda');
  const unknown = { ...known, entity: { ...container('b'), startMs: 0 } };
  const shift = shifter(-25_000);
  const first = shift(
    batch(1, [
      table(load, [
        [known, 1],
        [unknown, 2],
      ]),
    ]),
  );
  const [a, b] = first.tables[0]?.rows ?? [];
  expect(first.timeMs - batch(1, []).timeMs).toBe(25_000);
  expect([...(first.tables[0]?.timesMs ?? [])]).toEqual([T0 + 25_000, T0 + 25_000]);
  expect([a?.entity.startMs, b?.entity.startMs]).toEqual([known.entity.startMs + 25_000, 0]);
  expect(a?.labels).toEqual(known.labels);
  const second = shift(batch(2, [table(load, [[known, 3]])]));
  expect(second.tables[0]?.rows[0]).toBe(a);
});

describe.each([
  [-25_000, 'behind'],
  [70_000, 'ahead of'],
  [-56 * 365 * 86_400_000, 'behind'],
])('an agent whose clock is off by %i ms', (offMs, word) => {
  test('loses nothing, its groups are whole, and both are told once', async () => {
    const log = recordedLog();
    let nowMs = T0;
    const aggregator = createAggregator({ ...AGGREGATOR_DEFAULTS, containers: false, cluster: 'c' });
    const ingest = createIngest({
      push: (given) => aggregator.push(given, nowMs),
      familyNamed,
      clock: { ...systemClock, now: () => nowMs },
      log,
    });
    const encoder = createEncoder({ node: 'node-1', session: SESSION });
    const lines: string[] = [];
    const offsets = new Set<unknown>();
    let sent = 0;
    for (let tick = 0; tick < 30; tick++) {
      nowMs = T0 + tick * 10_000;
      const theirs = nowMs + offMs;
      // Began two seconds before the first tick, by the same clock.
      const row = { ...rowOf('a', 'sda'), entity: { ...container('a'), startMs: T0 + offMs - 2000 } };
      const given = { ...batch(tick + 1, [table(load, [[row, tick * 1000, tick]], theirs + 30)]), timeMs: theirs };
      sent += 2;
      const body = Buffer.from(encoder.encode(given, { full: true }));
      const { body: answer } = await ingest.receive(body, { sentMs: theirs + 50, receivedMs: nowMs + 50 });
      expect(answer).toMatchObject({ accepted: 2, dropped: {} });
      offsets.add((answer as { clock_offset_ms?: number }).clock_offset_ms);
      for (const { tables } of await aggregator.advance(nowMs + 60, () => Promise.resolve())) {
        lines.push(...expositionLines(tables).filter((line) => line.startsWith('cluster_load_bytes_total')));
      }
    }
    expect([...offsets]).toEqual([offMs]);
    expect(log.lines).toEqual([
      `warn the agent’s clock is ${word} ours: its readings are put into our time; set the clocks of both (NTP)`,
    ]);
    const { received, dropped, increases } = aggregator.stats();
    expect([received, dropped.size, increases.gaps]).toEqual([sent, 0, 0]);
    // 27 windows are closed, the first of them holds the baseline.
    expect(Number(lines.at(-1)?.split(' ').at(-1))).toBe((lines.length - 1) * 1000);
    expect([...ingest.stats().clockOffsets]).toEqual([['node-1', offMs]]);
  });
});

test('an agent that does not say when it sends is taken as it is', async () => {
  const log = recordedLog();
  const ingest = createIngest({
    push: () => ({ accepted: 1, dropped: new Map() }),
    familyNamed,
    clock: { ...systemClock, now: () => T0 + 100_000 },
    log,
  });
  const encoder = createEncoder({ node: 'node-1', session: SESSION });
  const body = Buffer.from(encoder.encode(batch(1, [table(load, [[rowOf('a', 'sda'), 1]])])));
  expect((await ingest.receive(body)).body).toEqual({ accepted: 1, dropped: {}, duplicate: false });
  expect([...ingest.stats().clockOffsets]).toEqual([]);
  expect(log.lines).toEqual([]);
});
