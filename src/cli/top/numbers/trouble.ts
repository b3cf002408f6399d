/** What is in trouble with the pipeline itself, as its own metrics tell: sentences, the worst first. */
import type { Reading } from '../read/reading.ts';
import type { ViewSample } from '../read/sample.ts';

const S = 1000;

/** The sentences; those about what has grown need an earlier reading. */
export function troubleOf(now: Reading, before: Reading | undefined): string[] {
  const earlier = new Map(before?.sums.own.map((sample) => [idOf(sample), sample.value]));
  const grown = (sample: ViewSample): number => {
    const last = earlier.get(idOf(sample));
    return last === undefined ? 0 : Math.max(0, sample.value - last);
  };
  const found = RULES.flatMap(({ metric, say }) =>
    now.sums.own.flatMap((sample) => {
      if (sample.metric !== metric) return [];
      const words = say({ value: sample.value, grown: grown(sample), label: (name) => sample.labels.get(name) ?? '?' });
      return words === undefined ? [] : [words];
    }),
  );
  return [...found, ...waiting(now.sums.own), ...tooMany(now)];
}

interface Seen {
  readonly value: number;
  /** By how much it is more than in the reading before. */
  readonly grown: number;
  readonly label: (name: string) => string;
}

interface Rule {
  readonly metric: string;
  readonly say: (seen: Seen) => string | undefined;
}

const RULES: readonly Rule[] = [
  {
    metric: 'plimsoll_source_up',
    say: ({ value, label }) => (value === 0 ? `source ${label('source')} fails: see the agent’s log` : undefined),
  },
  {
    metric: 'plimsoll_sink_up',
    say: ({ value, label }) =>
      value === 0 ? `sink ${label('sink')} takes nothing: see the collector’s log` : undefined,
  },
  {
    metric: 'plimsoll_sink_samples_dropped_total',
    say: ({ grown, label }) => lost(grown, `lost at the sink ${label('sink')} (${label('reason')})`),
  },
  {
    metric: 'plimsoll_collector_samples_dropped_total',
    say: ({ grown, label }) => lost(grown, `dropped by the collector (${label('reason')})`),
  },
  {
    metric: 'plimsoll_push_samples_total',
    say: ({ grown, label }) =>
      label('result').startsWith('dropped')
        ? lost(grown, `lost on the way to the collector (${label('result')})`)
        : undefined,
  },
  {
    metric: 'plimsoll_push_queue_batches',
    // One is on its way at any time.
    say: ({ value }) => (value > 2 ? `${value} batches wait for the collector` : undefined),
  },
  {
    metric: 'plimsoll_agent_ticks_missed_total',
    say: ({ grown }) => (grown > 0 ? `${many(grown, 'tick')} left out: the one before took too long` : undefined),
  },
  {
    metric: 'plimsoll_source_losses_total',
    say: ({ grown, label }) =>
      grown > 0 ? `source ${label('source')} left ${grown} out (${label('reason')})` : undefined,
  },
  {
    metric: 'plimsoll_collector_groups_refused_total',
    say: ({ grown, label }) =>
      grown > 0 ? `the level ${label('level')} is full (collector.max_groups): ${grown} left out` : undefined,
  },
  {
    metric: 'plimsoll_collector_agent_clock_offset_seconds',
    say: ({ value, label }) =>
      value === 0 ? undefined : `the clock of ${label('node')} is off by ${value.toFixed(1)} s`,
  },
  {
    metric: 'plimsoll_http_refused_total',
    say: ({ grown, label }) => (grown > 0 ? `${many(grown, 'request')} refused (${label('reason')})` : undefined),
  },
];

function lost(grown: number, words: string): string | undefined {
  return grown > 0 ? `${many(grown, 'sample')} ${words}` : undefined;
}

function many(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** More windows wait for a sink than are on their way. */
function waiting(own: readonly ViewSample[]): string[] {
  return own.flatMap(({ metric, labels, value }) =>
    metric === 'plimsoll_sink_queue_frames' && value > 3
      ? [`${value} windows wait for the sink ${labels.get('sink')}`]
      : [],
  );
}

function tooMany({ sums: { leftOut } }: Reading): string[] {
  return leftOut > 0 ? [`more than this table holds: ${leftOut} samples are left out here`] : [];
}

function idOf({ metric, labels }: ViewSample): string {
  return JSON.stringify([metric, ...[...labels].flat()]);
}

/** Whether nothing new has come for so long that somebody should know. By this machine's clock alone: the numbers' own may be another. */
export function silenceTrouble(ageMs: number, intervalMs: number | undefined): string | undefined {
  const most = Math.max(15 * S, 4 * (intervalMs ?? 30 * S));
  return ageMs > most ? `no new numbers for ${Math.round(ageMs / S)} s` : undefined;
}
