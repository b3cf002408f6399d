/** Links from one dashboard to another: with the time, with what was chosen, and with what was clicked. */
import type { DashboardLink } from '@grafana/grafana-foundation-sdk/dashboard';
import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Store } from './frame.ts';

export interface Target {
  /** Prometheus' unless said. */
  readonly store?: Store;
  /** The end of the uid. */
  readonly to: 'fleet' | 'host' | 'container' | 'service' | 'kubernetes' | 'pipeline';
  readonly title: string;
  /** Variables that stay as they are. */
  readonly keep: readonly string[];
  /** Variables that become what was clicked, by where their value comes from: `${__data.fields["Host"]}`. */
  readonly set: Readonly<Record<string, string>>;
}

export function linkTo({ store = 'plimsoll', to, title, keep, set }: Target): DashboardLink {
  const kept = keep.map((name) => `\${${name}:queryparam}`);
  const chosen = Object.entries(set).map(([name, from]) => `var-${name}=${from}`);
  const url = `/d/${store}-${to}?${[`\${__url_time_range}`, ...kept, ...chosen].join('&')}`;
  return new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url).build();
}

/** Of the row that was clicked, the column's text. */
export function cell(title: string): string {
  return `\${__data.fields["${title}"]}`;
}

/** Of the line that was clicked, a label. */
export function label(name: string): string {
  return `\${__field.labels.${name}}`;
}
