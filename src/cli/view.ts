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

/** Sums per container id and metric: interfaces and devices are added up. */
type Sums = Map<string, { readonly labels: ReadonlyMap<string, string>; readonly values: Map<string, number> }>;

const STATE = 'container_state';
const HEALTH = 'container_health_status';

/** Adds up a reading by container; labels that name a state become part of the metric's name. */
export function sumUp(samples: Iterable<ViewSample>): Sums {
  const sums: Sums = new Map();
  for (const { metric, labels, value } of samples) {
    const id = labels.get('id');
    if (id === undefined) continue;
    let entry = sums.get(id);
    if (!entry) {
      entry = { labels, values: new Map() };
      sums.set(id, entry);
    }
    const which = metric === STATE ? labels.get('state') : metric === HEALTH ? labels.get('status') : undefined;
    const key = which === undefined ? metric : `${metric}:${which}`;
    entry.values.set(key, (entry.values.get(key) ?? 0) + value);
  }
  return sums;
}

/** The rows of two readings, busiest first; without an earlier reading there are no rates yet. */
export function viewRows(now: Sums, before: Sums | undefined, seconds: number): ViewRow[] {
  const rows = [...now].map(([id, { labels, values }]) => {
    const earlier = before?.get(id)?.values;
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
  return rows.sort((a, b) => rank(b) - rank(a) || (a.name < b.name ? -1 : 1));
}

/** The host first, then by CPU. */
function rank(row: ViewRow): number {
  return row.id === '/' ? Number.POSITIVE_INFINITY : (row.cpuCores ?? -1);
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

const COLUMNS: readonly (readonly [title: string, width: number, cell: (row: ViewRow) => string])[] = [
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

/** The table as lines, cut to the terminal's size. CPU is per core: two cores busy are 200 %. */
export function drawTable(rows: readonly ViewRow[], size: { columns: number; rows: number }): string[] {
  const nameWidth = Math.min(40, Math.max(4, ...rows.map((row) => row.name.length)));
  const line = (name: string, cells: readonly string[]) =>
    [fitted(name, -nameWidth), ...cells.map((cell, i) => fitted(cell, (COLUMNS[i] as (typeof COLUMNS)[number])[1]))]
      .join(' ')
      .slice(0, size.columns);
  const head = line(
    'NAME',
    COLUMNS.map(([title]) => title),
  );
  return [
    head,
    ...rows.slice(0, Math.max(0, size.rows - 1)).map((row) =>
      line(
        plain(row.name),
        COLUMNS.map(([, , cell]) => cell(row)),
      ),
    ),
  ];
}

/** Pads or cuts; a negative width aligns to the left. */
function fitted(text: string, width: number): string {
  const w = Math.abs(width);
  const cut = text.length > w ? `${text.slice(0, w - 1)}…` : text;
  return width < 0 ? cut.padEnd(w) : cut.padStart(w);
}

/** A terminal must not obey what a name holds. */
function plain(text: string): string {
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
