/**
 * The agent, wired in the order of the flow: engines -> containers -> sources -> scrape -> deliver, with /metrics on top. Stops in the
 * reverse order.
 */
import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import { hiderOf } from '../src/config/secrets.ts';
import { requireGuard } from '../src/config/secure.ts';
import { healthRoutes, stuck } from '../src/http/healthroutes.ts';
import { createHttp } from '../src/http/server.ts';
import { metricsRoute } from '../src/http/metricsroute.ts';
import type { Batch, FamilyTable } from '../src/model/batch.ts';
import { startTicker } from '../src/run/ticker.ts';
import { createSelfMetrics } from '../src/self/metrics.ts';
import type { ProgramSurroundings } from '../src/surroundings.ts';
import { exposeAgent } from './exposed.ts';
import { onlyEnabled } from './families.ts';
import { exposeFrontPage } from './frontpage.ts';
import { type Found, type Parts, startParts } from './parts.ts';
import { startSending } from './sending.ts';

export interface AgentOptions extends ProgramSurroundings {
  /** Where batches go: the collector in the same process. Without it they are sent to `agent.push.url`, if that is set. */
  readonly deliver?: (batch: Batch) => void;
  /** Where that collector's page is. */
  readonly page?: string;
}

export interface Agent {
  /** Where it listens. */
  readonly url: string;
  /** The newest tick; undefined before the first. */
  latest(): Batch | undefined;
  found(): Found;
}

/** Rates need two readings: whoever has just started the program need not wait a whole interval for them. */
export const SECOND_READING_MS = 1000;
/** Scrapers, probes and people. */
const MAX_CONNECTIONS = 256;

/** Starts everything and does the first tick; rejects with a ConfigError if it cannot. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { config, guard, version, clock, log, life } = options;
  const settings = config.agent;
  requireGuard('agent.listen', settings.listen, { token: guard.token, clientCa: guard.tls?.clientCa });
  const self = createSelfMetrics({ version, role: 'agent' });
  const node = config.node ?? hostname();
  const session = randomUUID();
  const sending = options.deliver ? undefined : await startSending({ config, node, session, clock, log, life });
  const deliver = options.deliver ?? sending?.offer ?? (() => undefined);

  const parts = await startParts({ settings, node, session, clock, log });
  life.onStop('sources', () => parts.close());

  const latest: Latest = { batch: undefined, shown: [], lastRun: clock.monotonic(), seconds: 0 };
  const tick = async (timeMs: number, signal: AbortSignal): Promise<void> => {
    const startedMs = clock.monotonic();
    const batch = enabled(await parts.scraper.scrape(timeMs, signal), parts);
    if (signal.aborted) return;
    deliver(batch);
    Object.assign(latest, {
      batch,
      shown: [...batch.tables, ...onlyEnabled(parts.scraper.held(), parts.families)],
      lastRun: clock.monotonic(),
      seconds: (clock.monotonic() - startedMs) / 1000,
    });
  };
  parts.onLastReadings((tables) => deliver(enabled(parts.scraper.batchOf(clock.now(), tables), parts)));
  await tick(clock.now(), new AbortController().signal);
  const earlyMs = SECOND_READING_MS;
  const ticker = startTicker({ intervalMs: settings.interval, earlyMs, clock, log, run: tick });
  life.onStop('ticks', () => ticker.stop());

  const refused = exposeAgent(self, {
    parts,
    ticker,
    sending,
    tickSeconds: () => latest.seconds,
    lastTickMs: () => latest.batch?.timeMs,
  });
  const http = createHttp({
    setting: 'agent.listen',
    address: settings.listen,
    guard,
    maxBodyBytes: 64 * 1024,
    maxConnections: MAX_CONNECTIONS,
    allowedHosts: config.allowed_hosts,
    clock,
    log,
    onRefused: (reason) => refused.set(reason, (refused.get(reason) ?? 0) + 1),
  });
  metricsRoute(http.app, {
    tables: () => latest.shown,
    self,
    timestamps: settings.timestamps,
    // Where the kubelet has its cAdvisor's.
    further: new Map([['/metrics/cadvisor', () => latest.shown]]),
  });
  const hide = hiderOf(config, [process.env.DOCKER_HOST]);
  const page = options.page ?? settings.push.url?.url;
  const lastTickMs = () => latest.batch?.timeMs;
  exposeFrontPage(http.app, { settings, guard, node, version, parts, hide, lastTickMs, page });
  healthRoutes(http.app, {
    alive: () => stuck('the tick', latest.lastRun, { nowMs: clock.monotonic(), intervalMs: settings.interval }),
    ready: () => (latest.batch ? undefined : 'nothing has been read yet'),
  });
  const url = await http.listen();
  life.onStop('http', () => http.close());
  return { url, latest: () => latest.batch, found: () => parts.found() };
}

/** What the last tick left. */
interface Latest {
  batch: Batch | undefined;
  /** The array by which renderings of /metrics are kept. */
  shown: readonly FamilyTable[];
  lastRun: number;
  seconds: number;
}

function enabled(batch: Batch, { families }: Parts): Batch {
  return { ...batch, tables: onlyEnabled(batch.tables, families) };
}

/** One look without serving anything, for `plimsoll check`. */
export async function lookAround({ config, clock, log }: Pick<AgentOptions, 'config' | 'clock' | 'log'>) {
  const parts = await startParts({
    settings: config.agent,
    node: config.node ?? hostname(),
    session: 'check',
    clock,
    log,
  });
  try {
    await parts.scraper.scrape(clock.now(), new AbortController().signal);
    return { found: parts.found(), sources: parts.scraper.health };
  } finally {
    await parts.close();
  }
}
