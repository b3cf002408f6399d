/** The store in `data_dir`, beside the log that it reads. Not there where nothing is kept, or where it is switched off. */
import { join } from 'node:path';
import type { Config } from '../src/config/schema.ts';
import type { Log } from '../src/log.ts';
import type { Clock } from '../src/run/clock.ts';
import { makeFolder } from '../src/run/makefolder.ts';
import type { KeptLog } from './keptlog.ts';
import { STORE_FOLDER } from './store/numbering.ts';
import { type KeptStore, startStore } from './store/store.ts';

export interface StoreSurroundings {
  readonly config: Config;
  readonly kept: KeptLog | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export async function openStore({ config, kept, clock, log }: StoreSurroundings): Promise<KeptStore | undefined> {
  const { store, query } = config;
  if (kept === undefined || !store.enabled) return undefined;
  const path = join(kept.path, STORE_FOLDER);
  await makeFolder(path).catch((error: Error) => {
    log.error({ err: error }, 'the store’s folder cannot be made');
  });
  const { containers, groups } = store;
  return startStore({
    frames: kept.frames,
    clock,
    log,
    thread: {
      path,
      logPath: kept.path,
      instance: storeInstance(config),
      retention: {
        single: [containers.raw, containers.five_minutes, containers.hour],
        group: [groups.raw, groups.five_minutes, groups.hour],
        maxBytes: store.max_bytes,
      },
      taking: { acceptAgeMs: store.accept_age, maxSeries: store.max_series },
      limits: {
        maxSamples: query.max_samples,
        maxSteps: query.max_steps,
        maxPoints: query.max_points,
        timeoutMs: query.timeout,
      },
    },
  });
}

/** As a target of a scrape on the same machine, if it is not configured: an address for all interfaces is none. */
export function storeInstance({ collector: { listen }, store }: Config): string {
  if (store.instance !== undefined) return store.instance;
  const { host, port } = listen;
  const name = host === '' || host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `${name.includes(':') ? `[${name}]` : name}:${port}`;
}
