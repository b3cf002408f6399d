/** What there is to copy: a scrape configuration and a data source for Grafana, for the address that this page was opened by. */

/** `secret`: a token is asked for; `window` in seconds. */
export function scrapeConfig(origin: string, window: number): string {
  const { protocol, host } = new URL(origin);
  const job = (name: string, path: string): string =>
    [
      `  - job_name: ${name}`,
      `    scrape_interval: ${Math.max(1, Math.ceil(window))}s`,
      `    metrics_path: ${path}`,
      ...(protocol === 'https:' ? ['    scheme: https'] : []),
      '    # authorization: { credentials_file: /etc/plimsoll/token }   # where a token is set',
      `    static_configs: [{ targets: ["${host}"] }]`,
    ].join('\n');
  return `scrape_configs:\n${job('plimsoll-collector', '/metrics')}\n${job('plimsoll-containers', '/metrics/containers')}\n`;
}

export function dataSource(origin: string): string {
  return [
    'apiVersion: 1',
    'datasources:',
    '  - name: Plimsoll',
    '    type: prometheus',
    '    access: proxy',
    `    url: ${origin}`,
    '    jsonData: { httpMethod: POST, prometheusType: Prometheus }',
    '',
  ].join('\n');
}

/** Of the collector's own process, out of its /metrics. */
export function ownCost(text: string): { readonly cpuSeconds: number | null; readonly memory: number | null } {
  const value = (name: string): number | null => {
    const found = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(text)?.[1];
    return found === undefined ? null : Number(found);
  };
  return { cpuSeconds: value('process_cpu_seconds_total'), memory: value('process_resident_memory_bytes') };
}
