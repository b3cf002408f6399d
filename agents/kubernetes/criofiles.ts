/**
 * CRI-O's folders: `overlay-containers/<id>/userdata` below its run folder, with `config.json`, `state.json` and `pidfile`, and `exits/<id>` with the exit code. A
 * sandbox usually has no process (`drop_infra_ctr`): its network is that of any container of its pod.
 */
import { join } from 'node:path';
import { namesIn, readOnce } from '../kernel/files.ts';
import { crioRecord, parseCrioState } from './crio.ts';
import { type CriRecord, UNKNOWN_LIFE } from './record.ts';
import type { Reading, Runtime } from './runtime.ts';
import { parseSpec } from './spec.ts';

export interface CrioFolders {
  /** `/run/containers/storage/overlay-containers` and the like: the first that has a container's files tells of it. */
  readonly containers: readonly string[];
  /** `/run/crio/exits`. */
  readonly exits: string;
}

const ID = /^[0-9a-f]{64}$/;

export function crioFiles({ containers, exits }: CrioFolders): Runtime {
  return {
    name: 'CRI-O',
    place: containers[0] ?? '',
    lendsProcesses: true,
    watched: () => [...containers, exits],
    idOf: (name) => (ID.test(name) ? name : undefined),
    *ids() {
      const seen = new Set<string>();
      for (const dir of containers) for (const name of namesIn(dir)) if (ID.test(name)) seen.add(name);
      yield* seen;
    },
    read(id, known) {
      const file = (name: string): Buffer | undefined =>
        firstOf(containers.map((dir) => join(dir, id, 'userdata', name)));
      const record = known ?? described(id, file('config.json'));
      if (record === undefined) return undefined;
      const state = file('state.json')?.toString('utf8');
      if (state === undefined && known !== undefined && file('config.json') === undefined) return undefined;
      const exit = readOnce(join(exits, id))?.toString('latin1') ?? '';
      return readingOf(
        record,
        parseCrioState(state ?? '', exit),
        Number(file('pidfile')?.toString('latin1') ?? 0) || 0,
      );
    },
  };
}

function described(id: string, bytes: Buffer | undefined): CriRecord | undefined {
  const spec = bytes === undefined ? undefined : parseSpec(bytes);
  return spec && crioRecord(id, spec);
}

function readingOf(record: CriRecord, life = UNKNOWN_LIFE, filed = 0): Reading {
  const pid = life.exitCode !== undefined || life.finishedMs > 0 ? 0 : life.pid || filed;
  const createdMs = life.createdMs || record.createdMs;
  // A sandbox without a process begins when it is made.
  const startedMs = life.startedMs || (record.type === 'sandbox' ? createdMs : 0);
  const over = life.finishedMs > 0;
  const isReady = over || record.type === 'sandbox' || (pid > 0 && startedMs > 0);
  return { record: { ...record, ...life, createdMs, startedMs, pid }, unready: !isReady };
}

function firstOf(paths: readonly string[]): Buffer | undefined {
  for (const path of paths) {
    const bytes = readOnce(path);
    if (bytes !== undefined) return bytes;
  }
  return undefined;
}
