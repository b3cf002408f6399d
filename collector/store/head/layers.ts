/** The heads as places to ask. */
import type { Labels } from '../../../src/model/labels.ts';
import type { Column } from '../../../src/model/shape.ts';
import type { Matcher, MetricInfo, Points, Selection } from '../../query/source.ts';
import { infoOf, type Layer, type LayerSeries, namesIn } from '../layer.ts';
import { fitsLabels, seriesLabels, type Test, testsOf, testsOfRows } from '../matching.ts';
import { put } from '../points.ts';
import type { FrameHead } from './frames.ts';
import type { Loose, LooseRow, LooseTable } from './loose.ts';
import type { HeadTable } from './table.ts';

type Take = (timeMs: number, value: number, measured: boolean) => void;

/** A row of any head. */
interface HeadRow {
  /** Of a column's series. */
  series(column: number): Labels;
  has(column: number): boolean;
  each(column: number, take: Take): void;
}

interface HeadRows {
  readonly columns: readonly Column[];
  readonly rows: number;
  labels(row: number): Labels;
  row(row: number): HeadRow;
}

export function frameLayer(head: FrameHead): Layer {
  const known = knownOf(head);
  return layerOf(head, function* () {
    for (const table of head.tables) {
      yield {
        columns: table.columns,
        rows: table.rows,
        labels: (row) => table.labels[row] as Labels,
        row: (row) => ({
          series: (c) => known.of(table, row, c),
          has: (c) => table.has(row, c),
          each: (c, take) => table.each(row, c, (timeMs, value) => take(timeMs, value, false)),
        }),
      };
    }
  });
}

export function looseLayer(loose: Loose): Layer {
  return layerOf(loose, function* () {
    for (const table of loose.tables) yield looseRows(table);
  });
}

function looseRows({ columns, rows }: LooseTable): HeadRows {
  let known: LooseRow[] | undefined;
  const all = (): LooseRow[] => {
    known ??= [...rows.values()];
    return known;
  };
  const row = (r: number): LooseRow => all()[r] as LooseRow;
  return {
    columns,
    rows: rows.size,
    labels: (r) => row(r).labels,
    row: (r) => ({
      series: (c) => seriesLabels(row(r).labels, columns[c] as Column),
      has: () => true,
      each: (c, take) => row(r).each(c, take),
    }),
  };
}

/** Labels that were made of rows' and columns', for a head: dashboards ask for the same again. Half a kilobyte each. */
class KnownLabels {
  readonly #byTable = new Map<HeadTable, (Labels[] | undefined)[]>();
  #count = 0;

  of(table: HeadTable, row: number, c: number): Labels {
    let columns = this.#byTable.get(table);
    if (columns === undefined) {
      columns = new Array<Labels[] | undefined>(table.columns.length).fill(undefined);
      this.#byTable.set(table, columns);
    }
    const known = columns[c]?.[row];
    if (known !== undefined) return known;
    const made = seriesLabels(table.labels[row] as Labels, table.columns[c] as Column);
    if (this.#count >= MOST_KNOWN) return made;
    this.#count++;
    columns[c] ??= [];
    (columns[c] as Labels[])[row] = made;
    return made;
  }
}

const MOST_KNOWN = 20_000;
const labelsOfHeads = new WeakMap<FrameHead, KnownLabels>();

function knownOf(head: FrameHead): KnownLabels {
  let known = labelsOfHeads.get(head);
  if (known === undefined) {
    known = new KnownLabels();
    labelsOfHeads.set(head, known);
  }
  return known;
}

interface Span {
  readonly minMs: number;
  readonly maxMs: number;
}

interface Wanted {
  readonly rest: readonly Test[];
  readonly columns: number[];
}

/** Columns that fit, together those that leave the same to ask of rows: which is asked of each row once, not for each column. */
function wantedOf(columns: readonly Column[], tests: readonly Test[]): Wanted[] {
  const wanted = new Map<string, Wanted>();
  for (const [c, column] of columns.entries()) {
    const rest = testsOfRows(tests, column);
    if (rest === undefined) continue;
    const key = rest.map((test) => tests.indexOf(test)).join();
    const same = wanted.get(key);
    if (same === undefined) wanted.set(key, { rest, columns: [c] });
    else same.columns.push(c);
  }
  return [...wanted.values()];
}

function layerOf(span: Span, tables: () => Iterable<HeadRows>): Layer {
  function* matching(matchers: readonly Matcher[]): Generator<readonly [row: HeadRow, column: number]> {
    const tests = testsOf(matchers);
    for (const table of tables()) {
      const wanted = wantedOf(table.columns, tests);
      if (wanted.length === 0) continue;
      for (let r = 0; r < table.rows; r++) {
        const labels = table.labels(r);
        for (const { rest, columns } of wanted) {
          if (!fitsLabels(rest, labels)) continue;
          const row = table.row(r);
          for (const c of columns) yield [row, c];
        }
      }
    }
  }

  function* labelSets(matchers: readonly Matcher[]): Generator<Labels> {
    for (const [row, c] of matching(matchers)) if (row.has(c)) yield row.series(c);
  }

  return {
    get minMs() {
      return span.minMs;
    },
    get maxMs() {
      return span.maxMs;
    },
    *select({ matchers, fromMs, toMs }: Selection): Generator<LayerSeries> {
      for (const [row, c] of matching(matchers)) {
        yield {
          labels: row.series(c),
          append: (into) => row.each(c, putting(into, fromMs, toMs)),
        };
      }
    },
    labelNames: (matchers) => namesIn(labelSets(matchers)),
    *labelValues(name, matchers) {
      for (const { names, values } of labelSets(matchers)) {
        const at = names.indexOf(name);
        if (at >= 0) yield values[at] as string;
      }
    },
    labelSets,
    *metadata(): Generator<MetricInfo> {
      for (const { columns } of tables()) for (const column of columns) yield infoOf(column);
    },
  };
}

/** Puts numbers behind one another, and notes where they end. */
function putting(into: Points, fromMs: number, toMs: number): Take {
  let there = true;
  return (timeMs, value, measured) => {
    const absent = Number.isNaN(value) && !measured;
    if (timeMs >= fromMs && timeMs <= toMs) {
      if (!absent) put(into, timeMs, value);
      else if (there) into.ends.push(timeMs);
    }
    there = !absent;
  };
}
