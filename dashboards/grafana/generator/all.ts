/** Every dashboard by the file that it is kept in, below dashboards/grafana. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
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
  ]);
}

/** As the files hold it. */
export function textOf(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
