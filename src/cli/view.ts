/**
 * The live table: two readings of an agent's series, as samples, become one line a container. Pure; the terminal is top.ts's.
 */

/** One sample, from wherever: a table in this process or another agent's /metrics. */
export interface ViewSample {
  readonly metric: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

export interface Reading {
  readonly timeMs: number;
  readonly samples: Iterable<ViewSample>;
}

/** What is shown of one container; undefined where it is not known. */
export interface ViewRow {
  readonly id: string;
  /** Empty on an agent's own page, where everything is of one host. */
  readonly node: string;
  readonly name: string;
  readonly state: string;
  readonly health: string;
  readonly cpuCores: number | undefined;
  readonly throttledShare: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly memoryLimit: number | undefined;
  readonly rxPerSecond: number | undefined;
  readonly txPerSecond: number | undefined;
  readonly readPerSecond: number | undefined;
  readonly writePerSecond: number | undefined;
  readonly restarts: number | undefined;
}

/** Metrics that tell when a page's numbers were read, Unix seconds; the first that is there counts. */
const READ_AT = ['container_last_seen', 'plimsoll_agent_last_tick_seconds', 'plimsoll_collector_last_window_seconds'];

/** When the samples of a page were read, Unix milliseconds; undefined if nothing on it says so. */
export function readingTimeMs(samples: Iterable<ViewSample>): number | undefined {
  const newest = new Map<string, number>();
  for (const { metric, value } of samples) {
    if (READ_AT.includes(metric)) newest.set(metric, Math.max(value, newest.get(metric) ?? 0));
  }
  const known = READ_AT.find((metric) => newest.has(metric));
  return known === undefined ? undefined : (newest.get(known) as number) * 1000;
}

interface Summed {
  readonly id: string;
  readonly node: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly values: Map<string, number>;
}

/** Sums per node, container id and metric: interfaces and devices are added up. Two hosts may well have the same id: `/`, or a unit's. */
type Sums = Map<string, Summed>;

const STATE = 'container_state';
const HEALTH = 'container_health_status';

/** Adds up a reading by container; labels that name a state become part of the metric's name. */
export function sumUp(samples: Iterable<ViewSample>): Sums {
  const sums: Sums = new Map();
  for (const { metric, labels, value } of samples) {
    const id = labels.get('id');
    if (id === undefined) continue;
    const node = labels.get('node') ?? '';
    const own = JSON.stringify([node, id]);
    let entry = sums.get(own);
    if (!entry) {
      entry = { id, node, labels, values: new Map() };
      sums.set(own, entry);
    }
    const which = metric === STATE ? labels.get('state') : metric === HEALTH ? labels.get('status') : undefined;
    const key = which === undefined ? metric : `${metric}:${which}`;
    entry.values.set(key, (entry.values.get(key) ?? 0) + value);
  }
  return sums;
}

/** The rows of two readings, busiest first; without an earlier reading there are no rates yet. */
export function viewRows(now: Sums, before: Sums | undefined, seconds: number): ViewRow[] {
  const rows = [...now].map(([own, { id, node, labels, values }]) => {
    const earlier = before?.get(own)?.values;
    const rate = (metric: string): number | undefined => {
      const current = values.get(metric);
      const last = earlier?.get(metric);
      if (current === undefined || last === undefined || seconds <= 0 || current < last) return undefined;
      return (current - last) / seconds;
    };
    const periods = rate('container_cpu_cfs_periods_total');
    const throttled = rate('container_cpu_cfs_throttled_periods_total');
    return {
      id,
      node,
      name: id === '/' ? '(host)' : (labels.get('name') ?? id),
      state: id === '/' ? '' : stateOf(values),
      health: oneOf(values, HEALTH).replace('none', ''),
      cpuCores: rate('container_cpu_usage_seconds_total'),
      throttledShare: periods && throttled !== undefined ? throttled / periods : undefined,
      memoryBytes: values.get('container_memory_working_set_bytes'),
      memoryLimit: values.get('container_spec_memory_limit_bytes'),
      rxPerSecond: rate('container_network_receive_bytes_total'),
      txPerSecond: rate('container_network_transmit_bytes_total'),
      readPerSecond: rate('container_fs_reads_bytes_total'),
      writePerSecond: rate('container_fs_writes_bytes_total'),
      restarts: values.get('container_restarts_total'),
    };
  });
  return rows.sort((a, b) => rank(b) - rank(a) || order(a.name, b.name) || order(a.node, b.node));
}

/** Hosts first, then by CPU. */
function rank(row: ViewRow): number {
  const busy = row.cpuCores ?? -1;
  return row.id === '/' ? 1e9 + busy : busy;
}

function order(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** With the exit code of one that has ended: `exited (137)`. */
function stateOf(values: ReadonlyMap<string, number>): string {
  const code = values.get('container_exit_code');
  return code === undefined ? oneOf(values, STATE) : `${oneOf(values, STATE)} (${code})`;
}

function oneOf(values: ReadonlyMap<string, number>, metric: string): string {
  for (const [key, value] of values)
    if (value === 1 && key.startsWith(`${metric}:`)) return key.slice(metric.length + 1);
  return '';
}

type Column = readonly [title: string, width: number, cell: (row: ViewRow) => string];

const COLUMNS: readonly Column[] = [
  ['STATE', -12, (row) => row.state],
  ['HEALTH', -9, (row) => row.health],
  ['CPU %', 7, (row) => percent(row.cpuCores)],
  ['THROTTLED', 9, (row) => percent(row.throttledShare)],
  ['MEMORY', 9, (row) => bytes(row.memoryBytes)],
  ['LIMIT', 9, (row) => bytes(row.memoryLimit)],
  ['NET IN/s', 9, (row) => bytes(row.rxPerSecond)],
  ['NET OUT/s', 9, (row) => bytes(row.txPerSecond)],
  ['READ/s', 9, (row) => bytes(row.readPerSecond)],
  ['WRITE/s', 9, (row) => bytes(row.writePerSecond)],
  ['RESTARTS', 8, (row) => row.restarts?.toString() ?? ''],
];

const MAX_NAME = 40;
const MAX_NODE = 20;

/**
 * The table as lines, cut to the terminal's size; what does not fit is named in a line above it. CPU is per core: two cores busy are
 * 200 %. The nodes have a column where there is more than one.
 */
export function drawTable(rows: readonly ViewRow[], size: { columns: number; rows: number }): string[] {
  const all: Column[] = [textColumn('NAME', rows, { most: MAX_NAME, text: (row) => row.name })];
  if (new Set(rows.map((row) => row.node)).size > 1)
    all.push(textColumn('NODE', rows, { most: MAX_NODE, text: (row) => row.node }));
  const fixed = all.length;
  const columns = fitting([...all, ...COLUMNS], fixed, size.columns);
  const missing = COLUMNS.slice(columns.length - fixed).map(([title]) => title);
  const room = (lines: number): number => Math.max(0, size.rows - lines);
  const isCut = missing.length > 0 || rows.length > room(1);
  const shown = rows.slice(0, room(isCut ? 2 : 1));
  const line = (cellOf: (column: Column) => string): string =>
    columns
      .map((column) => fitted(cellOf(column), column[1]))
      .join(' ')
      .slice(0, size.columns);
  return [
    ...(isCut ? [leftOut(shown.length, rows.length, missing).slice(0, size.columns)] : []),
    line(([title]) => title),
    ...shown.map((row) => line(([, , cell]) => cell(row))),
  ];
}

/** As wide as its longest text, within bounds. */
function textColumn(
  title: string,
  rows: readonly ViewRow[],
  { most, text }: { readonly most: number; readonly text: (row: ViewRow) => string },
): Column {
  const widest = rows.reduce((width, row) => Math.max(width, text(row).length), title.length);
  return [title, -Math.min(most, widest), (row) => plain(text(row))];
}

/** The columns that the terminal has room for as a whole; the first `least` in any case. */
function fitting(columns: readonly Column[], least: number, width: number): readonly Column[] {
  let used = -1;
  const end = columns.findIndex(([, own], i) => {
    used += 1 + Math.abs(own);
    return i >= least && used > width;
  });
  return end < 0 ? columns : columns.slice(0, end);
}

/** `20 of 120, sort: cpu`, and the columns for which the terminal is too narrow. */
function leftOut(shown: number, all: number, missing: readonly string[]): string {
  const narrow = missing.length > 0 ? `; too narrow for ${missing.join(', ')}` : '';
  return `${shown} of ${all}, sort: cpu${narrow}`;
}

/** Pads or cuts; a negative width aligns to the left. */
function fitted(text: string, width: number): string {
  const w = Math.abs(width);
  const cut = text.length > w ? `${text.slice(0, w - 1)}…` : text;
  return width < 0 ? cut.padEnd(w) : cut.padStart(w);
}

/** A terminal must not obey what a name holds. */
export function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, '\uFFFD');
}

function percent(share: number | undefined): string {
  return share === undefined ? '' : (share * 100).toFixed(1);
}

/** Three significant digits with a binary unit. */
export function bytes(value: number | undefined): string {
  if (value === undefined) return '';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1000 && unit < units.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return `${scaled >= 100 || unit === 0 ? scaled.toFixed(0) : scaled.toFixed(1)} ${units[unit]}`;
}
