/** The API on a port of its own, over a store that the test gives. */
import { addApi, type Api } from '../../../collector/api/api.ts';
import { promql } from '../../../collector/api/promql.ts';
import { createHttp, type HttpServer } from '../../../src/http/server.ts';
import { createLog } from '../../../src/logging.ts';
import { systemClock } from '../../../src/run/clock.ts';

export const LIMITS: Api['limits'] = {
  concurrency: 4,
  timeoutMs: 30_000,
  maxSteps: 11_000,
  maxSamples: 50_000_000,
  maxPoints: 5_000_000,
};

export interface ApiServer {
  readonly url: string;
  readonly http: HttpServer;
  /** Why something was refused, in order. */
  readonly refused: string[];
  close(): Promise<void>;
}

export async function startApi(
  options: Partial<Api> & Pick<Api, 'store'>,
  server: { readonly stalledMs?: number } = {},
): Promise<ApiServer> {
  const log = createLog({ level: 'error', format: 'json', stream: process.stderr });
  const refused: string[] = [];
  const http = createHttp({
    setting: 'collector.listen',
    address: { host: '127.0.0.1', port: 0 },
    guard: { token: undefined, tls: undefined },
    maxBodyBytes: 16_000_000,
    maxConnections: 2000,
    ...server,
    clock: systemClock,
    log,
    onRefused: (reason) => refused.push(reason),
  });
  addApi(http.app, {
    noStore: 'nothing is kept here: set data_dir',
    language: promql,
    limits: LIMITS,
    clock: systemClock,
    version: '0.1.0',
    retention: '7d',
    alive: () => undefined,
    onStalled: () => refused.push('stalled'),
    log,
    ...options,
  });
  const url = await http.listen();
  return { url, http, refused, close: () => http.close() };
}
