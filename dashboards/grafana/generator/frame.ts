/** What all dashboards have in common: half an hour, every ten seconds, links to each other that keep what was chosen, and an identity. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type AnnotationQuery,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type DataSourceRef,
  type Panel,
  RowBuilder,
  TimePickerBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Item } from './looks/panels.ts';

/** The three kinds of store that dashboards are made for; what their uids and tags begin with. */
export type Store = 'plimsoll' | 'plimsoll-influxql' | 'plimsoll-flux';

export interface FrameAbout {
  readonly store: Store;
  /** The end of the uid and the file's name: `fleet`. */
  readonly name: string;
  readonly title: string;
  readonly help: string;
  readonly variables: readonly Builder<VariableModel>[];
  readonly annotations?: readonly Builder<AnnotationQuery>[];
  readonly items: readonly Item[];
}

const TITLES: Readonly<Record<Store, string>> = {
  plimsoll: 'Plimsoll',
  'plimsoll-influxql': 'Plimsoll, InfluxQL',
  'plimsoll-flux': 'Plimsoll, Flux',
};

export function frame(about: FrameAbout): Dashboard {
  const { store, name, title, help, variables, annotations = [], items } = about;
  const board = new DashboardBuilder(`${TITLES[store]}: ${title}`)
    .uid(`${store}-${name}`)
    .description(help)
    .tags(['containers', store])
    .time({ from: 'now-30m', to: 'now' })
    .refresh('10s')
    .timepicker(new TimePickerBuilder().refreshIntervals(['5s', '10s', '30s', '1m', '5m', '15m']))
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .variables([...variables])
    .annotations([...annotations])
    .link(linksTo(store))
    .version(1);
  for (const item of items) {
    if (item instanceof RowBuilder) board.withRow(item);
    else board.withPanel(item);
  }
  const built = board.build();
  finish(built.panels as Panel[]);
  return built;
}

/** All dashboards of the same store, side by side, with what was chosen and the time. */
function linksTo(store: Store): Builder<ReturnType<DashboardLinkBuilder['build']>> {
  return new DashboardLinkBuilder('Plimsoll')
    .type(DashboardLinkType.Dashboards)
    .tags([store])
    .asDropdown(false)
    .includeVars(true)
    .keepTime(true)
    .targetBlank(false);
}

/** Numbers the panels, and says of each as a whole where its queries go. */
function finish(panels: readonly Panel[]): void {
  panels.forEach((panel, i) => {
    panel.id = i + 1;
    const datasource = (panel.targets?.[0] as { datasource?: DataSourceRef } | undefined)?.datasource;
    if (datasource) panel.datasource = datasource;
  });
}
