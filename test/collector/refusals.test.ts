import { expect, test } from 'vitest';
import { createRefusalLog } from '../../collector/refusals.ts';
import type { Config } from '../../src/config/schema.ts';
import { type Clock, systemClock } from '../../src/run/clock.ts';
import { recordedLog } from '../agents/send/fake.ts';

function start() {
  let ms = 0;
  const clock: Clock = { ...systemClock, monotonic: () => ms };
  const log = recordedLog();
  const settings = { max_groups: 7, max_series: 8, max_series_per_node: 5, max_waiting: 9 } as Config['collector'];
  const pass = (by: number) => {
    ms += by;
  };
  return { kept: createRefusalLog(settings, { clock, log }), log, pass };
}

test('whom a cap keeps out is said once for each node and cap, and again when it lasts', () => {
  const { kept, log, pass } = start();
  const groups = { what: 'groups', node: 'web-1', count: 3 } as const;
  kept.report([groups]);
  kept.report([groups, { what: 'series', node: 'web-1', count: 1 }]);
  kept.report([{ ...groups, node: 'web-2' }]);
  expect(log.lines).toHaveLength(3);
  pass(9 * 60_000);
  kept.report([groups]);
  expect(log.lines).toHaveLength(3);
  pass(60_000);
  kept.report([groups]);
  expect(log.lines).toHaveLength(4);
});

test('a thousand invented names are not a thousand lines', () => {
  const { kept, log } = start();
  for (let i = 0; i < 1000; i++) kept.say(`n${i}`, 'dictionary_limit', 'raise it');
  // A hundred, and one that says that there are more.
  expect(log.lines).toHaveLength(101);
});
