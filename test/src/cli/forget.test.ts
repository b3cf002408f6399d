/** A part that is used once is gone afterwards, with what it left in the global object. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { usedOnce } from '../../../src/cli/forget.ts';
import { memoryTrimmer } from '../../../src/run/memory.ts';

let dir: string;
let file: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'plimsoll-forget-'));
  file = join(dir, 'part.cjs');
  writeFileSync(file, 'exports.large = { answer: 42 }; globalThis.leftByThePart = exports.large;');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Part {
  readonly large: { readonly answer: number };
}

/** In a function of its own, so that nothing of it stays on the stack. */
function use(): { answer: number; large: WeakRef<object> } {
  return usedOnce(file, ({ large }: Part) => ({ answer: large.answer, large: new WeakRef(large) }));
}

test('what it answers stays, what it was is collected', async () => {
  const { answer, large } = use();
  expect(answer).toBe(42);
  expect('leftByThePart' in globalThis).toBe(false);
  expect(createRequire(import.meta.url).cache[file]).toBeUndefined();
  const collect = memoryTrimmer();
  // A weak reference holds on until the job that made it is over.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect(large.deref()).toBeUndefined();
});

test('a part that fails is forgotten too', () => {
  const fail = (): never => {
    throw new Error('no');
  };
  expect(() => usedOnce(file, fail)).toThrow('no');
  expect(createRequire(import.meta.url).cache[file]).toBeUndefined();
});
