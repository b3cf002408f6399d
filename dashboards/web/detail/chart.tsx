/** One chart: lines, their names with the values under the pointer, and the question behind them to copy. */
import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { eachFrame } from '../clock.ts';
import { adjust } from '../state/place.ts';
import { scheme } from '../scheme.ts';
import { say, type Unit } from '../units/figures.ts';
import type { Drawing, Mark } from './columns.ts';
import { Copy } from './copy.tsx';
import { useHeld } from './drag.ts';
import { colour, css, DASHES, dataOf, optionsOf } from './plot.ts';

const HEIGHT = 190;

export interface ChartProps {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  readonly drawing: Drawing;
  readonly marks: readonly Mark[];
  /** What was asked, one a line. */
  readonly promql: readonly string[];
  readonly note?: string;
}

export function Chart(given: ChartProps) {
  const { id, title, unit, drawing, marks, promql, note } = useHeld(given);
  const under = useSignal<number | null>(null);
  const at = under.value ?? drawing.times.length - 1;
  return (
    <figure class="chart" data-chart={id}>
      <figcaption>
        <h3>{title}</h3>
        <Copy text={promql.join('\n')} what={`the PromQL of ${title}`} label="PromQL" />
      </figcaption>
      {note !== undefined ? <p class="empty">{note}</p> : <Canvas {...{ unit, drawing, marks, under, title }} />}
      <ul class="legend">
        {drawing.lines.map(({ name, limit, before, values }, i) => (
          <li key={`${name} ${before}`} class={before ? 'faint' : ''}>
            <svg class="swatch" viewBox="0 0 16 4" aria-hidden="true">
              <path
                d="M0 2H16"
                stroke={limit ? css('--bad') : before ? css('--faint') : colour(i)}
                stroke-dasharray={limit || before ? '3 2' : DASHES[i % DASHES.length]?.join(' ')}
              />
            </svg>{' '}
            {before ? `${name} before` : name}{' '}
            <strong>{say(absolute(values[at] ?? lastOf(values, under.value)), unit)}</strong>
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** Without a pointer the newest value that there is. */
function lastOf(values: readonly (number | null)[], under: number | null): number | null {
  return under === null ? (values.slice(-4).findLast((value) => value !== null) ?? null) : null;
}

function absolute(value: number | null): number | null {
  return value === null ? null : Math.abs(value);
}

interface CanvasProps extends Pick<ChartProps, 'unit' | 'drawing' | 'marks' | 'title'> {
  readonly under: { value: number | null };
}

function Canvas({ unit, drawing, marks, under, title }: CanvasProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const width = useSignal(0);
  useLayoutEffect(() => {
    if (!box.current) return;
    const element = box.current;
    const measure = eachFrame(() => {
      width.value = element.clientWidth;
    });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    width.value = element.clientWidth;
    return () => observer.disconnect();
  }, []);
  // Made anew where lines come or go; else only what they show changes.
  const shape = useHeld(
    JSON.stringify([
      drawing.lines.map(({ name, before, limit }) => [name, before, limit]),
      unit,
      marks,
      width.value,
      scheme.value,
    ]),
  );
  useEffect(() => {
    if (!box.current || width.value === 0) return;
    const options = optionsOf({
      ...{ width: width.value, height: HEIGHT, unit, drawing, marks },
      onZoom: (from, to) =>
        adjust({ range: { from: Math.round(from), to: Math.max(Math.round(to), Math.round(from) + 20) } }),
      onPoint: (at) => {
        under.value = at;
      },
    });
    plot.current = new uPlot(options, dataOf(drawing), box.current);
    return () => plot.current?.destroy();
  }, [shape]);
  useEffect(() => plot.current?.setData(dataOf(drawing)), [drawing]);
  return <div class="canvas" ref={box} role="img" aria-label={`${title}: the values are in the list below`} />;
}
