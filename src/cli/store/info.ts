/** `plimsoll store`: what its files hold and what takes the room, read beside a running program or without one. */
import { storeFiles } from '../../../collector/store/files.ts';
import { findManifest, type PartEntry } from '../../../collector/store/manifest.ts';
import { openPart } from '../../../collector/store/part/part.ts';

export interface StoreInfo {
  readonly bytes: number;
  readonly samples: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** By what they hold and how fine it is. */
  readonly parts: readonly { kind: string; resolutionMs: number; files: number; bytes: number; samples: number }[];
  /** Bytes by level and metric, and by label name in the indexes; the largest first. */
  readonly metrics: readonly (readonly [name: string, bytes: number])[];
  readonly labels: readonly (readonly [name: string, bytes: number])[];
  /** What cannot be read, in words. */
  readonly problems: readonly string[];
}

/** Of those that take the most room. */
const MOST = 15;

export function storeInfo(path: string): StoreInfo {
  const files = storeFiles(path);
  const { manifest, damaged } = findManifest(files);
  const problems = damaged.map(([name, reason]) => `${name}: ${reason}`);
  const metrics = new Map<string, number>();
  const labels = new Map<string, number>();
  for (const { name } of manifest.parts) {
    try {
      const part = openPart(files, name);
      addAll(metrics, part.sizes().metrics);
      addAll(labels, part.sizes().labels);
      part.close();
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  const { parts } = manifest;
  return {
    bytes: sum(parts, ({ bytes }) => bytes),
    samples: sum(parts, ({ samples }) => samples),
    fromMs: parts.reduce((least, { minMs }) => Math.min(least, minMs), Number.POSITIVE_INFINITY),
    toMs: parts.reduce((most, { maxMs }) => Math.max(most, maxMs), Number.NEGATIVE_INFINITY),
    parts: grouped(parts),
    metrics: largest(metrics),
    labels: largest(labels),
    problems,
  };
}

export function infoLines(info: StoreInfo): string[] {
  if (info.parts.length === 0)
    return [
      'nothing is in files yet: they are written every quarter of an hour; what is newer is in the log, and answers all the same (plimsoll query)',
      ...info.problems,
    ];
  const perSample = info.samples > 0 ? (info.bytes / info.samples).toFixed(2) : '-';
  return [
    `${megabytes(info.bytes)} in files, ${info.samples} samples, ${perSample} bytes each`,
    `from ${new Date(info.fromMs).toISOString()} to ${new Date(info.toMs).toISOString()}; what is newer is in the log`,
    '',
    ...info.parts.map(({ kind, resolutionMs, files, bytes, samples }) =>
      [
        kind.padEnd(9),
        fineness(resolutionMs).padEnd(10),
        `${files} files`.padStart(10),
        megabytes(bytes).padStart(12),
        `${samples} samples`.padStart(22),
      ].join(' '),
    ),
    '',
    'most room by metric:',
    ...info.metrics.map(([name, bytes]) => `${megabytes(bytes).padStart(12)}  ${name}`),
    '',
    'most room by label, in the indexes:',
    ...info.labels.map(([name, bytes]) => `${megabytes(bytes).padStart(12)}  ${name}`),
    ...info.problems.map((words) => `cannot be read: ${words}`),
  ];
}

function grouped(parts: readonly PartEntry[]): StoreInfo['parts'] {
  const groups = new Map<string, PartEntry[]>();
  for (const part of parts) {
    const key = `${part.kind} ${part.resolutionMs}`;
    groups.set(key, [...(groups.get(key) ?? []), part]);
  }
  return [...groups.values()].map((group) => ({
    kind: group[0]?.kind ?? '',
    resolutionMs: group[0]?.resolutionMs ?? 0,
    files: group.length,
    bytes: sum(group, ({ bytes }) => bytes),
    samples: sum(group, ({ samples }) => samples),
  }));
}

function fineness(resolutionMs: number): string {
  if (resolutionMs === 0) return 'raw';
  return resolutionMs < 3_600_000 ? `${resolutionMs / 60_000} min` : `${resolutionMs / 3_600_000} h`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}

function addAll(into: Map<string, number>, from: ReadonlyMap<string, number>): void {
  for (const [name, bytes] of from) into.set(name, (into.get(name) ?? 0) + bytes);
}

function largest(sizes: ReadonlyMap<string, number>): (readonly [string, number])[] {
  return [...sizes].sort(([, a], [, b]) => b - a).slice(0, MOST);
}
