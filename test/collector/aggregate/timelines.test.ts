/** Runs every timeline of test/scenarios/timelines: text in, text out. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Aggregator, createAggregator } from '../../../collector/aggregate/aggregator.ts';
import { expositionLines } from '../../support/exposition.ts';
import { EPOCH_MS, type ExpectedFrame, parseTimeline, statistic, type Step } from './timeline.ts';

const FOLDER = new URL('../../scenarios/timelines/', import.meta.url);
const names = readdirSync(FOLDER).filter((file) => file.endsWith('.txt'));

const breathe = () => Promise.resolve();

async function framesOf(
  aggregator: Aggregator,
  step: Extract<Step, { nowMs: number; frames: unknown }>,
): Promise<ExpectedFrame[]> {
  const frames =
    step.kind === 'flush' ? await aggregator.flush(breathe) : await aggregator.advance(step.nowMs, breathe);
  for (const frame of frames) expect(frame.samples).toBe(expositionLines(frame.tables).length);
  return frames.map(({ startMs, endMs, late, tables }) => ({
    ...{ startMs, endMs, late: late?.join(' ') },
    lines: expositionLines(tables),
  }));
}

/** On how many nodes a group rests is compared where a timeline is about that. */
function withoutNodes(frames: readonly ExpectedFrame[]): ExpectedFrame[] {
  return frames.map((frame) => ({ ...frame, lines: frame.lines.filter((line) => !/^[a-z_]+_nodes\{/.test(line)) }));
}

/** As the timeline writes it, so that a difference can be read. */
function written(frames: readonly ExpectedFrame[]): string {
  const seconds = (ms: number) => (ms - EPOCH_MS) / 1000;
  return frames
    .map(({ startMs, endMs, late, lines }) => {
      const whose = late === undefined ? '' : ` late ${late}`;
      return [`frame ${seconds(startMs)}-${seconds(endMs)}${whose}`, ...lines].join('\n  ');
    })
    .join('\n');
}

describe('timelines', () => {
  test('there are some', () => expect(names.length).toBeGreaterThan(10));

  test.each(names)('%s', async (name) => {
    const text = readFileSync(new URL(name, FOLDER), 'utf8');
    const { options, steps } = parseTimeline(text);
    const compared = /_nodes\{/.test(text) ? (frames: ExpectedFrame[]) => frames : withoutNodes;
    const aggregator = createAggregator(options);
    for (const step of steps) {
      if (step.kind === 'push') aggregator.push(step.batch, step.nowMs);
      else if (step.kind === 'stats') {
        const stats = aggregator.stats();
        const actual = new Map([...step.values.keys()].map((path) => [path, statistic(stats, path)]));
        expect(actual, `line ${step.at}`).toEqual(step.values);
      } else expect(written(compared(await framesOf(aggregator, step))), `line ${step.at}`).toBe(written(step.frames));
    }
  });
});
