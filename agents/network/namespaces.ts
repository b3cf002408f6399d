/** Which network namespaces there are and who each one is counted for: the host's, and one container for each other one. */
import { readlinkSync } from 'node:fs';
import type { Entity } from '../../src/model/table.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { Container } from '../container.ts';
import { isNoData } from '../kernel/files.ts';

/** For sources that read what each network namespace has. */
export interface NamespaceOptions {
  readonly procRoot: string;
  readonly containers: () => Iterable<Container>;
  /** The host's entity, read through `<procRoot>/1`; without it the host has no rows. */
  readonly host?: Entity;
  readonly clock: Clock;
}

/** A namespace and who it is counted for. */
export interface Owned {
  readonly entity: Entity;
  /** A process in it. */
  readonly pid: number;
  /** `net:[4026531840]`, or undefined where we may not ask. */
  readonly namespace: string | undefined;
}

const HOST_PID = 1;

/**
 * The host first. Host networking and `container:X` are counted for the host and for X; of several containers that say they
 * own one namespace (pods) it is the one that started first.
 */
export function ownedNamespaces({ procRoot, containers, host }: NamespaceOptions): Owned[] {
  const hostNamespace = namespaceOf(procRoot, HOST_PID);
  const owners = new Map<string, { container: Container; owned: Owned }>();
  for (const container of containers()) {
    if (!container.ownNetwork || container.pid <= 0) continue;
    const namespace = namespaceOf(procRoot, container.pid);
    if (namespace !== undefined && namespace === hostNamespace) continue;
    const key = namespace ?? `pid:${container.pid}`;
    const other = owners.get(key);
    if (other && !isOlder(container, other.container)) continue;
    owners.set(key, { container, owned: { entity: container.entity, pid: container.pid, namespace } });
  }
  const all = [...owners.values()].map(({ owned }) => owned);
  return host ? [{ entity: host, pid: HOST_PID, namespace: hostNamespace }, ...all] : all;
}

function isOlder(a: Container, b: Container): boolean {
  if (a.entity.startMs !== b.entity.startMs) return a.entity.startMs < b.entity.startMs;
  return a.id < b.id;
}

function namespaceOf(procRoot: string, pid: number): string | undefined {
  try {
    return readlinkSync(`${procRoot}/${pid}/ns/net`);
  } catch (error) {
    if (isNoData(error)) return undefined;
    throw error;
  }
}
