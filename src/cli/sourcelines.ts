/** What `plimsoll check` says of a source after one reading: how much it read, what it means if that is nothing, and what it leaves out. */
import type { SourceHealth } from '../../agents/scrape.ts';
import type { Config } from '../config/schema.ts';

type Line = readonly [mark: 'ok' | 'no' | '--', words: string];

export function sourceLines(health: SourceHealth, settings: Config['agent']): Line[] {
  const { source, up, samples, seconds, lastError, losses } = health;
  if (!up) return [['no', `source ${source}: ${lastError}`], ...advice(source, losses)];
  const reasons = advice(source, losses);
  const took = `in ${(seconds * 1000).toFixed(1)} ms`;
  const why = reasons.length > 0 ? 'nothing; the reason follows' : `nothing yet: ${nothing(source, settings)}`;
  return [['ok', `source ${source}: ${samples > 0 ? `${samples} samples ${took}` : why}`], ...reasons];
}

/** Why a source that can read finds nothing to read. */
function nothing(source: string, { filesystem }: Config['agent']): string {
  // A second engine's sources are numbered.
  switch (source.replace(/\d+$/, '')) {
    case 'filesystem':
      return (
        `it walks the containers’ layers apart from the tick, every ${filesystem.interval / 1000} s, and what it finds is there ` +
        'after the first walk'
      );
    case 'docker':
      return 'the engine has no containers to watch';
    case 'stats':
      return 'no container needs the engine’s stats, since its files can be read';
    case 'kubernetes':
      return 'it has names of pods, and no numbers';
    case 'cgroup':
      return 'no container and no other cgroup that was asked for is there';
    default:
      return 'no container of which it could read something runs';
  }
}

function advice(source: string, losses: SourceHealth['losses']): Line[] {
  return ADVICE.flatMap(([reason, words]) =>
    losses.get(reason) ? [['--', `source ${source}: ${words}`] as const] : [],
  );
}

/** What a source leaves out for a reason that somebody can do something about. */
const ADVICE: readonly (readonly [reason: string, advice: string])[] = [
  [
    'pid_namespace',
    'containers’ processes have no numbers here, because this runs in a pid namespace of its own: give its container `pid: host`.',
  ],
  [
    'no_permission',
    'containers’ processes may not be looked at: run as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH.',
  ],
];
