/**
 * containerd's folders: bundles of what runs below its state folder (`io.containerd.runtime.v2.task/<namespace>/<id>`), the CRI plugin's notes below its root
 * (`io.containerd.grpc.v1.cri/containers/<id>/status`, which stay until the container is removed). No socket, no right but to read.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { isNoData, namesIn, readOnce } from '../kernel/files.ts';
import { containerdRecord, parseLife } from './containerd.ts';
import { type CriRecord, type Life, UNKNOWN_LIFE } from './record.ts';
import type { Reading, Runtime } from './runtime.ts';
import { parseSpec } from './spec.ts';

export interface ContainerdFolders {
  readonly state: string;
  readonly root: string;
}

const TASKS = 'io.containerd.runtime.v2.task';
const CONTAINERS = 'io.containerd.grpc.v1.cri/containers';
/** Docker's containers: its engine tells more of them. */
const DOCKER = 'moby';
const ID = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

export function containerdFiles({ state, root }: ContainerdFolders): Runtime {
  const tasks = join(state, TASKS);
  const statuses = join(root, CONTAINERS);
  const bundlesIn = (): string[] => spacesIn(tasks).map((space) => join(tasks, space));
  const bundleOf = (id: string): string | undefined =>
    bundlesIn()
      .map((dir) => join(dir, id))
      .find(exists);

  return {
    name: 'containerd',
    place: state,
    lendsProcesses: false,
    watched: () => [tasks, ...bundlesIn(), statuses],
    idOf: (name) => (ID.test(name) && !bundlesIn().includes(join(tasks, name)) && name !== DOCKER ? name : undefined),
    *ids() {
      const seen = new Set<string>();
      for (const dir of [...bundlesIn(), statuses]) {
        for (const name of namesIn(dir)) if (ID.test(name)) seen.add(name);
      }
      yield* seen;
    },
    read(id, known) {
      const bundle = bundleOf(id);
      const note = readOnce(join(statuses, id, 'status'));
      const life = note === undefined ? undefined : parseLife(note.toString('utf8'));
      if (bundle === undefined) return known && ended(known, life, note !== undefined);
      return begun(id, bundle, { known, life });
    },
  };
}

/** Whether there is, or was since the machine started, any container that no engine tells of. */
export function hasContainers({ state }: ContainerdFolders): boolean {
  return spacesIn(join(state, TASKS)).length > 0;
}

/** The namespaces whose containers are nobody else's business. */
function spacesIn(tasks: string): string[] {
  return namesIn(tasks).filter((name) => name !== DOCKER && ID.test(name));
}

function begun(
  id: string,
  bundle: string,
  { known, life }: { known: CriRecord | undefined; life: Life | undefined },
): Reading | undefined {
  const bytes = known === undefined ? readOnce(join(bundle, 'config.json')) : undefined;
  const spec = bytes === undefined ? undefined : parseSpec(bytes);
  const record = known ?? (spec && containerdRecord(id, spec));
  if (record === undefined) return undefined;
  const pid = Number(readOnce(join(bundle, 'init.pid'))?.toString('latin1') ?? 0) || 0;
  // Of sandboxes and plain containers nothing notes when they began: the bundle is made right before.
  const noted: Life =
    record.type === 'container' ? (life ?? UNKNOWN_LIFE) : bundleLife(mtimeOf(join(bundle, 'config.json')), pid);
  const over = noted.finishedMs > 0;
  const isReady = over || (pid > 0 && noted.startedMs > 0);
  return { record: { ...record, ...noted, pid: over ? 0 : pid }, unready: !isReady };
}

function bundleLife(madeMs: number, pid: number): Life {
  return { ...UNKNOWN_LIFE, createdMs: madeMs, startedMs: pid > 0 ? madeMs : 0 };
}

/** Its bundle has gone. Of one that is noted nowhere there is nothing any more. */
function ended(known: CriRecord, life: Life | undefined, isNoted: boolean): Reading | undefined {
  if (!isNoted) return undefined;
  const over = life !== undefined && life.finishedMs > 0;
  return { record: { ...known, ...(over ? life : {}), pid: 0 }, unready: !over };
}

function exists(path: string): boolean {
  return mtimeOf(path) > 0;
}

function mtimeOf(path: string): number {
  try {
    return Math.trunc(statSync(path).mtimeMs);
  } catch (error) {
    if (isNoData(error)) return 0;
    throw error;
  }
}
