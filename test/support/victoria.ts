/** A real VictoriaMetrics: takes InfluxDB's v2 write URL (`/api/v2/write`) and Prometheus' remote-write, answers PromQL. */
import { join } from 'node:path';
import { fetchText } from './http.ts';
import { freePort } from './ports.ts';
import { type Prometheus, queries } from './prometheus.ts';
import { type Server, serverDir, startServer } from './servers.ts';

export interface Victoria extends Server, Pick<Prometheus, 'query' | 'queryRange'> {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Every sample of the series that a selector matches, as they were written: one object a series. */
  exported(selector: string): Promise<ExportedSeries[]>;
}

export interface ExportedSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  /** Unix milliseconds. */
  readonly timestamps: readonly number[];
}

export async function startVictoria(): Promise<Victoria> {
  const dir = serverDir('victoria');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer({
    name: 'victoria',
    file: 'victoria-metrics',
    dir,
    args: [
      `-storageDataPath=${join(dir, 'data')}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      '-retentionPeriod=100y',
      // Otherwise what is younger than 30 s cannot be read back.
      '-search.latencyOffset=0s',
    ],
    ready: () => fetchText(`${url}/health`),
  });
  // What has just been written becomes readable with the next flush, once a second. New series take a moment longer.
  const flush = (): Promise<unknown> => fetchText(`${url}/internal/force_flush`);
  const ask = queries(url);
  return Object.assign(server, {
    url,
    query: async (expr: string, time?: number) => {
      await flush();
      return ask.query(expr, time);
    },
    queryRange: async (expr: string, range: { start: number; end: number; step: number }) => {
      await flush();
      return ask.queryRange(expr, range);
    },
    exported: async (selector: string) => {
      await flush();
      // It ends now otherwise: a clock that was ahead has written what is yet to come.
      const end = Math.ceil(Date.now() / 1000) + 86_400;
      const { text } = await fetchText(`${url}/api/v1/export?match[]=${encodeURIComponent(selector)}&end=${end}`);
      const lines = text.split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as ExportedSeries);
    },
  });
}
