/**
 * The source of states: what the inventory knows of every container becomes the families `state` and `info`. Asks the engine
 * nothing. While the engine is away a container is reported as running only if its process still is where it was.
 */
import { info } from '../../src/catalog/info.ts';
import { state } from '../../src/catalog/state.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import { TableBuilder } from '../../src/model/builder.ts';
import { type Labels, NO_LABELS } from '../../src/model/labels.ts';
import { type Entity, type EntityRow, entityRow } from '../../src/model/table.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { Container, ContainerState } from '../container.ts';
import type { Source } from '../source.ts';
import { type ContainerDetails, detailsOf } from './identity.ts';
import type { Inventory } from './inventory.ts';
import type { EngineStatus } from './status.ts';

export interface StateSourceOptions {
  readonly inventory: Pick<Inventory, 'containers' | 'alive'> & Partial<Pick<Inventory, 'status'>>;
  readonly clock: Clock;
  /** The label `source` of `plimsoll_source_up`; another one for each engine. Default `docker`. */
  readonly name?: string;
}

export interface StateSource extends Source {
  /**
   * How a container ended that was removed before a reading could show it (`docker run --rm`): exit code, times, whether for want of
   * memory. Empty when the last reading has shown it as it was, and for one that never ran.
   */
  ending(container: Container): FamilyTable[];
}

type StateBuilder = TableBuilder<typeof state, EntityRow>;

/** The two rows of one container, kept while its entity and its description are the same objects. */
interface Rows {
  /** What the last reading showed. */
  shown: Container | undefined;
  readonly entity: Entity;
  readonly details: Labels;
  readonly state: EntityRow;
  readonly info: EntityRow;
}

const COLUMN_OF_STATE: readonly (readonly [ContainerState, number])[] = [
  ['created', state.at.stateCreated],
  ['running', state.at.stateRunning],
  ['paused', state.at.statePaused],
  ['restarting', state.at.stateRestarting],
  ['removing', state.at.stateRemoving],
  ['exited', state.at.stateExited],
  ['dead', state.at.stateDead],
];

const COLUMN_OF_HEALTH: readonly (readonly [ContainerDetails['health'], number])[] = [
  ['healthy', state.at.healthHealthy],
  ['unhealthy', state.at.healthUnhealthy],
  ['starting', state.at.healthStarting],
  ['none', state.at.healthNone],
];

export function stateSource({ inventory, clock, name = 'docker' }: StateSourceOptions): StateSource {
  // Keyed by container id; what the inventory no longer has is swept after each reading.
  const rows = new Map<string, Rows>();

  function rowsOf(container: Container): Rows {
    const { entity } = container;
    const details = detailsOf(container).info;
    const kept = rows.get(container.id);
    if (kept?.entity === entity && kept.details.key === details.key) return kept;
    const made = {
      shown: undefined,
      entity,
      details,
      state: entityRow(entity, NO_LABELS),
      info: entityRow(entity, details),
    };
    rows.set(container.id, made);
    return made;
  }

  function tablesOf(containers: Iterable<Container>, expected: number): FamilyTable[] {
    const states: StateBuilder = new TableBuilder(state, expected);
    const infos = new TableBuilder<typeof info, EntityRow>(info, expected);
    const timeMs = clock.now();
    for (const container of containers) {
      const row = rowsOf(container);
      row.shown = container;
      states.add(row.state, timeMs);
      fill(states, container, { alive: inventory.alive(container), timeMs });
      infos.add(row.info, timeMs);
      infos.set(info.at.info, 1);
    }
    return states.size === 0 ? [] : [states.build(), infos.build()];
  }

  return {
    name,
    get trouble() {
      return inventory.status ? troubleOf(inventory.status()) : '';
    },
    read() {
      const containers = inventory.containers();
      const tables = tablesOf(containers.values(), containers.size);
      for (const id of rows.keys()) if (!containers.has(id)) rows.delete(id);
      return Promise.resolve(tables);
    },
    ending(container) {
      const { finishedMs } = detailsOf(container);
      if (container.pid > 0 || finishedMs === 0 || rows.get(container.id)?.shown === container) return [];
      // Seen in the middle of its removal, which is over now: what stays to be said is how it ended.
      return tablesOf([container.state === 'removing' ? { ...container, state: 'exited' } : container], 1);
    },
    close: () => Promise.resolve(),
  };
}

/** An engine that is not installed is no trouble: then there is nothing to be told of. */
function troubleOf({ connected, lastReason, lastError, version }: EngineStatus): string {
  const isNone = lastReason === 'missing' && version === '';
  return connected || isNone ? '' : lastError;
}

function fill(to: StateBuilder, container: Container, { alive, timeMs }: { alive: boolean; timeMs: number }): void {
  const details = detailsOf(container);
  const { at } = state;
  const seconds = (column: number, ms: number): void => to.set(column, ms > 0 ? ms / 1000 : Number.NaN);
  seconds(at.created, details.createdMs);
  to.set(at.restarts, details.restarts ?? Number.NaN);
  const runs = container.state === 'running' || container.state === 'paused';
  // It ran when the engine was last heard, and its process is gone: what state it is in now nobody has said yet.
  if (runs && container.pid > 0 && !alive) return;
  for (const [name, column] of COLUMN_OF_STATE) to.set(column, name === container.state ? 1 : 0);
  if (details.inspected && details.oomKilled !== undefined) to.set(at.oomKilled, details.oomKilled ? 1 : 0);
  if (runs) {
    // Of one that has ended it would let whoever subtracts it from now see an uptime that grows.
    seconds(at.started, details.startedMs);
    if (alive) seconds(at.lastSeen, timeMs);
    if (details.inspected) fillHealth(to, details);
    return;
  }
  seconds(at.finished, details.finishedMs);
  if (hasExited(container.state)) to.set(at.exitCode, details.exitCode ?? Number.NaN);
}

function fillHealth(to: StateBuilder, { health, failingStreak }: ContainerDetails): void {
  for (const [name, column] of COLUMN_OF_HEALTH) to.set(column, name === health ? 1 : 0);
  if (health !== 'starting') to.set(state.at.healthState, health === 'healthy' ? 1 : health === 'none' ? -1 : 0);
  if (health !== 'none') to.set(state.at.failingStreak, failingStreak ?? Number.NaN);
}

function hasExited(name: ContainerState): boolean {
  return name === 'exited' || name === 'dead' || name === 'restarting';
}
