import { expect, test } from 'vitest';
import { createSessionsJournal, sessionsIn } from '../../../collector/ingest/sessionsjournal.ts';
import { FrameDecoder } from '../../../collector/log/decode.ts';
import { FrameEncoder } from '../../../collector/log/encode.ts';
import type { Frame } from '../../../src/model/batch.ts';

const SESSIONS = [
  { node: 'web-1', session: 'a', seq: 41, live: false },
  { node: 'web-1', session: 'b', seq: 7, live: true },
  { node: 'db "1"', session: 'c', seq: 2 ** 40, live: true },
];

function frameOf(endMs: number, journal: Frame['journal']): Frame {
  return { startMs: endMs - 10_000, endMs, tables: [], samples: 0, ...(journal ? { journal } : {}) };
}

test('sessions come out of the log as they went in, and cost next to nothing while they only go on', async () => {
  const table = createSessionsJournal();
  const encoder = new FrameEncoder();
  const decoder = new FrameDecoder();
  const sizes: number[] = [];
  for (const [i, step] of [0, 1, 2].entries()) {
    const sessions = SESSIONS.map((each) => ({ ...each, seq: each.seq + step }));
    const endMs = 1_750_000_000_000 + i * 10_000;
    const payload = await encoder.encode(frameOf(endMs, [table(sessions, endMs)]), i + 1, () => Promise.resolve());
    sizes.push(payload.length);
    expect(sessionsIn(decoder.decode(payload).frame)).toEqual(sessions);
  }
  // Their names are there once.
  expect(sizes[2]).toBeLessThan((sizes[0] as number) / 2);
});

test('a window without a journal remembers nobody', () => {
  expect(sessionsIn(frameOf(10_000, undefined))).toEqual([]);
});
