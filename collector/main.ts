/**
 * The collector, wired in the order of the flow: ingest -> aggregate -> sinks, with /metrics on top. Stops in the reverse order: first
 * nothing more comes in, then what is open is closed, then the sinks are drained.
 */
import { randomUUID } from 'node:crypto';
import { familyNamed } from '../src/catalog/index.ts';
import type { Config } from '../src/config/schema.ts';
import { requireGuard } from '../src/config/secure.ts';
import { healthRoutes, stuck } from '../src/http/healthroutes.ts';
import { createHttp, type RefusalReason } from '../src/http/server.ts';
import type { Log } from '../src/log.ts';
import type { Batch, Frame } from '../src/model/batch.ts';
import type { Clock } from '../src/run/clock.ts';
import { startHousekeeping } from '../src/run/housekeeping.ts';
import { watchStandstill } from '../src/run/standstill.ts';
import { createSelfMetrics } from '../src/self/metrics.ts';
import type { ProgramSurroundings } from '../src/surroundings.ts';
import { WIRE_LIMITS } from '../src/wire/limits.ts';
import { type Aggregator, createAggregator } from './aggregate/aggregator.ts';
import type { LevelDef } from './aggregate/levels.ts';
import type { Arrival } from './aggregate/pending.ts';
import { type CatchUp, createCatchUp } from './catchup.ts';
import { startDelivery } from './delivering.ts';
import { watchIntervals } from './slowagents.ts';
import { watchLevels } from './emptylevels.ts';
import { CELL_BYTES, countingIn, type ExposedParts, exposeCollector } from './exposed.ts';
import { withinHeap } from './heap.ts';
import { createKept, type KeptMark } from './ingest/durable.ts';
import { createIngest } from './ingest/ingest.ts';
import type { IngestLimits } from './ingest/limits.ts';
import { sessionsIn } from './ingest/sessionsjournal.ts';
import { askKubelets } from './kubelets.ts';
import { configuredLevels } from './levels.ts';
import { exposeFrontPage } from './frontpage.ts';
import { lagging } from './lag.ts';
import { storeInstance } from './keptstore.ts';
import { createOffering } from './offering.ts';
import { keepSelf } from './selfkept.ts';
import { createPace } from './pace.ts';
import { createPage, type Page } from './page/page.ts';
import { pipelineOf } from './page/pipeline.ts';
import { exposePages } from './pages.ts';
import { startReceiving } from './receiving.ts';
import { createRefusalLog } from './refusals.ts';
import { exposeQueryApi } from './queryapi.ts';
import type { KeptLog } from './keptlog.ts';
import { createReadings, type Readings } from './kubernetes/readings.ts';
import { startMetricsApi } from './metricsapi.ts';
import { storeNotes } from './exposedstore.ts';
import { scrapedOutlet, scrapedPage } from './scraped.ts';
import type { SinkStats } from './sinks/account.ts';
import type { Store } from './store/types.ts';
import { startWindows, type WindowsOptions } from './windows.ts';

export interface Collector {
  /** Where it listens. */
  readonly url: string;
  /** Where it keeps windows; undefined if nowhere. */
  readonly dataDir: string | undefined;
  /** Where it keeps what it saw; undefined where it does not. */
  readonly store: Store | undefined;
  /** For an agent in the same process: as if it had come over HTTP. */
  accept(batch: Batch): void;
  /** How it stands with each sink of the configuration. */
  sinks(): SinkStats[];
}

/** Each agent keeps a connection; these are for scrapers, probes and people. */
const OTHER_CONNECTIONS = 256;

