/** What must hold for any question: a range is its instants, text and tree are the same, whatever was made up at random. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { QueryAnswer } from '../../../collector/query/query.ts';
import { toJson } from '../../../collector/query/parse/json.ts';
import { parseQuery } from '../../../collector/query/parse/parse.ts';
import { print, printPretty } from '../../../collector/query/parse/print.ts';
import { question } from '../../promql/questions.ts';
import { WORLD, world } from '../../promql/world.ts';
import { MemorySource } from '../../support/memorysource.ts';
import { engineWith } from '../../support/querying.ts';

const source = new MemorySource();
for (const { labels, samples } of world(7, false)) source.add(labels, samples);
const seeds = fc.integer({ min: 1, max: 1_000_000 });

function asked(query: string, startMs: number, endMs: number, stepMs: number): QueryAnswer | undefined {
  try {
    return engineWith().query({ query, startMs, endMs, stepMs }, source);
  } catch {
    return undefined;
  }
}

/** By labels and time. */
function points({ series }: QueryAnswer, at?: number): Map<string, number> {
  const out = new Map<string, number>();
  for (const { labels, timesMs, values } of series) {
    timesMs.forEach((ms, i) => {
      if (at === undefined || ms === at) out.set(JSON.stringify(labels), values[i] as number);
    });
  }
  return out;
}

describe('questions made up at random', () => {
  test.prop([seeds], { numRuns: 150 })('a range has at each step what the instant has', (seed) => {
    const { expr, startMs } = question(seed, WORLD);
    // The ends of the question are another time in an instant.
    if (/(?:start|end)\(\)/.test(expr)) return;
    const stepMs = 41_000;
    const whole = asked(expr, startMs, startMs + 4 * stepMs, stepMs);
    if (!whole) return;
    for (let ms = startMs; ms <= startMs + 4 * stepMs; ms += stepMs) {
      const one = points(asked(expr, ms, ms, 0) as QueryAnswer);
      const same = points(whole, ms);
      expect([...same.keys()].sort()).toEqual([...one.keys()].sort());
      for (const [labels, value] of one) {
        const off = Math.abs((same.get(labels) as number) - value);
        if (Number.isFinite(value)) expect(off).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(value)));
        else expect(same.get(labels)).toBe(value);
      }
    }
  });

  test.prop([seeds], { numRuns: 300 })('what is printed, on one line or several, is the same tree again', (seed) => {
    const tree = parseQuery(question(seed, WORLD).expr);
    expect(toJson(parseQuery(print(tree)))).toEqual(toJson(tree));
    expect(toJson(parseQuery(printPretty(tree)))).toEqual(toJson(tree));
  });

  test.prop([fc.string({ unit: 'binary', maxLength: 60 })])(
    'any text is a tree or a bad question, with a place in it',
    (text) => {
      try {
        parseQuery(text);
      } catch (error) {
        const { type, place } = error as { type: string; place: { from: number; to: number } };
        expect(type).toBe('bad_data');
        expect(place.from >= 0 && place.from <= place.to && place.to <= text.length).toBe(true);
      }
    },
  );
});
