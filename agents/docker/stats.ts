/**
 * The source of numbers where cgroup files are out of reach (a remote engine, one in a virtual machine): the engine's one-shot
 * stats, a few at a time. A round through all containers may take longer than a tick; each reading gives what has come in since
 * the last, with its own times, and the round goes on in between.
 */
import { cpu } from '../../src/catalog/cpu.ts';
import { diskio } from '../../src/catalog/diskio.ts';
import { memory } from '../../src/catalog/memory.ts';
import { network } from '../../src/catalog/network.ts';
import { pids } from '../../src/catalog/pids.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import { TableBuilder } from '../../src/model/builder.ts';
import type { Family } from '../../src/model/family.ts';
import { labels, NO_LABELS } from '../../src/model/labels.ts';
import { type Entity, type EntityRow, entityRow } from '../../src/model/table.ts';
import { linkedAbort } from '../../src/run/abort.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { Container } from '../container.ts';
import type { Source, Tick } from '../source.ts';
import type { EngineClient } from './engine/client.ts';
import { EngineError } from './engine/failure.ts';
import { detailsOf } from './identity.ts';
import type { Inventory } from './inventory.ts';
import {
  type DimRow,
  diskRows,
  fillCpu,
  fillMemory,
  fillPids,
  isReading,
  networkRows,
  type SetCell,
} from './measures.ts';
import { type EngineStatus, makesCgroups } from './status.ts';

export interface StatsSourceOptions {
  readonly inventory: Pick<Inventory, 'containers' | 'status'> & { readonly client: EngineClient };
  readonly clock: Clock;
  /** Names of the families wanted; others than cpu, memory, network, diskio and pids are ignored. */
  readonly families: ReadonlySet<string>;
  /** Which running containers have no other source. Default: those whose processes are not to be seen from here. */
  wanted?(container: Container): boolean;
  /** A device's name, if this is the engine's own host. Without it devices are named by their numbers: `254:0`. */
  deviceName?(major: number, minor: number): string | undefined;
  /** Whether the engine is inside of a container whose numbers hold those of its containers. Default: it is not. */
  isInside?(): boolean;
  /** How long a reading waits for the round to end; must be below the source's deadline. Default 5 000 ms. */
  readonly patienceMs?: number;
  /** Default `stats`. */
  readonly name?: string;
}

interface Answer {
  readonly container: Container;
  readonly answer: unknown;
  readonly timeMs: number;
}

const MAX_IN_FLIGHT = 4;
const PATIENCE_MS = 5000;

export function statsSource(options: StatsSourceOptions): Source {
  const { inventory, clock, patienceMs = PATIENCE_MS, wanted = (container) => !detailsOf(container).visible } = options;
  const closing = new AbortController();
  const rows = rowCache();
  // By container, until the next reading takes them.
  let answers = new Map<string, Answer>();
  let round: Promise<void> | undefined;
  let failure: unknown;

  async function ask(queue: Iterator<Container>): Promise<void> {
    for (let next = queue.next(); next.done !== true; next = queue.next()) {
      if (closing.signal.aborted || !inventory.status().connected) return;
      const container = next.value;
      try {
        const answer = await inventory.client.stats(container.id);
        if (isReading(answer)) answers.set(container.id, { container, answer, timeMs: clock.now() });
      } catch (error) {
        failure = error;
      }
    }
  }

  async function askAll(targets: readonly Container[]): Promise<void> {
    const queue = targets[Symbol.iterator]();
    await Promise.all(Array.from({ length: MAX_IN_FLIGHT }, () => ask(queue)));
    round = undefined;
  }

  return {
    name: options.name ?? 'stats',
    async read({ signal }: Tick) {
      const targets = [...inventory.containers().values()].filter((c) => isRunning(c) && wanted(c));
      if (targets.length === 0) return [];
      const status = inventory.status();
      if (!status.connected) throw new EngineError('closed', status.lastError || 'the engine is not connected');
      failure = undefined;
      round ??= askAll(targets);
      const enough = linkedAbort(signal);
      await Promise.race([round, clock.sleep(patienceMs, enough.signal).catch(() => undefined)]);
      enough.abort(new Error('all have answered'));
      enough.release();
      const taken = answers;
      answers = new Map();
      if (taken.size === 0 && failure !== undefined) throw failure;
      rows.keepOnly(inventory.containers());
      return tablesOf([...taken.values()], options, rows);
    },
    close() {
      closing.abort();
      return Promise.resolve();
    },
  };
}