/** Starts everything; rejects with a ConfigError if it cannot. */
export async function startCollector(options: ProgramSurroundings): Promise<Collector> {
  const { config, guard, version, clock, log, life } = options;
  const settings = config.collector;
  requireGuard('collector.listen', settings.listen, { token: guard.token, clientCa: guard.tls?.clientCa });
  const self = createSelfMetrics({ version, role: 'collector' });
  const levels = configuredLevels(config);

  const page = scrapedPage(settings);
  const past = new WeakSet<Frame>();
  const delivery = await startDelivery({
    ...{ config, clock, log, life },
    page: scrapedOutlet(page, past, settings),
    onDurable: (windowEndMs) => mark.durableUpTo(windowEndMs),
  });
  const { fanout, kept, store } = delivery;
  const aggregator = aggregatorOf(config, { levels, clock, kept });
  const mark = markOf(settings, aggregator, kept !== undefined);
  const readings = config.metrics_api.enabled ? createReadings() : undefined;
  const take = takerOf(aggregator, kept && mark, { ...options, readings });

  const noneYet = () => (catchUp.active ? catchingUp(catchUp) : noWindowYet(settings));
  const shown = pageOf(options, { parts: () => parts, noneYet });
  const keeping = store && keepSelf({ store, self, instance: storeInstance(config), log });
  const refusalLog = createRefusalLog(settings, { clock, log });
  const watch = watchLevels({
    levels: levels.filter(({ name }) => settings.levels[name]),
    log,
    refused: () => [...aggregator.stats().groupsRefused.values()].reduce((sum, times) => sum + times, 0),
  });
  const { catchUp, pace, windows } = windowsOf(options, {
    aggregator,
    resumed: kept?.last !== undefined,
    resumes: kept !== undefined,
    nodes: () => ingest.nodes(),
    offer: createOffering({
      ...{ delivery, past, watch, log },
      show: newsOf(shown, keeping),
      mark: kept && mark,
      remembered: (upToMs, behind) => ingest.remembered(upToMs, behind),
    }),
    room: kept && (() => kept.frames.room()),
    after: () => refusalLog.report(aggregator.refusals()),
  });
  life.onStop('windows', () => windows.stop());

  const standstill = watchStandstill(clock);
  life.onStop('standstill', async () => standstill.stop());
  const ingest = createIngest({
    push: take,
    familyNamed,
    onRefused: refusalLog.say,
    full: () => kept?.full(),
    limits: limitsOf(settings, log),
    // Without a log of frames there is nothing to wait for: what is received counts as durable.
    kept: kept === undefined ? undefined : mark,
    ...{ pace, heldMs: standstill.latelyMs, clock, log },
  });
  if (kept?.last !== undefined) ingest.remember(sessionsIn(kept.last));
  const chores = startHousekeeping([{ name: 'sessions', schedule: '* * * * *', run: () => ingest.housekeep() }], log);
  life.onStop('housekeeping', () => chores.stop());

  const parts = { aggregator, ingest, fanout, frames: kept?.frames, store, behindMs: () => windows.behindMs };
  const refuse = countingIn(exposeCollector(self, parts));
  const http = httpOf(options, refuse);
  ingest.route(http.app);
  if (store) startReceiving({ config, store, app: http.app, self, version, clock, log });
  const alive = () =>
    stuck('closing windows', windows.lastRunMs, { nowMs: clock.monotonic(), intervalMs: windows.intervalMs });
  const onStalled = () => refuse('stalled');
  await startMetricsApi(options, { readings, app: http.app, self, alive, onRefused: refuse });
  exposeQueryApi(http.app, { config, store, kept, self, version, clock, log, alive, onStalled });
  exposePages(http.app, { page, self, clock, containers: settings.containers });
  const sinks = () => fanout.stats().slice(1); // The first is the page of this process.
  const front = { config, guard, version, levels, stats: () => aggregator.stats(), sinks, store };
  exposeFrontPage(http.app, front, shown.route(http.app));
  healthRoutes(http.app, {
    alive,
    ready: () => (page.windowEndMs > 0 ? undefined : noneYet()),
    notes: () => [...lagging(sinks(), settings.window), ...storeNotes(store)],
  });
  const url = await http.listen();
  life.onStop('http', () => http.close());
  const accept = (batch: Batch): void => {
    take(batch);
    pace.took(batch.node, batch.timeMs, { intervalMs: batch.intervalMs, nowMs: clock.now() });
  };
  askKubelets(options, accept, self);
  return { url, dataDir: kept?.path, store, accept, sinks };
}

/** What is news is shown, and with it goes into the store what the collector says of itself. */
function newsOf(page: Page, keeping: ReturnType<typeof keepSelf> | undefined): (frame: Frame) => void {
  return (frame) => {
    page.take(frame);
    if (frame.late === undefined) void keeping?.(frame.endMs);
  };
}

function httpOf({ config, guard, clock, log }: ProgramSurroundings, onRefused: (reason: RefusalReason) => void) {
  const { listen: address, max_body: maxBodyBytes, max_sessions } = config.collector;
  const { allowed_hosts: allowedHosts } = config;
  const maxConnections = max_sessions + OTHER_CONNECTIONS;
  const setting = 'collector.listen';
  return createHttp({ setting, address, guard, maxBodyBytes, maxConnections, allowedHosts, clock, log, onRefused });
}

/** What people see of the last window, in a browser. */
function pageOf(
  { version, config, clock }: ProgramSurroundings,
  { parts, noneYet: waiting }: { readonly parts: () => ExposedParts; readonly noneYet: () => string },
): Page {
  const { cluster, collector } = config;
  const pipeline = () => pipelineOf(parts());
  return createPage({ version, cluster, windowMs: collector.window, clock, pipeline, waiting });
}

