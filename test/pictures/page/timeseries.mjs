/** Lines over time by uPlot, with axis, thresholds, annotations and a legend of last and largest values below. */
import uPlot from 'uplot';
import { element } from './elements.mjs';
import { COLORS, colorOf, configOf, legendOf } from './fields.mjs';
import { format } from './format.mjs';

/** As much of a panel's height as Grafana gives to a legend below. */
const LEGEND_SHARE = 0.4;
const ROW = 21;

export function drawLines(panel, box, { range, annotations }) {
  const lines = linesOf(panel);
  if (lines.length === 0) {
    box.append(element('div', 'nodata', 'No data'));
    return;
  }
  const { legend = {} } = panel.options ?? {};
  const calcs = legend.calcs ?? [];
  const sorted = sortedBy(
    lines.filter(({ config }) => !config.custom.hideFrom?.legend),
    legend,
  );
  const room = element('div', 'chart');
  box.append(room);
  const withHead = legend.displayMode === 'table';
  const wanted = legend.showLegend === false ? 0 : (sorted.length + (withHead ? 1 : 0)) * ROW;
  const most = Math.max(ROW * 2, Math.floor((box.clientHeight * LEGEND_SHARE) / ROW) * ROW);
  const height = box.clientHeight - Math.min(wanted, most) - 6;
  plot(room, { panel, lines, range, annotations, width: box.clientWidth, height });
  if (wanted > 0) box.append(legendTable(sorted, { calcs, withHead, fits: Math.floor(Math.min(wanted, most) / ROW) }));
}

function linesOf(panel) {
  const lines = panel.frames.flatMap(({ legend, series }) =>
    series.map(({ labels, points }) => {
      const name = legendOf(legend, labels);
      const config = configOf(panel, name);
      const fixed =
        config.color?.mode === 'fixed' ? (COLORS.get(config.color.fixedColor) ?? config.color.fixedColor) : undefined;
      return { name, config, color: fixed ?? colorOf(name), points: new Map(points) };
    }),
  );
  return lines.map((line) => ({ ...line, values: [...line.points.values()].filter(Number.isFinite) }));
}

function sortedBy(lines, { sortBy, sortDesc }) {
  const of = { 'Last *': last, Max: most };
  const by = of[sortBy];
  return by === undefined ? lines : [...lines].sort((a, b) => (by(a) - by(b)) * (sortDesc ? -1 : 1));
}

const last = ({ values }) => values.at(-1) ?? -Infinity;
const most = ({ values }) => Math.max(...values);
const CALCS = {
  lastNotNull: ['Last *', last],
  max: ['Max', most],
  min: ['Min', ({ values }) => Math.min(...values)],
  mean: ['Mean', ({ values }) => values.reduce((a, b) => a + b, 0) / values.length],
};

function legendTable(lines, { calcs, withHead, fits }) {
  const table = element('table', 'legend');
  const known = calcs.filter((calc) => CALCS[calc]);
  if (withHead) {
    const head = element('tr');
    head.append(element('th', '', 'Name'), ...known.map((calc) => element('th', 'number', CALCS[calc][0])));
    table.append(head);
  }
  const shown = lines.slice(0, fits - (withHead ? 1 : 0));
  for (const line of shown) {
    const row = element('tr');
    const name = element('td');
    const mark = element('span', 'mark');
    mark.style.background = line.color;
    name.append(mark, line.name);
    row.append(
      name,
      ...known.map((calc) =>
        element('td', 'number', format(CALCS[calc][1](line), line.config.unit, line.config.decimals)),
      ),
    );
    table.append(row);
  }
  if (shown.length < lines.length)
    table.querySelector('tr')?.firstChild?.append(` (${lines.length - shown.length} more below)`);
  return table;
}

function plot(room, { panel, lines, range, annotations, width, height }) {
  const times = [...new Set(lines.flatMap(({ points }) => [...points.keys()]))].sort((a, b) => a - b);
  const stacked = stack(lines, times);
  const { unit, decimals, min, max } = configOf(panel, '');
  const tops = stacked.flatMap((column) => column.filter((value) => value !== null));
  const top = Math.max(max ?? -Infinity, ...tops);
  const bottom = min ?? Math.min(...tops, 0);
  const options = {
    width,
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 8, 0, 0],
    scales: { x: { min: range.start, max: range.end }, y: { range: [bottom, max ?? niceTop(top, bottom)] } },
    axes: [
      { ...AXIS, size: 24, space: 70, values: (_, splits) => splits.map(timeOfDay) },
      {
        ...AXIS,
        incrs: /bytes|binBps/.test(unit ?? '') ? BINARY_STEPS : undefined,
        size: 62,
        values: (_, splits) => splits.map((value) => format(value, unit, axisDecimals(splits, unit, decimals))),
      },
    ],
    series: [{}, ...lines.map((line) => seriesOf(line))],
    bands: bandsOf(lines),
    hooks: { draw: [(chart) => drawMarks(chart, { panel, annotations })] },
  };
  const order = lines.map((_, i) => i);
  new uPlot(options, [times, ...order.map((i) => stacked[i])], room);
}

