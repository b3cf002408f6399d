/** The store in `data_dir`, beside the log that it reads. Not there where nothing is kept, or where it is switched off. */
import { join } from 'node:path';
import type { Config } from '../src/config/schema.ts';
import type { Log } from '../src/log.ts';
import type { Clock } from '../src/run/clock.ts';
import { makeFolder } from '../src/run/makefolder.ts';
import type { KeptLog } from './keptlog.ts';
import { type KeptStore, startStore } from './store/store.ts';

/** Below the collector's own folder. */
export const STORE_FOLDER = 'store';

/** As a target of a scrape on the same machine: an address for all interfaces is none. */
function instanceOf({ collector: { listen } }: Config): string {
  const { host, port } = listen;
  const name = host === '' || host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `${name.includes(':') ? `[${name}]` : name}:${port}`;
}
