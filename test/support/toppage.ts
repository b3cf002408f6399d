/** Pages and models for the tests of `plimsoll top`: text of a page in, what the table knows out. */
import { memory, type Model } from '../../src/cli/top/numbers/model.ts';
import { parseSamples } from '../../src/cli/top/read/promtext.ts';
import type { Reading } from '../../src/cli/top/read/reading.ts';
import { sumUp } from '../../src/cli/top/read/sums.ts';
import { START, type State } from '../../src/cli/top/state.ts';
import type { About } from '../../src/cli/top/view/header.ts';
import { plainLines, type Size, viewOf } from '../../src/cli/top/view/screen.ts';

export const T0 = 1_800_000_000_000;

/** A page read so many seconds after {@link T0}. */
export function readingAt(seconds: number, text: string): Reading {
  return { timeMs: T0 + seconds * 1000, sums: sumUp(parseSamples(text)) };
}

/** What there is to show after these pages, ten seconds apart. */
export function modelOf(...pages: readonly string[]): Model {
  const kept = memory();
  for (const [i, page] of pages.entries()) kept.take(readingAt(i * 10, page));
  if (!kept.model) throw new Error('give a page');
  return kept.model;
}

export interface Made {
  readonly name: string;
  readonly labels?: string;
  readonly cpu?: number;
  readonly memory?: number;
  readonly state?: string;
}

/** A page with these containers. */
export function pageWith(containers: readonly Made[], more = ''): string {
  const lines = containers.flatMap(({ name, labels = '', cpu = 0, memory = 0, state = 'running' }, i) => {
    const own = `id="/docker/${i}",name=${JSON.stringify(name)}${labels === '' ? '' : `,${labels}`}`;
    return [
      `container_cpu_usage_seconds_total{${own}} ${cpu}`,
      `container_memory_working_set_bytes{${own}} ${memory}`,
      `container_state{${own},state="${state}"} 1`,
    ];
  });
  return `${lines.join('\n')}\n${more}`;
}

export const ABOUT: About = {
  place: 'http://127.0.0.1:9641/metrics',
  error: undefined,
  trouble: [],
  words: [],
};

export interface Drawn {
  readonly state?: Partial<State>;
  readonly about?: Partial<About>;
  readonly size?: Size;
}

/** The screen as text. */
export function screenOf(
  model: Model | undefined,
  { state = {}, about = {}, size = { columns: 80, rows: 24 } }: Drawn = {},
): string[] {
  const view = viewOf({ state: { ...START, ...state }, model, about: { ...ABOUT, ...about }, size });
  return plainLines(view.lines);
}