const AXIS = {
  font: '11px Inter, "Liberation Sans", "DejaVu Sans", sans-serif',
  stroke: '#5b6067',
  grid: { stroke: '#ebecee', width: 1 },
  ticks: { show: false },
};

/** 1, 2, 5, 10 … KiB, MiB, GiB: such as somebody reads without dividing. */
const BINARY_STEPS = [1, 1024, 1024 ** 2, 1024 ** 3, 1024 ** 4].flatMap((unit) =>
  [1, 2, 5, 10, 20, 50, 100, 200, 256, 512].map((n) => n * unit),
);

function timeOfDay(seconds) {
  return new Date(seconds * 1000).toISOString().slice(11, 19).replace(/:00$/, '');
}

/** Grafana gives the axis as many decimals as its steps need. */
function axisDecimals(splits, unit, decimals) {
  if (unit === 'percentunit') return splits.length > 1 && splits[1] - splits[0] < 0.0099 ? 1 : 0;
  return unit === 'short' || unit === 'none' ? undefined : decimals;
}

function niceTop(top, bottom) {
  return top <= bottom ? bottom + 1 : top + (top - bottom) * 0.05;
}

function seriesOf({ color, config }) {
  const { lineWidth = 1, fillOpacity = 0, lineStyle, drawStyle } = config.custom;
  const dash = lineStyle?.fill === 'dash' ? lineStyle.dash : undefined;
  const alpha = Math.round((fillOpacity / 100) * 255)
    .toString(16)
    .padStart(2, '0');
  return {
    stroke: color,
    width: lineWidth,
    dash,
    fill: fillOpacity > 0 ? `${color}${alpha}` : undefined,
    points: { show: drawStyle === 'points', size: 4, fill: color },
    spanGaps: false,
  };
}

/** Lines that are stacked lie on those before them. */
function stack(lines, times) {
  const sums = new Map();
  return lines.map(({ points, config }) => {
    const mode = config.custom.stacking?.mode ?? 'none';
    return times.map((time) => {
      const value = points.get(time);
      if (value === undefined || !Number.isFinite(value)) return null;
      const sign = config.custom.transform === 'negative-Y' ? -1 : 1;
      if (mode === 'none') return value * sign;
      const sum = (sums.get(time) ?? 0) + value;
      sums.set(time, sum);
      return sum;
    });
  });
}

/** Between a stacked line and the one below it. */
function bandsOf(lines) {
  const at = lines.flatMap(({ config }, i) => (config.custom.stacking?.mode === 'normal' ? [i + 1] : []));
  return at.slice(1).map((series, i) => ({ series: [series, at[i]] }));
}

function drawMarks(chart, { panel, annotations }) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.lineWidth = 1;
  ctx.setLineDash([4, 4]);
  for (const { color, regions } of annotations) {
    ctx.strokeStyle = COLORS.get(color) ?? color;
    ctx.fillStyle = `${ctx.strokeStyle}18`;
    for (const { from, to } of regions) {
      vertical(chart, from);
      if (to > from) shade(chart, from, to);
    }
  }
  const look = panel.fieldConfig?.defaults.custom?.thresholdsStyle?.mode ?? 'off';
  if (look.includes('line') || look.includes('dash')) {
    for (const { value, color } of panel.fieldConfig.defaults.thresholds?.steps ?? []) {
      if (value === null || value === undefined) continue;
      const y = chart.valToPos(value, 'y', true);
      if (y < bbox.top || y > bbox.top + bbox.height) continue;
      ctx.strokeStyle = COLORS.get(color) ?? color;
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
  }
  ctx.restore();
}

function shade(chart, from, to) {
  const { ctx, bbox } = chart;
  const at = (time) => Math.min(bbox.left + bbox.width, Math.max(bbox.left, chart.valToPos(time, 'x', true)));
  ctx.fillRect(at(from), bbox.top, at(to) - at(from), bbox.height);
}

function vertical(chart, time) {
  const { ctx, bbox } = chart;
  const x = chart.valToPos(time, 'x', true);
  if (x < bbox.left || x > bbox.left + bbox.width) return;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
}
