/** What stands in a cell and is no text alone: a mark for the state, a bar, a small curve. None says anything by its colour alone. */
import type { Row } from '../live/message.ts';
import { isBadEnd } from '../live/lately.ts';
import { CURVE } from '../live/past.ts';
import { percent } from '../units/figures.ts';
import { share } from './filter.ts';
import { sparkPath } from './spark.ts';
import { stateWords } from './words.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'faint' | 'plain';

export function toneOf(row: Row): Tone {
  if (row.health === 'unhealthy' || row.state === 'dead' || (!row.runs && isBadEnd(row))) return 'bad';
  if (row.health === 'starting' || row.state === 'restarting' || row.state === 'paused') return 'warn';
  return row.runs ? 'good' : 'faint';
}

const MARKS: Readonly<Record<Tone, string>> = { good: '●', warn: '◐', bad: '▲', faint: '○', plain: '' };

export function StateMark({ row, short = false }: { readonly row: Row; readonly short?: boolean }) {
  const tone = toneOf(row);
  const words = stateWords(row);
  return (
    <span class={`state ${tone}`} title={short ? words : undefined}>
      <span aria-hidden="true">{MARKS[tone]}</span> {short ? <span class="unseen">{words}</span> : words}
    </span>
  );
}

/** How much of a limit is used; without one there is nothing to be near to. The same elements either way: rows change, elements stay. */
export function Bar({
  value,
  limit,
  text,
}: {
  readonly value: number | null;
  readonly limit: number | null;
  readonly text: string;
}) {
  const of = share(value, limit);
  return (
    <span class="limit">
      <span
        class={`bar ${barTone(of)}`}
        style={{ backgroundSize: `${Math.min(100, (of ?? 0) * 100).toFixed(1)}% 100%` }}
        aria-hidden="true"
      />
      <span>
        {of === null ? '' : percent(of)} <span class="faint">{of === null ? 'no limit' : `of ${text}`}</span>
      </span>
    </span>
  );
}

function barTone(of: number | null): string {
  if (of === null) return 'none';
  return of > 0.95 ? 'bad' : of > 0.85 ? 'warn' : 'good';
}

const SIZE = { width: 88, height: 22, points: CURVE };

export function Spark({ values, least }: { readonly values: readonly (number | null)[]; readonly least: number }) {
  return (
    <svg class="spark" width={SIZE.width} height={SIZE.height} aria-hidden="true">
      <path d={sparkPath(values, { ...SIZE, least })} />
    </svg>
  );
}
