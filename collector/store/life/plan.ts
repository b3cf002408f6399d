/** Which parts are to be merged, and which are to go: decided from what the manifest says of them and the time alone. */
import { DAY_MS, RESOLUTIONS } from '../choose.ts';
import type { PartEntry, PartKind } from '../manifest.ts';

export interface Retention {
  /** How old single containers, and groups, may grow, by resolution: raw, 5 minutes, an hour. */
  readonly single: readonly [rawMs: number, fiveMinutesMs: number, hourMs: number];
  readonly group: readonly [rawMs: number, fiveMinutesMs: number, hourMs: number];
  readonly maxBytes: number;
}

export interface Merge {
  readonly kind: PartKind;
  readonly tier: 1 | 2;
  readonly parts: readonly PartEntry[];
  /** Downsamples of the day that these take the place of. */
  readonly replaces: readonly PartEntry[];
  /** The day's raw samples have gone: its downsamples hold what `parts` do not. */
  readonly rawGone?: boolean;
}

/** What is merged before the day is over. */
export const SLOT_MS = 2 * 3_600_000;
/** After its end a slot or day is merged: the last windows have come, and the last seal is done. */
const SLOT_GRACE_MS = 5 * 60_000;
const DAY_GRACE_MS = 20 * 60_000;
/** What comes late for a merged day waits for more of it, up to so long or so many. */
const LATE_WAIT_MS = 3_600_000;
const LATE_PARTS = 8;

/** The most urgent merge; undefined if nothing is to be merged. */
export function nextMerge(parts: readonly PartEntry[], nowMs: number): Merge | undefined {
  const raw = parts.filter(({ resolutionMs }) => resolutionMs === 0);
  for (const [, day] of grouped(raw, (part) => `${part.kind} ${Math.floor(part.minMs / DAY_MS)}`)) {
    const first = day[0] as PartEntry;
    const endMs = (Math.floor(first.minMs / DAY_MS) + 1) * DAY_MS;
    const merge = endMs + DAY_GRACE_MS <= nowMs ? dayMerge(day, parts, nowMs) : slotMerge(day, nowMs);
    if (merge !== undefined) return merge;
  }
  return undefined;
}

function dayMerge(day: readonly PartEntry[], all: readonly PartEntry[], nowMs: number): Merge | undefined {
  const { kind, minMs } = day[0] as PartEntry;
  if (day.length === 1 && day[0]?.tier === 2) return undefined;
  const whole = day.some(({ tier }) => tier === 2);
  const newestMs = Math.max(...day.map(({ madeMs }) => madeMs));
  if (whole && day.length <= LATE_PARTS && isRecent(newestMs, nowMs)) return undefined;
  const dayAt = Math.floor(minMs / DAY_MS);
  const replaces = all.filter(
    (part) => part.kind === kind && part.resolutionMs > 0 && Math.floor(part.minMs / DAY_MS) === dayAt,
  );
  return { kind, tier: 2, parts: day, replaces, rawGone: !whole && replaces.length > 0 };
}

/** A clock that was set back makes parts of the future: they do not wait for it. */
function isRecent(madeMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - madeMs) < LATE_WAIT_MS;
}

function slotMerge(day: readonly PartEntry[], nowMs: number): Merge | undefined {
  for (const [slot, parts] of grouped(day, ({ minMs }) => Math.floor(minMs / SLOT_MS))) {
    if ((slot + 1) * SLOT_MS + SLOT_GRACE_MS > nowMs || parts.length < 2) continue;
    const merged = parts.some(({ tier }) => tier > 0);
    const newestMs = Math.max(...parts.map(({ madeMs }) => madeMs));
    if (merged && parts.length <= LATE_PARTS && isRecent(newestMs, nowMs)) continue;
    if (liesBetween(day, parts)) continue;
    return { kind: (parts[0] as PartEntry).kind, tier: 1, parts, replaces: [] };
  }
  return undefined;
}

/** Whether another part of these times was made after the first and before the last: the later one counts, so it would have to be merged as well. */
function liesBetween(day: readonly PartEntry[], parts: readonly PartEntry[]): boolean {
  const among = day.slice(day.indexOf(parts[0] as PartEntry), day.indexOf(parts.at(-1) as PartEntry));
  const fromMs = Math.min(...parts.map(({ minMs }) => minMs));
  const toMs = Math.max(...parts.map(({ maxMs }) => maxMs));
  return among.some((part) => !parts.includes(part) && part.maxMs >= fromMs && part.minMs <= toMs);
}

function grouped<K>(parts: readonly PartEntry[], keyOf: (part: PartEntry) => K): Map<K, PartEntry[]> {
  const groups = new Map<K, PartEntry[]>();
  for (const part of parts) {
    const key = keyOf(part);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [part]);
    else group.push(part);
  }
  return groups;
}

/** Those that are too old, and then, while there are too many bytes, single containers before groups, the oldest first. */
export function outlived(parts: readonly PartEntry[], retention: Retention, nowMs: number): PartEntry[] {
  const old = parts.filter((part) => isOld(part, retention, nowMs));
  const gone = new Set(old);
  let bytes = parts.reduce((sum, part) => sum + (gone.has(part) ? 0 : part.bytes), 0);
  const order = parts
    .filter((part) => !gone.has(part))
    .sort((a, b) => rankOf(a, nowMs) - rankOf(b, nowMs) || a.maxMs - b.maxMs);
  for (const part of order) {
    if (bytes <= retention.maxBytes) break;
    gone.add(part);
    bytes -= part.bytes;
  }
  return [...gone];
}

function isOld({ kind, resolutionMs, maxMs, tier }: PartEntry, retention: Retention, nowMs: number): boolean {
  const ages = kind === 'single' ? retention.single : retention.group;
  const at = resolutionMs === 0 ? 0 : resolutionMs === RESOLUTIONS[0] ? 1 : 2;
  // Raw samples go once their downsamples have been made.
  const made = resolutionMs > 0 || tier === 2;
  return maxMs < nowMs - (ages[at] as number) && (made || maxMs < nowMs - ages[2]);
}

/** What goes first: old single containers, then old groups, and what is of today last. */
function rankOf({ kind, resolutionMs, maxMs }: PartEntry, nowMs: number): number {
  const recent = maxMs > nowMs - DAY_MS ? 10 : 0;
  const group = kind === 'single' ? 0 : 3;
  const coarse = resolutionMs === 0 ? 0 : resolutionMs === RESOLUTIONS[0] ? 1 : 2;
  return recent + group + coarse;
}
