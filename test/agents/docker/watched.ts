/** What the tests of a watched engine share: an inventory with short times, and containers and events as the Engine writes them. */
import {
  createInventory,
  type EngineInventory,
  type Inventory,
  type InventoryOptions,
} from '../../../agents/docker/inventory.ts';
import { silent } from '../../../src/log.ts';
import { systemClock } from '../../../src/run/clock.ts';
import type { FakeEngine } from '../../support/fakeengine.ts';

/** An inventory of the engine that sees no process, with pauses of fractions of a second. */
export function watch(engine: FakeEngine, options: Partial<InventoryOptions> = {}): EngineInventory {
  return createInventory({
    endpoint: { socketPath: engine.socket },
    labelAllow: [],
    envAllow: [],
    locate: () => undefined,
    clock: systemClock,
    log: silent,
    timing: { pulseMs: 200, retryFirstMs: 10, retryMaxMs: 40 },
    ...options,
  });
}

/** A container that the engine lists and lets inspect; running since 2026 with pid 100, unless `state` says otherwise. */
export function put(engine: FakeEngine, id: string, state: object = {}): void {
  const State = { Status: 'running', Pid: 100, StartedAt: '2026-01-01T00:00:00Z', ...state };
  engine.answers.set(`/containers/${id}/json`, { Id: id, Name: `/${id}`, RestartCount: 0, State });
  const list = engine.answers.get('/containers/json') as { Id: string }[];
  const others = list.filter((entry) => entry.Id !== id);
  engine.answers.set('/containers/json', [...others, { Id: id, Names: [`/${id}`], State: State.Status }]);
}

/** A container that the engine knows no more. */
export function remove(engine: FakeEngine, id: string): void {
  engine.answers.delete(`/containers/${id}/json`);
  const list = engine.answers.get('/containers/json') as { Id: string }[];
  engine.answers.set(
    '/containers/json',
    list.filter((entry) => entry.Id !== id),
  );
}

export function event(id: string, Action: string, Attributes: object = {}, timeMs = Date.now()): object {
  return {
    Type: 'container',
    Action,
    Actor: { ID: id, Attributes: { name: id, ...Attributes } },
    timeNano: timeMs * 1e6,
  };
}

/** Changes as the listeners hear them, `die web`. */
export function changesOf(inventory: Inventory): string[] {
  const told: string[] = [];
  inventory.onChange((container, what) => told.push(`${what} ${container.name}`));
  return told;
}
