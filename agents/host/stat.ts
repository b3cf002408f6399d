/** The text of /proc/stat: the machine's CPU time by mode, and its counts of switches, forks and tasks. */
import { Lines } from '../kernel/lines.ts';

/** The modes in the order of the kernel's line; guest time, which follows, is within user and nice already. */
export const CPU_MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const;
export type CpuMode = (typeof CPU_MODES)[number];

/** Clock ticks in a second, as every Linux ABI has them (USER_HZ). */
const TICKS_PER_SECOND = 100;

/** NaN or a missing mode: not in the text. */
export interface Stat {
  /** Seconds since boot, over all CPUs. */
  readonly cpu: ReadonlyMap<CpuMode, number>;
  /** CPUs that are online. */
  readonly cores: number;
  /** Unix seconds. */
  readonly bootTime: number;
  readonly contextSwitches: number;
  readonly forks: number;
  readonly running: number;
  readonly blocked: number;
}

export function parseStat(bytes: Buffer): Stat {
  const lines = new Lines(bytes);
  const cpu = new Map<CpuMode, number>();
  const counts = new Map<string, number>();
  let cores = 0;
  while (lines.next()) {
    const key = lines.word();
    if (key === 'cpu') {
      for (const mode of CPU_MODES) cpu.set(mode, lines.number() / TICKS_PER_SECOND);
    } else if (/^cpu\d+$/.test(key)) cores++;
    else if (!counts.has(key)) counts.set(key, lines.number());
  }
  const count = (key: string): number => counts.get(key) ?? Number.NaN;
  return {
    cpu,
    cores: cores || Number.NaN,
    bootTime: count('btime'),
    contextSwitches: count('ctxt'),
    forks: count('processes'),
    running: count('procs_running'),
    blocked: count('procs_blocked'),
  };
}
