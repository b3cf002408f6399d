/** How it stands with the engine: for the start's words, `plimsoll check`, and the self-metrics. */
import type { Engine } from './engine/events.ts';
import type { FailureReason } from './engine/failure.ts';

export interface EngineStatus {
  readonly connected: boolean;
  /** Of a container runtime that is read through its files: its name. Empty for an engine with an API of Docker's kind. */
  readonly runtime: string;
  /** What was last known of the engine stays when it is away; texts are empty where it never said. */
  readonly version: string;
  readonly apiVersion: string;
  readonly podman: boolean;
  readonly rootless: boolean;
  /** The name of the engine's host. */
  readonly name: string;
  /** `systemd`, `cgroupfs` or `none`. */
  readonly cgroupDriver: string;
  /** `1` or `2`. */
  readonly cgroupVersion: string;
  readonly storageDriver: string;
  readonly rootDir: string;
  /** Why there is no connection, or why the last one ended: a sentence for a person. Empty if there never was a failure. */
  readonly lastError: string;
  readonly lastReason: FailureReason | '';
  /** Unix milliseconds; 0 while not connected. */
  readonly connectedSinceMs: number;
}

export const NOT_CONNECTED: EngineStatus = {
  connected: false,
  runtime: '',
  version: '',
  apiVersion: '',
  podman: false,
  rootless: false,
  name: '',
  cgroupDriver: '',
  cgroupVersion: '',
  storageDriver: '',
  rootDir: '',
  lastError: '',
  lastReason: '',
  connectedSinceMs: 0,
};

/** Whether the engine's containers have cgroups of their own: without root's rights none can be made on cgroup v1. */
export function makesCgroups({ cgroupDriver, cgroupVersion, rootless }: EngineStatus): boolean {
  return cgroupDriver !== 'none' && !(rootless && cgroupVersion === '1');
}

/** What the engine does not tell about itself stays as it was `before`. */
export function statusOf({ version, info }: Engine, before: EngineStatus, nowMs: number): EngineStatus {
  const { systemTimeMs: _, ...told } = info ?? { systemTimeMs: 0 };
  const connectedSinceMs = before.connected ? before.connectedSinceMs : nowMs;
  return { ...before, ...told, ...version, connected: true, connectedSinceMs, lastError: '', lastReason: '' };
}
