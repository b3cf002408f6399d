/** The range that all charts follow: chosen, zoomed, moved, compared with the time before. */
import { model } from '../live/link.ts';
import { HOME } from '../state/address.ts';
import { adjust, place } from '../state/place.ts';
import { type Moments, momentsOf, panned, SPANS, type Span, zoomed } from '../state/range.ts';
import { moment } from '../units/moment.ts';
import { nowSeconds } from '../clock.ts';

/** The end is the end of the last window: there is nothing after it. */
export function moments(): Moments {
  return momentsOf(place.value.range, model.value?.end ?? nowSeconds());
}

/** `comparing`: what is shown can be compared with the time before. */
export function RangeBar({ comparing = true }: { readonly comparing?: boolean }) {
  const { range, compare } = place.value;
  const fixed = !('last' in range);
  const set = (to: Moments): void => adjust({ range: to });
  return (
    <div class="tools" role="group" aria-label="Range of time">
      <label>
        <span class="unseen">Range</span>
        <select
          value={fixed ? '' : range.last}
          onChange={({ currentTarget }) =>
            adjust({ range: currentTarget.value === '' ? HOME.range : { last: currentTarget.value as Span } })
          }
        >
          {fixed ? <option value="">{said(range)}</option> : null}
          {SPANS.map((span) => (
            <option key={span} value={span}>
              last {span}
            </option>
          ))}
        </select>
      </label>
      <Press words="Earlier" mark="◀" act={() => set(panned(moments(), -0.5))} />
      <Press words="Later" mark="▶" act={() => set(panned(moments(), 0.5))} />
      <Press words="Closer" mark="+" act={() => set(zoomed(moments(), 0.5))} />
      <Press words="Further" mark="−" act={() => set(zoomed(moments(), 2))} />
      {fixed ? (
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
