/**
 * How often a pod's container was started again: the kubelet gives each attempt a log of its own, `<namespace>_<pod>_<uid>/<container>/<attempt>.log`, and keeps the
 * newest. containerd's files do not tell it.
 */
import { join } from 'node:path';
import { namesIn } from '../kernel/files.ts';
import type { CriRecord } from './record.ts';

/** The newest attempt's number; undefined where there are no logs to tell by. */
export function newestAttempt(logs: string, { namespace, pod, uid, container }: CriRecord): number | undefined {
  const numbers = namesIn(join(logs, `${namespace}_${pod}_${uid}`, container)).flatMap((name) => {
    const match = /^(\d+)\.log/.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
  return numbers.length === 0 ? undefined : Math.max(...numbers);
}

/** The attempt of a container, of which as many were made after it as are newer among `all` of its pod. */
export function attemptOf(logs: string, record: CriRecord, all: Iterable<CriRecord>): number | undefined {
  if (record.type !== 'container' || record.attempt !== undefined) return record.attempt;
  const newest = newestAttempt(logs, record);
  if (newest === undefined) return undefined;
  let after = 0;
  for (const { uid, container, createdMs, id } of all) {
    const isLater = uid === record.uid && container === record.container && id !== record.id;
    if (isLater && createdMs > record.createdMs) after++;
  }
  return Math.max(0, newest - after);
}
