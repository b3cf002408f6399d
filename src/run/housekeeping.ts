/** Upkeep on a schedule of its own, apart from the tick: evicting what is stale, checking budgets. node-cron keeps the time. */
import { createTask } from 'node-cron';
import type { Log } from '../log.ts';

export interface Chore {
  /** One word, for the log. */
  readonly name: string;
  /** Five fields, or six with seconds first: `0 * * * * *`. */
  readonly schedule: string;
  readonly run: () => void | Promise<void>;
}

export interface Housekeeping {
  stop(): Promise<void>;
}

/** Starts the chores. One that fails is logged and comes again; one still running is not started a second time. */
export function startHousekeeping(chores: readonly Chore[], log: Log): Housekeeping {
  const tasks = chores.map(({ name, schedule, run }) =>
    createTask(schedule, async () => attempt(name, run, log), {
      name,
      noOverlap: true,
      unref: true,
      suppressMissedWarning: true,
      // The library writes to the console unless it is given somewhere else to write.
      logger: {
        info: (text) => log.debug({ chore: name }, text),
        warn: (text) => log.debug({ chore: name }, text),
        error: (text) => log.warn({ chore: name }, String(text)),
        debug: (text) => log.debug({ chore: name }, String(text)),
      },
    }),
  );
  for (const task of tasks) void task.start();
  return {
    async stop() {
      for (const task of tasks) await task.destroy();
    },
  };
}

async function attempt(name: string, run: Chore['run'], log: Log): Promise<void> {
  try {
    await run();
  } catch (error) {
    log.error({ chore: name, err: error }, 'housekeeping failed');
  }
}
