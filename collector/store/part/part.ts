/** An open part: its index, and its series as they are asked for. Opening reads the root of the index; the rest, and every block, comes when it is needed. */
import type { Labels } from '../../../src/model/labels.ts';
import type { Column } from '../../../src/model/shape.ts';
import type { Matcher, MetricInfo, Selection } from '../../query/source.ts';
import type { Part, PartFiles, PartInfo, PartSeries, RowChunk, TableChunk } from '../types.ts';
import { type BlockSource, cachedBlock, readBlock } from './blocks.ts';
import { type BlockCache, SHARED_CACHE } from './cache.ts';
import { checkPart } from './check.ts';
import { PartDamage } from './damage.ts';
import { Finder } from './found.ts';
import type { GroupPlace } from './index/directory.ts';
import { LabelIndex } from './index/labelindex.ts';
import { decodeRoot, type Root } from './index/root.ts';
import { joinSame, metricsInSeveral } from './joined.ts';
import { readPartHead, HEAD_BYTES, readTail, TAIL_BYTES } from './layout.ts';
import { labelNames, labelSets, labelValues } from './names.ts';
import { rowsInPlace } from './inplace.ts';
import { type OnDamage, orTold, type RowOptions, tableRows } from './rows.ts';
import { Selector } from './select.ts';
import { SeriesReader } from './series.ts';
import { partSizes } from './sizes.ts';
import { type StoredRow, storedRows } from './stored.ts';
import { TableReader } from './table.ts';

/** Throws a PartDamage, or a PartVersion for a newer program's. */
export function openPart(files: PartFiles, name: string, cache: BlockCache = SHARED_CACHE): PartReader {
  const file = files.open(name);
  const owner = cache.owner();
  try {
    return new PartReader({ name, file, cache, owner });
  } catch (error) {
    cache.giveBack(owner);
    file.close();
    throw error;
  }
}

/** Throws for what is no part, was cut short, or has a damaged end. */
function readRoot(source: BlockSource): Root & { readonly version: number } {
  const { name, file } = source;
  const version = readPartHead(name, Buffer.from(file.read(0, HEAD_BYTES)));
  if (file.size < HEAD_BYTES + TAIL_BYTES) {
    throw new PartDamage({ file: name, table: 'its end', at: file.size, problem: 'was cut short' });
  }
  const place = readTail(name, Buffer.from(file.read(file.size - TAIL_BYTES, TAIL_BYTES)), file.size);
  return { version, ...readBlock(source, place, () => 'the root of its index', decodeRoot) };
}

export class PartReader implements Part {
  readonly info: PartInfo;
  readonly tableReaders: readonly TableReader[];
  readonly #source: BlockSource;
  readonly #root: Root;
  readonly #inSeveral: ReadonlySet<string>;
  readonly #finder: Finder;

  constructor(source: BlockSource) {
    this.#source = source;
    const { version, ...root } = readRoot(source);
    this.#root = root;
    const { info, sliceMs, tables } = root;
    this.info = { name: source.name, bytes: source.file.size, ...info };
    const { resolutionMs } = info;
    this.tableReaders = tables.map((entry) => new TableReader(source, entry, { resolutionMs, sliceMs, version }));
    this.#inSeveral = metricsInSeveral(this.tableReaders);
    this.#finder = new Finder({ cache: source.cache, owner: source.owner, index: () => this.index() });
  }

  /** Label sets and pairs; in memory as long as the cache has room. */
  index(): LabelIndex {
    const { pairs, sets } = this.#root;
    return cachedBlock(
      this.#source,
      sets,
      () => 'the label sets of its index',
      (setBytes) => {
        const pairBytes = readBlock(
          this.#source,
          pairs,
          () => 'the labels of its index',
          (payload) => payload,
        );
        const index = new LabelIndex(pairBytes, setBytes);
        return { value: index, bytes: index.size };
      },
    );
  }

