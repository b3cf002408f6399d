/**
 * Who is on the node, from a runtime's files: an inventory like an engine's. Changes in folders are told by the kernel; a full look now and then makes up for what
 * was not. Nothing is asked of anybody.
 */
import { dirname } from 'node:path';
import { type LabelPair, labels, labelValue } from '../../src/model/labels.ts';
import type { Container, NamedCgroup } from '../container.ts';
import { detailsOf } from '../docker/identity.ts';
import type { Inventory } from '../docker/inventory.ts';
import { createRegister } from '../docker/register.ts';
import { NOT_CONNECTED } from '../docker/status.ts';
import type { PodDirectory } from './api/directory.ts';
import { FilesKeeper, type FilesKeeperOptions } from './keeper.ts';
import { podPathOf } from './podpath.ts';
import { startWatcher, type Watcher } from './watcher.ts';

export interface FilesInventoryOptions extends Omit<FilesKeeperOptions, 'register' | 'pods'> {
  readonly pods?: Pick<PodDirectory, 'labelsOf' | 'requestsOf' | 'onChange'> | undefined;
  /** Default 10 000. */
  readonly maxContainers?: number;
  /** Between two full looks. Default 30 s. */
  readonly lookEveryMs?: number;
}

const MAX_CONTAINERS = 10_000;
const LOOK_EVERY_MS = 30_000;
/** Between a change that is no container's and the look that it asks for. */
const GATHER_MS = 100;

export function createFilesInventory(options: FilesInventoryOptions): Inventory {
  const { runtime, clock, log, maxContainers = MAX_CONTAINERS, lookEveryMs = LOOK_EVERY_MS } = options;
  const register = createRegister({ maxContainers, log });
  const keeper = new FilesKeeper({ ...options, register });
  options.pods?.onChange((isMeant) => keeper.relabel(isMeant));
  let watcher: Watcher | undefined;
  let sinceMs = 0;
  let cancelLook: (() => void) | undefined;

  function lookAtAll(): void {
    cancelLook?.();
    cancelLook = undefined;
    // First the watches: what comes between the two is seen by both.
    watcher?.refresh();
    keeper.lookAtAll();
  }

  function changed(name: string): void {
    const id = runtime.idOf(name);
    if (id !== undefined) keeper.lookAt(id);
    // A runtime writes locks and lists beside its containers' folders, several times for each: one look for all of them.
    else cancelLook ??= clock.after(GATHER_MS, lookAtAll);
  }

  return {
    start() {
      watcher ??= startWatcher({
        folders: () => runtime.watched(),
        onName: changed,
        onLook: lookAtAll,
        clock,
        log,
        lookEveryMs,
      });
      sinceMs = clock.now();
      lookAtAll();
      log.info({ runtime: runtime.name, place: runtime.place }, 'reads the files of a container runtime');
      return Promise.resolve();
    },
    containers: () => register.containers,
    isIgnored: register.isIgnored,
    status: () => ({ ...NOT_CONNECTED, connected: sinceMs > 0, runtime: runtime.name, connectedSinceMs: sinceMs }),
    // The end is told by the files within milliseconds, and a cgroup that has gone gives no numbers.
    alive: ({ pid }) => pid > 0,
    onChange: register.onChange,
    counts: () => ({
      containers: register.containers.size,
      events: watcher?.events ?? 0,
      garbage: 0,
      reconnects: 0,
      inspects: keeper.readings,
      apiErrors: new Map(),
      refused: register.refused(),
      filtered: register.ignored(),
      labelsCut: 0,
      labelsRefused: 0,
    }),
    client: undefined,
    groups: () => podsOf(register.containers.values()),
    close() {
      cancelLook?.();
      watcher?.close();
      keeper.close();
      return Promise.resolve();
    },
  };
}

/** The pods' own cgroups, found by the paths of their containers, with the kubelet's labels. */
function podsOf(containers: Iterable<Container>): NamedCgroup[] {
  const pods = new Map<string, NamedCgroup>();
  for (const container of containers) {
    const { cgroupPath } = detailsOf(container);
    const pod = podPathOf(cgroupPath);
    if (container.pid === 0 || pod === undefined || pod.path !== dirname(cgroupPath) || pods.has(pod.path)) continue;
    const pairs: LabelPair[] = [['id', pod.path]];
    for (const name of ['namespace', 'pod']) pairs.push([name, labelValue(container.entity.labels, name) ?? '']);
    pods.set(pod.path, { path: pod.path, labels: labels(pairs) });
  }
  return [...pods.values()];
}
