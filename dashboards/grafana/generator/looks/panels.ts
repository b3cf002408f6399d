/** The kinds of panel that all dashboards are made of, each with one look: what is asked goes in, a panel comes out. */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder as BarsBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  type DashboardLink,
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as LinesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { PLAIN, type Steps, thresholds } from './limits.ts';

/** A query, once it has been told its letter. */
export type Query = (refId: string) => Builder<Dataquery>;
export type PanelOf = Builder<Panel>;
export type Item = PanelOf | RowBuilder;

/** What every panel says of itself. `help` is the text behind the panel's i. */
export interface About {
  readonly title: string;
  readonly help?: string;
  /** Of 24 columns. */
  readonly w: number;
  readonly h?: number;
  /** One of Grafana's: `bytes`, `Bps`, `percentunit`, `s`, `short`. */
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly decimals?: number;
  readonly max?: number;
  readonly steps?: Steps;
  readonly links?: readonly Builder<DashboardLink>[];
}

export interface LinesAbout extends About {
  /** What names the series of each query, where the queries themselves cannot. */
  readonly names?: readonly (string | undefined)[];
  readonly stack?: boolean;
  /** Without a minimum of 0: for offsets, which may be negative. */
  readonly signed?: boolean;
  /** Of things that are 0 for most of the time: whatever had most of them is the first in the legend, though it has none now. */
  readonly rare?: boolean;
}

export function letters(queries: readonly Query[]): Builder<Dataquery>[] {
  return queries.map((query, i) => query(String.fromCharCode(65 + i)));
}

export function row(title: string): RowBuilder {
  return new RowBuilder(title).collapsed(false);
}

/** One number, of now. */
export function stat({ title, help = '', w, h = 4, unit, queries, decimals, steps = PLAIN, links }: About): PanelOf {
  const panel = new StatBuilder()
    .title(title)
    .description(help)
    .span(w)
    .height(h)
    .targets(letters(queries))
    .unit(unit)
    .thresholds(thresholds(steps))
    .noValue('–')
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields(''));
  if (decimals !== undefined) panel.decimals(decimals);
  if (links) panel.dataLinks([...links]);
  return panel;
}

/** A bar for each series, the fullest first as the query sorts them. */
export function bars({ title, help = '', w, h = 8, unit, queries, max, steps = PLAIN, links }: About): PanelOf {
  const panel = new BarsBuilder()
    .title(title)
    .description(help)
    .span(w)
    .height(h)
    .targets(letters(queries))
    .unit(unit)
    .min(0)
    .thresholds(thresholds(steps))
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .showUnfilled(true)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields(''));
  if (max !== undefined) panel.max(max);
  if (links) panel.dataLinks([...links]);
  return panel;
}

/** Series over time. The legend is a table with the last and the largest value; a series called `… limit` is a dashed line. */
export function lines(about: LinesAbout): PanelOf {
  const {
    title,
    help = '',
    w,
    h = 10,
    unit,
    queries,
    decimals,
    max,
    steps,
    links,
    stack = false,
    signed,
    rare = false,
    names = [],
  } = about;
  const panel = new LinesBuilder()
    .title(title)
    .description(help)
    .span(w)
    .height(h)
    .targets(letters(queries))
    .unit(unit)
    .lineWidth(1)
    // Ten lines with the faintest of areas below them are one grey area.
    .fillOpacity(stack ? 40 : 0)
    .showPoints(VisibilityMode.Never)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .stacking(new StackingConfigBuilder().mode(stack ? StackingMode.Normal : StackingMode.None).group('A'))
    .legend(legend(rare ? 'Max' : 'Last *'))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (!signed) panel.min(0);
  if (max !== undefined) panel.max(max);
  if (decimals !== undefined) panel.decimals(decimals);
  if (steps) panel.thresholds(thresholds(steps));
  if (links) panel.dataLinks([...links]);
  names.forEach((name, i) => {
    if (name !== undefined) panel.overrideByQuery(String.fromCharCode(65 + i), [{ id: 'displayName', value: name }]);
  });
  return panel.overrideByRegexp('/ limit$/', AS_LIMIT);
}

const AS_LIMIT = [
  { id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 6] } },
  { id: 'custom.fillOpacity', value: 0 },
  { id: 'custom.stacking', value: { mode: 'none', group: 'A' } },
  // Sorted by size they would be the legend's first, and often its only ones; the tooltip has them.
  { id: 'custom.hideFrom', value: { legend: true, tooltip: false, viz: false } },
];

function legend(sortBy: string): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.Table)
    .placement(LegendPlacement.Bottom)
    .calcs(['lastNotNull', 'max'])
    .sortBy(sortBy)
    .sortDesc(true);
}
