/** What both programs are started with. */
import type { Config } from './config/schema.ts';
import type { ServerTls } from './config/secure.ts';
import type { Log } from './log.ts';
import type { Clock } from './run/clock.ts';
import type { Lifecycle } from './run/lifecycle.ts';

export interface ProgramSurroundings {
  readonly config: Config;
  readonly guard: { readonly token: string | undefined; readonly tls: ServerTls | undefined };
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly life: Lifecycle;
}
