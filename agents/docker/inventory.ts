/**
 * Who is on the host: a map of containers, filled by the engine's list and kept by its events. While the engine is away the map
 * stays as it was, so that names survive its restart; afterwards the two are reconciled. No call is made per container per tick.
 */
import type { Log } from '../../src/log.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { CgroupPaths, Container, NamedCgroup } from '../container.ts';
import { sshAgent } from './ssh/agent.ts';
import { createClient, type EngineClient } from './engine/client.ts';
import type { Endpoint } from './engine/endpoint.ts';
import {
  type EngineListener,
  type EngineWatch,
  type EventCounts,
  PULSE_MS,
  type WatchTiming,
  watchEngine,
} from './engine/events.ts';
import { address } from './engine/failure.ts';
import type { Candidate } from './filter.ts';
import { detailsOf, type IdentityOptions } from './identity.ts';
import { Keeper } from './keeper.ts';
import { labelPolicy } from './labels.ts';
import { type Placing, shownPath } from './place.ts';
import { type ContainerListener, createRegister } from './register.ts';
import { type EngineStatus, NOT_CONNECTED, statusOf } from './status.ts';

export interface InventoryOptions {
  readonly endpoint: Endpoint;
  /** Globs on the keys of container labels that become labels of series. */
  readonly labelAllow: readonly string[];
  /** Globs on the names of environment variables that do. */
  readonly envAllow: readonly string[];
  /** Where a process's cgroup is; undefined when it cannot be seen from here (a remote engine, another pid namespace). */
  locate(pid: number): CgroupPaths | undefined;
  /** Whether a process is a container's, told without its cgroup. Default: none is. */
  isProcessOf?(pid: number, id: string): boolean;
  /** False: the container is not watched at all. */
  filter?(candidate: Candidate): boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Further containers are refused, and counted. Default 10 000. */
  readonly maxContainers?: number;
  /** For every call to the engine. Default 10 000. */
  readonly callTimeoutMs?: number;
  /** How long `start` may take. Default 15 000. */
  readonly startWithinMs?: number;
  readonly timing?: WatchTiming;
}

/** For the self-metrics. All but `containers` only grow. */
export interface InventoryCounts {
  readonly containers: number;
  readonly events: number;
  /** Lines of the event stream that could not be read. */
  readonly garbage: number;
  readonly reconnects: number;
  readonly inspects: number;
  /** Failed calls by the name of the call. */
  readonly apiErrors: ReadonlyMap<string, number>;
  /** Containers not taken because the map was full. */
  readonly refused: number;
  /** Containers that the filter leaves out. */
  readonly filtered: number;
  /** Label values cut, and labels left out, for their length or number. */
  readonly labelsCut: number;
  readonly labelsRefused: number;
}

export interface Inventory {
  /**
   * Connects and fills the map. Never rejects: without an engine it resolves after the first attempt, `status()` says why, and
   * attempts go on. Resolves after 15 s at the latest.
   */
  start(): Promise<void>;
  /** Every known container by its id, stopped ones too. The map is live. */
  containers(): ReadonlyMap<string, Container>;
  /** Whether a container is left out by the filter. */
  isIgnored(id: string): boolean;
  status(): EngineStatus;
  /**
   * Whether a container that is known to run still does: the engine's word, or, while the engine is away or says nothing, whether
   * its process is still in its place.
   */
  alive(container: Container): boolean;
  /** Calls back on every change until the answer is called. */
  onChange(listener: ContainerListener): () => void;
  counts(): InventoryCounts;
  /** The connection, for the stats source; undefined for a runtime that is read through its files. */
  readonly client: EngineClient | undefined;
  /** Cgroups of groups of containers (a kubelet's pods), which are shown beside them and added to nothing. */
  groups?(): Iterable<NamedCgroup>;
  close(): Promise<void>;
}

/** Of an engine that is asked over its API. */
export interface EngineInventory extends Inventory {
  readonly client: EngineClient;
}

