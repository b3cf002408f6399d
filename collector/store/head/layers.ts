/** The heads as places to ask. */
import type { Labels } from '../../../src/model/labels.ts';
import type { Column } from '../../../src/model/shape.ts';
import type { Matcher, MetricInfo, Points, Selection } from '../../query/source.ts';
import { infoOf, type Layer, type LayerSeries, namesIn } from '../layer.ts';
import { fitsLabels, seriesLabels, testsOf, testsOfRows } from '../matching.ts';
import { put } from '../points.ts';
import type { FrameHead } from './frames.ts';
import type { Loose, LooseRow } from './loose.ts';
import type { HeadTable } from './table.ts';

type Take = (timeMs: number, value: number, measured: boolean) => void;

/** A row of any head. */
interface HeadRow {
  readonly labels: Labels;
  /** Of a column's series. */
  series(column: number): Labels;
  has(column: number): boolean;
  each(column: number, take: Take): void;
}

interface HeadRows {
  readonly columns: readonly Column[];
  all(): Iterable<HeadRow>;
}

export function frameLayer(head: FrameHead): Layer {
  const known = knownOf(head);
  return layerOf(head, function* () {
    for (const table of head.tables) {
      yield {
        columns: table.columns,
        *all() {
          for (let row = 0; row < table.rows; row++) {
            yield {
              labels: table.labels[row] as Labels,
              series: (c) => known.of(table, row, c),
              has: (c) => table.has(row, c),
              each: (c, take) => table.each(row, c, (timeMs, value) => take(timeMs, value, false)),
            };
          }
        },
      };
    }
  });
}

export function looseLayer(loose: Loose): Layer {
  return layerOf(loose, function* () {
    for (const { columns, rows } of loose.tables) yield { columns, all: () => looseRows(columns, rows.values()) };
  });
}

function* looseRows(columns: readonly Column[], rows: Iterable<LooseRow>): Generator<HeadRow> {
  for (const row of rows) {
    yield {
      labels: row.labels,
      series: (c) => seriesLabels(row.labels, columns[c] as Column),
      has: () => true,
      each: (c, take) => row.each(c, take),
    };
  }
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

function layerOf(span: Span, tables: () => Iterable<HeadRows>): Layer {
  function* matching(matchers: readonly Matcher[]): Generator<readonly [row: HeadRow, column: number]> {
    const tests = testsOf(matchers);
    for (const table of tables()) {
      const wanted = [...table.columns.entries()].flatMap(([c, column]) => {
        const rest = testsOfRows(tests, column);
        return rest === undefined ? [] : [{ c, rest }];
      });
      if (wanted.length === 0) continue;
      for (const row of table.all()) {
        for (const { c, rest } of wanted) if (fitsLabels(rest, row.labels)) yield [row, c];
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
