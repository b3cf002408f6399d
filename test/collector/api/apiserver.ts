/** The API on a port of its own, over a store that the test gives. */
import { addApi, type Api } from '../../../collector/api/api.ts';
import type { Language } from '../../../collector/api/language.ts';
import { QueryError } from '../../../collector/query/query.ts';
import type { MatchOp } from '../../../collector/query/source.ts';
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

export async function startApi(options: Partial<Api> & Pick<Api, 'store'>): Promise<ApiServer> {
  const log = createLog({ level: 'error', format: 'json', stream: process.stderr });
  const refused: string[] = [];
  const http = createHttp({
    setting: 'collector.listen',
    address: { host: '127.0.0.1', port: 0 },
    guard: { token: undefined, tls: undefined },
    maxBodyBytes: 16_000_000,
    maxConnections: 2000,
    clock: systemClock,
    log,
    onRefused: (reason) => refused.push(reason),
  });
  addApi(http.app, {
    noStore: 'nothing is kept here: set data_dir',
    language: SELECTORS,
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

const bad = (text: string): QueryError => new QueryError('bad_data', `1:1: parse error: ${text}`, { from: 0, to: 1 });

/** Selectors alone, as far as the tests have them. */
export const SELECTORS: Language = {
  selector(text) {
    const [all, name = '', inside = ''] = /^([a-z_]*)(?:\{([^{}]*)\})?$/.exec(text) ?? [];
    if (all === undefined || all === '') throw bad('no selector');
    const pairs = [...inside.matchAll(/([a-z_]+)(=~|!~|!=|=)"([^"]*)"/g)];
    if (pairs.map(([whole]) => whole).join(',') !== inside) throw bad('no matchers');
    const matchers = pairs.map(([, key = '', op, value = '']) => ({ name: key, op: op as MatchOp, value }));
    for (const { op, value } of matchers) if (op.endsWith('~') && value === '[') throw bad('error parsing regexp');
    return name === '' ? matchers : [{ name: '__name__', op: '=', value: name }, ...matchers];
  },
  check(text) {
    if (text === '') throw bad('no expression found in input');
  },
  format: (text) => text,
  tree: (text) => text,
};
