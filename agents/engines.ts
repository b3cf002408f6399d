/**
 * The engines: an inventory for each, and all of them together. Which ones there are is the configuration's word, or what is found where
 * engines usually listen.
 */
import { join } from 'node:path';
import type { Config } from '../src/config/schema.ts';
import type { Log } from '../src/log.ts';
import type { Clock } from '../src/run/clock.ts';
import { locator } from './cgroup/locate.ts';
import type { CgroupMounts } from './cgroup/mounts.ts';
import type { Container, NamedCgroup } from './container.ts';
import type { Endpoint } from './docker/engine/endpoint.ts';
import { address } from './docker/engine/failure.ts';
import type { Candidate } from './docker/filter.ts';
import { detailsOf } from './docker/identity.ts';
import { createInventory, type Inventory } from './docker/inventory.ts';
import type { EngineStatus } from './docker/status.ts';
import { isProcessOf } from './filesystem/owner.ts';
import type { PodDirectory } from './kubernetes/api/directory.ts';
import { createFilesInventory } from './kubernetes/inventory.ts';
import type { Runtime } from './kubernetes/runtime.ts';
import type { Placed } from './nesting.ts';

export interface EngineOptions {
  readonly settings: Config['agent'];
  readonly mounts: CgroupMounts;
  readonly endpoints: readonly Endpoint[];
  /** Where further engines listen by now; asked each minute. */
  further?(known: readonly Endpoint[]): Endpoint[];
  /** Container runtimes that are there by now and are read through their files; asked at the start and every few seconds. */
  runtimes?(): Runtime[];
  readonly filter: (candidate: Candidate) => boolean;
  /** What the API server knows of pods, where it is asked. */
  readonly pods?: PodDirectory | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Engine {
  readonly endpoint: string;
  readonly inventory: Inventory;
  /**
   * The containers that this endpoint speaks for: all that it knows, but of several endpoints that lead to one engine only the first
   * that answers has them.
   */
  containers(): ReadonlyMap<string, Container>;
  /** Of a container that no engine knows any more, each that knew it may speak. */
  speaksFor(id: string): boolean;
}

/** How it stands with one engine, for words. */
export interface FoundEngine {
  readonly endpoint: string;
  readonly status: EngineStatus;
  /** By state. */
  readonly containers: ReadonlyMap<string, number>;
  /** Containers that the configuration, or a label of their own, leaves out. */
  readonly leftOut: number;
}

/** `Docker 20.10.24, containerd`: those that answer, or did. */
export function engineNames(engines: readonly FoundEngine[]): string {
  const names = engines.flatMap(({ status: { runtime, version, podman } }) =>
    runtime === '' && version === '' ? [] : [`${runtime || (podman ? 'Podman' : 'Docker')} ${version}`.trim()],
  );
  return [...new Set(names)].join(', ');
}

export interface Engines {
  /** Grows when further ones are found; one that was found once is never left out. */
  readonly all: readonly Engine[];
  /** Calls back with each further one, once its first attempt to connect is over. */
  onFurther(listener: (engine: Engine) => void): void;
  /** Containers that run now, whose engine says so or whose process is still there, and whose process is to be seen from here. */
  running(): Iterable<Container>;
  /** The same ones, with who has them. */
  placed(): Iterable<Placed>;
  /** Cgroups of groups of containers that have a name. */
  named(): Iterable<NamedCgroup>;
  /** Whether an engine has a container that the filter leaves out. */
  isIgnored(id: string): boolean;
  found(): FoundEngine[];
  close(): Promise<void>;
}

const LOOK_EVERY_MS = 60_000;
/** A node's first pod makes the folder that its runtime is known by, and is to have its name soon; looking takes a readdir or a few. */
const RUNTIMES_EVERY_MS = 5000;

/** Connects to all of them side by side; never rejects for an engine that is not there. */
export async function startEngines(options: EngineOptions): Promise<Engines> {
  const { endpoints, clock, log } = options;
  const known: Endpoint[] = [];
  const all: Engine[] = [];
  const listeners = new Set<(engine: Engine) => void>();

  function add(endpoint: Endpoint): Promise<Engine> {
    known.push(endpoint);
    return take(address(endpoint), inventoryOf(endpoint, options));
  }

  /** Those that are not known yet, by where their files are. */
  function addRuntimes(): Promise<Engine>[] {
    const places = new Set(all.map((engine) => engine.endpoint));
    const further = (options.runtimes?.() ?? []).filter(({ place }) => !places.has(place));
    return further.map((runtime) => take(runtime.place, filesOf(runtime, options)));
  }

  async function take(place: string, inventory: Inventory): Promise<Engine> {
    const engine: Engine = {
      endpoint: place,
      inventory,
      containers: () => (all.length === 1 ? inventory.containers() : spokenFor(inventory, all)),
      speaksFor: (id) => (speakerOf(id, all)?.inventory ?? inventory) === inventory,
    };
    all.push(engine);
    await inventory.start();
    return engine;
  }

  async function lookAgain(further: () => Promise<Engine>[]): Promise<void> {
    try {
      const found = await Promise.all(further());
      for (const engine of found) for (const listener of listeners) listener(engine);
    } catch (error) {
      log.warn({ err: error }, 'could not look for further engines');
    }
  }

  await Promise.all([...endpoints.map(add), ...addRuntimes()]);
  const looks = [
    every(LOOK_EVERY_MS, clock, () => lookAgain(() => (options.further?.(known) ?? []).map(add))),
    every(RUNTIMES_EVERY_MS, clock, () => lookAgain(addRuntimes)),
  ];
  function* placed(): Iterable<Placed> {
    for (const engine of all) {
      for (const container of engine.containers().values()) {
        const isVisible = container.pid > 0 && detailsOf(container).visible;
        if (isVisible && engine.inventory.alive(container)) yield { container, engine };
      }
    }
  }

  return {
    all,
    onFurther: (listener) => void listeners.add(listener),
    *running() {
      for (const { container } of placed()) yield container;
    },
    placed,
    *named() {
      for (const { inventory } of all) yield* inventory.groups?.() ?? [];
    },
    isIgnored: (id) => all.some(({ inventory }) => inventory.isIgnored(id)),
    found: () =>
      all.map(({ endpoint, inventory }) => ({
        endpoint,
        status: inventory.status(),
        containers: countStates(inventory),
        leftOut: inventory.counts().filtered,
      })),
    async close() {
      for (const stop of looks) stop();
      await Promise.all(all.map(({ inventory }) => inventory.close()));
    },
  };
}

function inventoryOf(endpoint: Endpoint, { settings, mounts, filter, clock, log }: EngineOptions): Inventory {
  return createInventory({
    endpoint,
    labelAllow: settings.labels,
    envAllow: settings.env,
    locate: locator(settings.proc, mounts),
    isProcessOf: (pid, id) => isProcessOf(settings.proc, pid, id),
    filter,
    clock,
    log,
  });
}

function filesOf(runtime: Runtime, { settings, mounts, filter, pods, clock, log }: EngineOptions): Inventory {
  return createFilesInventory({
    runtime,
    logs: join(settings.rootfs, settings.pod_logs),
    labelAllow: settings.labels,
    pods,
    locate: locator(settings.proc, mounts),
    filter,
    clock,
    log,
  });
}

/** Again and again until the answer is called, never while it is still at it. */
function every(ms: number, clock: Clock, run: () => Promise<void>): () => void {
  let stopped = false;
  let cancel = (): void => {};
  const arm = (): void => {
    if (!stopped) cancel = clock.after(ms, () => void run().then(arm));
  };
  arm();
  return () => {
    stopped = true;
    cancel();
  };
}

function spokenFor(inventory: Inventory, all: readonly Engine[]): Map<string, Container> {
  const known = [...inventory.containers()];
  return new Map(known.filter(([id]) => speakerOf(id, all)?.inventory === inventory));
}

function speakerOf(id: string, all: readonly Engine[]): Engine | undefined {
  let silent: Engine | undefined;
  for (const engine of all) {
    if (!engine.inventory.containers().has(id)) continue;
    if (engine.inventory.status().connected) return engine;
    silent ??= engine;
  }
  return silent;
}

/** Containers by state. */
export function countStates(inventory: Inventory): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { state } of inventory.containers().values()) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}
