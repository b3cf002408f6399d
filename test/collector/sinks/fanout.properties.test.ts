/** Whatever sinks do and whenever, at every moment: received = delivered + dropped + queued, and nothing is taken twice. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { createFanout, type Fanout } from '../../../collector/sinks/fanout.ts';
import { silent } from '../../../src/log.ts';
import { fakeClock } from '../../support/clock.ts';
import { type Behaviour, fakeSink } from '../../support/fakesink.ts';

type Step =
  | { readonly do: 'offer'; readonly samples: number }
  | { readonly do: 'behave'; readonly as: Behaviour }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'close'; readonly ms: number };

const behaviours: Behaviour[] = ['take', 'part', 'retry', 'refuse', 'hang', 'bug', 'lie'];
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('offer' as const), samples: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('behave' as const), as: fc.constantFrom(...behaviours) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(6000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), ms: fc.nat(3000) }) },
);

function balanced(fanout: Fanout): void {
  for (const { received, delivered, dropped, queuedSamples } of fanout.stats()) {
    const lost = [...dropped.values()].reduce((sum, n) => sum + n, 0);
    expect(delivered + lost + queuedSamples).toBe(received);
    expect(Math.min(delivered, lost, queuedSamples)).toBeGreaterThanOrEqual(0);
  }
}

test.prop([fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 120 })], {
  numRuns: 150,
})('the books balance', async (steps, maxFrames, maxSamples) => {
  const clock = fakeClock();
  const sink = fakeSink('s');
  const fanout = createFanout([{ sink, maxFrames, maxSamples, deadlineMs: 2000 }], {
    clock,
    log: silent,
    backoff: { firstMs: 100, maxMs: 1000, random: () => 1 },
  });
  const closings: Promise<void>[] = [];
  for (const s of steps) {
    if (s.do === 'offer') fanout.offer({ startMs: 0, endMs: 1, tables: [], samples: s.samples });
    else if (s.do === 'behave') sink.behaviour = s.as;
    else if (s.do === 'pass') await clock.advance(s.ms);
    else closings.push(fanout.close(s.ms));
    balanced(fanout);
    const [now] = fanout.stats();
    expect(now?.queuedFrames).toBeLessThanOrEqual(maxFrames + 1);
  }
  closings.push(fanout.close(0));
  await clock.advance(10_000);
  await Promise.all(closings);
  balanced(fanout);
  expect(fanout.stats()[0]?.queuedSamples).toBe(0);
  expect(sink.mostAtOnce).toBeLessThanOrEqual(1);
  expect(new Set(sink.taken).size).toBe(sink.taken.length);
  expect(clock.armed).toBe(0);
});
