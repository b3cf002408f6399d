/** The dashboards as they are checked in, and what of them a test looks at: panels, queries, variables, annotations, links. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const GRAFANA = fileURLToPath(new URL('../../dashboards/grafana/', import.meta.url));

export interface BoardTarget {
  readonly refId: string;
  /** PromQL, InfluxQL or Flux. */
  readonly expr?: string;
  readonly query?: string;
  readonly legendFormat?: string;
  readonly alias?: string;
  readonly instant?: boolean;
  readonly format?: string;
  readonly resultFormat?: string;
}

interface Override {
  readonly matcher: { readonly id: string; readonly options?: string };
  readonly properties: readonly { readonly id: string; readonly value?: unknown }[];
}

export interface BoardLink {
  readonly title: string;
  readonly url?: string;
}

export interface BoardPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly interval?: string;
  readonly timeFrom?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly BoardTarget[];
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string; readonly links?: readonly BoardLink[] };
    readonly overrides: readonly Override[];
  };
  readonly transformations?: readonly {
    readonly id: string;
    readonly options: Record<string, Record<string, unknown>>;
  }[];
}

export interface BoardVariable {
  readonly name: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
  readonly regex?: string;
  readonly allValue?: string;
  readonly multi?: boolean;
  readonly hide?: number;
  readonly current?: { readonly value: string | readonly string[] };
}

export interface Board {
  /** `prometheus/fleet.json` */
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly refresh: string;
  readonly time: { readonly from: string; readonly to: string };
  readonly panels: readonly BoardPanel[];
  readonly templating: { readonly list: readonly BoardVariable[] };
  readonly annotations: {
    readonly list?: readonly {
      readonly name: string;
      readonly expr?: string;
      readonly query?: string;
      readonly textFormat?: string;
    }[];
  };
  readonly links: readonly {
    readonly tags: readonly string[];
    readonly includeVars: boolean;
    readonly keepTime: boolean;
  }[];
}

/** All of one folder, or of all folders. */
export function boards(...stores: readonly string[]): Board[] {
  const folders =
    stores.length > 0
      ? stores
      : readdirSync(GRAFANA, { withFileTypes: true })
          .filter((e) => e.isDirectory() && e.name !== 'generator')
          .map((e) => e.name);
  return folders.flatMap((store) =>
    readdirSync(join(GRAFANA, store)).map((name) => {
      const file = `${store}/${name}`;
      return { file, ...JSON.parse(readFileSync(join(GRAFANA, file), 'utf8')) } as Board;
    }),
  );
}

/** What a variable asks its data source. */
export function variableQuery({ query }: BoardVariable): string {
  return typeof query === 'string' ? query : query.query;
}

export interface Asked {
  /** `prometheus/fleet.json, Hosts, B` */
  readonly where: string;
  readonly board: Board;
  readonly panel: BoardPanel;
  readonly target: BoardTarget;
}

/** Every query of every panel. */
export function queriesOf(all: readonly Board[]): Asked[] {
  return all.flatMap((board) =>
    board.panels.flatMap((panel) =>
      (panel.targets ?? []).map((target) => ({
        where: `${board.file}, ${panel.title}, ${target.refId}`,
        board,
        panel,
        target,
      })),
    ),
  );
}

/** Links of the panel's cells and lines. */
export function linksOf(panel: BoardPanel): BoardLink[] {
  const { defaults, overrides = [] } = panel.fieldConfig ?? { defaults: {} };
  const inCells = overrides.flatMap(({ properties }) =>
    properties.filter(({ id }) => id === 'links').flatMap(({ value }) => value as BoardLink[]),
  );
  return [...(defaults.links ?? []), ...inCells];
}
