/** Scrapes a program as Prometheus does, over a connection that is kept, and reads numbers off its page. */
import { gunzipSync } from 'node:zlib';
import { Client } from 'undici';

export interface Scrape {
  readonly seconds: number;
  /** As they came over the wire. */
  readonly bytes: number;
  readonly text: string;
}

export interface Scraper {
  /** `gzip`: OpenMetrics and compressed, as Prometheus asks for it; else plain text. */
  scrape(options?: { gzip?: boolean }): Promise<Scrape>;
  close(): Promise<void>;
}

const PROMETHEUS = {
  accept: 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1',
  'accept-encoding': 'gzip',
};

export function scraperOf(url: string): Scraper {
  const client = new Client(url);
  return {
    async scrape({ gzip = false } = {}) {
      const started = performance.now();
      const headers = gzip ? PROMETHEUS : { 'accept-encoding': 'identity' };
      const { body, statusCode } = await client.request({ path: '/metrics', method: 'GET', headers });
      const bytes = Buffer.from(await body.arrayBuffer());
      const seconds = (performance.now() - started) / 1000;
      if (statusCode !== 200) throw new Error(`/metrics answered ${statusCode}`);
      return { seconds, bytes: bytes.length, text: (gzip ? gunzipSync(bytes) : bytes).toString() };
    },
    close: () => client.close(),
  };
}

/** The sum of a metric's samples whose labels hold `labels`; NaN if there are none. */
export function valueOn(text: string, metric: string, labels = ''): number {
  const values = [...text.matchAll(new RegExp(`^${metric}(\\{[^}]*\\})? (\\S+)$`, 'gm'))]
    .filter((match) => (match[1] ?? '').includes(labels))
    .map((match) => Number(match[2]));
  return values.length === 0 ? Number.NaN : values.reduce((a, b) => a + b, 0);
}

/** How many series a page has. */
export function seriesOn(text: string): number {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}