/** How far windows are on disk, for what agents are told. Of the run before: those that are closed, without what a stop closed before its end. */
function markOf(
  { window, lateness, max_ahead }: Config['collector'],
  aggregator: Aggregator,
  isKept: boolean,
): KeptMark {
  const { closedEndMs } = aggregator;
  const from = isKept && closedEndMs > 0 ? { fromMs: closedEndMs } : {};
  const closedMs = () => aggregator.closedEndMs;
  return createKept({ run: randomUUID(), afterMs: window + lateness, aheadMs: max_ahead + window, closedMs, ...from });
}

/** What becomes of a batch, wherever it comes from. */
function takerOf(
  aggregator: Aggregator,
  mark: KeptMark | undefined,
  { config, clock, log, readings }: ProgramSurroundings & { readonly readings: Readings | undefined },
): (batch: Batch) => Arrival {
  const noteInterval = watchIntervals({ windowMs: config.collector.window, log });
  return (batch) => {
    noteInterval(batch);
    readings?.take(batch);
    const arrival = aggregator.push(batch, clock.now());
    const { startMs = Number.POSITIVE_INFINITY } = arrival;
    if (startMs < aggregator.closedEndMs) mark?.late(batch.node, startMs);
    return arrival;
  };
}

function aggregatorOf(
  { collector: settings, cluster }: Config,
  { levels, clock, kept }: { readonly levels: readonly LevelDef[]; readonly clock: Clock; kept: KeptLog | undefined },
): Aggregator {
  return createAggregator({
    windowMs: settings.window,
    latenessMs: settings.lateness,
    maxAheadMs: settings.max_ahead,
    maxLateMs: settings.max_late,
    staleAfterMs: Math.max(settings.stale_after, settings.window),
    groupStaleAfterMs: Math.max(settings.group_stale_after, settings.window),
    maxSeries: settings.max_series,
    maxSeriesPerNode: settings.max_series_per_node,
    maxGroups: settings.max_groups,
    maxPendingCells: Math.max(1, Math.floor(settings.max_waiting / CELL_BYTES)),
    startedMs: clock.now(),
    monotonic: clock.monotonic,
    journal: kept !== undefined,
    ...(kept?.last === undefined ? {} : { restored: { frame: kept.last, familyNamed } }),
    levels,
    gauges: settings.gauges,
    containers: true,
    cluster,
  });
}

interface Closing extends Pick<WindowsOptions, 'aggregator' | 'offer' | 'room' | 'after' | 'resumes'> {
  readonly nodes: () => Iterable<string>;
  /** There is a run before that we go on from. */
  readonly resumed: boolean;
}

/** Closing windows, and who may send while missed ones are caught up with. */
function windowsOf({ config, clock, log }: ProgramSurroundings, { nodes, resumed, ...closing }: Closing) {
  const { window: windowMs, lateness: latenessMs, catch_up_wait: waitMs } = config.collector;
  const catchUp = createCatchUp({ windowMs, latenessMs, waitMs, resumed });
  const pace = createPace({ catchUp, aggregator: closing.aggregator, nodes, log });
  const windows = startWindows({ ...closing, windowMs, latenessMs, catchUp, look: pace.look, clock, log });
  return { catchUp, pace, windows };
}

function noWindowYet({ window, lateness }: Config['collector']): string {
  return `no window has closed yet; the first does ${(window + lateness) / 1000} s after an agent's first batch`;
}

function catchingUp({ behind }: CatchUp): string {
  const more = behind.length > 3 ? ` and ${behind.length - 3} more` : '';
  return `windows that were missed are being caught up with; waiting for ${behind.slice(0, 3).join(', ')}${more}`;
}

/** What agents may cost, as configured. */
function limitsOf(settings: ProgramSurroundings['config']['collector'], log: Log): Partial<IngestLimits> {
  return {
    maxBodyBytes: settings.max_body,
    maxSessions: settings.max_sessions,
    maxSeries: settings.max_series,
    maxSeriesPerNode: settings.max_series_per_node,
    maxDictionaryBytes: withinHeap('collector.max_dictionaries', settings.max_dictionaries, log),
    // The aggregation gives a row up when its window is closed and it was not read for so long.
    lingerMs: Math.max(settings.stale_after, settings.window) + settings.lateness + settings.window,
    wire: { ...WIRE_LIMITS, bodyBytes: settings.max_body_unpacked },
  };
}
