/** Columns that both cgroup versions work out in the same way once their files are read. */
import { cpu } from '../../src/catalog/cpu.ts';
import { memory } from '../../src/catalog/memory.ts';

/** Memory in use without what the kernel would give back first. The two numbers are read a moment apart, so never below 0. */
export function workingSet(cells: Float64Array): void {
  const { at } = memory;
  cells[at.workingSet] = Math.max(0, (cells[at.usage] as number) - (cells[at.inactiveFile] as number));
}

const ONLY_WITH_QUOTA = [
  cpu.at.quota,
  cpu.at.limit,
  cpu.at.periods,
  cpu.at.throttledPeriods,
  cpu.at.throttled,
  cpu.at.burstPeriods,
  cpu.at.burst,
];

/** Without a quota (`max`, -1) nothing is ever enforced: the counters stand at 0 and mean nothing, so they are absent. */
export function withoutQuota(cells: Float64Array): void {
  const quota = cells[cpu.at.quota] as number;
  if (Number.isFinite(quota) && quota > 0) cells[cpu.at.limit] = quota / (cells[cpu.at.period] as number);
  else for (const column of ONLY_WITH_QUOTA) cells[column] = Number.NaN;
}
