/**
 * The fields of the Engine API's answers that are read, and nothing else of them. Foreign JSON comes in, records come out;
 * Docker 20 to 29 and Podman's compatible socket are covered. Field names are those of the Docker Engine API v1.41.
 */
import type { ContainerState, Requests } from '../../container.ts';
import {
  field,
  numberField,
  textField,
  textMapField,
  textsField,
  timeField,
  trueField,
} from '../../../src/http/field.ts';
import { type Places, parsePlaces } from './places.ts';
import { parsePorts } from './ports.ts';

/** `GET /version`. */
export interface EngineVersion {
  readonly version: string;
  readonly apiVersion: string;
  /** Podman names containers' cgroups in its own way and knows fewer event filters. */
  readonly podman: boolean;
}

/** `GET /info`. Texts are empty where the engine does not say. */
export interface EngineInfo {
  readonly name: string;
  /** `systemd`, `cgroupfs` or `none`. */
  readonly cgroupDriver: string;
  /** `1` or `2`. */
  readonly cgroupVersion: string;
  readonly storageDriver: string;
  readonly rootDir: string;
  readonly rootless: boolean;
  /** The engine's own clock when it answered, Unix milliseconds; 0 if it did not say. */
  readonly systemTimeMs: number;
}

/** One entry of `GET /containers/json?all=1`. */
export interface Listed {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly state: ContainerState;
  readonly createdMs: number;
}

export type HealthStatus = 'none' | 'starting' | 'healthy' | 'unhealthy';

/** `GET /containers/<id>/json`. Times in Unix milliseconds, 0 for never. */
export interface Inspected {
  readonly id: string;
  readonly name: string;
  /** As written by who started it (`Config.Image`). */
  readonly image: string;
  readonly imageId: string;
  /** The digest of the image's manifest; only engines with containerd's image store tell it here. */
  readonly imageDigest: string;
  readonly labels: ReadonlyMap<string, string>;
  /** `KEY=value` each. */
  readonly env: readonly string[];
  readonly state: ContainerState;
  readonly pid: number;
  readonly exitCode: number | undefined;
  readonly oomKilled: boolean;
  readonly createdMs: number;
  readonly startedMs: number;
  readonly finishedMs: number;
  readonly restarts: number | undefined;
  readonly health: HealthStatus;
  readonly failingStreak: number | undefined;
  readonly hostname: string;
  readonly networkMode: string;
  /** Those that are published on the host; empty for none. */
  readonly ports: string;
  readonly restartPolicy: string;
  readonly runtime: string;
  readonly cgroupParent: string;
  /** The whole path of its cgroup, where it is told (an engine tells the parent alone). */
  readonly cgroupPath?: string;
  readonly cpuShares: number;
  /** Of a pod's container. */
  readonly requests?: Requests | undefined;
  readonly limits: Limits;
  readonly places: Places;
}

/** Limits as the engine was told them; 0 where there is none. */
export interface Limits {
  /** Microseconds of CPU time per period, and the period. */
  readonly cpuQuota: number;
  readonly cpuPeriod: number;
  /** Bytes. */
  readonly memory: number;
  /** Bytes of memory and swap together. */
  readonly memoryAndSwap: number;
  readonly memoryReservation: number;
}

