/** Single figures, and bars: the last value of each series, in the colour of its thresholds. */
import { element } from './elements.mjs';
import { configOf, legendOf, mapped, thresholdColor } from './fields.mjs';
import { format } from './format.mjs';

function figures(panel) {
  return panel.frames.flatMap(({ legend, series }) =>
    series.map(({ labels, points }) => {
      const name = legendOf(legend, labels);
      return { name, value: lastNumber(points), config: configOf(panel, name) };
    }),
  );
}

function lastNumber(points) {
  return points.findLast(([, value]) => Number.isFinite(value))?.[1];
}

export function drawStat(panel, box) {
  const all = figures(panel);
  const shown = all.length > 0 ? all : [{ name: '', value: undefined, config: configOf(panel, '') }];
  const room = element('div', 'stats');
  for (const { name, value, config } of shown) {
    const map = value === undefined ? undefined : mapped(config, value);
    const text =
      value === undefined ? (config.noValue ?? 'No data') : (map?.text ?? format(value, config.unit, config.decimals));
    const figure = element('div', 'stat');
    const number = element('div', 'figure', text);
    number.style.color = value === undefined ? '#8e8e8e' : (map?.color ?? thresholdColor(config, value));
    if (shown.length > 1) figure.append(element('div', 'of', name));
    figure.append(number);
    room.append(figure);
  }
  box.append(room);
  const each = box.clientWidth / shown.length;
  const longest = Math.max(...[...room.querySelectorAll('.figure')].map(({ textContent }) => textContent.length));
  const size = Math.min(box.clientHeight * 0.62, (each * 1.5) / Math.max(3, longest), 44);
  for (const figure of room.querySelectorAll('.figure')) figure.style.fontSize = `${size}px`;
}

export function drawBars(panel, box) {
  const all = figures(panel).filter(({ value }) => value !== undefined);
  all.sort((a, b) => b.value - a.value);
  const room = element('div', 'bars');
  const fits = Math.floor(box.clientHeight / 24);
  for (const { name, value, config } of all.slice(0, fits)) {
    const most = config.max ?? Math.max(...all.map((each) => each.value), 1e-9);
    const line = element('div', 'bar');
    const track = element('div', 'track');
    const fill = element('div', 'fill');
    fill.style.width = `${Math.min(100, (100 * value) / most)}%`;
    fill.style.background = thresholdColor(config, value);
    track.append(fill);
    line.append(
      element('div', 'of', name),
      track,
      element('div', 'amount', format(value, config.unit, config.decimals)),
    );
    room.append(line);
  }
  box.append(all.length === 0 ? element('div', 'nodata', 'No data') : room);
}
