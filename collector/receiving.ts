/** The receivers as the configuration has them: their routes, and their numbers on the collector's page. */
import type { FastifyInstance } from 'fastify';
import type { Config } from '../src/config/schema.ts';
import type { Log } from '../src/log.ts';
import type { Clock } from '../src/run/clock.ts';
import { type Reading, type SelfMetrics, single } from '../src/self/metrics.ts';
import { createReceive, type Receive } from './receive/receive.ts';
import type { Counts } from './receive/tally.ts';
import type { Store } from './store/types.ts';

export interface ReceivingOptions {
  readonly config: Pick<Config, 'receive'>;
  readonly store: Pick<Store, 'write' | 'labelValues'>;
  readonly app: FastifyInstance;
  readonly self: SelfMetrics;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Bodies that wait to be taken in: so many of the largest. */
const BODIES_HELD = 4;

/** Adds routes and numbers, unless receiving is switched off. */
export function startReceiving({ config, store, app, self, version, clock, log }: ReceivingOptions): void {
  const { receive: settings } = config;
  if (!settings.enabled) return;
  const limits = {
    maxBodyBytes: settings.max_body,
    maxUnpackedBytes: settings.max_body_unpacked,
    maxHeldBytes: BODIES_HELD * settings.max_body,
    maxSeries: settings.max_series,
    maxSeriesPerSender: settings.max_series_per_sender,
    maxLabels: settings.max_labels,
    maxLabelBytes: settings.max_label_bytes,
  };
  const receive = createReceive({ store, limits, version, clock, log });
  receive.route(app);
  exposeReceive(self, receive);
}

function exposeReceive(self: SelfMetrics, receive: Receive): void {
  /** Of protocols that somebody has used. */
  const used = (): [string, Counts][] => [...receive.stats().counts].filter(([, { requests }]) => requests.size > 0);
  const each = (value: (counts: Counts) => number) => () =>
    used().map(([protocol, counts]): Reading => [[protocol], value(counts)]);
  const byKeyOf = (map: (counts: Counts) => ReadonlyMap<string, number>) => () =>
    used().flatMap(([protocol, counts]) => [...map(counts)].map(([key, count]): Reading => [[protocol, key], count]));
  self.expose(
    'plimsoll_received_requests_total',
    byKeyOf(({ requests }) => requests),
  );
  self.expose(
    'plimsoll_received_bytes_total',
    each(({ bytes }) => bytes),
  );
  self.expose(
    'plimsoll_received_samples_total',
    each(({ received }) => received),
  );
  self.expose(
    'plimsoll_received_samples_accepted_total',
    each(({ accepted }) => accepted),
  );
  self.expose(
    'plimsoll_received_samples_dropped_total',
    byKeyOf(({ dropped }) => dropped),
  );
  self.expose(
    'plimsoll_received_bad_lines_total',
    each(({ badLines }) => badLines),
  );
  self.expose(
    'plimsoll_received_ignored_total',
    byKeyOf(({ ignored }) => ignored),
  );
  self.expose('plimsoll_received_series', () => single(receive.stats().series));
  self.expose('plimsoll_received_senders', () => single(receive.stats().senders));
  self.expose('plimsoll_received_series_forgotten_total', () => single(receive.stats().forgotten));
}
