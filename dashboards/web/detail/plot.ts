/** uPlot as we use it: a drawing comes in, options and data for it go out. Axes say units as people do; all charts share pointer and range. */
import type uPlot from 'uplot';
import { sayMarks, type Unit } from '../units/figures.ts';
import { tickRoom, ticks } from '../units/moment.ts';
import type { Drawing, Line, Mark } from './columns.ts';
import { isDragged, watchDrag } from './drag.ts';

export interface PlotOptions {
  readonly width: number;
  readonly height: number;
  readonly unit: Unit;
  readonly drawing: Drawing;
  readonly marks: readonly Mark[];
  readonly onZoom: (from: number, to: number) => void;
  /** The place under the pointer; null when it is elsewhere. */
  readonly onPoint: (at: number | null) => void;
}

/** Charts with this key have one pointer. */
const SYNC = 'plimsoll';

/** For eyes that see colours differently: the order of Okabe and Ito's, and dashes that differ besides. */
const COLOURS = 6;
export const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 3], [8, 3, 2, 3], [12, 4], [1, 2]];

export function colour(i: number): string {
  return css(`--line-${(i % COLOURS) + 1}`);
}

export function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function optionsOf({ width, height, unit, drawing, marks, onZoom, onPoint }: PlotOptions): uPlot.Options {
  const grid = { stroke: css('--grid'), width: 1 };
  const axis = { stroke: css('--faint'), grid, ticks: { ...grid, size: 4 }, font: '12px system-ui, sans-serif' };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { sync: { key: SYNC }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    scales: { x: { time: true }, y: { range: (_plot, low, high) => rangeOf(unit, low, high) } },
    axes: [
      {
        ...axis,
        space: (...[, , from, to, room]) => tickRoom((50 * (to - from)) / room),
        values: (...[, splits, , , step]) => ticks(splits, step),
      },
      {
        ...axis,
        size: 78,
        values: (_plot, splits) => sayMarks(splits.map(Math.abs), unit),
        ...(unit.startsWith('bytes') ? { incrs: BINARY } : {}),
      },
    ],
    series: [{}, ...drawing.lines.map(seriesOf)],
    hooks: {
      ready: [watchDrag],
      setSelect: [
        (plot) => {
          const { left, width: wide } = plot.select;
          if (wide < 4) return;
          if (isDragged(plot)) onZoom(plot.posToVal(left, 'x'), plot.posToVal(left + wide, 'x'));
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
      setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)],
      draw: [(plot) => drawMarks(plot, marks)],
    },
  };
}

const BINARY = Array.from({ length: 50 }, (_, power) => 2 ** power);

/** From zero; a share of nothing is not drawn as a mountain. */
function rangeOf(unit: Unit, low: number | null, high: number | null): [number, number] {
  const least: Partial<Record<Unit, number>> = {
    cores: 0.01,
    share: 0.01,
    bytes: 1024 * 1024,
    'bytes/s': 1024,
    count: 4,
  };
  const top = Math.max((high ?? 0) * 1.05, least[unit] ?? 1e-9);
  return [Math.min(0, (low ?? 0) * 1.05), top];
}

function seriesOf({ limit, before }: Line, i: number): uPlot.Series {
  const stroke = limit ? css('--bad') : colour(i);
  if (before) return { stroke: css('--faint'), width: 1, dash: [2, 2], points: { show: false }, spanGaps: false };
  return {
    stroke,
    width: limit ? 1 : 1.6,
    dash: limit ? [4, 4] : [...(DASHES[i % DASHES.length] ?? [])],
    spanGaps: false,
    // A reading alone between two gaps is seen, too.
    points: { size: 4 },
  };
}

const MARKS: Readonly<Record<Mark['what'], readonly [text: string, colour: string]>> = {
  start: ['started', '--good'],
  end: ['ended', '--faint'],
  oom: ['out of memory', '--bad'],
};

function drawMarks(plot: uPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  for (const { at, what } of marks) {
    const x = Math.round(plot.valToPos(at, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const [text, name] = MARKS[what];
    ctx.strokeStyle = css(name);
    ctx.fillStyle = css(name);
    ctx.setLineDash(what === 'start' ? [] : [4, 3]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.fillText(text, x + 3, bbox.top + 11 * devicePixelRatio);
  }
  ctx.restore();
}

export function dataOf({ times, lines }: Drawing): uPlot.AlignedData {
  return [times, ...lines.map(({ values }) => values)];
}
