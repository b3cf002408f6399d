/** A table: the answers of all queries merged by their labels, columns named and ordered as the panel says; what does not fit is cut off, as behind a scroll bar. */
import { element } from './elements.mjs';
import { configOf, mapped, thresholdColor } from './fields.mjs';
import { format } from './format.mjs';

export function drawTable(panel, box) {
  const { columns, rows } = tableOf(panel);
  const table = element('table', 'grid');
  const head = element('tr');
  const total = element('colgroup');
  const widths = widthsOf(panel, columns, box.clientWidth);
  columns.forEach(({ title, config }, i) => {
    const col = element('col');
    col.style.width = `${widths[i]}px`;
    total.append(col);
    head.append(element('th', config.number ? 'number' : '', title));
  });
  const all = widths.reduce((a, b) => a + b, 0);
  table.style.width = `${all}px`;
  table.append(total, head);
  for (const row of rows) {
    const line = element('tr');
    for (const { key, config } of columns) line.append(cellOf(row.get(key), config));
    table.append(line);
  }
  box.append(table);
  if (all > box.clientWidth + 1) box.append(element('div', 'more aside', 'more columns at the right'));
  const hidden = rows.length - Math.floor((box.clientHeight - 30) / 30);
  if (hidden > 0) box.append(element('div', 'more', `${hidden} more rows below`));
  if (rows.length === 0) box.append(element('div', 'nodata', 'No data'));
}

/** As Grafana: columns without a width share what is left, but none is narrower than the least. */
function widthsOf(panel, columns, room) {
  const least = panel.fieldConfig?.defaults.custom?.minWidth ?? 150;
  const given = columns.map(({ config }) => config.custom.width);
  const free = given.filter((width) => !width).length;
  const left = room - given.reduce((all, width) => all + (width || 0), 0);
  return given.map((width) => width || Math.max(least, left / free));
}

function cellOf(value, config) {
  if (typeof value !== 'number') return element('td', '', value ?? '');
  const map = mapped(config, value);
  const cell = element('td', 'number', map?.text ?? format(value, config.unit, config.decimals));
  const look = config.custom.cellOptions?.type ?? 'auto';
  const color = map?.color ?? thresholdColor(config, value);
  if (look === 'color-text') cell.style.color = color;
  if (look === 'color-background') {
    cell.style.background = color;
    cell.style.color = '#fff';
  }
  if (look === 'gauge') {
    const share = Math.min(1, Math.max(0, (value - (config.min ?? 0)) / ((config.max ?? 1) - (config.min ?? 0))));
    cell.style.background = `linear-gradient(to right, ${color}55 ${share * 100}%, transparent 0)`;
  }
  return cell;
}

export function tableOf(panel) {
  const organize = panel.transformations?.find(({ id }) => id === 'organize')?.options ?? {};
  const { excludeByName = {}, renameByName = {}, indexByName = {} } = organize;
  const rows = merged(panel.frames);
  const keys = [...new Set(rows.flatMap((row) => [...row.keys()]))].filter((key) => !excludeByName[key]);
  keys.sort((a, b) => (indexByName[a] ?? 99) - (indexByName[b] ?? 99));
  const columns = keys.map((key) => {
    const title = renameByName[key] ?? key;
    const config = configOf(panel, title);
    return { key, title, config: { ...config, number: rows.some((row) => typeof row.get(key) === 'number') } };
  });
  const [sort] = panel.options?.sortBy ?? [];
  const by = columns.find(({ title }) => title === sort?.displayName)?.key;
  if (by !== undefined) rows.sort((a, b) => compare(a.get(by), b.get(by)) * (sort.desc ? -1 : 1));
  return { columns, rows };
}

function compare(a, b) {
  if (typeof a === 'number' || typeof b === 'number') return (a ?? -Infinity) - (b ?? -Infinity);
  return String(a ?? '').localeCompare(String(b ?? ''));
}

/** Grafana's "merge": rows whose common labels are equal become one. */
function merged(frames) {
  const rows = [];
  for (const { refId, series } of frames) {
    for (const { labels, points } of series) {
      const value = points.at(-1)?.[1];
      const own = new Map(Object.entries(labels).filter(([name]) => name !== '__name__'));
      const valueKey = frames.length === 1 ? 'Value' : `Value #${refId}`;
      const fit = rows.filter(
        (row) => !row.has(valueKey) && [...own].every(([name, text]) => !row.has(name) || row.get(name) === text),
      );
      const same = fit.filter((row) => [...own.keys()].some((name) => row.has(name)));
      if (same.length === 0) rows.push(new Map([...own, [valueKey, value]]));
      for (const row of same) {
        for (const [name, text] of own) row.set(name, text);
        row.set(valueKey, value);
      }
    }
  }
  return rows;
}