function isRunning({ state }: Container): boolean {
  return state === 'running' || state === 'paused';
}

type PlainFill = (set: SetCell, one: Answer, status: EngineStatus) => void;
type RowsOf = (one: Answer, options: StatsSourceOptions) => DimRow[];

const PLAIN: readonly (readonly [Family, PlainFill])[] = [
  [
    cpu,
    (set, { container, answer }, { podman }) =>
      fillCpu(set, answer, { limits: detailsOf(container).limits, shares: container.cpuShares, podman }),
  ],
  [memory, (set, { container, answer }) => fillMemory(set, answer, detailsOf(container).limits)],
  [pids, (set, { answer }) => fillPids(set, answer)],
];

const BY_DIM: readonly (readonly [Family, string, RowsOf])[] = [
  // Of host networking and of a shared network the engine answers nothing, or somebody else's numbers.
  [
    network,
    'interface',
    // Where the process is to be seen from here its own files are read instead.
    ({ container, answer }, { inventory }) =>
      container.ownNetwork && !detailsOf(container).visible ? networkRows(answer, inventory.status()) : [],
  ],
  [diskio, 'device', ({ answer }, { deviceName }) => diskRows(answer, (major, minor) => deviceName?.(major, minor))],
];

function tablesOf(answers: readonly Answer[], options: StatsSourceOptions, rows: RowCache): FamilyTable[] {
  const tables: FamilyTable[] = [];
  const status = options.inventory.status();
  const shownOnly = options.isInside?.() ?? false;
  // Where the engine could make no cgroups it answers the numbers of the cgroup that it is in itself, or of the machine.
  const owned = makesCgroups(status);
  const finish = (family: Family, fill: (builder: TableBuilder<Family, EntityRow>) => void): void => {
    if (!options.families.has(family.name) || !(owned || family === network)) return;
    const builder = new TableBuilder<Family, EntityRow>(family, answers.length);
    fill(builder);
    if (builder.size > 0) tables.push(builder.build());
  };
  for (const [family, fill] of PLAIN) {
    finish(family, (builder) => {
      for (const one of answers) {
        builder.add(rows.row(one.container.entity, NO_DIM, shownOnly), one.timeMs);
        fill((column, value) => builder.set(column, value ?? Number.NaN), one, status);
      }
    });
  }
  for (const [family, dim, rowsOf] of BY_DIM) {
    finish(family, (builder) => {
      for (const one of answers) {
        for (const found of rowsOf(one, options)) {
          builder.add(rows.row(one.container.entity, { dim, value: found.dim }, shownOnly), one.timeMs);
          found.fill((column, value) => builder.set(column, value ?? Number.NaN));
        }
      }
    });
  }
  return tables;
}

interface Dim {
  readonly dim: string;
  readonly value: string;
}

const NO_DIM: Dim = { dim: '', value: '' };

/** Row objects, kept while their entity is: rendered labels hang on them. */
interface RowCache {
  row(entity: Entity, dim: Dim, shownOnly: boolean): EntityRow;
  /** Forgets containers that are not in the map. */
  keepOnly(containers: ReadonlyMap<string, unknown>): void;
}

/** Rows of one container that are remembered; more are made anew each time. */
const MAX_KEPT = 1024;

function rowCache(): RowCache {
  const byContainer = new Map<string, { entity: Entity; rows: Map<string, EntityRow> }>();
  return {
    row(entity, { dim, value }, shownOnly) {
      let kept = byContainer.get(entity.key);
      if (kept?.entity !== entity) {
        kept = { entity, rows: new Map() };
        byContainer.set(entity.key, kept);
      }
      const key = `${dim}=${value}`;
      const known = kept.rows.get(key);
      if (known && (known.shownOnly === true) === shownOnly) return known;
      const found = entityRow(entity, dim === '' ? NO_LABELS : labels([[dim, value]]), shownOnly);
      if (kept.rows.size < MAX_KEPT) kept.rows.set(key, found);
      return found;
    },
    keepOnly(containers) {
      for (const id of byContainer.keys()) if (!containers.has(id)) byContainer.delete(id);
    },
  };
}
