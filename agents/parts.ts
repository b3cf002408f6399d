/**
 * What an agent is made of before anything is served: engines, sources, the scraper; and what it found, for words. Also decides what
 * happens when a container ends: its last readings go out at once, and the tick goes on without it.
 */
import { cpus, totalmem } from 'node:os';
import type { Config } from '../src/config/schema.ts';
import type { Log } from '../src/log.ts';
import type { FamilyTable } from '../src/model/batch.ts';
import type { Clock } from '../src/run/clock.ts';
import { findMounts } from './cgroup/mounts.ts';
import type { CgroupSource } from './cgroup/source.ts';
import type { Container } from './container.ts';
import { createFilter, findEndpoints } from './selected.ts';
import { stateSource } from './docker/state.ts';
import { type Engines, type FoundEngine, startEngines } from './engines.ts';
import { enabledFamilies } from './families.ts';
import { createHostEntity } from './proc/host.ts';
import { createScraper, type Scraper } from './scrape.ts';
import { SOURCES, type Surroundings } from './sources.ts';

export interface Found {
  readonly engines: readonly FoundEngine[];
  readonly cgroup: 'v1' | 'v2' | 'hybrid' | 'none';
  /** Cores and memory. */
  readonly host: string;
}

export interface PartsOptions {
  readonly settings: Config['agent'];
  readonly node: string;
  readonly session: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Parts {
  readonly engines: Engines;
  readonly scraper: Scraper;
  readonly families: ReadonlySet<string>;
  readonly cgroup: CgroupSource | undefined;
  found(): Found;
  /** Calls back with the tables of a container that has just ended. */
  onLastReadings(listener: (tables: FamilyTable[]) => void): void;
  close(): Promise<void>;
}

/** Finds and connects everything. Rejects with a ConfigError for a configuration that cannot work. */
export async function startParts({ settings, node, session, clock, log }: PartsOptions): Promise<Parts> {
  const families = enabledFamilies(settings.families);
  const mounts = findMounts({ procRoot: settings.proc, cgroupRoot: settings.cgroup });
  const endpoints = findEndpoints({ configured: settings.engines, tls: settings.engine_tls, env: process.env });
  const engines = await startEngines({ settings, endpoints, filter: createFilter(settings), clock, log });
  const running = (): Iterable<Container> => engines.running();
  const host = createHostEntity(settings.proc);
  const around: Surroundings = { settings, mounts, running, host, families, clock, log };
  const states = engines.all.map(({ inventory }, i) => stateSource({ inventory, clock, name: i === 0 ? 'docker' : `docker${i + 1}` }));
  const sources = [...SOURCES.flatMap((make) => make(around) ?? []), ...states];
  const scraper = createScraper({ node, session, sources, deadlineMs: settings.deadline, clock, log });
  const cgroup = sources.find((source): source is CgroupSource => source.name === 'cgroup' && 'readNow' in source);
  return {
    engines,
    scraper,
    families,
    cgroup,
    found: () => ({ engines: engines.found(), cgroup: mounts.version, host: hostWords() }),
    onLastReadings(listener) {
      for (const { inventory } of engines.all) {
        inventory.onChange((container, event) => {
          if (event !== 'die' || cgroup === undefined) return;
          const tables = cgroup.readNow(container);
          if (tables.length > 0) listener(tables);
        });
      }
    },
    async close() {
      await Promise.all(sources.map((source) => source.close()));
      await engines.close();
    },
  };
}

function hostWords(): string {
  return `${cpus().length} CPUs, ${(totalmem() / 1024 ** 3).toFixed(1)} GiB of memory`;
}
