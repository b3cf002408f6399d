/** The agent's numbers about itself: which counter of which part is behind which `plimsoll_` metric. */
import type { Ticker } from '../src/run/ticker.ts';
import { VERSION } from '../src/version.ts';
import { byKey, type Reading, type SelfMetrics, single } from '../src/self/metrics.ts';
import { type Engine, countStates } from './engines.ts';
import { descriptorsKept } from './kernel/files.ts';
import type { Parts } from './parts.ts';
import type { SourceHealth } from './scrape.ts';
import type { Sender } from './send/sender.ts';

export interface ExposedParts {
  readonly parts: Parts;
  readonly ticker: Ticker;
  readonly sending: Sender | undefined;
  readonly tickSeconds: () => number;
  /** When the newest tick began, Unix milliseconds; undefined before the first. */
  readonly lastTickMs: () => number | undefined;
}

/** Registers them; answers the counters of requests refused before any route, for the HTTP server to fill. */
export function exposeAgent(
  self: SelfMetrics,
  { parts, ticker, sending, tickSeconds, lastTickMs }: ExposedParts,
): Map<string, number> {
  const refused = new Map<string, number>();
  self.expose('plimsoll_http_refused_total', () => byKey(refused));
  self.expose('plimsoll_agent_ticks_total', () => single(ticker.runs + 1));
  self.expose('plimsoll_agent_ticks_missed_total', () => single(ticker.missed));
  self.expose('plimsoll_agent_last_tick_seconds', () => single((lastTickMs() ?? 0) / 1000));
  self.expose('plimsoll_agent_tick_duration_seconds', () => single(tickSeconds()));
  self.expose('plimsoll_agent_descriptors_kept', () => single(descriptorsKept()));
  exposeSources(self, parts);
  exposeOldNames(self, parts);
  exposeEngines(self, parts.engines.all);
  if (sending) exposeSending(self, sending);
  return refused;
}

function exposeSources(self: SelfMetrics, { scraper, cgroup }: Parts): void {
  const each = (value: (health: SourceHealth) => number) => () =>
    scraper.health.map((h): Reading => [[h.source], value(h)]);
  self.expose(
    'plimsoll_source_up',
    each((h) => (h.up ? 1 : 0)),
  );
  self.expose(
    'plimsoll_source_duration_seconds',
    each((h) => h.seconds),
  );
  self.expose(
    'plimsoll_source_samples',
    each((h) => h.samples),
  );
  self.expose(
    'plimsoll_source_failures_total',
    each((h) => h.failures),
  );
  self.expose('plimsoll_source_losses_total', () => scraper.health.flatMap((h) => byKey(h.losses, h.source)));
  self.expose('plimsoll_agent_read_errors_total', () =>
    byKey(cgroup?.counts.failures ?? new Map<string, number>(), 'cgroup'),
  );
}

const OF_THE_MACHINE = new Set(['host', 'topology']);

/** What dashboards made for cAdvisor ask for. */
function exposeOldNames(self: SelfMetrics, { scraper, engines, machine }: Parts): void {
  const failed = (ofMachine: boolean): boolean =>
    scraper.health.some(({ source, up }) => OF_THE_MACHINE.has(source) === ofMachine && !up);
  self.expose('machine_scrape_error', () => single(failed(true) ? 1 : 0));
  self.expose('container_scrape_error', () => single(failed(false) ? 1 : 0));
  self.expose('cadvisor_version_info', () => {
    const docker = engines.all.map(({ inventory }) => inventory.status()).find(({ podman }) => !podman)?.version ?? '';
    return [[[machine.get('kernel') ?? '', machine.get('os') ?? '', docker, `plimsoll-${VERSION}`, ''], 1]];
  });
}

function exposeEngines(self: SelfMetrics, engines: readonly Engine[]): void {
  const each = (value: (engine: Engine) => number) => () => engines.map((e): Reading => [[e.endpoint], value(e)]);
  self.expose(
    'plimsoll_engine_up',
    each(({ inventory }) => (inventory.status().connected ? 1 : 0)),
  );
  self.expose(
    'plimsoll_engine_events_total',
    each(({ inventory }) => inventory.counts().events),
  );
  self.expose(
    'plimsoll_engine_reconnects_total',
    each(({ inventory }) => inventory.counts().reconnects),
  );
  self.expose('plimsoll_engine_requests_total', () =>
    engines.map(({ endpoint, inventory }): Reading => [[endpoint, 'inspect'], inventory.counts().inspects]),
  );
  self.expose('plimsoll_engine_errors_total', () =>
    engines.flatMap(({ endpoint, inventory }) => byKey(inventory.counts().apiErrors, endpoint)),
  );
  self.expose('plimsoll_engine_limited_total', () =>
    engines.flatMap(({ endpoint, inventory }) => {
      const { labelsCut, labelsRefused, refused } = inventory.counts();
      const limited = { label_value: labelsCut, label: labelsRefused, container: refused };
      return byKey(new Map(Object.entries(limited)), endpoint);
    }),
  );
  self.expose('plimsoll_agent_filtered', () =>
    single(engines.reduce((sum, { inventory }) => sum + inventory.counts().filtered, 0)),
  );
  self.expose('plimsoll_agent_containers', () => {
    const states = new Map<string, number>();
    for (const { inventory } of engines) {
      for (const [state, count] of countStates(inventory)) states.set(state, (states.get(state) ?? 0) + count);
    }
    return byKey(states);
  });
}

function exposeSending(self: SelfMetrics, sending: Sender): void {
  self.expose('plimsoll_push_samples_total', () => {
    const { offered, acknowledged, dropped } = sending.stats();
    const counts = new Map([
      ['offered', offered.samples],
      ['acknowledged', acknowledged.samples],
    ]);
    for (const [reason, amount] of dropped) counts.set(`dropped_${reason}`, amount.samples);
    return byKey(counts);
  });
  self.expose('plimsoll_push_queue_batches', () => single(sending.stats().queued.batches));
  self.expose('plimsoll_push_queue_samples', () => single(sending.stats().queued.samples));
  self.expose('plimsoll_push_queue_bytes', () => single(sending.stats().queuedBytes));
  self.expose('plimsoll_push_taken_batches', () => single(sending.stats().taken));
  self.expose('plimsoll_push_spool_batches', () => single(sending.stats().spooled.batches));
  self.expose('plimsoll_push_spool_bytes', () => single(sending.stats().spooled.bytes));
  self.expose('plimsoll_push_spool_errors_total', () => {
    const { spoolErrors, spoolDamaged } = sending.stats();
    return [
      [['disk'], spoolErrors],
      [['damaged'], spoolDamaged],
    ];
  });
  self.expose('plimsoll_push_rewinds_total', () => single(sending.stats().rewinds));
  self.expose('plimsoll_push_retries_total', () => single(sending.stats().retries));
}
