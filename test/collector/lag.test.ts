/** What /readyz says of sinks that are behind. */
import { expect, test } from 'vitest';
import { lagging } from '../../collector/lag.ts';
import { createAccount } from '../../collector/sinks/account.ts';
import { SinkError } from '../../src/errors.ts';
import { silent } from '../../src/log.ts';

test('a sink is behind when more than one window waits for it', () => {
  const level = createAccount('level', silent);
  const behind = createAccount('behind', silent);
  behind.retry(new SinkError('unavailable', 'not now', { retryable: true }));
  const stats = [level.stats({ frames: 1, samples: 7 }), behind.stats({ frames: 12, samples: 600 })];
  expect(lagging(stats, 10_000)).toEqual([
    'sink behind: 12 windows (120 s, 600 samples) behind, and takes nothing at the moment',
  ]);
});
