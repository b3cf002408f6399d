/** Every dashboard by the file that it is kept in, below dashboards/grafana. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import * as details from './influx/boards/details.ts';
import * as overviews from './influx/boards/overviews.ts';
import { flux } from './influx/flux.ts';
import { influxql } from './influx/influxql.ts';
import type { Dialect } from './influx/measure.ts';
import { container } from './prometheus/container.ts';
import { fleet } from './prometheus/fleet.ts';
import { host } from './prometheus/host.ts';
import { kubernetes } from './prometheus/kubernetes.ts';
import { pipeline } from './prometheus/pipeline/board.ts';
import { service } from './prometheus/services.ts';

export function allDashboards(): ReadonlyMap<string, Dashboard> {
  return new Map([
    ['prometheus/fleet.json', fleet()],
    ['prometheus/host.json', host()],
    ['prometheus/container.json', container()],
    ['prometheus/service.json', service()],
    ['prometheus/kubernetes.json', kubernetes()],
    ['prometheus/pipeline.json', pipeline()],
    ...forInflux('influxql', influxql),
    ...forInflux('flux', flux),
  ]);
}

/** The pipeline's own metrics are on pages for Prometheus and in no database: there is no dashboard of them here. */
function forInflux(folder: string, dialect: Dialect): [file: string, dashboard: Dashboard][] {
  return [
    [`${folder}/fleet.json`, overviews.fleet(dialect)],
    [`${folder}/host.json`, overviews.host(dialect)],
    [`${folder}/container.json`, details.container(dialect)],
    [`${folder}/service.json`, details.service(dialect)],
    [`${folder}/kubernetes.json`, details.kubernetes(dialect)],
  ];
}

/** As the files hold it. */
export function textOf(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
