/** What a process has cost so far, from procfs: CPU seconds (user and system, with its threads), resident bytes, and how often it woke up. */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, the unit of times in /proc/<pid>/stat; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface Cost {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly peakRssBytes: number;
  /** Of the resident bytes, those that are the process's own and not a file's. */
  readonly anonBytes: number;
}

export function costOf(pid: number): Cost {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The command's name may hold spaces and brackets: fields are counted from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kib = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    rssBytes: kib('VmRSS') * 1024,
    peakRssBytes: kib('VmHWM') * 1024,
    anonBytes: kib('RssAnon') * 1024,
  };
}

/** How often its threads have gone to sleep by themselves, which is how often they were woken. */
export function wakeUpsOf(pid: number): number {
  const ofThread = (thread: string) =>
    Number(
      /^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1'))?.[1],
    );
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + ofThread(thread), 0);
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export interface Row {
  readonly what: string;
  readonly value: string;
  readonly target: string;
}

/** A table for a terminal and for a note. */
export function printTable(title: string, rows: readonly Row[]): void {
  const width = (key: keyof Row) => Math.max(...rows.map((row) => row[key].length), key.length);
  const line = (row: Row) =>
    `| ${row.what.padEnd(width('what'))} | ${row.value.padStart(width('value'))} | ${row.target.padEnd(width('target'))} |`;
  console.log(`\n${title}\n`);
  console.log(line({ what: 'what', value: 'value', target: 'target' }));
  console.log(
    `|${'-'.repeat(width('what') + 2)}|${'-'.repeat(width('value') + 2)}|${'-'.repeat(width('target') + 2)}|`,
  );
  for (const row of rows) console.log(line(row));
}

export const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
export const ms = (seconds: number): string => `${(seconds * 1000).toFixed(1)} ms`;
export const share = (cpuSeconds: number, seconds: number): string =>
  `${((cpuSeconds / seconds) * 100).toFixed(2)} % of a core`;

/** `middle and tail` of durations in seconds. */
export function spread(seconds: readonly number[]): string {
  return `${ms(median(seconds))} / ${ms(percentile(seconds, 0.95))}`;
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}
