/** Closed windows to wherever they go: into the log, where there is one, and to the page and every sink. */
import type { Frame } from '../src/model/batch.ts';
import type { ProgramSurroundings } from '../src/surroundings.ts';
import { type KeptLog, type KeptLogOptions, openKeptLog } from './keptlog.ts';
import { openStore } from './keptstore.ts';
import { createFanout, type Fanout, type Outlet } from './sinks/fanout.ts';
import { createOutlets } from './sinks/list.ts';
import type { KeptStore } from './store/store.ts';

export interface DeliveryOptions
  extends Pick<ProgramSurroundings, 'config' | 'clock' | 'log' | 'life'>,
    Pick<KeptLogOptions, 'onDurable'> {
  /** Of this process, and never behind: a restart has nothing to show of before. */
  readonly page: Outlet;
}

export interface Delivery {
  readonly fanout: Fanout;
  /** Undefined where nothing is kept. */
  readonly kept: KeptLog | undefined;
  /** Undefined where nothing is kept, or not for long. */
  readonly store: KeptStore | undefined;
  /** Hands a window over, and what the log is to keep beside it; never waits. */
  offer(frame: Frame, journal: Frame['journal']): void;
}

/** How long sinks may take to empty their queues when the collector stops. */
export const DRAIN_MS = 5000;

export async function startDelivery({ page, life, ...options }: DeliveryOptions): Promise<Delivery> {
  const { config, clock, log } = options;
  const outlets = createOutlets(config.sinks, { clock, stdout: process.stdout, cluster: config.cluster });
  const kept = await openKeptLog({ ...options, outlets });
  life.onStop('log', async () => kept?.close());
  const store = await openStore({ config, kept, clock, log });
  life.onStop('store', async () => store?.close());
  const fanout = createFanout([page, ...(kept?.outlets ?? outlets)], { clock, log });
  life.onStop('sinks', async () => {
    // Sinks are given what is on disk: the last windows first have to get there.
    await kept?.frames.settle();
    await fanout.close(DRAIN_MS);
  });
  return {
    fanout,
    kept,
    store,
    offer(frame, journal) {
      // In this order: the cursors count what the log has just numbered.
      kept?.frames.offer(frame, journal);
      fanout.offer(frame);
    },
  };
}
