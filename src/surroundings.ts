/** What both programs are started with. */
import type { Config } from './config/schema.ts';
import type { Guard } from './http/guard.ts';
import type { Log } from './log.ts';
import type { Clock } from './run/clock.ts';
import type { Lifecycle } from './run/lifecycle.ts';

export interface ProgramSurroundings {
  readonly config: Config;
  readonly guard: Guard;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly life: Lifecycle;
}
