/**
 * Makes a Container of what the engine says about one. What is unchanged since the last time keeps its object, because rows
 * and rendered labels hang on it.
 */
import { type LabelPair, type Labels, labels } from '../../src/model/labels.ts';
import type { Entity, EntityKind } from '../../src/model/table.ts';
import type { CgroupPaths, Container } from '../container.ts';
import type { EngineEvent, HealthStatus, Inspected, Limits, Listed } from './engine/api.ts';
import { NO_PLACES, type Places } from './engine/places.ts';
import type { LabelPolicy } from './labels.ts';
import { expectedPath, type Placing, shownPath } from './place.ts';

/** What the engine knows beyond {@link Container}: for the state source. Times in Unix milliseconds, 0 for never. */
export interface ContainerDetails {
  readonly createdMs: number;
  readonly startedMs: number;
  readonly finishedMs: number;
  readonly exitCode: number | undefined;
  /** Undefined while nobody can say. */
  readonly oomKilled: boolean | undefined;
  readonly restarts: number | undefined;
  readonly health: HealthStatus;
  readonly failingStreak: number | undefined;
  readonly limits: Limits;
  readonly places: Places;
  /** The path shown as label `id`. */
  readonly cgroupPath: string;
  /** Whether `/proc` has the container's process under its pid: not so for an engine on another host or in another pid namespace. */
  readonly visible: boolean;
  /** What is said once, in `container_info`. */
  readonly info: Labels;
  /** False while only the engine's list told of it, because it could not be inspected. */
  readonly inspected: boolean;
}

export interface IdentityOptions {
  readonly policy: LabelPolicy;
  /** Where a process's cgroup is; undefined if the process is not to be seen from here. */
  locate(pid: number): CgroupPaths | undefined;
  /** Whether a process is this container's, told without its cgroup: rootless engines cannot make any on cgroup v1. */
  isProcessOf(pid: number, id: string): boolean;
  placing(): Placing;
  /** Default: container. */
  readonly kind?: 'container' | 'sandbox';
}

/** Turns an inspection into a container; `before` is the last one made of the same id. */
export function containerOf(from: Inspected, before: Container | undefined, options: IdentityOptions): Container {
  const cgroup = from.pid > 0 ? ownCgroup(from.id, options.locate(from.pid)) : undefined;
  const cgroupPath = pathOf(from, before, cgroup, options.placing());
  const visible = cgroup !== undefined || (from.pid > 0 && options.isProcessOf(from.pid, from.id));
  const made: Container = {
    id: from.id,
    name: from.name,
    entity: entityOf(from, before, {
      set: options.policy.labelsOf(from, cgroupPath),
      kind: options.kind ?? 'container',
    }),
    state: from.state,
    pid: from.pid,
    cgroup,
    ownNetwork: !/^(host$|container:|ns:)/.test(from.networkMode),
    cpuShares: from.cpuShares,
    requests: from.requests,
    details: detailsFrom(from, { cgroupPath, visible, oomKilled: oomKilledOf(from, options.placing()) }),
  };
  return before !== undefined && isSame(before, made) ? before : made;
}

/** The details that {@link containerOf} put there. */
export function detailsOf(container: Container): ContainerDetails {
  return container.details as ContainerDetails;
}

/** As far as the engine's list tells: for a container that cannot be inspected now. */
export function inspectedFromList(entry: Listed): Inspected {
  return { ...NOTHING, ...entry, pid: 0 };
}

/** As far as an event tells: for a container that was gone before it could be inspected. */
export function inspectedFromEvent(event: EngineEvent): Inspected {
  const { id, attributes } = event;
  const name = attributes.get('name') ?? '';
  const image = attributes.get('image') ?? '';
  return { ...NOTHING, id, name, image, labels: attributes, state: 'exited', ...endOf(event) };
}

/** The container as it is right after its `die` event, before it can be inspected again. `oomed`: its run had an `oom` event. */
export function stopped(container: Container, died: EngineEvent, oomed: boolean): Container {
  // Without that event nobody can say: it may be on its way.
  const oomKilled = oomed ? true : undefined;
  const details: ContainerDetails = { ...detailsOf(container), ...endOf(died), oomKilled };
  return { ...container, state: 'exited', pid: 0, cgroup: undefined, details };
}

