/**
 * Tables: one row for each thing, one query for each number. Grafana joins the answers by the labels they share, so every query of a
 * table must keep the same ones.
 */
import {
  TableCellHeight,
  TableFooterOptionsBuilder,
  TableSortByFieldStateBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import type { DashboardLink, DynamicConfigValue, ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table';
import { type Steps, thresholds } from './limits.ts';
import { letters, type PanelOf, type Query } from './panels.ts';

/** A label that tells the rows apart, or that a row has. */
export interface LabelColumn {
  readonly label: string;
  readonly title: string;
  readonly link?: DashboardLink;
  readonly width?: number;
  readonly mappings?: ValueMapping[];
}

/** A number; `hidden` where the query is there for a label that it brings. */
export interface NumberColumn {
  readonly title: string;
  readonly query: Query;
  readonly unit?: string;
  readonly decimals?: number;
  readonly steps?: Steps;
  readonly width?: number;
  readonly hidden?: boolean;
}

export interface TableAbout {
  readonly title: string;
  readonly help?: string;
  readonly w?: number;
  readonly h?: number;
  readonly labels: readonly LabelColumn[];
  readonly numbers: readonly NumberColumn[];
  /** The title of the column that is largest at the top. */
  readonly sortBy?: string;
  /** The queries name their columns themselves, and each answer has a time of its own. */
  readonly named?: boolean;
  /** Only the end of the time shown: `1m`. */
  readonly timeFrom?: string;
}

export function table(about: TableAbout): PanelOf {
  const { title, help = '', w = 24, h = 10, labels, numbers, sortBy, named = false, timeFrom } = about;
  const panel = new PanelBuilder()
    .title(title)
    .description(help)
    .span(w)
    .height(h)
    .targets(letters(numbers.map(({ query }) => query)))
    .cellHeight(TableCellHeight.Sm)
    .footer(new TableFooterOptionsBuilder().show(false).reducer([]).enablePagination(false))
    .noValue('')
    // Grafana's own minimum, 150, would put half of the columns behind a scroll bar.
    .minWidth(70)
    .filterable(true);
  // Rows are joined by all that they share: times that differ would keep them apart.
  if (named) panel.withTransformation({ id: 'filterFieldsByName', options: { exclude: { names: ['Time', 'time'] } } });
  panel
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({ id: 'organize', options: organised(labels, numbers, named) });
  if (timeFrom) panel.timeFrom(timeFrom).hideTimeOverride(true);
  if (sortBy) panel.sortBy([new TableSortByFieldStateBuilder().displayName(sortBy).desc(true)]);
  for (const label of labels) panel.overrideByName(label.title, labelLook(label));
  for (const number of numbers) if (!number.hidden) panel.overrideByName(number.title, numberLook(number));
  return panel;
}

/** With one query its number is called `Value`, with several `Value #A` and so on. */
function valueName(i: number, of: number): string {
  return of === 1 ? 'Value' : `Value #${String.fromCharCode(65 + i)}`;
}

function organised(labels: readonly LabelColumn[], numbers: readonly NumberColumn[], named: boolean): object {
  const names = numbers.map(({ title }, i) => (named ? title : valueName(i, numbers.length)));
  const hidden = names.filter((_, i) => numbers[i]?.hidden);
  const shown = names.flatMap((name, i) => (numbers[i]?.hidden ? [] : [[name, (numbers[i] as NumberColumn).title]]));
  const renamed = [...labels.map(({ label, title }) => [label, title]), ...shown] as [string, string][];
  return {
    excludeByName: Object.fromEntries(['Time', ...hidden].map((name) => [name, true])),
    indexByName: Object.fromEntries(renamed.map(([name], i) => [name, i])),
    renameByName: Object.fromEntries(renamed),
  };
}

function labelLook({ link, width, mappings }: LabelColumn): DynamicConfigValue[] {
  return [
    ...(width === undefined ? [] : [{ id: 'custom.width', value: width }]),
    ...(link ? [{ id: 'links', value: [link] }] : []),
    ...(mappings ? [{ id: 'mappings', value: mappings }, COLOURED_TEXT] : []),
  ];
}

/** In pixels, of Grafana's bold 14 px. */
const TITLE_LETTER = 7.7;
const TITLE_EDGES = 20;
const NARROWEST = 75;
/** `25.8 MB/s` */
const WITH_UNIT = 85;

const COLOURED_TEXT: DynamicConfigValue = { id: 'custom.cellOptions', value: { type: 'color-text' } };

/** As wide as its title, at least: what is cut off of a title cannot be read anywhere. */
function numberLook({ title, unit = 'short', decimals, steps, width = 0 }: NumberColumn): DynamicConfigValue[] {
  return [
    { id: 'unit', value: unit },
    ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
    {
      id: 'custom.width',
      value: Math.max(
        width,
        /^(bytes|.*Bps)$/.test(unit) ? WITH_UNIT : NARROWEST,
        TITLE_EDGES + Math.ceil(title.length * TITLE_LETTER),
      ),
    },
    ...(steps ? [{ id: 'thresholds', value: thresholds(steps).build() }, COLOURED_TEXT] : []),
  ];
}