  *select(selection: Selection, endsToo = false): Generator<PartSeries> {
    if (selection.fromMs > this.info.maxMs || selection.toMs < this.info.minMs) return;
    const { fromMs, toMs, matchers } = selection;
    const foundIn = this.#finder.for(matchers, endsToo, this.tableReaders.length);
    const several: PartSeries[] = [];
    for (const [at, table] of this.tableReaders.entries()) {
      if (fromMs > table.entry.maxMs || toMs < table.entry.minMs) continue;
      for (const { group: g, column, rows, labels } of foundIn(table, at)) {
        const group = table.groups()[g] as GroupPlace;
        const isThere = presence(table, group, selection);
        if (isThere === undefined) continue;
        const mayRepeat = this.#inSeveral.has((table.columns[column] as Column).metric);
        for (let i = 0; i < rows.length; i++) {
          const row = rows[i] as number;
          if (!isThere(row)) continue;
          const series = new SeriesReader(labels(i), { table, group, row, column }, selection);
          if (mayRepeat) several.push(series);
          else yield series;
        }
      }
    }
    yield* joinSame(several);
  }

  labelNames(matchers: readonly Matcher[]): Set<string> {
    return labelNames({ tables: this.tableReaders, index: this.index() }, this.#selector(matchers));
  }

  labelValues(name: string, matchers: readonly Matcher[]): Set<string> {
    return labelValues({ tables: this.tableReaders, index: this.index() }, name, this.#selector(matchers));
  }

  labelSets(matchers: readonly Matcher[]): Iterable<Labels> {
    const indexed = { tables: this.tableReaders, index: this.index() };
    return labelSets(indexed, this.#selector(matchers), this.#inSeveral);
  }

  #selector(matchers: readonly Matcher[]): Selector {
    return new Selector(() => this.index(), matchers);
  }

  *metadata(): Generator<MetricInfo> {
    const seen = new Set<string>();
    for (const { metric, kind, unit, help } of this.tableReaders.flatMap(({ columns }) => columns)) {
      if (!seen.has(metric)) yield { metric, type: kind, unit: unit === 'none' ? '' : unit, help };
      seen.add(metric);
    }
  }

  *tables(onDamage?: OnDamage): Generator<TableChunk> {
    for (const table of this.tableReaders) {
      const { level, measurement, columns } = table.entry;
      yield { level, measurement, columns, rows: this.rows(table, { onDamage }) };
    }
  }

  /** The rows of one of its tables. */
  rows(table: TableReader, options: RowOptions = {}): Generator<RowChunk> {
    const index = orTold(options.onDamage, undefined, () => this.index());
    if (index === undefined) return nothing();
    const { columns = table.columns.map((_, c) => c), onDamage, reuses } = options;
    return reuses && onDamage === undefined ? rowsInPlace(table, index, columns) : tableRows(table, index, options);
  }

  /** The same, not decoded yet. */
  storedRows(table: TableReader): Generator<StoredRow> {
    return storedRows(table, this.index());
  }

  sizes(): { readonly metrics: ReadonlyMap<string, number>; readonly labels: ReadonlyMap<string, number> } {
    return partSizes(this.tableReaders, this.index());
  }

  check(): string[] {
    return checkPart(this);
  }

  close(): void {
    this.#source.cache.giveBack(this.#source.owner);
    this.#source.file.close();
  }
}

function* nothing(): Generator<never> {
  // Without the index no row has labels.
}

/** Says of a group's rows whether they have times in the selection's; undefined: none of them has. */
function presence(
  table: TableReader,
  group: GroupPlace,
  { fromMs, toMs }: Selection,
): ((row: number) => boolean) | undefined {
  const slices = group.slices.filter(({ minMs, maxMs }) => maxMs >= fromMs && minMs <= toMs);
  if (slices.length === 0) return undefined;
  const load = table.cached(group);
  return (row) =>
    slices.some((slice) => {
      try {
        return (load(slice, 0)?.counts?.[row] ?? 0) > 0;
      } catch (error) {
        // Who reads the series is told; those of other groups are none the worse for it.
        if (error instanceof PartDamage) return true;
        throw error;
      }
    });
}
