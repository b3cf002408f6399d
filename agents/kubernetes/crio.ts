/**
 * CRI-O's files of one container: annotations of its bundle and `state.json` come in, a record goes out. The names are those of CRI-O's own
 * source (pkg/annotations, internal/oci); its labels and metadata are JSON inside of annotations.
 */
import { numberField, textField, textMapField, timeField, trueField } from '../../src/http/field.ts';
import { podPathOf } from './podpath.ts';
import { type CriRecord, type Life, UNKNOWN_LIFE } from './record.ts';
import type { Spec } from './spec.ts';

const CRIO = 'io.kubernetes.cri-o.';

/** Undefined while it is not whole. `exit`: the text of `/run/crio/exits/<id>`, the exit code, where there is one. */
export function parseCrioState(text: string, exit = ''): Life | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // Being written.
    return undefined;
  }
  if (textField(json, 'status') === undefined) return undefined;
  const finishedMs = timeField(json, 'finished');
  const told = numberField(json, 'exitCode') ?? (/^-?\d+\s*$/.test(exit) ? Number(exit) : undefined);
  const ended = finishedMs > 0 || exit !== '' || textField(json, 'status') === 'stopped';
  return {
    pid: ended ? 0 : (numberField(json, 'pid') ?? 0),
    createdMs: timeField(json, 'created'),
    startedMs: timeField(json, 'started'),
    finishedMs,
    exitCode: ended ? told : undefined,
    oomKilled: ended ? trueField(json, 'oomKilled') : undefined,
  };
}

/** Undefined for a bundle that is none of CRI-O's (Podman keeps its own in the same folder). */
export function crioRecord(id: string, spec: Spec): CriRecord | undefined {
  const annotation = (name: string): string => spec.annotations.get(CRIO + name) ?? '';
  const type = annotation('ContainerType');
  if (type !== 'sandbox' && type !== 'container') return undefined;
  const own = json(annotation('Labels'));
  const metadata = json(annotation('Metadata'));
  const label = (name: string): string => textField(own, `io.kubernetes.${name}`) ?? '';
  const isSandbox = type === 'sandbox';
  return {
    id,
    type,
    namespace: annotation('Namespace') || label('pod.namespace'),
    pod: annotation('KubeName') || label('pod.name'),
    uid: label('pod.uid') || (podPathOf(spec.cgroupPath)?.uid ?? ''),
    container: isSandbox ? '' : label('container.name') || (textField(metadata, 'name') ?? ''),
    image: annotation('ImageName') || annotation('Image'),
    imageId: annotation('ImageRef'),
    name: annotation('Name') || id,
    sandboxId: annotation('SandboxID') || id,
    cgroupPath: spec.cgroupPath,
    hostNetwork: annotation('HostNetwork') === 'true' || (isSandbox && spec.hostNetwork),
    hostname: annotation('HostName') || spec.hostname,
    limits: spec.limits,
    ...UNKNOWN_LIFE,
    createdMs: Math.max(0, Date.parse(annotation('Created')) || 0),
    attempt: isSandbox ? undefined : numberField(metadata, 'attempt'),
    labels: textMapField({ own }, 'own'),
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
