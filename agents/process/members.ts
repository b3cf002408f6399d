/**
 * The processes of a container, by their numbers in our `/proc`. The kernel writes the numbers in a cgroup's files as whoever reads them
 * sees them: from another pid namespace they are missing, or are other processes' numbers.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Container } from '../container.ts';
import type { Losses } from '../kernel/losses.ts';

export interface MemberOptions {
  readonly procRoot: string;
  /** The pids in the container's cgroup and below, as its files have them; undefined when there is no such cgroup (any more). */
  readonly pidsOf: (container: Container) => readonly number[] | undefined;
}

/** None, and a loss `pid_namespace`, where the container's first process is not among them although it is there. */
export function membersOf(
  container: Container,
  { procRoot, pidsOf }: MemberOptions,
  losses: Losses,
): readonly number[] {
  const pids = container.pid > 0 ? pidsOf(container) : undefined;
  if (pids === undefined || pids.includes(container.pid)) return pids ?? [];
  if (existsSync(join(procRoot, String(container.pid)))) losses.count('pid_namespace');
  return [];
}
