/** The range that all charts follow: chosen, zoomed, moved, compared with the time before. */
import { model } from '../live/link.ts';
import { HOME } from '../state/address.ts';
import { adjust, place } from '../state/place.ts';
import { type Moments, momentsOf, panned, SPANS, type Span, spanOf, zoomed } from '../state/range.ts';
import { moment } from '../units/moment.ts';
import { nowSeconds } from '../clock.ts';

/** The end is the end of the last window: there is nothing after it. `since`: nor before that, of what is shown. */
export function moments(since?: number): Moments {
  const { now, first } = held(since);
  return momentsOf(place.value.range, now, first);
}

function held(since = 0): { readonly now: number; readonly first: number } {
  return { now: model.value?.end ?? nowSeconds(), first: Math.max(since, model.value?.pipeline.since ?? 0) };
}

interface RangeBarProps {
  /** What is shown can be compared with the time before. */
  readonly comparing?: boolean;
  readonly since?: number | undefined;
}

export function RangeBar({ comparing = true, since }: RangeBarProps) {
  const { range, compare } = place.value;
  const { now, first } = held(since);
  const span = spanOf(range, now, first);
  const set = (to: Moments): void => adjust({ range: to });
  return (
    <div class="tools" role="group" aria-label="Range of time">
      <label>
        <span class="unseen">Range</span>
        <select
          value={span ?? ''}
          onChange={({ currentTarget }) =>
            adjust({ range: currentTarget.value === '' ? HOME.range : { last: currentTarget.value as Span } })
          }
        >
          {span === undefined ? <option value="">{said(moments())}</option> : null}
          {SPANS.map((each) => (
            <option key={each} value={each}>
              last {each}
            </option>
          ))}
        </select>
      </label>
      <Press words="Earlier" mark="◀" act={() => set(panned(moments(since), -0.5))} />
      <Press words="Later" mark="▶" act={() => set(panned(moments(since), 0.5))} />
      <Press words="Closer" mark="+" act={() => set(zoomed(moments(since), 0.5))} />
      <Press words="Further" mark="−" act={() => set(zoomed(moments(since), 2))} />
      {span === undefined ? (
        <button type="button" onClick={() => adjust({ range: HOME.range })}>
          Now
        </button>
      ) : null}
      {comparing ? (
        <label>
          <input
            type="checkbox"
            checked={compare}
            onChange={({ currentTarget }) => adjust({ compare: currentTarget.checked })}
          />{' '}
          compare with the time before
        </label>
      ) : null}
      <span class="faint wide">Drag over a chart to zoom; its keys are ◀ ▶ + −.</span>
    </div>
  );
}

function Press({ words, mark, act }: { readonly words: string; readonly mark: string; readonly act: () => void }) {
  return (
    <button type="button" title={words} aria-label={words} onClick={act}>
      {mark}
    </button>
  );
}

function said({ from, to }: Moments): string {
  return `${moment(from)} – ${moment(to)}`;
}
