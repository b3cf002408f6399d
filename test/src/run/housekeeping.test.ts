/** Chores come when their schedule says, and a failing one comes again. */
import { expect, test } from 'vitest';
import { silent } from '../../../src/log.ts';
import { startHousekeeping } from '../../../src/run/housekeeping.ts';
import { waitFor } from '../../support/wait.ts';

test('a chore runs each second, a failing one too, and none after stop', async () => {
  const runs = { good: 0, bad: 0 };
  const housekeeping = startHousekeeping(
    [
      { name: 'good', schedule: '* * * * * *', run: () => void runs.good++ },
      {
        name: 'bad',
        schedule: '* * * * * *',
        run: () => {
          runs.bad++;
          throw new Error('no');
        },
      },
    ],
    silent,
  );
  await waitFor(() => runs.good >= 2 && runs.bad >= 2, { timeoutMs: 10_000 });
  await housekeeping.stop();
  const after = { ...runs };
  await new Promise((resolve) => setTimeout(resolve, 1100));
  expect(runs).toEqual(after);
});