/** One line of `GET /events`, of a container. */
export interface EngineEvent {
  readonly id: string;
  /** `start`, `die`, `health_status: healthy` … */
  readonly action: string;
  /** Unix nanoseconds as a double: exact to 256 ns. */
  readonly timeNano: number;
  /** The container's labels and, among them, `name`, `image`, `exitCode`, `signal`. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** Undefined when the answer is not one of a Docker-compatible engine. */
export function parseVersion(answer: unknown): EngineVersion | undefined {
  const apiVersion = textField(answer, 'ApiVersion');
  if (apiVersion === undefined) return undefined;
  const components = field(answer, 'Components');
  const podman =
    Array.isArray(components) && components.some((c) => textField(c, 'Name')?.startsWith('Podman') === true);
  return { version: textField(answer, 'Version') ?? '', apiVersion, podman };
}

export function parseInfo(answer: unknown): EngineInfo {
  return {
    name: textField(answer, 'Name') ?? '',
    cgroupDriver: textField(answer, 'CgroupDriver') ?? '',
    cgroupVersion: textField(answer, 'CgroupVersion') ?? '',
    storageDriver: textField(answer, 'Driver') ?? '',
    rootDir: textField(answer, 'DockerRootDir') ?? '',
    // Podman says it in a field of its own.
    rootless:
      trueField(answer, 'Rootless') ||
      textsField(answer, 'SecurityOptions').some((option) => option === 'rootless' || option === 'name=rootless'),
    systemTimeMs: timeField(answer, 'SystemTime'),
  };
}

/** Entries without an id are left out; null is how some engines say none. Undefined when the answer is no list. */
export function parseList(answer: unknown): Listed[] | undefined {
  if (answer === null) return [];
  if (!Array.isArray(answer)) return undefined;
  return answer.flatMap((entry: unknown) => {
    const id = textField(entry, 'Id');
    if (id === undefined || id === '') return [];
    return {
      id,
      name: plainName(textsField(entry, 'Names')[0]),
      image: textField(entry, 'Image') ?? '',
      labels: textMapField(entry, 'Labels'),
      state: stateNamed(textField(entry, 'State')) ?? 'created',
      createdMs: (numberField(entry, 'Created') ?? 0) * 1000,
    };
  });
}

/** Undefined when the answer has no id. */
export function parseInspect(answer: unknown): Inspected | undefined {
  const id = textField(answer, 'Id');
  if (id === undefined || id === '') return undefined;
  const config = field(answer, 'Config');
  return {
    id,
    name: plainName(textField(answer, 'Name')),
    image: textField(config, 'Image') ?? '',
    imageId: textField(answer, 'Image') ?? '',
    imageDigest:
      textField(field(answer, 'ImageManifestDescriptor'), 'digest') ?? textField(answer, 'ImageDigest') ?? '',
    labels: textMapField(config, 'Labels'),
    env: textsField(config, 'Env'),
    hostname: textField(config, 'Hostname') ?? '',
    createdMs: timeField(answer, 'Created'),
    restarts: numberField(answer, 'RestartCount'),
    places: parsePlaces(answer),
    ports: parsePorts(answer),
    ...parseState(field(answer, 'State')),
    ...parseHost(field(answer, 'HostConfig')),
  };
}

/** Undefined for anything but a container's event. */
export function parseEvent(line: unknown): EngineEvent | undefined {
  const type = textField(line, 'Type');
  if (type !== undefined && type !== 'container') return undefined;
  const actor = field(line, 'Actor');
  const id = textField(actor, 'ID') ?? textField(line, 'id');
  const action = textField(line, 'Action') ?? textField(line, 'status');
  if (id === undefined || id === '' || action === undefined) return undefined;
  const timeNano = numberField(line, 'timeNano') ?? (numberField(line, 'time') ?? 0) * 1e9;
  return { id, action, timeNano, attributes: textMapField(actor, 'Attributes') };
}

type StateFields = Pick<
  Inspected,
  'state' | 'pid' | 'exitCode' | 'oomKilled' | 'startedMs' | 'finishedMs' | 'health' | 'failingStreak'
>;

function parseState(state: unknown): StateFields {
  // Podman writes `Healthcheck` where Docker writes `Health`.
  const health = field(state, 'Health') ?? field(state, 'Healthcheck');
  const named = stateNamed(textField(state, 'Status')) ?? stateOfFlags(state);
  return {
    state: named,
    // A restarting container keeps `Running: true` and has no process.
    pid: named === 'running' || named === 'paused' ? Math.max(0, numberField(state, 'Pid') ?? 0) : 0,
    exitCode: numberField(state, 'ExitCode'),
    oomKilled: trueField(state, 'OOMKilled'),
    startedMs: timeField(state, 'StartedAt'),
    finishedMs: timeField(state, 'FinishedAt'),
    health: healthNamed(textField(health, 'Status')),
    failingStreak: numberField(health, 'FailingStreak'),
  };
}

type HostFields = Pick<
  Inspected,
  'networkMode' | 'restartPolicy' | 'runtime' | 'cgroupParent' | 'cpuShares' | 'limits'
>;

function parseHost(host: unknown): HostFields {
  return {
    networkMode: textField(host, 'NetworkMode') ?? '',
    restartPolicy: textField(field(host, 'RestartPolicy'), 'Name') ?? '',
    runtime: textField(host, 'Runtime') ?? '',
    cgroupParent: textField(host, 'CgroupParent') ?? '',
    cpuShares: positive(host, 'CpuShares'),
    limits: parseLimits(host),
  };
}

/** The period dockerd uses when only a number of CPUs, or only a quota, was given. */
const DEFAULT_PERIOD = 100_000;

function parseLimits(host: unknown): Limits {
  const period = positive(host, 'CpuPeriod') || DEFAULT_PERIOD;
  return {
    cpuQuota: positive(host, 'CpuQuota') || Math.round((positive(host, 'NanoCpus') * period) / 1e9),
    cpuPeriod: period,
    memory: positive(host, 'Memory'),
    memoryAndSwap: positive(host, 'MemorySwap'),
    memoryReservation: positive(host, 'MemoryReservation'),
  };
}

/** 0 for what is not set, and for -1, which says "without limit". */
function positive(of: unknown, key: string): number {
  return Math.max(0, numberField(of, key) ?? 0);
}

/** Docker's seven states by their own names, Podman's by the nearest of them. */
const STATES = new Map<string, ContainerState>([
  ['created', 'created'],
  ['configured', 'created'],
  ['initialized', 'created'],
  ['running', 'running'],
  ['stopping', 'running'],
  ['paused', 'paused'],
  ['restarting', 'restarting'],
  ['removing', 'removing'],
  ['exited', 'exited'],
  ['stopped', 'exited'],
  ['dead', 'dead'],
]);

function stateNamed(name: string | undefined): ContainerState | undefined {
  return STATES.get(name?.toLowerCase() ?? '');
}

function stateOfFlags(state: unknown): ContainerState {
  if (trueField(state, 'Dead')) return 'dead';
  if (trueField(state, 'Restarting')) return 'restarting';
  if (trueField(state, 'Paused')) return 'paused';
  if (trueField(state, 'Running')) return 'running';
  return timeField(state, 'StartedAt') > 0 ? 'exited' : 'created';
}

function healthNamed(name: string | undefined): HealthStatus {
  return name === 'starting' || name === 'healthy' || name === 'unhealthy' ? name : 'none';
}

function plainName(name: string | undefined): string {
  return name?.startsWith('/') === true ? name.slice(1) : (name ?? '');
}