const MAX_CONTAINERS = 10_000;
const START_WITHIN_MS = 15_000;
const NO_EVENTS: EventCounts = { events: 0, garbage: 0, reconnects: 0 };

export function createInventory(options: InventoryOptions): EngineInventory {
  const { endpoint, clock, log, callTimeoutMs, maxContainers = MAX_CONTAINERS } = options;
  const client = createClient({
    endpoint,
    clock,
    sshAgent,
    ...(callTimeoutMs === undefined ? {} : { timeoutMs: callTimeoutMs }),
  });
  const policy = labelPolicy(options);
  const register = createRegister({ maxContainers, log });
  let status: EngineStatus = NOT_CONNECTED;
  /** Why there is no connection, as it was said last; empty since the first list of a connection came in. */
  let said = '';
  const placing = (): Placing => ({ driver: status.cgroupDriver, podman: status.podman });
  const locate = (pid: number): CgroupPaths | undefined => options.locate(pid);
  const isProcessOf = (pid: number, id: string): boolean => options.isProcessOf?.(pid, id) ?? false;
  const identity: IdentityOptions = { policy, placing, locate, isProcessOf };
  const wanted = (candidate: Candidate): boolean => options.filter?.(candidate) ?? true;
  const keeper = new Keeper({ client, register, identity, wanted, clock, log });
  const listener: EngineListener = {
    async onConnected(engine) {
      const mine = statusOf(engine, status, clock.now());
      status = mine;
      await keeper.reconcile(true);
      if (status !== mine) return;
      said = '';
      log.info(
        { endpoint: address(endpoint), version: status.version, engine: status.name },
        'connected to the engine',
      );
    },
    onEvent: (event) => keeper.onEvent(event),
    onPulse: () => keeper.onPulse(),
    onLost(error) {
      // An engine that lets itself be connected to, and answers no list, is tried again and again: said once all the same.
      if (said !== error.message) log.warn({ endpoint: address(endpoint), reason: error.reason }, error.message);
      said = error.message;
      status = { ...status, connected: false, connectedSinceMs: 0, lastError: error.message, lastReason: error.reason };
    },
  };
  // Over ssh each call is a session of its own, and what runs there is not to be seen from here anyway.
  const timing: WatchTiming =
    endpoint.protocol === 'ssh' ? { quietMs: PULSE_MS, ...options.timing } : { ...options.timing };
  let watch: EngineWatch | undefined;

  /** Whether the engine's word on a container counts. When it falls silent its process is looked for, where that can be seen. */
  function speaksFor(container: Container): boolean {
    if (!status.connected || watch === undefined) return false;
    return !watch.isSilent() || !detailsOf(container).visible;
  }

  return {
    client,
    async start() {
      watch ??= watchEngine({ client, clock, log, listener, ...timing });
      const enough = new AbortController();
      const late = clock.sleep(options.startWithinMs ?? START_WITHIN_MS, enough.signal).catch(() => undefined);
      await Promise.race([watch.first, late]);
      enough.abort();
    },
    containers: () => register.containers,
    isIgnored: register.isIgnored,
    status: () => status,
    alive: (container) => container.pid > 0 && (speaksFor(container) || isInPlace(container, identity)),
    onChange: register.onChange,
    counts: () => ({
      containers: register.containers.size,
      ...(watch?.counts ?? NO_EVENTS),
      inspects: keeper.inspects,
      apiErrors: client.errors,
      refused: register.refused(),
      filtered: register.ignored(),
      labelsCut: policy.cut,
      labelsRefused: policy.refused,
    }),
    async close() {
      keeper.close();
      client.close();
      await watch?.close();
    },
  };
}

function isInPlace(container: Container, { locate, isProcessOf }: IdentityOptions): boolean {
  const { id, pid, cgroup } = container;
  if (cgroup === undefined) return detailsOf(container).visible && isProcessOf(pid, id);
  const now = locate(pid);
  return now !== undefined && shownPath(now, id) === shownPath(cgroup, id);
}