function endOf({ attributes, timeNano }: EngineEvent): Pick<ContainerDetails, 'exitCode' | 'finishedMs'> {
  const code = Number.parseInt(attributes.get('exitCode') ?? '', 10);
  return { exitCode: Number.isNaN(code) ? undefined : code, finishedMs: Math.trunc(timeNano / 1e6) };
}

const NOTHING: Inspected = {
  id: '',
  name: '',
  image: '',
  imageId: '',
  imageDigest: '',
  labels: new Map(),
  env: [],
  state: 'created',
  pid: 0,
  exitCode: undefined,
  oomKilled: false,
  createdMs: 0,
  startedMs: 0,
  finishedMs: 0,
  restarts: undefined,
  health: 'none',
  failingStreak: undefined,
  hostname: '',
  networkMode: '',
  restartPolicy: '',
  runtime: '',
  cgroupParent: '',
  cpuShares: 0,
  limits: { cpuQuota: 0, cpuPeriod: 0, memory: 0, memoryAndSwap: 0, memoryReservation: 0 },
  places: NO_PLACES,
};

/**
 * Only a cgroup that carries the container's id is its own: the pid of an engine in a virtual machine or on another host is here
 * the pid of somebody else.
 */
function ownCgroup(id: string, paths: CgroupPaths | undefined): CgroupPaths | undefined {
  if (paths === undefined) return undefined;
  const own = paths.unified?.includes(id) === true || [...paths.controllers.values()].some((path) => path.includes(id));
  return own ? paths : undefined;
}

/** A container that ran keeps the path it ran in: the engine may have been configured otherwise since. */
function pathOf(
  from: Inspected,
  before: Container | undefined,
  cgroup: CgroupPaths | undefined,
  placing: Placing,
): string {
  const seen = cgroup === undefined ? undefined : shownPath(cgroup, from.id);
  if (seen !== undefined) return seen;
  if (before !== undefined && from.startedMs > 0) return detailsOf(before).cgroupPath;
  return from.cgroupPath || expectedPath(from.id, from.cgroupParent, placing);
}

function entityOf(
  from: Inspected,
  before: Container | undefined,
  { set, kind }: { readonly set: Labels; readonly kind: EntityKind },
): Entity {
  const old = before?.entity;
  if (old !== undefined && old.startMs === from.startedMs && old.labels.key === set.key) return old;
  return {
    key: from.id,
    kind,
    startMs: from.startedMs,
    labels: old?.labels.key === set.key ? old.labels : set,
  };
}

/** Podman says no of a container that the kernel killed for want of memory, too; then the exit code is that of SIGKILL. */
function oomKilledOf({ oomKilled, exitCode }: Inspected, { podman }: Placing): boolean | undefined {
  return podman && !oomKilled && exitCode === SIGKILLED ? undefined : oomKilled;
}

const SIGKILLED = 128 + 9;

type Judged = Pick<ContainerDetails, 'cgroupPath' | 'visible' | 'oomKilled'>;

function detailsFrom(from: Inspected, judged: Judged): ContainerDetails {
  const { createdMs, startedMs, finishedMs, exitCode, restarts, health, failingStreak, limits, places } = from;
  return {
    createdMs,
    startedMs,
    finishedMs,
    exitCode,
    restarts,
    health,
    failingStreak,
    limits,
    places,
    ...judged,
    info: infoOf(from),
    inspected: from.restarts !== undefined,
  };
}

/** No value of these is long on an honest engine; a dishonest one gets no more room than this. */
const MAX_INFO = 256;

function infoOf(from: Inspected): Labels {
  const pairs: LabelPair[] = [
    ['image_id', from.imageId],
    ['image_digest', from.imageDigest],
    ['runtime', from.runtime],
    ['network_mode', from.networkMode],
    ['restart_policy', from.restartPolicy],
    ['hostname', from.hostname],
  ];
  return labels(pairs.map(([name, value]) => [name, value.slice(0, MAX_INFO)]));
}

/** Same entity object and same everything else; both sides were made above, so the keys come in the same order. */
function isSame(a: Container, b: Container): boolean {
  return a.entity === b.entity && comparable(a) === comparable(b);
}

function comparable({ cgroup, ...rest }: Container): string {
  return JSON.stringify([rest, cgroup?.unified, cgroup === undefined ? [] : [...cgroup.controllers]]);
}
