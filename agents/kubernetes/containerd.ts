/**
 * containerd's files of one container: annotations of its bundle and its `status` come in, a record goes out. The names of the annotations are those of
 * containerd's CRI plugin (pkg/cri/annotations), the same from 1.6 to 2.1; the status file is its `containerstore.Status`.
 */
import { field, numberField, textField } from '../../src/http/field.ts';
import { podPathOf } from './podpath.ts';
import { type CriRecord, type Life, UNKNOWN_LIFE } from './record.ts';
import type { Spec } from './spec.ts';

const CRI = 'io.kubernetes.cri.';

/** Undefined while it is not whole. */
export function parseLife(text: string): Life | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // Being written.
    return undefined;
  }
  // 1.6 and later: a version and the status below it, or the status itself.
  const status = field(json, 'Status') ?? json;
  if (numberField(status, 'CreatedAt') === undefined) return undefined;
  const ms = (key: string): number => Math.trunc((numberField(status, key) ?? 0) / 1e6);
  const finishedMs = Math.max(0, ms('FinishedAt'));
  const ended = finishedMs > 0;
  return {
    pid: numberField(status, 'Pid') ?? 0,
    createdMs: Math.max(0, ms('CreatedAt')),
    startedMs: Math.max(0, ms('StartedAt')),
    finishedMs,
    exitCode: ended ? (numberField(status, 'ExitCode') ?? 0) : undefined,
    oomKilled: ended ? textField(status, 'Reason') === 'OOMKilled' : undefined,
  };
}

/** Who it is, by its bundle, which says nothing of its life. */
export function containerdRecord(id: string, spec: Spec): CriRecord {
  const annotation = (name: string): string => spec.annotations.get(CRI + name) ?? '';
  const type = annotation('container-type');
  const isSandbox = type === 'sandbox';
  const isPlain = !isSandbox && type !== 'container';
  return {
    id,
    type: isSandbox ? 'sandbox' : isPlain ? 'plain' : 'container',
    namespace: annotation('sandbox-namespace'),
    pod: annotation('sandbox-name'),
    uid: annotation('sandbox-uid') || (podPathOf(spec.cgroupPath)?.uid ?? ''),
    container: annotation('container-name'),
    image: isSandbox
      ? annotation('podsandbox.image-name') || annotation('image-name')
      : annotation('image-name') || (spec.annotations.get('nerdctl/image') ?? ''),
    imageId: '',
    name: isPlain ? (spec.annotations.get('nerdctl/name') ?? id) : id,
    sandboxId: isSandbox ? id : annotation('sandbox-id'),
    cgroupPath: spec.cgroupPath,
    hostNetwork: spec.hostNetwork,
    hostname: spec.hostname,
    limits: spec.limits,
    ...UNKNOWN_LIFE,
    attempt: undefined,
    labels: isPlain ? spec.annotations : new Map(),
  };
}
